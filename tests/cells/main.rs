//! Cells around real programs: what they may use up, how they live and end, what passes through their
//! walls on purpose, and that nothing of them is left. By root, for a user who exists in the tests alone.

mod house;
mod kills;
mod launches;
mod life;
mod limits;
mod pipes;
mod programs;
mod startup;
mod statuses;
mod terminal;
mod terminals;
