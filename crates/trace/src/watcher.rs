//! A tracer of a program that runs under its filter: it sees threads end, and holds them while their
//! last call can still be read (PTRACE_EVENT_EXIT, ptrace(2)).
//!
//! The kernel enforces and we only look: nothing that a program may not do depends on this.

use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::family::Family;
use crate::registers::{RegisterCall, Registers};
use crate::stop::{self, Stop};
use crate::tracer::Tracer;
use crate::unwind::Context;
use crate::{Error, status, sys};

/// Whom to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The threads of the program's own process.
    Program,
    /// All that it starts, too.
    Everything,
    /// The same, for a filter that asks its tracer what to do with calls. Elsewhere such a question is
    /// the program's own filter's, and fails as it would without us.
    Questions,
}

/// The tracer of a program that runs.
#[derive(Debug)]
pub struct Watcher {
    root: Pid,
    scope: Scope,
    tasks: Family<Task>,
    /// The one thread that stands while the caller looks at it, and what it goes on with.
    shown: Option<(Pid, i32)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Task {
    /// Whether its options are ours yet.
    configured: bool,
    /// Whether it was seen at its end.
    dying: bool,
}

/// What is to be seen. The thread stands still until the next look.
#[derive(Debug, Clone, Copy)]
pub enum Sight {
    /// A thread ends.
    Ending(Ending),
    /// A filter sends a thread SIGSYS for a call.
    Trapped(Ending),
    /// A filter asks its tracer what to do with a call; going on lets it run.
    Asked(Ending),
    /// The program itself is gone.
    Gone,
    /// Nothing is left to be watched.
    Over,
}

/// A thread at a turn of its life.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// The thread.
    pub thread: i32,
    /// Its process.
    pub process: i32,
    /// The wait status that it ends with; 0 where it does not end.
    pub status: i32,
    /// The call that it is in.
    pub call: RegisterCall,
    /// Whether the program's own process ends with it, unless only this thread was killed.
    pub is_last: bool,
    /// Whether no other thread of its process is left.
    pub is_alone: bool,
}

impl Ending {
    /// The registers of the thread, from which its callers are found; while it stands, for who traces
    /// it. Nothing for a 32-bit program.
    #[must_use]
    pub fn context(&self) -> Option<Context> {
        let registers = Registers::of(Pid::from_raw(self.thread)).ok()?;
        registers.is_native().then(|| registers.context())
    }
}

impl Scope {
    fn options(self) -> ptrace::Options {
        let always = ptrace::Options::PTRACE_O_EXITKILL
            | ptrace::Options::PTRACE_O_TRACEEXEC
            | ptrace::Options::PTRACE_O_TRACEEXIT
            | ptrace::Options::PTRACE_O_TRACECLONE;
        let forks = ptrace::Options::PTRACE_O_TRACEFORK | ptrace::Options::PTRACE_O_TRACEVFORK;
        match self {
            Scope::Program => always,
            Scope::Everything => always | forks,
            Scope::Questions => always | forks | ptrace::Options::PTRACE_O_TRACESECCOMP,
        }
    }
}

impl Watcher {
    /// Watches a process that is about to execute the program.
    ///
    /// # Errors
    /// [`Error::Seize`] when the kernel does not permit it.
    pub fn seize(process: i32, scope: Scope) -> Result<Watcher, Error> {
        let root = Pid::from_raw(process);
        ptrace::seize(root, scope.options()).map_err(|errno| Error::Seize {
            errno: errno as i32,
        })?;
        let mut tasks: Family<Task> = Family::of(root);
        tasks.entry(root).configured = true;
        Ok(Watcher {
            root,
            scope,
            tasks,
            shown: None,
        })
    }

    /// Goes on with what a tracer has followed to the place of its filter.
    ///
    /// # Errors
    /// [`Error::Gone`] when the program is no longer there.
    pub fn take_over(tracer: Tracer, scope: Scope) -> Result<Watcher, Error> {
        let root = tracer.root;
        let mut watcher = Watcher {
            root,
            scope,
            tasks: Family::begun_anew(&tracer.tasks),
            shown: None,
        };
        for task in tracer.tasks.others(tracer.speaker) {
            let _ = ptrace::interrupt(task);
        }
        if watcher.configure(tracer.speaker) {
            stop::resume(tracer.speaker, 0)?;
        }
        Ok(watcher)
    }

    /// Follows others from here on; before the program's first [`Watcher::look_on`].
    pub fn rescope(&mut self, scope: Scope) {
        self.scope = scope;
        for (_, state) in self.tasks.each() {
            state.configured = false;
        }
    }

    /// Lets the thread that was shown go on, and waits for the next that is worth a look.
    pub fn look_on(&mut self) -> Sight {
        self.move_on();
        loop {
            // The caller may have children of its own, for whose end nobody waits here.
            if self.tasks.is_empty() {
                return Sight::Over;
            }
            let Ok((thread, status)) = sys::wait(-1) else {
                return Sight::Over;
            };
            let stop = Stop::of(status);
            if stop == Stop::Ended {
                self.tasks.end(thread);
                if thread == self.root {
                    return Sight::Gone;
                }
                continue;
            }
            if let Some(sight) = self.look(thread, stop) {
                return sight;
            }
        }
    }

