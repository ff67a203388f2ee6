//! # Safety
//!
//! The caller has one thread and no signal handlers, so nothing else runs while these functions do.
//! Pointers that go to the kernel are made from references or C strings that outlive the call.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are register-sized words, whatever their C type"
)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::marker::PhantomData;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use filter::sys::{answer, syscall};
use nix::unistd::Pid;

use crate::image::Image;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Every entry of the environment as it is.
pub fn environment() -> Vec<CString> {
    // SAFETY: with one thread nobody changes the environment meanwhile.
    let array = unsafe { environ };
    let mut entries = Vec::new();
    for at in 0.. {
        let place = array.wrapping_add(at);
        // SAFETY: the array ends with a null pointer, and nothing behind it is read.
        let entry = unsafe { place.read() };
        if entry.is_null() {
            break;
        }
        // SAFETY: entries of the environment are NUL-terminated (environ(7)).
        entries.push(unsafe { CStr::from_ptr(entry) }.to_owned());
    }
    entries
}

/// The arrays of pointers that execve(2) takes, borrowed from an image.
pub struct Strings<'a> {
    path: *const c_char,
    arguments: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    image: PhantomData<&'a Image>,
}

impl<'a> Strings<'a> {
    /// Borrows an image's strings.
    pub fn new(image: &'a Image) -> Strings<'a> {
        let array = |strings: &[CString]| {
            strings
                .iter()
                .map(|string| string.as_ptr())
                .chain([std::ptr::null()])
                .collect()
        };
        Strings {
            path: image.path.as_ptr(),
            arguments: array(&image.arguments),
            environment: array(&image.environment),
            image: PhantomData,
        }
    }
}

/// Writes bytes with words in the three registers that write(2) ignores.
pub(crate) fn write_with(descriptor: c_int, bytes: &[u8], words: [u64; 3]) -> Result<(), i32> {
    let registers = with_words(
        descriptor as usize,
        bytes.as_ptr() as usize,
        bytes.len(),
        words,
    );
    // SAFETY: the kernel reads the bytes, which outlive the call.
    answer(unsafe { syscall(libc::SYS_write, registers) }).map(drop)
}

/// Reads bytes with words in the three registers that read(2) ignores.
pub(crate) fn read_with(
    descriptor: c_int,
    bytes: &mut [u8],
    words: [u64; 3],
) -> Result<usize, i32> {
    let address = bytes.as_mut_ptr() as usize;
    let registers = with_words(descriptor as usize, address, bytes.len(), words);
    // SAFETY: the kernel writes into the bytes, which outlive the call, and not behind their end.
    answer(unsafe { syscall(libc::SYS_read, registers) })
}

/// The arguments of a call that takes three, and words behind them.
fn with_words(first: usize, second: usize, third: usize, words: [u64; 3]) -> [usize; 6] {
    let [a, b, c] = words.map(|word| word as usize);
    [first, second, third, a, b, c]
}

/// Executes an image with words in the three registers that execve(2) ignores.
pub(crate) fn execute_with(strings: &Strings<'_>, words: [u64; 3]) -> i32 {
    let (arguments, environment) = (strings.arguments.as_ptr(), strings.environment.as_ptr());
    let path = strings.path as usize;
    let registers = with_words(path, arguments as usize, environment as usize, words);
    // SAFETY: path and arrays are NUL- and NULL-terminated and alive; on success nothing returns.
    let result = unsafe { syscall(libc::SYS_execve, registers) };
    answer(result).err().unwrap_or(0)
}

/// Ends the process with words in three registers that exit_group(2) ignores.
pub(crate) fn exit_with(status: u8, words: [u64; 3]) -> ! {
    let registers = with_words(usize::from(status), 0, 0, words);
    loop {
        // SAFETY: takes no pointer and does not return.
        let _ = unsafe { syscall(libc::SYS_exit_group, registers) };
    }
}

/// Whether what is written there could find a reader (poll(2): POLLERR on a pipe without one).
pub(crate) fn is_open_for_writing(descriptor: c_int) -> bool {
    let mut place = libc::pollfd {
        fd: descriptor,
        events: 0,
        revents: 0,
    };
    // SAFETY: reads and writes one pollfd.
    let ready = unsafe { libc::poll(&raw mut place, 1, 0) };
    ready == 0
}

/// 192 bits from the kernel's random source.
pub(crate) fn random_words() -> Result<[u64; 3], i32> {
    let mut words = [0_u64; 3];
    let size = size_of_val(&words);
    // SAFETY: writes `size` bytes into the array.
    let count = unsafe { libc::getrandom(words.as_mut_ptr().cast(), size, 0) };
    // Up to 256 bytes come whole once the source is ready (getrandom(2)).
    if usize::try_from(count) == Ok(size) {
        Ok(words)
    } else {
        Err(last_errno())
    }
}

/// Keeps processes of the same user out of this one's memory, until the next exec.
pub(crate) fn become_undumpable() -> Result<(), i32> {
    // SAFETY: takes no pointer.
    let result = unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    if result == 0 {
        Ok(())
    } else {
        Err(last_errno())
    }
}

/// Whether orphans of this process's tree become its children: as init of a PID namespace, or as a
/// child subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)).
pub fn adopts_orphans() -> bool {
    let mut subreaper: c_int = 0;
    // SAFETY: writes one int.
    let result = unsafe { libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut subreaper, 0, 0, 0) };
    Pid::this().as_raw() == 1 || result != 0 || subreaper != 0
}

/// Waits for a child that sends no signal.
pub(crate) fn reap(child: Pid) {
    // SAFETY: a null status is not written to.
    while unsafe { libc::waitpid(child.as_raw(), std::ptr::null_mut(), libc::__WALL) } == -1 {
        if last_errno() != libc::EINTR {
            return;
        }
    }
}

/// Lets a process trace this one where Yama forbids it else; no Yama, no effect (PR_SET_PTRACER, prctl(2)).
pub(crate) fn permit_tracer(tracer: i32) {
    // SAFETY: takes no pointer.
    let _ = unsafe { libc::prctl(libc::PR_SET_PTRACER, tracer, 0, 0, 0) };
}

/// Blocks what can be blocked: the tracer must outlive what its process group gets.
pub(crate) fn block_all_signals() {
    let everything = nix::sys::signal::SigSet::all();
    let _ = everything.thread_block();
}

fn last_errno() -> i32 {
    std::io::Error::last_os_error()
        .raw_os_error()
        .unwrap_or(libc::EIO)
}

/// Whether this user may execute a file, by effective ids as execve(2) checks them.
pub(crate) fn may_execute(path: &Path) -> Result<(), i32> {
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| libc::EINVAL)?;
    // SAFETY: reads one path.
    let result =
        unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), libc::X_OK, libc::AT_EACCESS) };
    if result == 0 {
        Ok(())
    } else {
        Err(last_errno())
    }
}
