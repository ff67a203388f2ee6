//! Calls that rustix has no safe form of.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::{Errno, Result};
use rustix::mount::MountAttrFlags;
use rustix::process::Pid;

fn answer(result: libc::c_long) -> Result<libc::c_long> {
    match result {
        -1 => Err(errno()),
        value => Ok(value),
    }
}

fn errno() -> Errno {
    let number = std::io::Error::last_os_error().raw_os_error();
    Errno::from_raw_os_error(number.unwrap_or(libc::EINVAL))
}

/// The same bits without a sign.
pub(crate) fn bits(number: i32) -> u32 {
    u32::from_ne_bytes(number.to_ne_bytes())
}

/// Sets attributes of a mount and of all mounts below it (mount_setattr(2), Linux 5.12).
pub(crate) fn set_attributes(mount: BorrowedFd<'_>, set: MountAttrFlags) -> Result<()> {
    change_mount(mount, set, libc::AT_RECURSIVE)
}

/// Sets attributes of one mount alone.
pub(crate) fn set_own_attributes(mount: BorrowedFd<'_>, set: MountAttrFlags) -> Result<()> {
    change_mount(mount, set, 0)
}

fn change_mount(mount: BorrowedFd<'_>, set: MountAttrFlags, below: libc::c_int) -> Result<()> {
    let attributes = libc::mount_attr {
        attr_set: u64::from(set.bits()),
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let flags = libc::AT_EMPTY_PATH | below;
    // SAFETY: the path is a constant with its NUL, the structure outlives the call, and its size is
    // told.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    answer(result).map(drop)
}

/// Sets the ids by which this thread is judged when it looks at files (setfsuid(2)). The kernel takes
/// the privileges about files away with the first step from root, and gives them back.
pub(crate) fn set_file_ids(uid: u32, gid: u32) -> Result<()> {
    // SAFETY: the call takes numbers and changes no memory.
    unsafe { libc::setfsgid(gid) };
    // SAFETY: as above.
    unsafe { libc::setfsuid(uid) };
    // Neither call tells a failure; asking for an impossible id gives the present one.
    // SAFETY: as above.
    let now_gid = unsafe { libc::setfsgid(u32::MAX) };
    // SAFETY: as above.
    let now_uid = unsafe { libc::setfsuid(u32::MAX) };
    let as_wanted = bits(now_uid) == uid && bits(now_gid) == gid;
    if as_wanted { Ok(()) } else { Err(Errno::PERM) }
}

/// Closes all descriptors from one on (close_range(2), Linux 5.9).
pub(crate) fn close_from(first: u32) -> Result<()> {
    // SAFETY: the caller uses no descriptor from `first` on afterwards; only numbers are passed.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    answer(result).map(drop)
}

/// Marks all descriptors from one on to be closed by the next exec.
pub(crate) fn close_on_exec_from(first: u32) -> Result<()> {
    const CLOSE_RANGE_CLOEXEC: u32 = 4;
    // SAFETY: no descriptor is closed; only numbers are passed.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, CLOSE_RANGE_CLOEXEC) };
    answer(result).map(drop)
}

/// Joins a new session keyring, so that the old one is out of reach (keyctl(2)).
pub(crate) fn join_new_keyring() -> Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_long = 1;
    // SAFETY: a null name asks for an anonymous keyring, and nothing else is pointed to.
    let result = unsafe {
        libc::syscall(
            libc::SYS_keyctl,
            KEYCTL_JOIN_SESSION_KEYRING,
            std::ptr::null::<libc::c_char>(),
        )
    };
    answer(result).map(drop)
}

/// include/uapi/linux/sched.h; libc's own does not fit its type.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// A child in new namespaces (clone3(2), Linux 5.3), and in a cgroup, where one is given (Linux 5.7).
/// `None` in the child.
///
/// The caller must have one thread alone: the child has a copy of this one, and locks that another held
/// would stay locked.
pub(crate) fn fork(
    namespaces: u64,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<Option<(Pid, OwnedFd)>> {
    let mut pidfd: libc::c_int = -1;
    // SAFETY: all zero is a valid value of this structure of numbers.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = namespaces | libc::CLONE_PIDFD as u64;
    arguments.pidfd = (&raw mut pidfd) as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = u64::from(bits(cgroup.as_raw_fd()));
    }
    // SAFETY: without CLONE_VM the child has its own copy of everything, its stack included, and the
    // structure outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw const arguments,
            size_of::<libc::clone_args>(),
        )
    };
    let number = answer(result)?;
    let Some(pid) = i32::try_from(number).ok().and_then(Pid::from_raw) else {
        return Ok(None);
    };
    // SAFETY: the kernel has just made this descriptor for us alone.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Some((pid, pidfd)))
}

