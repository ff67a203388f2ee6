//! PAPER: Oz's profiles and its configuration, from bytes to plain data.
//!
//! [`Loaded::read`] makes a [`Profile`] of a file, [`Config::read`] a [`Config`] of oz.conf; both report all that
//! is wrong, with line and column, and how to mend it. [`PathPattern::expand`] puts variables in, for a [`User`]
//! who is given as data. What is read of the disk is read in `files.rs`, and nothing is ever written.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod block;
mod config;
mod diagnostic;
mod environment;
mod expand;
mod files;
mod firewall;
mod forwarder;
mod glob;
mod json;
mod limits;
mod networking;
mod path;
mod profile;
mod profiles;
mod report;
mod schema;
mod seccomp;
mod socket;
mod user;
mod variable;
mod whitelist;
mod xdg;
mod xserver;

pub use config::Config;
pub use diagnostic::{Diagnostic, Place, Problem, Severity};
pub use environment::EnvironmentVariable;
pub use expand::{ExpandedPath, Name};
pub use files::{read_config, read_directory, read_filter, read_policy, read_profile};
pub use firewall::FirewallRule;
pub use forwarder::ExternalForwarder;
pub use glob::Glob;
pub use json::MOST_BYTES;
pub use limits::{Limit, Limits, Resource};
pub use networking::{DnsMode, NetworkType, Networking, Vpn};
pub use path::PathPattern;
pub use profile::{AutoShutdown, Profile};
pub use profiles::{Broken, Loaded, Profiles};
pub use schema::{CONFIG, PROFILE};
pub use seccomp::{ExtraDefinitions, Seccomp, SeccompMode};
pub use socket::{Direction, Host, Port, Socket, UnixType};
pub use user::{Gid, Uid, User};
pub use variable::{Circumstances, SEARCHED};
pub use whitelist::{BlacklistItem, WhitelistItem};
pub use xdg::{MOST_BYTES as MOST_BYTES_OF_USER_DIRS, directories};
pub use xserver::{AudioMode, XServer};
