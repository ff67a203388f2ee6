//! The command line of `oz`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Runs programs in cells: each sees of the machine what its profile shows.
#[derive(Debug, Parser)]
#[command(name = "oz", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a program in a cell of its own, and stay until it ends
    Run(Run),
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The exit status is the program's, 128 and the number of the signal that killed it, 127 when it is not in the cell, 126 when it cannot be executed, or 125 when there was no cell.\n\nExamples:\n  oz run pdftotext.json -- paper.pdf\n  sudo oz run --plan evince.json\n  sudo oz run --train evince.seccomp evince.json\n  sudo oz run --user alice --bind ~/Music:ro --without xserver vlc"
)]
pub(super) struct Run {
    /// Whom the cell is for (default: whoever called sudo, or whoever is not root)
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Show nothing of the home directory, and keep nothing
    #[arg(short, long)]
    pub(super) ephemeral: bool,
    /// Print what the cell would be, and make none
    #[arg(long)]
    pub(super) plan: bool,
    /// The plan as JSON
    #[arg(long, requires = "plan")]
    pub(super) json: bool,
    /// Show this, too; with :ro nothing can be written there
    #[arg(long, value_name = "PATH[:ro]")]
    pub(super) bind: Vec<OsString>,
    /// Enforce nothing of the profile's filter: report each call that it does not allow, and let it run
    #[arg(long, conflicts_with_all = ["train", "explain"])]
    pub(super) audit: bool,
    /// Enforce the profile's filter, and report each call that it stops
    #[arg(long, conflicts_with = "train")]
    pub(super) explain: bool,
    /// Enforce the profile's filter and tell nothing of deaths: programs inside can trace each other then
    #[arg(long, conflicts_with_all = ["audit", "explain", "train"])]
    pub(super) no_explain: bool,
    /// Let all calls run, and write a policy that allows them; a file that is there grows
    #[arg(long, value_name = "FILE")]
    pub(super) train: Option<PathBuf>,
    /// Run a profile without this part: seccomp, xserver, bridge, sockets, external_forwarders, vpn, firewall, limits
    #[arg(long, value_name = "NAME")]
    pub(super) without: Vec<String>,
    /// A profile: its file (*.json), its name, or the path of its program
    pub(super) profile: OsString,
    /// The program's arguments
    #[arg(last = true)]
    pub(super) arguments: Vec<OsString>,
}
