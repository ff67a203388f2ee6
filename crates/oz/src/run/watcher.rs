//! Who watches the program of a cell: a process of its own, on the host, where nobody inside can reach it.
//!
//! It has the user's rights, and besides them the one to look into processes, so that a policy or report is
//! written as the user, and whatever a hostile program shows it is looked at by nobody who could do more.

use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ::filter::Supervision;
use confine::plan::User;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::{Deserialize, Serialize};
use supervise::sys::{Fork, close_all_but, exit_at_once, fork_without_signal};
use supervise::{Duty, Frame, Learning, Orders, Reports, Voice};
use trace::{Listener, Scope};
use watch::learn::{Facts, Options, Recorder};
use watch::{Format, Reporter};
use wire::Channel;

use crate::filter::{Filter, Purpose};

/// How long a watcher may take to be ready, or to be there.
const PATIENCE: Duration = Duration::from_secs(20);
/// No launch takes longer; each of its steps has less.
const LAUNCH: Duration = Duration::from_secs(600);
/// How long it may take for its last words when the cell is over.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Whoever speaks for `oz`, on standard error.
const VOICE: Voice = Voice {
    program: "oz",
    descriptor: libc::STDERR_FILENO,
};

/// What is to be watched, and for whom.
pub struct Job {
    /// What becomes of violations, and the policy.
    pub filter: Filter,
    /// Whose rights the watcher has.
    pub user: User,
    /// The program, as it is in the cell.
    pub program: PathBuf,
    /// Where reports go; standard error where that is nowhere.
    pub log: Option<PathBuf>,
}

/// What a watcher says.
#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    /// It is ready for a program, or watches it.
    Done,
    /// It does not.
    Failed(String),
}

/// A program that is to be watched. Its process comes along, and its filter's listener, if it has one.
#[derive(Debug, Serialize, Deserialize)]
struct Charge {
    /// Its number on the host.
    process: i32,
}

/// A watcher, as `oz` sees it. Dropped, it is waited for a little, and ended.
pub(super) struct Watcher {
    process: Pid,
    /// Nothing once it is to end: a watcher that waits for its program is told so by the end of the talk.
    channel: Option<Channel>,
}

/// Why nobody watches.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It says why.
    #[error("{0}")]
    Refused(String),
    /// It does not talk to us.
    #[error("the cell's watcher: {0}")]
    Lost(#[from] wire::Error),
    /// There is none.
    #[error("the cell's watcher cannot be started: {0}")]
    Start(#[from] nix::errno::Errno),
}

impl Watcher {
    /// Starts a watcher that is ready for a program. This process must have one thread.
    ///
    /// # Errors
    /// [`Failure`], where a policy or a report could not be written, too.
    pub(super) fn start(job: Job) -> Result<Watcher, Failure> {
        let (ours, theirs) = Channel::pair()?;
        let forked = fork_without_signal(false).map_err(nix::errno::Errno::from_raw)?;
        let process = match forked {
            Fork::Parent { child } => child,
            Fork::Child => {
                drop(ours);
                live(job, theirs);
                exit_at_once()
            }
        };
        drop(theirs);
        let mut watcher = Watcher {
            process,
            channel: Some(ours),
        };
        watcher.answer()?;
        Ok(watcher)
    }

    /// Has it watch a program from now on.
    ///
    /// # Errors
    /// [`Failure`]; the program must not go then.
    pub(super) fn take(
        &mut self,
        number: i32,
        process: &OwnedFd,
        listener: Option<&OwnedFd>,
    ) -> Result<(), Failure> {
        let charge = Charge { process: number };
        let mut along = vec![process.as_fd()];
        along.extend(listener.map(AsFd::as_fd));
        self.channel()?.send(&charge, &along, PATIENCE)?;
        self.answer()
    }

    fn channel(&mut self) -> Result<&mut Channel, Failure> {
        let channel = self.channel.as_mut();
        channel.ok_or(Failure::Lost(wire::Error::Closed))
    }

    fn answer(&mut self) -> Result<(), Failure> {
        match self.channel()?.receive(PATIENCE)?.0 {
            Answer::Done => Ok(()),
            Answer::Failed(why) => Err(Failure::Refused(why)),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        const SHORT: Duration = Duration::from_millis(2);
        drop(self.channel.take());
        let deadline = Instant::now() + LAST_WORDS;
        let flags = WaitPidFlag::__WALL | WaitPidFlag::WNOHANG;
        while let Ok(WaitStatus::StillAlive) = waitpid(self.process, Some(flags)) {
            if Instant::now() < deadline {
                std::thread::sleep(SHORT);
                continue;
            }
            let _ = kill(self.process, Signal::SIGKILL);
            let _ = waitpid(self.process, Some(WaitPidFlag::__WALL));
            return;
        }
    }
}

/// The life of a watcher.
fn live(job: Job, mut channel: Channel) {
    // The user's files are opened before there is any right that he has not.
    let ready = withdraw(&job, &channel).and_then(|()| orders(job));
    let ready = ready.and_then(|orders| match confine::look_into_processes() {
        Ok(()) => Ok(orders),
        Err(error) => Err(error.to_string()),
    });
    let orders = match ready {
        Ok(orders) => orders,
        Err(why) => return tell(&channel, Answer::Failed(why)),
    };
    tell(&channel, Answer::Done);
    // Without a program there is nothing to watch: the cell did not come about.
    let Ok((Charge { process }, descriptors)) = channel.receive(LAUNCH) else {
        return;
    };
    match attach(process, descriptors, &orders) {
        Err(why) => tell(&channel, Answer::Failed(why)),
        Ok((watcher, listeners)) => {
            tell(&channel, Answer::Done);
            drop(channel);
            supervise::run(Pid::from_raw(process), watcher, listeners, orders);
        }
    }
}

/// Whoever would hear it may be gone, and then so is the cell.
fn tell(channel: &Channel, answer: Answer) {
    let _ = channel.send(&answer, &[], PATIENCE);
}

/// Leaves the terminal's business and privileges behind.
fn withdraw(job: &Job, channel: &Channel) -> Result<(), String> {
    // What ends or stops `oz` is passed on to the program, whose end is what ends this process.
    let _ = SigSet::all().thread_block();
    let _ = nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0));
    close_all_but(&[VOICE.descriptor, channel.as_fd().as_raw_fd()]);
    confine::observe_as(&job.user).map_err(|error| error.to_string())
}

