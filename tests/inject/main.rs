//! Injection at exec, entry and main: what the program finds as it was, and what happens when tracer,
//! watcher or program die.

mod counts;
mod deaths;
mod family;
mod listeners;
mod programs;
mod refusals;
mod registers;
mod signals;
mod state;
mod surroundings;
mod watched;
