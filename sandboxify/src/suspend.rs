//! `suspend`: a tracer holds the filter back until the exec is done.
//!
//! The launcher makes a grandchild whose parent is gone, so that the program will not have it as a
//! child. This tracer seizes the launcher with PTRACE_O_SUSPEND_SECCOMP; the launcher loads its
//! filter, which stays without effect, and executes the program; at the exec stop the tracer lets
//! go, and the filter holds from the first instruction. PTRACE_O_EXITKILL: if the tracer dies
//! before, the launcher dies with it.

use nix::unistd::Pid;
use trace::Suspended;

use crate::companion::{self, Line};
use crate::failure::errno_in_words;
use crate::inject::errno_of;
use crate::sys;

/// Gets this process a tracer that suspends its filters until its next exec.
///
/// The error says why there is none: no CAP_SYS_ADMIN, a filter that is there already, another
/// tracer, Yama, a kernel without CONFIG_CHECKPOINT_RESTORE, or orphans that would come back to us.
pub(crate) fn attach() -> Result<(), String> {
    if sys::adopts_orphans() {
        return Err("this process is init or a child subreaper, and the tracer would become its child; use --method ticket".into());
    }
    match companion::attach(false, trace)?.1 {
        0 => Ok(()),
        libc::EPERM => Err("the kernel does not permit it (needs CAP_SYS_ADMIN, no other tracer, and no filter so far); use --method ticket".into()),
        libc::EINVAL => Err("this kernel cannot (CONFIG_CHECKPOINT_RESTORE); use --method ticket".into()),
        errno => Err(format!("ptrace: {}", errno_in_words(errno))),
    }
}

/// The tracer's life. A failure here ends the tracer, and with it the launcher.
fn trace(launcher: Pid, line: Line) {
    sys::close_all_but(&line.descriptors());
    let suspended = Suspended::seize(launcher.as_raw());
    let told = line.say(suspended.as_ref().err().map_or(0, errno_of));
    drop(line);
    if let (Ok(suspended), Ok(())) = (suspended, told) {
        let _ = suspended.hold_until_exec();
    }
}
