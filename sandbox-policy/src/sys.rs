//! # Safety
//!
//! The only `unsafe` of this program: one ptrace request that nix has no name for. Its buffer
//! outlives the call and is as long as the kernel said that it must be.

use filter::Instruction;
use nix::errno::Errno;
use nix::unistd::Pid;

/// The filter with this index of a thread that is stopped and traced by us, the oldest first
/// (PTRACE_SECCOMP_GET_FILTER, ptrace(2)); nothing where there is no such filter.
pub(crate) fn filter(thread: Pid, index: u32) -> Result<Option<Vec<Instruction>>, Errno> {
    let length = match get_filter(thread, index, std::ptr::null_mut()) {
        Ok(length) => length,
        Err(Errno::ENOENT) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let empty = Instruction {
        code: 0,
        jt: 0,
        jf: 0,
        k: 0,
    };
    let mut program = vec![empty; length];
    // A filter never changes, so it still has the length that it had.
    get_filter(thread, index, program.as_mut_ptr())?;
    Ok(Some(program))
}

/// include/uapi/linux/ptrace.h
const PTRACE_SECCOMP_GET_FILTER: libc::c_uint = 0x420c;

fn get_filter(thread: Pid, index: u32, buffer: *mut Instruction) -> Result<usize, Errno> {
    // SAFETY: with a null pointer the kernel writes nothing; else it writes the filter's
    // instructions, `struct sock_filter` each, and the caller's buffer has room for all of them.
    let answer = unsafe {
        libc::ptrace(
            PTRACE_SECCOMP_GET_FILTER,
            thread.as_raw(),
            libc::c_ulong::from(index),
            buffer,
        )
    };
    usize::try_from(Errno::result(answer)?).map_err(|_| Errno::EOVERFLOW)
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    // SAFETY: takes nothing and cannot fail (geteuid(2)).
    unsafe { libc::geteuid() == 0 }
}
