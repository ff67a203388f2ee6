//! A tracer of a program and of everything that it starts before it is filtered.
//!
//! [`Tracer::seize`] takes a process that is about to execute the program, [`Tracer::reach`] follows
//! it and all that it forks to the place where the filter is to begin, `inject.rs` filters them all,
//! [`Tracer::release`] lets go. Signals are passed on, job control is left to the kernel, and when
//! the tracer dies so does everything that it traces (PTRACE_O_EXITKILL).

use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::family::Family;
use crate::place::{self, Breakpoint, Place, Then};
use crate::stop::{self, Stop};
use crate::{Error, status, sys};

/// A traced thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Task {
    /// Why it stands still, if it does.
    pub(crate) held: Option<Stop>,
    /// Whether it has a filter of ours.
    pub(crate) filtered: bool,
    /// Its process, once that was asked for.
    pub(crate) process: Option<i32>,
    /// The breakpoint that is in its memory, or was when it was forked.
    carries: Option<Breakpoint>,
}

/// The tracer of a program before it is filtered.
#[derive(Debug)]
pub struct Tracer {
    pub(crate) root: Pid,
    /// The thread that has reached the place, and speaks for the program.
    pub(crate) speaker: Pid,
    pub(crate) tasks: Family<Task>,
    breakpoint: Option<Breakpoint>,
    place: Place,
    /// Whether the program stands inside of execve(2), at its exec stop.
    executes: bool,
    pub(crate) traps: Traps,
}

