//! A tracer of a program and of everything that it starts before it is filtered.
//!
//! [`Tracer::seize`] takes a process that is about to execute the program, [`Tracer::reach`] follows
//! it and all that it forks to the place where the filter is to begin, `inject.rs` filters them all,
//! [`Tracer::release`] lets go. Signals are passed on, job control is left to the kernel, and when
//! the tracer dies so does everything that it traces (PTRACE_O_EXITKILL).

use std::collections::BTreeMap;

use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::place::{self, Breakpoint, Place, Then};
use crate::stop::{self, Stop};
use crate::{Error, status, sys};

/// A traced thread.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Task {
    /// Whether it has stopped at least once.
    pub(crate) met: bool,
    /// Why it stands still, if it does.
    pub(crate) held: Option<Stop>,
    /// Whether it has a filter of ours.
    pub(crate) filtered: bool,
}

/// The tracer of a program before it is filtered.
#[derive(Debug)]
pub struct Tracer {
    pub(crate) root: Pid,
    pub(crate) tasks: BTreeMap<Pid, Task>,
    breakpoint: Option<Breakpoint>,
    place: Place,
    /// How many filters the program had before ours.
    pub(crate) filters: u32,
    traps: Traps,
}

/// How the program has SIGTRAP, which a breakpoint would reset (force_sig_info_to_task, kernel/signal.c).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traps {
    pub(crate) ignored: bool,
    pub(crate) blocked: bool,
}

/// The bit of SIGTRAP in a signal mask.
pub(crate) const TRAP: u64 = 1 << (libc::SIGTRAP - 1);

impl Tracer {
    /// What is followed until the filter is in place.
    fn options() -> ptrace::Options {
        ptrace::Options::PTRACE_O_EXITKILL
            | ptrace::Options::PTRACE_O_TRACEEXEC
            | ptrace::Options::PTRACE_O_TRACEFORK
            | ptrace::Options::PTRACE_O_TRACEVFORK
            | ptrace::Options::PTRACE_O_TRACECLONE
            | ptrace::Options::PTRACE_O_TRACESYSGOOD
    }

    /// Traces a process that is about to execute a program.
    ///
    /// # Errors
    /// [`Error::Seize`] when the kernel does not permit it: another tracer, Yama, an outer filter.
    pub fn seize(process: i32, place: Place) -> Result<Tracer, Error> {
        let root = Pid::from_raw(process);
        ptrace::seize(root, Tracer::options()).map_err(|errno| Error::Seize {
            errno: errno as i32,
        })?;
        Ok(Tracer {
            root,
            tasks: BTreeMap::from([(
                root,
                Task {
                    met: true,
                    ..Task::default()
                },
            )]),
            breakpoint: None,
            place,
            filters: status::filters(root)?,
            traps: Traps::default(),
        })
    }