/// What is to be done about what is seen. With the user's rights already.
fn orders(job: Job) -> Result<Orders, String> {
    let report = job.log.as_deref().map(open).transpose()?;
    let supervision = match job.filter.purpose {
        Purpose::Enforce { .. } | Purpose::Explain => Supervision::Explain,
        Purpose::Audit | Purpose::Train(_) => Supervision::Audit,
    };
    let duty = match &job.filter.purpose {
        Purpose::Train(output) => Duty::Learn(Box::new(learning(output, &job.program)?)),
        Purpose::Audit => reports(job.filter, Format::Oz, false, report.is_some()),
        Purpose::Enforce { .. } | Purpose::Explain => {
            reports(job.filter, Format::Text, true, report.is_some())
        }
    };
    Ok(Orders {
        duty,
        supervision,
        report,
        progress: None,
        notes: Vec::new(),
        voice: VOICE,
        frame: Frame::default(),
    })
}

fn reports(filter: Filter, format: Format, enforced: bool, apart: bool) -> Duty {
    let reporter = Reporter::new(format, false).by(VOICE.program);
    Duty::Report(Box::new(Reports {
        judge: filter.judge,
        reporter: match filter.debug {
            true => reporter.debugging(),
            false => reporter,
        },
        format,
        enforced,
        apart,
    }))
}

fn learning(output: &Path, program: &Path) -> Result<Learning, String> {
    // The cell's path is the host's, but for what a profile shows elsewhere.
    let is_file = std::fs::metadata(program).is_ok_and(|metadata| metadata.is_file());
    let go = is_file && std::fs::read(program).is_ok_and(|bytes| trace::image::is_go(&bytes));
    let options = Options {
        program: program.to_string_lossy().into_owned(),
        facts: Facts { go, threads: false },
        recorder: Recorder::Cell,
        ..Options::default()
    };
    let learning = Learning::without_clone3(output, options, supervise::open_policy);
    learning.map_err(|error| error.to_string())
}

/// What is there already stays; a link is not followed.
fn open(path: &Path) -> Result<File, String> {
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK)
        .open(path);
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let file = opened.map_err(|error| failed(&error))?;
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err(failed(&"is no regular file")),
        Err(error) => Err(failed(&error)),
    }
}

/// Puts itself beside a program that waits for that.
fn attach(
    process: i32,
    descriptors: Vec<OwnedFd>,
    orders: &Orders,
) -> Result<(Option<trace::Watcher>, Vec<Listener>), String> {
    let mut descriptors = descriptors.into_iter();
    let handle = descriptors.next().ok_or("a program without a process")?;
    let listeners = descriptors.map(Listener::new).collect();
    let watcher = trace::Watcher::seize(process, orders.scope());
    // Whoever was seized had this number while the process was there.
    if has_ended(&handle) {
        return Err("the program has ended".into());
    }
    match watcher {
        Ok(watcher) => Ok((Some(watcher), listeners)),
        Err(_) if orders.scope() == Scope::Program => Ok((None, listeners)),
        Err(error) => Err(error.to_string()),
    }
}

fn has_ended(process: &OwnedFd) -> bool {
    let mut wanted = [PollFd::new(process, PollFlags::IN)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut wanted, Some(&now)) != Ok(0)
}
