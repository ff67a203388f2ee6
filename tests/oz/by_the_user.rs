//! The same questions, asked in cells that their user makes without root.

pub type World = crate::world::World<true>;

#[path = "filters.rs"]
mod filters;
#[path = "generic.rs"]
mod generic;
#[path = "hidden.rs"]
mod hidden;
#[path = "identity.rs"]
mod identity;
#[path = "kernel.rs"]
mod kernel;
#[path = "network.rs"]
mod network;
#[path = "plans.rs"]
mod plans;
#[path = "processes.rs"]
mod processes;
#[path = "races.rs"]
mod races;
#[path = "reach.rs"]
mod reach;
#[path = "shown.rs"]
mod shown;
#[path = "tree.rs"]
mod tree;
#[path = "watchers.rs"]
mod watchers;
