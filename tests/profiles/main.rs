//! The profiles that are shipped: each program does its job in its cell, enforced, as it does it outside;
//! none can do what no program of these has a use for; and what is trained with them replays.

mod bench;
mod ends;
#[path = "../cells/house.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of cells, which use more of it"
)]
mod house;
mod jobs;
mod paper;
mod policies;
mod programs;
#[path = "../programs/server.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of servers, which use more of it"
)]
mod server;
mod servers;
#[path = "../cells/terminal.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of cells, which use more of it"
)]
mod terminal;
mod training;
mod violations;

/// The house of cells that root makes; the user can make his own there, too.
type House = house::House<false>;
