//! Cells that their user makes without root. What they use up as a whole has no limit, and what is measured
//! and stopped in a start (startup.rs) has root's processes in it.

pub type House = crate::house::House<true>;

#[path = "kills.rs"]
mod kills;
#[path = "launches.rs"]
mod launches;
#[path = "life.rs"]
mod life;
#[path = "pipes.rs"]
mod pipes;
#[path = "programs.rs"]
mod programs;
#[path = "statuses.rs"]
mod statuses;
#[path = "terminals.rs"]
mod terminals;
