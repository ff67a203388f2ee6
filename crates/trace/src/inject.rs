//! Makes stopped processes load a filter.
//!
//! The filter is written to memory that the process has anyway, the process calls seccomp(2), and
//! everything is put back. What the kernel then says of the process decides whether it happened, not
//! the call's answer. Every process that the program has forked so far gets the filter, too.

use std::time::{Duration, Instant};

use filter::Instruction;
use nix::sys::ptrace;
use nix::unistd::Pid;

use crate::borrowed::Borrowed;
use crate::listener::Listener;
use crate::loading;
use crate::stop::{self, Stop};
use crate::tracer::{TRAP, Tracer};
use crate::{Error, status, sys};

/// How long processes that were forked before the filter may take to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to load.
#[derive(Clone, Copy)]
pub struct Injection<'a> {
    /// The program, checked by the caller.
    pub instructions: &'a [Instruction],
    /// Flags of seccomp(2) besides those of every load, such as SECCOMP_FILTER_FLAG_LOG.
    pub flags: u64,
    /// With words: a listener is wanted, and the filter lets close(2) with these words through, so that
    /// the program's copy can be closed behind it.
    pub listener: Option<[u64; 3]>,
}

impl Tracer {
    /// Makes the program, which stands at the place, and all processes that it has forked load a
    /// filter. The listeners, the program's own first.
    ///
    /// # Errors
    /// [`Error::Refused`] and others when one of them cannot be filtered: then nothing may run on.
    pub fn inject(&mut self, injection: &Injection<'_>) -> Result<Vec<Listener>, Error> {
        let mut others = self.filter_others(injection)?;
        let mut listeners: Vec<Listener> = self.load(self.root, injection)?.into_iter().collect();
        listeners.append(&mut others);
        Ok(listeners)
    }

    /// Filters every other process. None of them is left when this is done, and the program itself
    /// stands still, so there will be no more.
    fn filter_others(&mut self, injection: &Injection<'_>) -> Result<Vec<Listener>, Error> {
        let mut listeners = Vec::new();
        let root = self.root;
        for &task in self.tasks.keys().filter(|&&task| task != root) {
            // It may have ended; the wait below tells.
            let _ = ptrace::interrupt(task);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.settle_threads();
            let Some((&task, state)) = self
                .tasks
                .iter()
                .find(|(task, state)| **task != root && !state.filtered)
            else {
                return Ok(listeners);
            };
            match state.held {
                Some(_) => listeners.extend(self.filter_process(task, injection)?),
                None if Instant::now() > deadline => {
                    return Err(Error::Unstoppable { process: task });
                }
                None => self.wait_for_any()?,
            }
        }
    }

    /// Threads of the program itself get the filter with it (SECCOMP_FILTER_FLAG_TSYNC).
    fn settle_threads(&mut self) {
        let root = self.root.as_raw();
        for (task, state) in &mut self.tasks {
            state.filtered |= status::process_of(task.as_raw()) == Some(root);
        }
    }

    /// Takes one state change up, if there is one.
    fn wait_for_any(&mut self) -> Result<(), Error> {
        let changed = sys::wait_no_longer(-1).map_err(|_| Error::Gone)?;
        let Some((task, status)) = changed else {
            std::thread::sleep(Duration::from_millis(1));
            return Ok(());
        };
        let stop = Stop::of(status);
        if stop == Stop::Ended {
            self.tasks.remove(&task);
            return match task == self.root {
                true => Err(Error::Gone),
                false => Ok(()),
            };
        }
        if stop == Stop::Child {
            self.expect_child(task);
        }
        let fresh = !std::mem::replace(&mut self.tasks.entry(task).or_default().met, true);
        let inherits = fresh && status::filters(task).is_ok_and(|count| count > self.filters);
        let state = self.tasks.entry(task).or_default();
        state.filtered |= inherits;
        match (state.filtered, stop.is_at_the_border()) {
            (false, true) => state.held = Some(stop),
            (true, true) => self.go_on(task, stop),
            // The interruption asked for comes when it leaves the kernel.
            (_, false) => {
                let _ = stop::resume(task, 0);
                let _ = ptrace::interrupt(task);
            }
        }
        Ok(())
    }

    /// Lets a stopped task run on, with what it was stopped for.
    fn go_on(&mut self, task: Pid, stop: Stop) {
        if let Some(state) = self.tasks.get_mut(&task) {
            state.held = None;
        }
        let _ = match stop {
            Stop::Signal(signal) => stop::resume(task, signal),
            Stop::Group => stop::listen(task),
            _ => stop::resume(task, 0),
        };
    }

    /// Filters a forked process through one of its threads, and lets it run on: another may be waiting
    /// for it (vfork(2)).
    fn filter_process(
        &mut self,
        task: Pid,
        injection: &Injection<'_>,
    ) -> Result<Option<Listener>, Error> {
        let listener = match self.load(task, injection) {
            Err(Error::Gone) => {
                self.tasks.remove(&task);
                return Ok(None);
            }
            loaded => loaded?,
        };
        let process = status::process_of(task.as_raw());
        let mut stopped = Vec::new();
        for (&other, state) in &mut self.tasks {
            if status::process_of(other.as_raw()) == process {
                state.filtered = true;
                stopped.extend(state.held.map(|stop| (other, stop)));
            }
        }
        for (other, stop) in stopped {
            self.go_on(other, stop);
        }
        Ok(listener)
    }

    /// Makes one process load the filter, and everything in it as it was.
    fn load(&self, thread: Pid, injection: &Injection<'_>) -> Result<Option<Listener>, Error> {
        let ours = thread == self.root;
        let mut borrowed = Borrowed::take(thread)?;
        let loaded = match ours && self.traps().ignored {
            // Before the filter: it need not allow this call.
            true => loading::ignore_traps(&mut borrowed),
            false => Ok(()),
        }
        .and_then(|()| loading::load(&mut borrowed, injection));
        // Also when it failed: the program is to end in an orderly way.
        borrowed.give_back()?;
        let listener = loaded?;
        if ours && self.traps().blocked {
            let failed = |errno| Error::request("restoring the signal mask", thread, errno);
            let mask = sys::signal_mask(thread).map_err(failed)?;
            sys::set_signal_mask(thread, mask | TRAP).map_err(failed)?;
        }
        match status::filters(thread)? > self.filters {
            true => Ok(listener),
            false => Err(Error::NotFiltered { process: thread }),
        }
    }
}