    /// Follows the process through its exec to the place. There it stands at the border of the kernel,
    /// its breakpoint removed.
    ///
    /// # Errors
    /// [`Error::Gone`] when the program ends before; [`Error::NoMain`] and others when the place
    /// cannot be found. The program still stands and must be ended ([`Tracer::refuse`]).
    pub fn reach(&mut self) -> Result<(), Error> {
        loop {
            let (thread, status) = sys::wait(-1).map_err(|_| Error::Gone)?;
            let stop = Stop::of(status);
            match self.take(thread, stop) {
                Ok(true) => return Ok(()),
                // Somebody may be killed at any moment; only the program's end is ours.
                Ok(false) => {}
                Err(Error::Gone) if thread != self.root => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers one stop. Whether it was the one at the place.
    fn take(&mut self, thread: Pid, stop: Stop) -> Result<bool, Error> {
        let fresh = !std::mem::replace(&mut self.tasks.entry(thread).or_default().met, true);
        match stop {
            Stop::Ended => {
                self.tasks.remove(&thread);
                return match thread == self.root {
                    true => Err(Error::Gone),
                    false => Ok(false),
                };
            }
            Stop::Exec if thread == self.root => return self.begin(),
            // Of a process that was forked before: it has memory of its own now.
            Stop::Exec => {}
            Stop::Child => self.expect_child(thread),
            Stop::Signal(libc::SIGTRAP) if self.is_at_breakpoint(thread)? => {
                return self.arrive(thread);
            }
            Stop::Signal(signal) => return stop::resume(thread, signal).map(|()| false),
            Stop::Group => return stop::listen(thread).map(|()| false),
            _ if fresh => self.clean(thread)?,
            _ => {}
        }
        stop::resume(thread, 0).map(|()| false)
    }

    /// A child must not be forgotten because its parent is faster.
    pub(crate) fn expect_child(&mut self, parent: Pid) {
        let child = stop::message(parent).and_then(|child| i32::try_from(child).ok());
        if let Some(child) = child {
            self.tasks.entry(Pid::from_raw(child)).or_default();
        }
    }

    /// At the exec of the program, or of another that takes its place.
    fn begin(&mut self) -> Result<bool, Error> {
        // Other threads of the old image are gone without a word.
        self.tasks.retain(|&task, _| {
            task == self.root || status::process_of(task.as_raw()) != Some(self.root.as_raw())
        });
        self.breakpoint = None;
        if !crate::registers::Registers::of(self.root)?.is_native() {
            return Err(Error::Foreign);
        }
        if self.place == Place::Exec {
            return self.leave_exec();
        }
        let (address, then) = place::find(self.root, self.place)?;
        self.remember_traps()?;
        self.breakpoint = Some(Breakpoint::plant(self.root, address, then)?);
        stop::resume(self.root, 0).map(|()| false)
    }

    /// Goes on from inside of execve(2) to its end: a step from the exec stop would run nothing.
    fn leave_exec(&mut self) -> Result<bool, Error> {
        loop {
            stop::resume_to_call(self.root)?;
            match stop::wait_for(self.root)? {
                Stop::Call => return Ok(true),
                Stop::Ended => return Err(Error::Gone),
                Stop::Signal(signal) => self.requeue(signal),
                _ => {}
            }
        }
    }

    /// A signal that came at a moment when it could not be passed on.
    fn requeue(&self, signal: i32) {
        if let Ok(signal) = nix::sys::signal::Signal::try_from(signal) {
            let _ = nix::sys::signal::kill(self.root, signal);
        }
    }

    /// Notes how the program has SIGTRAP, and lets it through: it must stop at the breakpoint.
    fn remember_traps(&mut self) -> Result<(), Error> {
        let failed = |errno| Error::request("reading the signal mask", self.root, errno);
        let mask = sys::signal_mask(self.root).map_err(failed)?;
        self.traps = Traps {
            ignored: status::ignores(self.root, libc::SIGTRAP),
            blocked: mask & TRAP != 0,
        };
        match self.traps.blocked {
            true => sys::set_signal_mask(self.root, mask & !TRAP).map_err(failed),
            false => Ok(()),
        }
    }

    /// A forked process has a copy of the breakpoint in its memory; one that shares memory with the
    /// program must keep it.
    fn clean(&self, thread: Pid) -> Result<(), Error> {
        let Some(breakpoint) = &self.breakpoint else {
            return Ok(());
        };
        match sys::share_memory(self.root, thread) {
            Some(true) => Ok(()),
            Some(false) => breakpoint.remove(thread),
            None if status::process_of(thread.as_raw()) == Some(self.root.as_raw()) => Ok(()),
            // Without kcmp(2) a process that shares memory (vfork) is taken for one that does not,
            // and the launch fails in the end, because the place is never reached.
            None => breakpoint.remove(thread),
        }
    }

    fn is_at_breakpoint(&self, thread: Pid) -> Result<bool, Error> {
        match &self.breakpoint {
            Some(breakpoint) => breakpoint.is_hit(thread),
            None => Ok(false),
        }
    }

    /// At the breakpoint. Whether the place is reached: `main` may have yet to be looked up.
    fn arrive(&mut self, thread: Pid) -> Result<bool, Error> {
        let Some(breakpoint) = self.breakpoint.take() else {
            return Ok(false);
        };
        breakpoint.remove(thread)?;
        let Then::MainAt(place) = breakpoint.then else {
            self.tasks.entry(thread).or_default().held = Some(Stop::Signal(0));
            // From here on the thread that arrived speaks for the program.
            return match status::process_of(thread.as_raw()) == Some(self.root.as_raw()) {
                true => Ok(true),
                false => Err(Error::Unstoppable { process: thread }),
            };
        };
        let mut word = [0; 8];
        crate::ProcessMemory::of(thread.as_raw()).read_all(place, &mut word)?;
        let main = u64::from_ne_bytes(word);
        self.breakpoint = Some(Breakpoint::plant(thread, main, Then::Arrived)?);
        stop::resume(thread, 0).map(|()| false)
    }

    pub(crate) fn traps(&self) -> Traps {
        self.traps
    }

    /// Ends the program with a status, and everything that it has started.
    pub fn refuse(self, status: u8) {
        for &task in self.tasks.keys().filter(|&&task| task != self.root) {
            let _ = nix::sys::signal::kill(task, nix::sys::signal::Signal::SIGKILL);
        }
        if let Ok(borrowed) = crate::borrowed::Borrowed::take(self.root) {
            borrowed.exit(status);
        }
        let _ = nix::sys::signal::kill(self.root, nix::sys::signal::Signal::SIGKILL);
    }

    /// Lets everything go that is held, for good.
    ///
    /// # Errors
    /// [`Error::Gone`] when the program has died meanwhile.
    pub fn release(self) -> Result<(), Error> {
        let root = self.root;
        for (&task, state) in &self.tasks {
            let detached = match state.held {
                Some(Stop::Signal(signal)) => stop::detach(task, signal),
                _ => stop::detach(task, 0),
            };
            if task == root {
                detached?;
            }
        }
        Ok(())
    }
}
