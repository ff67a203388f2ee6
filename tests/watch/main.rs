//! Supervised runs: what audit and explain report, what learn writes, and that it works when enforced.

mod additions;
mod ends;
mod forged;
mod formats;
mod growth;
mod names;
mod oz_lines;
mod programs;
mod real;
mod refusals;
mod removal;
mod rendered;
mod replay;
mod reports;
mod rules;
mod servers;
mod stacks;
mod tightness;
mod trained;
mod unwinders;
mod whom;
mod workshop;
