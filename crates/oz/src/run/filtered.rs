//! What the host does for the filter of a program: makes it, and has it watched.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use ::filter::Ticket;

use super::watcher::{self, Job, Watcher};
use crate::filter;
use crate::init::Loading;

/// Why a program has no filter, and so does not run.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be made.
    #[error(transparent)]
    Filter(#[from] filter::Failure),
    /// The words of its ticket.
    #[error(transparent)]
    Ticket(#[from] launch::Error),
    /// Nobody watches it.
    #[error(transparent)]
    Watcher(#[from] watcher::Failure),
    /// The first process says that the program has a filter, and the kernel does not.
    #[error("the program came without its filter")]
    Unfiltered,
    /// The first process hands over what it should not.
    #[error("the cell's first process handed over {0}")]
    Strange(&'static str),
}

/// Whoever is there for the filter of a program.
pub(super) struct Escort {
    /// Whether there is a filter at all.
    filtered: bool,
    /// Whether the program was taken up.
    taken: bool,
    watcher: Option<Watcher>,
    listens: bool,
}

/// Makes the filter, and starts whoever is to watch it.
pub(super) fn prepare(job: Option<Job>) -> Result<(Option<Loading>, Escort), Failure> {
    let Some(job) = job else {
        let escort = Escort {
            filtered: false,
            taken: false,
            watcher: None,
            listens: false,
        };
        return Ok((None, escort));
    };
    let words = launch::ticket::words()?;
    let listens = job.filter.listens();
    let loading = Loading {
        program: job.filter.program(&Ticket::for_cell(words))?,
        words,
        listens,
    };
    let watcher = match job.filter.is_watched() {
        true => Some(Watcher::start(job)?),
        false => None,
    };
    let escort = Escort {
        filtered: true,
        taken: false,
        watcher,
        listens,
    };
    Ok((Some(loading), escort))
}

impl Escort {
    /// Takes the program up that waits with its filter: its process, and the listener if there is one.
    pub(super) fn take(&mut self, descriptors: Vec<OwnedFd>) -> Result<(), Failure> {
        let mut descriptors = descriptors.into_iter();
        let process = descriptors.next().filter(|_| self.filtered);
        let process = process.ok_or(Failure::Strange("a program that was not asked for"))?;
        let listener = descriptors.next();
        if listener.is_some() != self.listens {
            return Err(Failure::Strange("the wrong descriptors"));
        }
        let number = number(&process).ok_or(Failure::Strange("what is no process"))?;
        if !is_filtered(number) {
            return Err(Failure::Unfiltered);
        }
        if let Some(watcher) = &mut self.watcher {
            watcher.take(number, &process, listener.as_ref())?;
        }
        self.taken = true;
        Ok(())
    }

    /// Whether a program that is said to run may: none that is to have a filter runs without having been
    /// taken up.
    pub(super) fn permits(&self) -> Result<(), Failure> {
        match self.filtered && !self.taken {
            true => Err(Failure::Unfiltered),
            false => Ok(()),
        }
    }
}

/// The number of a process on the host (`Pid:`, proc_pid_fdinfo(5)); nothing for one that has ended, or is
/// out of sight.
fn number(process: &OwnedFd) -> Option<i32> {
    let path = format!("/proc/self/fdinfo/{}", process.as_raw_fd());
    let number = field(path.into(), "Pid:")?;
    number.parse().ok().filter(|number| *number > 0)
}

/// Whether the kernel says that a process has a filter that this one has not: in a container all have one
/// (`Seccomp: 2` and, since Linux 5.9, `Seccomp_filters:`, proc_pid_status(5)).
fn is_filtered(process: i32) -> bool {
    let status = |key| field(format!("/proc/{process}/status").into(), key);
    let own = |key| field("/proc/self/status".into(), key);
    let count = |text: Option<String>| text.and_then(|text| text.parse::<u32>().ok());
    let is_on = status("Seccomp:").is_some_and(|mode| mode == "2");
    let key = "Seccomp_filters:";
    match (count(status(key)), count(own(key))) {
        (Some(its), Some(ours)) => is_on && its > ours,
        _ => is_on,
    }
}

fn field(path: PathBuf, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name))?;
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_to_have_a_filter_runs_when_it_was_taken_up_and_not_before() {
        let escort = |filtered, taken| Escort {
            filtered,
            taken,
            watcher: None,
            listens: false,
        };
        assert!(escort(true, false).permits().is_err());
        assert!(escort(true, true).permits().is_ok());
        assert!(escort(false, false).permits().is_ok());
    }

    #[test]
    fn a_filter_that_is_inherited_is_none_that_was_loaded() {
        let nothing = policy::Request::plain(
            policy::Mode::DenyList,
            "test",
            b"",
            policy::Action::KillProcess,
        );
        let compiled = nothing.compile(syscalls::Abi::NATIVE, &policy::no_files);
        let policy = compiled.unwrap().policy;
        let program = ::filter::Program::compile(&policy, None).unwrap();
        let program = program.check(&policy, None).unwrap();
        ::filter::forgo_new_privileges().unwrap();
        ::filter::load(&program, ::filter::Logging::Default).unwrap();
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let number = child.id().cast_signed();
        let mode = field(format!("/proc/{number}/status").into(), "Seccomp:");
        let counted = field("/proc/self/status".into(), "Seccomp_filters:").is_some();
        let found = is_filtered(number);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(mode.as_deref(), Some("2"));
        assert!(!found || !counted);
    }
}
