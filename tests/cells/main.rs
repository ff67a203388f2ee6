//! Cells around real programs: what they may use up, how they live and end, what passes through their
//! walls on purpose, and that nothing of them is left. By root, and by the user himself, who exists in the
//! tests alone.
#![allow(
    clippy::duplicate_mod,
    reason = "cells of both kinds are to live alike"
)]

mod by_root;
mod by_the_user;
mod house;
mod terminal;
