//! Cells that root makes. Only these have limits of the whole cell.

pub type House = crate::house::House<false>;

#[path = "kills.rs"]
mod kills;
#[path = "launches.rs"]
mod launches;
#[path = "life.rs"]
mod life;
#[path = "limits.rs"]
mod limits;
#[path = "pipes.rs"]
mod pipes;
#[path = "programs.rs"]
mod programs;
#[path = "startup.rs"]
mod startup;
#[path = "statuses.rs"]
mod statuses;
#[path = "terminals.rs"]
mod terminals;
