//! A supervised run: audit, explain, learn.
//!
//! A watcher beside the program sees violations: by the filter's notifications, and as a tracer at the
//! end of threads. It holds the program's last exit until everything is written. What is enforced is
//! enforced by the kernel; see `filter::Supervision`.

pub(crate) mod desk;
mod functions;
mod guard;
pub(crate) mod learning;
mod look;
mod mapped;
pub(crate) mod sink;
pub(crate) mod start;

use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use filter::Supervision;
use nix::unistd::Pid;
use trace::{Listener, Process, Reply, Scope, Sight, Watcher};

use crate::companion::Line;
use crate::sys;
use desk::{Desk, Duty};
use sink::{Progress, Sink};

/// What a run is to be supervised for; made before the fork, used behind it.
pub(crate) struct Orders {
    pub(crate) duty: Duty,
    pub(crate) supervision: Supervision,
    /// The report's file; standard error where there is none.
    pub(crate) report: Option<File>,
    pub(crate) progress: Option<Progress>,
    /// What else the user should know.
    pub(crate) notes: Vec<String>,
}

impl Orders {
    /// Who is traced: for audit and learn the program alone, to hold its last exit.
    pub(crate) fn scope(&self) -> Scope {
        match self.supervision {
            Supervision::Explain => Scope::Everything,
            Supervision::Audit | Supervision::AuditByTrace => Scope::Program,
        }
    }

    /// Whether it cannot be done without a tracer.
    pub(crate) fn needs_tracer(&self) -> bool {
        self.supervision == Supervision::Explain
    }
}

/// What the launcher says when it has no listener.
pub(crate) const NO_LISTENER: i32 = -1;

/// The life of a watcher that is there before the program is executed, and gets the listener through
/// the descriptors that it shares with the launcher.
pub(crate) fn watch_launcher(launcher: Pid, mut line: Line, orders: Orders, traced: bool) {
    // Until the tables are parted, a file closed here is closed for the launcher, too.
    let orders = ManuallyDrop::new(orders);
    let seized = match traced {
        true => Watcher::seize(launcher.as_raw(), orders.scope()).map(Some),
        false => Ok(None),
    };
    let answer = seized.as_ref().err().map_or(0, crate::inject::errno_of);
    if line.say(answer).is_err() {
        return;
    }
    let Ok(mut watcher) = seized else {
        return;
    };
    let Some(number) = hear_while_attending(&mut line, watcher.as_mut()) else {
        return;
    };
    let asks = number == NO_LISTENER && !orders.needs_tracer();
    if let Some(watcher) = watcher.as_mut().filter(|_| asks) {
        watcher.rescope(Scope::Questions);
    }
    let Ok(listeners) = part(number) else {
        return kill(launcher, "the filter's listener could not be taken over");
    };
    let mut kept = line.descriptors().to_vec();
    kept.extend(descriptors(&listeners, &orders));
    sys::close_all_but(&kept);
    drop(line);
    run(
        launcher,
        watcher,
        listeners,
        ManuallyDrop::into_inner(orders),
    );
}

/// Waits for the launcher's word. A launcher that is traced may stop meanwhile.
fn hear_while_attending(line: &mut Line, mut watcher: Option<&mut Watcher>) -> Option<i32> {
    const SOON: u16 = 5;
    loop {
        match line.hear_within(SOON) {
            Ok(Some(number)) => return Some(number),
            Ok(None) => {}
            Err(_) => return None,
        }
        if watcher.as_mut().is_some_and(|watcher| !watcher.attend()) {
            return None;
        }
    }
}

/// Takes the listener into a descriptor table of one's own.
fn part(number: i32) -> Result<Vec<Listener>, i32> {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_FILES).map_err(|errno| errno as i32)?;
    match number {
        NO_LISTENER => Ok(Vec::new()),
        number => Ok(vec![Listener::new(sys::own_descriptor(number))]),
    }
}

/// The descriptors that a watcher needs.
pub(crate) fn descriptors(listeners: &[Listener], orders: &Orders) -> Vec<i32> {
    let mut kept = vec![libc::STDERR_FILENO];
    kept.extend(
        listeners
            .iter()
            .map(|listener| listener.as_fd().as_raw_fd()),
    );
    kept.extend(orders.report.as_ref().map(AsRawFd::as_raw_fd));
    kept
}

/// Ends a program that would else wait for ever for somebody to answer its calls.
fn kill(program: Pid, why: &str) {
    let _ = nix::sys::signal::kill(program, nix::sys::signal::Signal::SIGKILL);
    sys::print_to_stderr(&format!("sandboxify: {why}; the program was killed\n"));
}

/// Watches until nothing is left to be watched.
pub(crate) fn run(
    program: Pid,
    watcher: Option<Watcher>,
    listeners: Vec<Listener>,
    orders: Orders,
) {
    let Some(relief) = guard::post(program, &listeners) else {
        return kill(program, "the watcher's guard could not be started");
    };
    let sink = Sink::start(orders.report, orders.progress);
    let desk = Arc::new(Mutex::new(Desk::new(orders.duty, sink)));
    for note in &orders.notes {
        open(&desk).note(note);
    }
    let listeners: Vec<Arc<Listener>> = listeners.into_iter().map(Arc::new).collect();
    for listener in &listeners {
        let (listener, desk) = (Arc::clone(listener), Arc::clone(&desk));
        let traced = watcher.is_some();
        std::thread::spawn(move || attend(&listener, &desk, program, traced));
    }
    match watcher {
        Some(watcher) => follow(watcher, &desk),
        None => wait(program),
    }
    open(&desk).finish();
    for listener in &listeners {
        // The program may have left others behind, which are still watched.
        listener.is_deserted(-1);
    }
    open(&desk).finish();
    relief.relieve();
}

fn open(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers notifications. Without a tracer, the program's call of exit_group(2) is where its end is
/// held until everything is written.
fn attend(listener: &Listener, desk: &Mutex<Desk>, program: Pid, traced: bool) {
    while let Ok(Some(notification)) = listener.receive() {
        let mut desk = open(desk);
        if !traced
            && i64::from(notification.call.number) == libc::SYS_exit_group
            && trace::process_of(notification.thread) == Some(program.as_raw())
        {
            desk.ending(&notification);
            let _ = listener.reply(&notification, Reply::Continue);
            continue;
        }
        if desk.notified(listener, &notification).is_err() {
            break;
        }
    }
    if !listener.is_deserted(0) {
        kill(program, "the filter's calls can no longer be answered");
    }
}

/// Watches threads end.
fn follow(mut watcher: Watcher, desk: &Mutex<Desk>) {
    let mut finished = false;
    loop {
        match watcher.look_on() {
            Sight::Ending(ending) => {
                let mut desk = open(desk);
                let thread_alone = desk.ended(&ending) && !ending.is_alone;
                if ending.is_last && !thread_alone && !std::mem::replace(&mut finished, true) {
                    desk.finish();
                }
            }
            Sight::Trapped(ending) => open(desk).trapped(&ending),
            Sight::Asked(ending) => open(desk).asked(&ending),
            // Killed from outside, it could not be held.
            Sight::Gone if !std::mem::replace(&mut finished, true) => open(desk).finish(),
            Sight::Gone => {}
            Sight::Over => return,
        }
    }
}

/// Waits for the program's end without a tracer.
fn wait(program: Pid) {
    if let Ok(process) = Process::open(program.as_raw()) {
        process.ends_within(-1);
    }
}
