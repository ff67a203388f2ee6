//! Makes stopped processes load a filter.
//!
//! The filter is written to memory that the process has anyway, the process calls seccomp(2), and
//! everything is put back. What the kernel then says of the process decides whether it happened, not
//! the call's answer. Every process that the program has forked so far gets the filter, too.

use std::collections::BTreeMap;
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

/// How far the filtering of other processes is.
enum Progress {
    /// All threads of this one's process stand still.
    Ready(Pid),
    /// This one is yet to stop, or to be heard of.
    Waiting(Pid),
    Done,
}

impl Tracer {
    /// Makes the program, which stands at the place, and all processes that it has forked load a
    /// filter. The listeners, the program's own first.
    ///
    /// # Errors
    /// [`Error::Refused`] and others when one of them cannot be filtered: then nothing may run on.
    pub fn inject(&mut self, injection: &Injection<'_>) -> Result<Vec<Listener>, Error> {
        let mut others = self.filter_others(injection)?;
        let mut listeners: Vec<Listener> =
            self.load(self.speaker, injection)?.into_iter().collect();
        listeners.append(&mut others);
        self.let_run(self.root.as_raw());
        Ok(listeners)
    }

    /// Filters every other process, and holds every thread of the program. Then nobody is left who
    /// could fork another: a process is filtered only when all of its threads stand still, so whatever
    /// one of them forks is either known by then or comes with the filter.
    fn filter_others(&mut self, injection: &Injection<'_>) -> Result<Vec<Listener>, Error> {
        let mut listeners = Vec::new();
        for task in self.tasks.others(self.speaker) {
            // It may have ended; the wait below tells.
            let _ = ptrace::interrupt(task);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.progress() {
                Progress::Ready(task) => listeners.extend(self.filter_process(task, injection)?),
                Progress::Done => return Ok(listeners),
                Progress::Waiting(process) if Instant::now() > deadline => {
                    return Err(Error::Unstoppable { process });
                }
                Progress::Waiting(_) => self.wait_for_any()?,
            }
        }
    }

    /// Which process can be filtered next.
    fn progress(&mut self) -> Progress {
        let mut standing: BTreeMap<i32, (Pid, bool)> = BTreeMap::new();
        for task in self.tasks.others(self.speaker) {
            let announced = self.tasks.is_announced(task);
            let state = self.tasks.entry(task);
            if state.filtered {
                continue;
            }
            let process = state
                .process
                .or_else(|| status::process_of(task.as_raw()))
                .unwrap_or(task.as_raw());
            state.process = Some(process);
            let stands = announced && state.held.is_some();
            let (_, all) = standing.entry(process).or_insert((task, true));
            *all &= stands;
        }
        let root = self.root.as_raw();
        let ready = standing
            .iter()
            .find(|(process, (_, all))| **process != root && *all);
        let moving = standing.values().find(|(_, all)| !all);
        match (ready, moving) {
            (Some((_, (task, _))), _) => Progress::Ready(*task),
            (None, Some((task, _))) => Progress::Waiting(*task),
            (None, None) => Progress::Done,
        }
    }

    /// Marks the threads of a process as filtered, and lets them run on.
    fn let_run(&mut self, process: i32) {
        let mut stopped = Vec::new();
        for (&task, state) in self.tasks.each() {
            if state.process == Some(process) {
                state.filtered = true;
                stopped.extend(state.held.map(|stop| (task, stop)));
            }
        }
        for (task, stop) in stopped {
            self.go_on(task, stop);
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
        match stop {
            Stop::Ended => {
                self.tasks.end(task);
                return match task == self.root {
                    true => Err(Error::Gone),
                    false => Ok(()),
                };
            }
            Stop::Exec => self.enter_image(task),
            Stop::Child => self.expect_child(task, true)?,
            _ => {}
        }
        match self.meet(task, stop) {
            Err(Error::Gone) => return Ok(()),
            met => met?,
        }
        let known = self.tasks.is_announced(task);
        let state = self.tasks.entry(task);
        match (known && state.filtered, stop.is_at_the_border()) {
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
        self.tasks.entry(task).held = None;
        // It may have been killed where it stood.
        let _ = stop::go_on(task, stop);
    }

    /// Filters a forked process through one of its threads, and lets it run on: another may be waiting
    /// for it (vfork(2)).
    fn filter_process(
        &mut self,
        task: Pid,
        injection: &Injection<'_>,
    ) -> Result<Option<Listener>, Error> {
        let listener = match self.clean(task).and_then(|()| self.load(task, injection)) {
            Err(Error::Gone) => {
                // Its end is yet to be reported, or has been.
                self.tasks.end(task);
                return Ok(None);
            }
            loaded => loaded?,
        };
        let state = self.tasks.entry(task);
        let process = state.process.unwrap_or(task.as_raw());
        if state.held == Some(Stop::Group) {
            // Our calls have led it out of the stop that it is to go back to.
            state.held = Some(Stop::Interrupted);
            let _ = ptrace::interrupt(task);
        }
        self.let_run(process);
        Ok(listener)
    }

    /// Makes one process load the filter, and everything in it as it was.
    fn load(&self, thread: Pid, injection: &Injection<'_>) -> Result<Option<Listener>, Error> {
        let ours = thread == self.speaker;
        // The program may have loaded some of its own.
        let before = status::filters(thread)?;
        let borrowed = Borrowed::take(thread)?;
        // A handler that the program has set meanwhile was not reset.
        let loaded = match ours && self.traps.ignored && !status::catches(thread, libc::SIGTRAP) {
            // Before the filter: it need not allow this call.
            true => loading::ignore_traps(&borrowed),
            false => Ok(()),
        }
        .and_then(|()| loading::load(&borrowed, injection));
        // Also when it failed: the program is to end in an orderly way.
        borrowed.give_back()?;
        let listener = loaded?;
        if ours && self.traps.blocked {
            self.block_traps(thread)?;
        }
        match status::filters(thread)? > before {
            true => Ok(listener),
            false => Err(Error::NotFiltered { process: thread }),
        }
    }

    /// Blocks SIGTRAP again, of which one may wait.
    fn block_traps(&self, thread: Pid) -> Result<(), Error> {
        let failed = |errno| Error::request("restoring the signal mask", thread, errno);
        let mask = sys::signal_mask(thread).map_err(failed)?;
        sys::set_signal_mask(thread, mask | TRAP).map_err(failed)?;
        if self.traps.pending {
            sys::send(self.root, thread, libc::SIGTRAP);
        }
        Ok(())
    }
}
