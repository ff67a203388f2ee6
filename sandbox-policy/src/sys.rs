//! # Safety
//!
//! The only `unsafe` of this program: one ptrace request that nix has no name for, and two questions about
//! files that neither it nor std asks. Every buffer outlives its call and is as long as the kernel said
//! that it must be.

use std::ffi::CStr;
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

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

/// Whether a file has an extended attribute (fgetxattr(2)).
pub(crate) fn has_attribute(file: &File, name: &CStr) -> Result<bool, Errno> {
    // SAFETY: reads a NUL-terminated name that outlives the call; with a length of 0 nothing is written.
    let length =
        unsafe { libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), std::ptr::null_mut(), 0) };
    match Errno::result(length) {
        Ok(_) => Ok(true),
        Err(Errno::ENODATA | Errno::ENOTSUP) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Whether the kernel checks a file's content when it is read (STATX_ATTR_VERITY, statx(2)).
pub(crate) fn has_verity(file: &File) -> Result<bool, Errno> {
    let mut status = MaybeUninit::<libc::statx>::zeroed();
    let place = status.as_mut_ptr();
    // SAFETY: reads an empty, NUL-terminated path and writes one `struct statx`; both outlive the call.
    let answer = unsafe {
        libc::statx(
            file.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            libc::STATX_BASIC_STATS,
            place,
        )
    };
    Errno::result(answer)?;
    // SAFETY: all zeros are a valid `struct statx`, and the kernel wrote one.
    let status = unsafe { status.assume_init() };
    let verity = u64::try_from(libc::STATX_ATTR_VERITY).unwrap_or_default();
    Ok(status.stx_attributes & verity != 0)
}
