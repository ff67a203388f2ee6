//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::from_log::options::Options;

/// What `from-log` is good for.
const FROM_LOG: &str = "\
Let a service run with a short list and SECCOMP_DEFAULT_ACTION=log: nothing is denied, and the kernel
records what the list does not allow. Then learn from the records, and let the list hold:

  sandbox-policy from-log --follow --exe /usr/sbin/nginx --learn nginx.seccomp   (as root, meanwhile)
  journalctl -o json _TRANSPORT=audit | sandbox-policy from-log --exe /usr/sbin/nginx --learn nginx.seccomp
  dmesg | sandbox-policy from-log --since 10m
  strace -f -o trace PROGRAM; sandbox-policy from-log --learn program.seccomp trace

The kernel log keeps ten records in five seconds; what was lost is said, in the policy, too. Exit status:
0 the policy is complete, or nothing would have been denied; 1 records were lost, or calls would have been
denied; 2 error.";

/// Show, check, test and export system-call policies; look up calls and groups.
#[derive(Debug, Parser)]
#[command(name = "sandbox-policy", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 yes, 1 no (a call does not pass, a finding, a thread or program without a filter), 2 error."
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
        /// The policy file, unless a list is given
        file: Option<OsString>,
    },
    /// Look for mistakes: names, gaps that other calls leave, names that newer C libraries need
    Check {
        #[command(flatten)]
        policy: PolicyArguments,
        /// The policy files, unless a list is given
        files: Vec<OsString>,
    },
    /// Say what calls get, and by which rule; status 0 when all of them run
    #[command(
        after_help = "A call is NAME, NUMBER or NAME(ARGUMENT, ...), where an argument is a number, a constant such as O_RDONLY|O_CLOEXEC, or * for any value. What is left out may be anything, too: of several answers the worst is given."
    )]
    Test {
        #[command(flatten)]
        policy: PolicyArguments,
        /// Answer by running the compiled filter
        #[arg(long)]
        compiled: bool,
        /// The ABI of the calls: x86_64, x86, x32, aarch64, arm
        #[arg(long, value_name = "NAME")]
        arch: Option<String>,
        /// The policy file, unless a list is given; then calls; - reads one a line from standard input
        #[arg(required = true, value_name = "FILE|CALL")]
        words: Vec<OsString>,
    },
    /// Say where two policies differ; status 0 when nowhere
    Diff {
        #[command(flatten)]
        files: Files,
        /// A policy
        a: OsString,
        /// Another one
        b: OsString,
    },
    /// Say whether what one policy lets run another one lets run, too
    Subset {
        #[command(flatten)]
        files: Files,
        /// The policy that should be the stricter one
        a: OsString,
        /// The other one
        b: OsString,
    },
    /// Write a policy in another format
    Convert {
        #[command(flatten)]
        policy: PolicyArguments,
        /// The policy file, unless a list is given
        file: Option<OsString>,
        /// The format to write: list, seccomp, oci, systemd, minijail, crd
        #[arg(long, value_name = "FORMAT")]
        to: formats::Format,
        /// Write what the format can say, and name what is lost
        #[arg(long)]
        lossy: bool,
        /// Where to write it instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write the compiled filter, for bwrap --seccomp and others
    Export {
        #[command(flatten)]
        policy: PolicyArguments,
        /// The policy file, unless a list is given
        file: Option<OsString>,
        #[command(flatten)]
        form: Form,
        /// Who lays the filter out; it is checked in either case
        #[arg(long, value_enum, default_value = "native")]
        compiler: Compiler,
        /// Where to write it instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Learn a policy from audit records, journals or strace, or report what one would have denied
    #[command(after_help = FROM_LOG)]
    FromLog(Box<Options>),
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
    /// Put a filter into a copy of a static program, which then loads it by itself
    #[command(
        after_help = "The copy runs filtered however it is started: no launcher, no variables. Before its own first instruction it loads the filter; where it cannot, it says so and ends with status 126. The filter holds from there on, so the list must have what the C library calls at the start; sandboxify --learn FILE --at exec finds out. verify FILE prints what is inside.\n\nRefused, each with its reason: dynamic programs (patchelf --add-needed libsandbox.so does it for them), scripts, 32-bit programs, setuid and signed ones, packed ones, and files that have data behind their end."
    )]
    Embed {
        #[command(flatten)]
        policy: EmbeddedPolicy,
        /// The static program, for x86_64 or aarch64
        #[arg(value_name = "PROGRAM")]
        program: PathBuf,
        /// Where to write the copy, whole or not at all; may be PROGRAM itself
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Say whether every thread of a process has a filter, or whether a program has one inside
    #[command(
        after_help = "A number is a process, anything else a file: ./123 is a file. Of a file it is proved, from its bytes, that the kernel starts the code that loads the filter, that nothing can change that code, and that the filter is what the policy inside comes to; then the policy is printed."
    )]
    Verify {
        /// The process, or the file
        #[arg(value_name = "PID|FILE")]
        subject: OsString,
    },
    /// Print a completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether the output has a form that JSON cannot stand in for.
    pub(crate) fn has_a_form_of_its_own(&self) -> bool {
        matches!(
            self,
            Command::Embed { .. }
                | Command::Export { .. }
                | Command::Convert { .. }
                | Command::FromLog(_)
                | Command::Completions { .. }
        )
    }
}

