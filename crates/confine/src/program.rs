//! Starting the program in a cell that is built.

use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::signal::SigSet;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, chdir, pidfd_send_signal, setsid};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{
    OptionalActions, OutputModes, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};

use crate::departure::{Departure, Image};
use crate::error::{Error, call};
use crate::last_words::{self, Mouth};
use crate::namespace::Namespace;
use crate::plan::{Bytes, Owner, Plan};
use crate::{identity, rights, sys};

/// The last real-time signal (signal(7)).
const LAST_SIGNAL: i32 = 64;

/// A program that runs.
pub struct Started {
    /// Its number inside.
    pub process: Pid,
    /// The other end of its terminal, if it has one.
    pub terminal: Option<OwnedFd>,
}

/// Starts the program. This process must have built the tree, have one thread, and have got the
/// [`view`](crate::view) before.
///
/// # Errors
/// [`Error::Program`] where it cannot be executed, else what could not be prepared. No program runs then.
pub fn start(
    plan: &Plan,
    view: &OwnedFd,
    departure: &mut impl Departure,
) -> Result<Started, Error> {
    let terminal = match plan.program.terminal.contains(&true) {
        true => Some(terminal(plan.program.terminal)?),
        false => None,
    };
    let namespace = Namespace::new(plan, view)?;
    let (ear, mouth) = last_words::pipe()?;
    let forked = sys::fork(0, None).map_err(call("make a process"))?;
    let Some((process, handle)) = forked else {
        drop(ear);
        let Err(error) = depart(plan, terminal.as_ref(), namespace, departure, &mouth);
        mouth.fail(&error);
    };
    drop(mouth);
    let admitted = namespace.admit(process.as_raw_pid());
    let seen_off = admitted.and_then(|()| see_off(process, &handle, departure));
    // What it says of its end tells more than that it does not answer.
    ear.listen(&plan.program.path)?;
    seen_off?;
    Ok(Started { process, terminal })
}

/// A program that is not let go ends here: it would wait for ever.
fn see_off(process: Pid, handle: &OwnedFd, departure: &mut impl Departure) -> Result<(), Error> {
    let seen_off = departure.see_off(process, handle.as_fd());
    if seen_off.is_err() {
        // It may have ended already, with the reason.
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
    seen_off
}

/// In the child: all that lies between the fork and the program.
fn depart(
    plan: &Plan,
    terminal: Option<&OwnedFd>,
    namespace: Namespace<'_>,
    departure: &mut impl Departure,
    mouth: &Mouth,
) -> Result<Infallible, Error> {
    setsid().map_err(call("make a session"))?;
    if let Some(terminal) = terminal {
        take(terminal, plan.program.terminal)?;
    }
    sys::close_on_exec_from(3).map_err(call("close descriptors"))?;
    // Once the namespace is there, groups can be set by nobody; by an ordinary user never.
    if plan.maker == Owner::Root {
        rights::groups(&plan.user.groups)?;
    }
    namespace.enter()?;
    identity::limit(&plan.limits, plan.maker)?;
    identity::assume(&plan.user)?;
    begin_in(plan)?;
    forget_signals()?;
    let program = &plan.program;
    let image = Image {
        path: &text(&program.path)?,
        arguments: &texts(&program.arguments)?,
        environment: &texts(&program.environment)?,
    };
    Err(departure.leave(&image, mouth.descriptor()))
}

/// A new terminal of the cell's own, of the size and with the settings of the caller's, which this process
/// still has where the new one is to be.
fn terminal(places: [bool; 3]) -> Result<OwnedFd, Error> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let terminal = openpt(flags).map_err(call("make a terminal"))?;
    unlockpt(&terminal).map_err(call("make a terminal"))?;
    let standard = [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ];
    let mut callers = standard.into_iter().zip(places);
    if let Some((caller, _)) = callers.find(|(_, is_terminal)| *is_terminal) {
        resemble(&terminal, caller, places[0]);
    }
    Ok(terminal)
}

/// A terminal that cannot be asked is none to resemble.
fn resemble(terminal: &OwnedFd, caller: BorrowedFd<'_>, typed_at: bool) {
    if let Ok(size) = tcgetwinsize(caller) {
        let _ = tcsetwinsize(terminal, size);
    }
    let Ok(mut settings) = tcgetattr(caller) else {
        return;
    };
    if !typed_at {
        // The caller's terminal is left as it is then, and does this itself.
        settings.output_modes.remove(OutputModes::OPOST);
    }
    let _ = tcsetattr(terminal, OptionalActions::Now, &settings);
}

/// Puts the near end of a terminal in the place of standard descriptors.
fn take(terminal: &OwnedFd, places: [bool; 3]) -> Result<(), Error> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let near = ioctl_tiocgptpeer(terminal, flags).map_err(call("open the terminal"))?;
    sys::take_terminal(near.as_fd()).map_err(call("take the terminal"))?;
    let put = [
        rustix::stdio::dup2_stdin,
        rustix::stdio::dup2_stdout,
        rustix::stdio::dup2_stderr,
    ];
    for (put, _) in put.into_iter().zip(places).filter(|(_, wanted)| *wanted) {
        put(&near).map_err(call("put the terminal in place"))?;
    }
    Ok(())
}

/// Goes where the program is to begin, with the user's rights.
fn begin_in(plan: &Plan) -> Result<(), Error> {
    let places = [plan.program.directory.as_path(), plan.user.home.as_path()];
    let arrived = places.into_iter().any(|place| chdir(place).is_ok());
    match arrived {
        true => Ok(()),
        false => chdir("/").map_err(call("enter the root directory")),
    }
}

/// The program begins with all signals as the kernel has them: blocked ones stay blocked, and ignored
/// ones ignored, by an exec.
fn forget_signals() -> Result<(), Error> {
    for signal in 1..=LAST_SIGNAL {
        sys::forget_signal(signal);
    }
    SigSet::empty()
        .thread_set_mask()
        .map_err(|error| call("unblock signals")(Errno::from_raw_os_error(error as i32)))
}

fn text(bytes: &Bytes) -> Result<CString, Error> {
    CString::new(bytes.0.clone()).map_err(|_| Error::Program {
        path: bytes.clone(),
        source: Errno::INVAL,
    })
}

fn texts(all: &[Bytes]) -> Result<Vec<CString>, Error> {
    all.iter().map(text).collect()
}
