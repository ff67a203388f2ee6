//! DESK: the life of a watcher: audit, explain, learn.
//!
//! A watcher beside the program sees violations: by the filter's notifications, and as a tracer at the
//! end of threads. It holds the program's last exit until everything is written. What is enforced is
//! enforced by the kernel; see `filter::Supervision`. How a watcher comes to a program is the business of
//! others: [`run`] is given the listeners. It writes where its [`Orders`] say, and nowhere else.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod circumstances;
mod desk;
mod error;
mod functions;
mod guard;
mod learning;
mod look;
mod mapped;
mod sink;
#[allow(unsafe_code)]
pub mod sys;
mod voice;

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use filter::Supervision;
use nix::unistd::Pid;
use trace::{Listener, Process, Reply, Scope, Sight, Watcher};

use desk::Desk;
use sink::Sink;

pub use circumstances::open_policy;
pub use desk::{Duty, Reports};
pub use error::Error;
pub use learning::{Learning, Listing};
pub use sink::Progress;
pub use voice::Voice;

/// What a run is to be supervised for; made before the fork, used behind it.
pub struct Orders {
    /// What becomes of the calls that are seen.
    pub duty: Duty,
    /// Which calls those are, and whether anything is enforced.
    pub supervision: Supervision,
    /// The report's file; the voice speaks it where there is none.
    pub report: Option<File>,
    /// What is said while nothing else is.
    pub progress: Option<Progress>,
    /// What else the user should know.
    pub notes: Vec<String>,
    /// Who speaks to the user, and where.
    pub voice: Voice,
    /// What is said besides at the program's end.
    pub frame: Frame,
}

/// What is said at the program's end, once, in lines of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// Before it is said what there was in all.
    pub before: String,
    /// Behind that.
    pub behind: String,
}

impl Orders {
    /// Who is traced: for audit and learn the program alone, to hold its last exit.
    pub fn scope(&self) -> Scope {
        match self.supervision {
            Supervision::Explain => Scope::Everything,
            Supervision::Audit | Supervision::AuditByTrace => Scope::Program,
        }
    }

    /// Whether it cannot be done without a tracer.
    pub fn needs_tracer(&self) -> bool {
        self.supervision == Supervision::Explain
    }
}

/// The descriptors that a watcher needs; a process of its own can close all others.
pub fn descriptors(listeners: &[Listener], orders: &Orders) -> Vec<i32> {
    let mut kept = vec![orders.voice.descriptor];
    kept.extend(
        listeners
            .iter()
            .map(|listener| listener.as_fd().as_raw_fd()),
    );
    kept.extend(orders.report.as_ref().map(AsRawFd::as_raw_fd));
    kept
}

/// Ends a program that would else wait for ever for somebody to answer its calls.
pub fn kill(program: Pid, voice: Voice, why: &str) {
    let _ = nix::sys::signal::kill(program, nix::sys::signal::Signal::SIGKILL);
    voice.say(&format!("{why}; the program was killed"));
}

/// Watches until nothing is left to be watched. `program` is the process whose end is held until everything
/// is written, and who is killed where nobody could answer it. This is the rest of the life of a process with
/// one thread, which nobody can read (PR_SET_DUMPABLE) and whose signals are blocked; it forks a guard.
pub fn run(program: Pid, watcher: Option<Watcher>, listeners: Vec<Listener>, orders: Orders) {
    let voice = orders.voice;
    let Some(relief) = guard::post(program, &listeners, voice) else {
        return kill(program, voice, "the watcher's guard could not be started");
    };
    let sink = Sink::start(orders.report, orders.progress, voice);
    let desk = Desk::new(orders.duty, sink, voice, orders.frame);
    let desk = Arc::new(Mutex::new(desk));
    for note in &orders.notes {
        open(&desk).note(note);
    }
    let listeners: Vec<Arc<Listener>> = listeners.into_iter().map(Arc::new).collect();
    for listener in &listeners {
        let (listener, desk) = (Arc::clone(listener), Arc::clone(&desk));
        let traced = watcher.is_some();
        std::thread::spawn(move || {
            let answered = attend(&listener, &desk, program, traced);
            if answered.is_err() {
                let why = "the filter's calls can no longer be answered";
                kill(program, voice, why);
            }
        });
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
fn attend(
    listener: &Listener,
    desk: &Mutex<Desk>,
    program: Pid,
    traced: bool,
) -> Result<(), Unanswered> {
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
    match listener.is_deserted(0) {
        true => Ok(()),
        false => Err(Unanswered),
    }
}

/// Somebody is left who makes calls that nobody can answer.
struct Unanswered;

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