    /// Lets threads go on that stopped while the caller was busy elsewhere, but for one that has executed
    /// a program: that stands until the caller looks on. Whether the program is still there.
    pub fn attend(&mut self) -> bool {
        while let Ok(Some((thread, status))) = sys::wait_no_longer(-1) {
            let stop = Stop::of(status);
            if stop == Stop::Ended {
                self.tasks.end(thread);
                if thread == self.root {
                    return false;
                }
                continue;
            }
            if stop == Stop::Exec {
                self.shown = Some((thread, 0));
            } else if self.look(thread, stop).is_some() {
                self.move_on();
            }
        }
        true
    }

    /// Lets the thread that was shown go on; it may have been killed where it stood.
    fn move_on(&mut self) {
        if let Some((thread, signal)) = self.shown.take() {
            self.configure(thread);
            let _ = stop::resume(thread, signal);
        }
    }

    /// Sets a stopped thread's options where they are not ours yet. Whether it is still traced.
    fn configure(&mut self, thread: Pid) -> bool {
        let state = self.tasks.entry(thread);
        if state.configured {
            return true;
        }
        let root = self.root.as_raw();
        if self.scope == Scope::Program && status::process_of(thread.as_raw()) != Some(root) {
            return false;
        }
        state.configured = ptrace::setoptions(thread, self.scope.options()).is_ok();
        true
    }

    fn look(&mut self, thread: Pid, stop: Stop) -> Option<Sight> {
        if !self.configure(thread) {
            if stop == Stop::Child {
                self.tasks.announce(stop::message(thread));
            }
            self.tasks.end(thread);
            let signal = match stop {
                Stop::Signal(signal) => signal,
                _ => 0,
            };
            let _ = stop::detach(thread, signal);
            return None;
        }
        match stop {
            Stop::Exit => {
                let ending = self.ending(thread, stop::message(thread).unwrap_or_default());
                self.tasks.entry(thread).dying = true;
                self.show(thread, 0, ending.map(Sight::Ending))
            }
            Stop::Signal(libc::SIGSYS) if is_from_filter(thread) => {
                let trapped = self.ending(thread, 0).map(Sight::Trapped);
                self.show(thread, libc::SIGSYS, trapped)
            }
            Stop::Filter => {
                let asked = self.ending(thread, 0).map(Sight::Asked);
                self.show(thread, 0, asked)
            }
            Stop::Child => {
                // Its parent may end before it is seen for the first time.
                self.tasks.announce(stop::message(thread));
                self.go_on(stop::resume(thread, 0))
            }
            Stop::Exec => {
                self.tasks.execute(thread, stop::message(thread));
                self.go_on(stop::resume(thread, 0))
            }
            _ => self.go_on(stop::go_on(thread, stop)),
        }
    }

    /// Shows a thread to the caller, or where nothing can be read of it lets it go on.
    fn show(&mut self, thread: Pid, signal: i32, sight: Option<Sight>) -> Option<Sight> {
        match sight {
            Some(sight) => {
                self.shown = Some((thread, signal));
                Some(sight)
            }
            None => self.go_on(stop::resume(thread, signal)),
        }
    }

    /// Whoever was killed meanwhile does not go on, and the next wait says so.
    fn go_on(&self, _resumed: Result<(), Error>) -> Option<Sight> {
        None
    }

    fn ending(&mut self, thread: Pid, message: i64) -> Option<Ending> {
        let call = Registers::of(thread).ok()?.call(sys::call_abi(thread));
        let process = status::process_of(thread.as_raw()).unwrap_or(thread.as_raw());
        let status = i32::try_from(message).unwrap_or_default();
        let is_alone = !self.has_others(thread, process);
        // A signal and exit_group(2) take the whole process along.
        let together = status & 0x7f != 0 || i64::from(call.number) == libc::SYS_exit_group;
        Some(Ending {
            thread: thread.as_raw(),
            process,
            status,
            call,
            is_last: process == self.root.as_raw() && (together || is_alone),
            is_alone,
        })
    }

    /// Whether a process has threads besides one that are not at their end.
    fn has_others(&mut self, one: Pid, process: i32) -> bool {
        let mut others = self.tasks.each();
        others.any(|(&task, state)| {
            let other = task != one && !state.dying;
            other && status::process_of(task.as_raw()) == Some(process)
        })
    }
}

/// Whether a SIGSYS comes from a filter (`SYS_SECCOMP`, sigaction(2)).
fn is_from_filter(thread: Pid) -> bool {
    const SYS_SECCOMP: i32 = 1;
    ptrace::getsiginfo(thread).is_ok_and(|information| information.si_code == SYS_SECCOMP)
}
