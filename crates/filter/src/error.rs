//! Why there is no filter.

use policy::Action;

/// What went wrong between a policy and the kernel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The program is longer than the kernel takes.
    #[error("the filter has {length} instructions, and the kernel takes 4096{}", Longest(.longest))]
    TooLong {
        /// Instructions of the program.
        length: usize,
        /// The call whose conditions take most of them, on its ABI, and how many.
        longest: Option<(syscalls::Abi, u32, usize)>,
    },
    /// A condition needs more room for intermediate results than there is.
    #[error("the conditions of {} are too complicated for a filter", Name(*.abi, *.number))]
    TooComplicated {
        /// The ABI of the call.
        abi: syscalls::Abi,
        /// The number of the call.
        number: u32,
    },
    /// A policy that leaves calls to a tracer.
    #[error(
        "the action trace is no denial: whoever may trace the program can let the call run; use it under oz-seccomp-tracer only"
    )]
    Trace,
    /// The compiled program differs from the policy: a bug, and a reason to stop.
    #[error(
        "the compiled filter is wrong (call {number:#x} on {audit:#x}: wanted {expected:#x}, got {answer:#x}); nothing was loaded, please report this"
    )]
    Mismatch {
        /// The audit architecture of the call.
        audit: u32,
        /// The number of the call.
        number: u32,
        /// The answer that the policy gives.
        expected: u32,
        /// The answer of the program; zero where it has none.
        answer: u32,
    },
    /// The kernel does not know an action.
    #[error("this kernel does not know the action {action}; it needs Linux {needs}")]
    ActionMissing {
        /// The action.
        action: Action,
        /// The first kernel that has it.
        needs: &'static str,
    },
    /// prctl(PR_SET_NO_NEW_PRIVS) failed.
    #[error("cannot set no_new_privs: {}", Cause(*.errno))]
    NoNewPrivileges {
        /// The error number.
        errno: i32,
    },
    /// seccomp(2) failed.
    #[error("the kernel refused the filter: {}{}", Cause(*.errno), hint(*.errno))]
    Refused {
        /// The error number.
        errno: i32,
    },
}

/// A call by its name, where it has one.
struct Name(syscalls::Abi, u32);

impl core::fmt::Display for Name {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match syscalls::name(self.0, self.1) {
            Some(name) => f.write_str(name),
            None => write!(f, "call {}", self.1),
        }
    }
}

/// The end of a message that says what takes the room.
struct Longest<'a>(&'a Option<(syscalls::Abi, u32, usize)>);

impl core::fmt::Display for Longest<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self.0 {
            Some((abi, number, length)) => write!(
                f,
                "; the conditions of {} alone have {length}, make them shorter",
                Name(abi, number)
            ),
            None => f.write_str("; use fewer single numbers"),
        }
    }
}

/// What to look at for an error of seccomp(2) (seccomp(2), ERRORS).
fn hint(errno: i32) -> &'static str {
    match errno {
        libc::ESRCH => " (a thread of this process already has a filter of its own)",
        libc::EINVAL | libc::ENOSYS => " (needs Linux 5.7 with CONFIG_SECCOMP_FILTER)",
        libc::EPERM | libc::EACCES => " (an outer sandbox may forbid filters)",
        libc::ENOMEM => " (out of memory, or too many filters in this process)",
        _ => "",
    }
}

/// An error number as its name.
struct Cause(i32);

impl core::fmt::Display for Cause {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match u16::try_from(self.0).ok().and_then(syscalls::errno::name) {
            Some(name) => f.write_str(name),
            None => write!(f, "error {}", self.0),
        }
    }
}
