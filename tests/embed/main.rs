//! `sandbox-policy embed` and `verify FILE`: static programs that carry their filter, run by a real kernel.

mod files;
mod headers;
mod programs;
mod refusals;
mod state;
mod surroundings;
mod tampering;
mod time;
mod workshop;