/// How the program has SIGTRAP, which a breakpoint would reset (force_sig_info_to_task, kernel/signal.c).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traps {
    pub(crate) ignored: bool,
    pub(crate) blocked: bool,
    /// One came that the program has blocked.
    pub(crate) pending: bool,
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
            speaker: root,
            tasks: Family::of(root),
            breakpoint: None,
            place,
            executes: false,
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
                Ok(false) => {}
                // Somebody may be killed at any moment, also the program's first thread, by another that
                // executes something; only the end of the program is ours.
                Err(Error::Gone) if stop != Stop::Ended => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers one stop. Whether it was the one at the place.
    fn take(&mut self, thread: Pid, stop: Stop) -> Result<bool, Error> {
        match stop {
            Stop::Ended => {
                self.tasks.end(thread);
                return match thread == self.root {
                    true => Err(Error::Gone),
                    false => Ok(false),
                };
            }
            Stop::Exec => self.enter_image(thread),
            _ => self.meet(thread, stop)?,
        }
        match stop {
            Stop::Exec if thread == self.root => return self.begin(),
            // Whose child it is, and so what is in its memory, is yet to be told.
            _ if !self.tasks.is_announced(thread) => {
                self.tasks.entry(thread).held = Some(stop);
                return Ok(false);
            }
            Stop::Child => self.expect_child(thread, false)?,
            Stop::Signal(libc::SIGTRAP) if self.is_at_breakpoint(thread)? => {
                return self.arrive(thread);
            }
            Stop::Signal(libc::SIGTRAP) if self.traps.blocked && thread == self.root => {
                self.traps.pending = true;
            }
            Stop::Signal(signal) => return stop::resume(thread, signal).map(|()| false),
            Stop::Group => return stop::listen(thread).map(|()| false),
            _ => {}
        }
        stop::resume(thread, 0).map(|()| false)
    }

    /// Takes up a new image: it has memory of its own, and its thread the process's id.
    pub(crate) fn enter_image(&mut self, thread: Pid) {
        self.tasks.execute(thread, stop::message(thread));
        self.tasks.entry(thread).carries = None;
    }

    /// At a stop of a thread: what is in its memory is known as soon as its parent was heard.
    pub(crate) fn meet(&mut self, thread: Pid, stop: Stop) -> Result<(), Error> {
        if self.tasks.meet(thread) && stop != Stop::Ended {
            self.clean(thread)?;
        }
        Ok(())
    }

    /// A child must not be forgotten because its parent is faster, nor run before its parent was heard.
    /// While processes are being filtered (`gathers`), one that has no filter yet stays where it stands.
    pub(crate) fn expect_child(&mut self, parent: Pid, gathers: bool) -> Result<(), Error> {
        let Task {
            carries, filtered, ..
        } = self.tasks.entry(parent).clone();
        let Some(child) = self.tasks.announce(stop::message(parent)) else {
            return Ok(());
        };
        let state = self.tasks.entry(child);
        state.carries = carries;
        state.filtered |= filtered;
        let Some(stop) = state.held.take() else {
            return Ok(());
        };
        let stays = gathers && !state.filtered && stop.is_at_the_border();
        state.held = stays.then_some(stop);
        let cleaned = self.clean(child);
        // Somebody may be killed at any moment.
        match cleaned.and_then(|()| {
            if stays {
                Ok(())
            } else {
                stop::go_on(child, stop)
            }
        }) {
            Err(Error::Gone) => Ok(()),
            done => done,
        }
    }

    /// At the exec of the program, or of another that takes its place.
    fn begin(&mut self) -> Result<bool, Error> {
        self.executes = true;
        if !crate::registers::Registers::of(self.root)?.is_native() {
            return Err(Error::Foreign);
        }
        if self.place == Place::Exec {
            return self.leave_exec();
        }
        let (address, then) = place::find(self.root, self.place)?;
        self.remember_traps()?;
        let breakpoint = Breakpoint::plant(self.root, address, then)?;
        self.tasks.entry(self.root).carries = Some(breakpoint.clone());
        self.breakpoint = Some(breakpoint);
        self.executes = false;
        stop::resume(self.root, 0).map(|()| false)
    }

    /// Goes on from inside of execve(2) to its end: a step from the exec stop would run nothing.
    fn leave_exec(&mut self) -> Result<bool, Error> {
        loop {
            stop::resume_to_call(self.root, 0)?;
            match stop::wait_for(self.root)? {
                Stop::Call => {
                    self.executes = false;
                    return Ok(true);
                }
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
            pending: false,
        };
        match self.traps.blocked {
            true => sys::set_signal_mask(self.root, mask & !TRAP).map_err(failed),
            false => Ok(()),
        }
    }

    /// A forked process has a copy of the breakpoint in its memory; one that shares memory with the
    /// program must keep it.
    pub(crate) fn clean(&mut self, thread: Pid) -> Result<(), Error> {
        let Some(breakpoint) = &self.tasks.entry(thread).carries else {
            return Ok(());
        };
        let own = match sys::share_memory(self.root, thread) {
            Some(shared) => !shared,
            // Without kcmp(2) a process that shares memory (vfork) is taken for one that does not,
            // and the launch fails in the end, because the place is never reached.
            None => status::process_of(thread.as_raw()) != Some(self.root.as_raw()),
        };
        if own {
            breakpoint.remove(thread)?;
            self.tasks.entry(thread).carries = None;
        }
        Ok(())
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
            self.speaker = thread;
            return match status::process_of(thread.as_raw()) == Some(self.root.as_raw()) {
                true => Ok(true),
                false => Err(Error::Unstoppable { process: thread }),
            };
        };
        let mut word = [0; 8];
        crate::ProcessMemory::of(thread.as_raw()).read_all(place, &mut word)?;
        let main = u64::from_ne_bytes(word);
        let breakpoint = Breakpoint::plant(thread, main, Then::Arrived)?;
        // Who has stopped before and was not cleaned shares the program's memory.
        for state in self.tasks.met().filter(|state| state.carries.is_some()) {
            state.carries = Some(breakpoint.clone());
        }
        self.breakpoint = Some(breakpoint);
        stop::resume(thread, 0).map(|()| false)
    }

    /// Ends the program with a status, and everything that it has started.
    pub fn refuse(mut self, status: u8) {
        let root = Some(self.root.as_raw());
        for task in self.tasks.others(self.speaker) {
            // The program's own threads end with it, and with its status.
            if status::process_of(task.as_raw()) == root {
                continue;
            }
            let _ = nix::sys::signal::kill(task, nix::sys::signal::Signal::SIGKILL);
        }
        // Inside of execve(2) its registers are not its own yet.
        if !self.executes || self.leave_exec().is_ok() {
            if let Ok(borrowed) = crate::borrowed::Borrowed::take(self.speaker) {
                borrowed.exit(status);
            }
        }
        let _ = nix::sys::signal::kill(self.root, nix::sys::signal::Signal::SIGKILL);
    }

    /// Lets everything go for good: the program first, because others may wait for it.
    ///
    /// # Errors
    /// [`Error::Gone`] when the program has died meanwhile.
    pub fn release(mut self) -> Result<(), Error> {
        let released = stop::detach(self.speaker, 0);
        for task in self.tasks.others(self.speaker) {
            let _ = ptrace::interrupt(task);
        }
        self.tasks.end(self.speaker);
        // Who is still traced when the tracer ends dies with it, so each is waited for.
        while !self.tasks.is_empty() {
            let Ok((thread, status)) = sys::wait(-1) else {
                break;
            };
            let stop = Stop::of(status);
            match stop {
                Stop::Exec => self.enter_image(thread),
                Stop::Child => drop(self.tasks.announce(stop::message(thread))),
                _ => {}
            }
            self.tasks.end(thread);
            let _ = match stop {
                Stop::Ended => Ok(()),
                Stop::Signal(signal) => stop::detach(thread, signal),
                _ => stop::detach(thread, 0),
            };
        }
        released
    }
}