/// Where the policy comes from; without a list or a file, from the variables that libsandbox(7)
/// describes.
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
    #[command(flatten)]
    pub(crate) files: Files,
}

/// The policy to embed.
#[derive(Debug, Args)]
pub(crate) struct EmbeddedPolicy {
    #[command(flatten)]
    pub(crate) origin: Origin,
    /// What a violation does: kill_process, kill_thread, trap, log, EPERM...
    #[arg(long, value_name = "ACTION")]
    pub(crate) default_action: Option<OsString>,
    #[command(flatten)]
    pub(crate) files: Files,
}

/// Where an embedded policy comes from: it stays in a file, so it is never left to variables.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Origin {
    /// An allow-list
    #[arg(long, value_name = "LIST")]
    pub(crate) allow: Option<OsString>,
    /// A deny-list
    #[arg(long, value_name = "LIST")]
    pub(crate) deny: Option<OsString>,
    /// A policy file
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<OsString>,
}

/// How policy files are read.
#[derive(Debug, Clone, Args)]
pub(crate) struct Files {
    /// What a .seccomp file or a list in a file is (default: whitelist, unless it says DEFAULT_POLICY = allow)
    #[arg(long, value_enum)]
    pub(crate) mode: Option<FileMode>,
    /// The format of policy files: list, seccomp, oci, systemd, minijail (default: by content)
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<formats::Format>,
    /// Capabilities that the program will have, for rules that depend on them: CAP_SYS_ADMIN,...
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) capabilities: Vec<String>,
    /// An ABI besides the native one, as SECCOMP_ARCH
    #[arg(long, value_name = "NAME")]
    pub(crate) add_arch: Option<OsString>,
    /// A file with definitions, or {inline}TEXT, that the rules of .seccomp files may use
    #[arg(long, value_name = "FILE")]
    pub(crate) definitions: Vec<OsString>,
}

/// Whether what a file lists may be called or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileMode {
    /// What is listed is allowed, all else a violation
    Whitelist,
    /// What is listed is a violation
    Blacklist,
}

/// How to write a compiled filter.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Form {
    /// The bytes that seccomp(2) takes (struct sock_filter[]); the default
    #[arg(long)]
    pub(crate) bpf: bool,
    /// The instructions in words
    #[arg(long)]
    pub(crate) disasm: bool,
    /// The pseudo code of libseccomp, which has no part in our own prologue
    #[arg(long)]
    pub(crate) pfc: bool,
}

/// A compiler of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compiler {
    /// Our own
    Native,
    /// libseccomp, for a second opinion
    Libseccomp,
}
