//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Show, check, test and export system-call policies; look up calls and groups.
#[derive(Debug, Parser)]
#[command(name = "sandbox-policy", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 yes, 1 no (a call does not pass, a finding, a thread without a filter), 2 error."
)]
pub(crate) struct Arguments {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what each call gets
    Show {
        #[command(flatten)]
        policy: PolicyArguments,
    },
    /// Look for mistakes: names, gaps that other calls leave, names that newer C libraries need
    Check {
        #[command(flatten)]
        policy: PolicyArguments,
    },
    /// Say what calls get, and by which item; status 0 when all of them run
    Test {
        #[command(flatten)]
        policy: PolicyArguments,
        /// Answer by running the compiled filter
        #[arg(long)]
        compiled: bool,
        /// The ABI of the calls: x86_64, x86, x32, aarch64, arm
        #[arg(long, value_name = "NAME")]
        arch: Option<String>,
        /// Calls by name or number; - reads one a line from standard input
        #[arg(required = true, value_name = "CALL")]
        calls: Vec<String>,
    },
    /// Write the compiled filter, for bwrap --seccomp and others
    Export {
        #[command(flatten)]
        policy: PolicyArguments,
        /// What to write
        #[arg(long, value_enum, default_value = "bpf")]
        form: Form,
        /// Where to write it instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// List the groups, or the calls of one
    Groups {
        /// A group, with or without its @
        name: Option<String>,
    },
    /// List the calls with their numbers, or all about one
    Syscalls {
        /// A name or a number
        call: Option<String>,
    },
    /// Say whether every thread of a process has a filter
    Verify {
        /// The process
        pid: u32,
    },
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Where the policy comes from; without a list, from the variables that libsandbox(7) describes.
#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    /// An allow-list
    #[arg(long, value_name = "LIST", conflicts_with = "list_deny")]
    pub(crate) list_allow: Option<OsString>,
    /// A deny-list
    #[arg(long, value_name = "LIST")]
    pub(crate) list_deny: Option<OsString>,
    /// What a violation does: kill_process, kill_thread, trap, log, EPERM...
    #[arg(long, value_name = "ACTION")]
    pub(crate) default_action: Option<OsString>,
}

/// How to write a compiled filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The bytes that seccomp(2) takes (struct sock_filter[])
    Bpf,
    /// The instructions in words
    Disasm,
}
