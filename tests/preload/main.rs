//! libsandbox.so: the environment contract, on real programs and a real kernel.

mod abis;
mod actions;
mod announcements;
mod concealment;
mod contract;
mod fallbacks;
mod faults;
mod hosts;
mod nesting;
mod privileges;
mod programs;
mod refusals;
mod threads;
mod transcripts;
