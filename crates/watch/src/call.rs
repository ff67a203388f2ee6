//! One system call as the kernel showed it.

use std::time::SystemTime;

/// One system call of a watched program (`struct seccomp_data` and who made it, seccomp(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// When it was seen.
    pub time: SystemTime,
    /// The process, as the watcher's PID namespace numbers it.
    pub process: i32,
    /// The thread.
    pub thread: i32,
    /// The audit architecture (`AUDIT_ARCH_*`).
    pub audit: u32,
    /// The number, x32's bit included.
    pub number: u32,
    /// The six arguments, whether the call reads them or not.
    pub arguments: [u64; 6],
    /// Where in the program the call was made.
    pub instruction: u64,
}