/// Executes a program; comes back only with an error (execve(2)).
pub(crate) fn execute(
    path: &std::ffi::CStr,
    arguments: &[std::ffi::CString],
    environment: &[std::ffi::CString],
) -> Errno {
    let pointers = |texts: &[std::ffi::CString]| -> Vec<*const libc::c_char> {
        let texts = texts.iter().map(|text| text.as_ptr());
        texts.chain([std::ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: all strings end with a NUL and both lists with a null pointer, and they outlive the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    errno()
}

/// Turns the loopback device of this network namespace on (netdevice(7)).
pub(crate) fn raise_loopback(socket: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: all zero is a valid value of this structure of numbers.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, letter) in request.ifr_name.iter_mut().zip(c"lo".to_bytes()) {
        *place = libc::c_char::from_ne_bytes([*letter]);
    }
    let up = libc::IFF_UP | libc::IFF_RUNNING;
    request.ifr_ifru.ifru_flags = i16::try_from(up).unwrap_or_default();
    // SAFETY: the request reads an ifreq, which outlives the call.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    answer(result.into()).map(drop)
}

/// Makes a terminal the controlling one of this session (ioctl_tty(2)).
pub(crate) fn take_terminal(terminal: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: the request takes a number.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) };
    answer(result.into()).map(drop)
}

/// Puts this process into a new user namespace (unshare(2)).
pub(crate) fn unshare_user() -> Result<()> {
    // SAFETY: only numbers are passed, and no memory or table of this process is unshared.
    let result = unsafe { libc::unshare(libc::CLONE_NEWUSER) };
    answer(result.into()).map(drop)
}

/// Puts this process into a cgroup namespace, whose top is the cgroups that it is in (cgroup_namespaces(7)).
pub(crate) fn unshare_cgroups() -> Result<()> {
    // SAFETY: only numbers are passed, and no memory or table of this process is unshared.
    let result = unsafe { libc::unshare(libc::CLONE_NEWCGROUP) };
    answer(result.into()).map(drop)
}

/// Gives a descriptor a number, under which it survives an exec (dup2(2)).
pub(crate) fn duplicate_to(descriptor: BorrowedFd<'_>, number: i32) -> Result<()> {
    // SAFETY: the number belongs to nobody in the process that calls this, which is about to exec.
    let result = unsafe { libc::dup2(descriptor.as_raw_fd(), number) };
    answer(result.into()).map(drop)
}

/// Executes an open file without arguments and without an environment; comes back only with an error
/// (execveat(2)).
pub(crate) fn execute_open(file: BorrowedFd<'_>, name: &std::ffi::CStr) -> Errno {
    let arguments = [name.as_ptr(), std::ptr::null()];
    let environment = [std::ptr::null::<libc::c_char>()];
    // SAFETY: all strings end with a NUL and both lists with a null pointer, and they outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            file.as_raw_fd(),
            c"".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    errno()
}

/// Ends this process at once, without anything that the parent has registered.
pub(crate) fn end(status: i32) -> ! {
    // SAFETY: the call takes a number and does not come back.
    unsafe { libc::_exit(status) }
}

/// Gives a signal its default meaning. By the kernel's own call: the C library keeps two signals to itself
/// and refuses to touch them (nptl(7)), and they can have come ignored.
pub(crate) fn forget_signal(signal: i32) {
    // The kernel's `struct sigaction` with no bit set: the default, without flags, with an empty mask.
    let default = [0_u64; 4];
    // SAFETY: the structure is larger than the kernel's or as large, and outlives the call; the default
    // disposition calls no code of ours. SIGKILL and SIGSTOP are refused, which is right.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            signal,
            &raw const default,
            std::ptr::null_mut::<u64>(),
            size_of::<u64>(),
        )
    };
}
