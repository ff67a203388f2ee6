//! # Safety
//!
//! The launcher has one thread and no signal handlers, so nothing else runs while these functions do.
//! Pointers that go to the kernel are made from references or C strings that outlive the call.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are register-sized words, whatever their C type"
)]

use std::ffi::{CString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use filter::sys::{answer, syscall, write_without_sigpipe};

/// C's entry point; see the crate's documentation for why it is not Rust's.
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    c_int::from(crate::run())
}

/// Writes to standard error, whatever has become of it.
pub(crate) fn print_to_stderr(text: &str) {
    if !text.is_empty() {
        let _ = write_without_sigpipe(libc::STDERR_FILENO, text.as_bytes());
    }
}

/// Whether a file has capabilities of its own (capabilities(7), "File capabilities").
pub(crate) fn has_file_capabilities(path: &Path) -> bool {
    let Ok(path) = c_path(path) else { return false };
    let name = c"security.capability".as_ptr();
    // SAFETY: reads path and name; with a size of zero nothing is written.
    let size = unsafe { libc::getxattr(path.as_ptr(), name, std::ptr::null_mut(), 0) };
    size > 0
}

/// Whether a path lies on a file system mounted noexec.
pub(crate) fn forbids_execution(path: &Path) -> bool {
    let Ok(path) = c_path(path) else { return true };
    let mut information = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: reads one path and writes one statvfs.
    let result = unsafe { libc::statvfs(path.as_ptr(), information.as_mut_ptr()) };
    if result != 0 {
        return true;
    }
    // SAFETY: statvfs succeeded and filled it.
    let information = unsafe { information.assume_init() };
    information.f_flag & libc::ST_NOEXEC != 0
}

fn c_path(path: &Path) -> Result<CString, i32> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| libc::EINVAL)
}

/// Whether this process was marked as secure (AT_SECURE, getauxval(3)), as where real and effective
/// ids differ: what it executes is marked, too.
pub(crate) fn executes_securely() -> bool {
    // SAFETY: takes nothing and cannot fail.
    let value = unsafe { libc::getauxval(libc::AT_SECURE) };
    value != 0
}

/// The version of Landlock that the kernel has.
pub(crate) fn landlock_abi() -> Result<usize, i32> {
    const LANDLOCK_CREATE_RULESET_VERSION: usize = 1;
    // SAFETY: with this flag no attribute is read.
    answer(unsafe {
        syscall(
            libc::SYS_landlock_create_ruleset,
            [0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0, 0],
        )
    })
}

/// Enters a Landlock domain with both scopes and no other restriction.
pub(crate) fn landlock_scope() -> Result<(), i32> {
    /// `struct landlock_ruleset_attr` (include/uapi/linux/landlock.h).
    #[repr(C)]
    struct Ruleset {
        file_system: u64,
        network: u64,
        scoped: u64,
    }
    const ABSTRACT_SOCKETS_AND_SIGNALS: u64 = 0b11;
    let ruleset = Ruleset {
        file_system: 0,
        network: 0,
        scoped: ABSTRACT_SOCKETS_AND_SIGNALS,
    };
    let attribute = [
        &raw const ruleset as usize,
        size_of::<Ruleset>(),
        0,
        0,
        0,
        0,
    ];
    // SAFETY: reads one attribute of the given size.
    let descriptor = answer(unsafe { syscall(libc::SYS_landlock_create_ruleset, attribute) })?;
    // SAFETY: takes no pointer.
    let result = answer(unsafe {
        syscall(
            libc::SYS_landlock_restrict_self,
            [descriptor, 0, 0, 0, 0, 0],
        )
    });
    // SAFETY: closes the descriptor made above.
    let _ = unsafe { syscall(libc::SYS_close, [descriptor, 0, 0, 0, 0, 0]) };
    result.map(drop)
}
