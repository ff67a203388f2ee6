//! `suspend`: a tracer holds the filter back until the exec is done.
//!
//! The launcher makes a grandchild whose parent is gone, so that the program will not have it as a
//! child. This tracer seizes the launcher with PTRACE_O_SUSPEND_SECCOMP; the launcher loads its
//! filter, which stays without effect, and executes the program; at the exec stop the tracer lets
//! go, and the filter holds from the first instruction. PTRACE_O_EXITKILL: if the tracer dies
//! before, the launcher dies with it.

use nix::unistd::Pid;
use supervise::sys::close_all_but;
use trace::Suspended;

use crate::companion::{self, Line};
use crate::error::{Error, Need, Obstacle};
use crate::inject::errno_of;
use crate::sys;

/// Gets this process a tracer that suspends its filters until its next exec.
///
/// # Errors
/// Why there is none: no CAP_SYS_ADMIN, a filter that is there already, another tracer, Yama, a kernel
/// without CONFIG_CHECKPOINT_RESTORE, or orphans that would come back to us.
pub fn attach() -> Result<(), Error> {
    let obstacle = match sys::adopts_orphans() {
        true => Obstacle::Adopting,
        false => match companion::attach(false, trace) {
            Ok((_, 0)) => return Ok(()),
            Ok((_, libc::EPERM)) => Obstacle::Forbidden,
            Ok((_, libc::EINVAL)) => Obstacle::Unknown,
            Ok((_, errno)) => Obstacle::Trace(errno),
            Err(why) => Obstacle::Alone(why),
        },
    };
    Err(Error::unavailable(Need::Suspension, obstacle))
}

/// The tracer's life. A failure here ends the tracer, and with it the launcher.
fn trace(launcher: Pid, line: Line) {
    close_all_but(&line.descriptors());
    let suspended = Suspended::seize(launcher.as_raw());
    let told = line.say(suspended.as_ref().err().map_or(0, errno_of));
    drop(line);
    if let (Ok(suspended), Ok(())) = (suspended, told) {
        let _ = suspended.hold_until_exec();
    }
}
