//! # Safety
//!
//! The launcher has one thread and no signal handlers, so nothing else runs while these functions
//! do, and a fork copies a consistent process. Pointers that go to the kernel are made from
//! references or C strings that outlive the call.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are register-sized words, whatever their C type"
)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::marker::PhantomData;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use filter::sys::{answer, syscall, write_without_sigpipe};
use nix::unistd::Pid;

use crate::image::Image;

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// C's entry point; see the crate's documentation for why it is not Rust's.
#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    c_int::from(crate::run())
}

/// Every entry of the environment as it is.
pub(crate) fn environment() -> Vec<CString> {
    // SAFETY: nothing in this program writes to `environ`.
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
pub(crate) struct Strings<'a> {
    path: *const c_char,
    arguments: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    image: PhantomData<&'a Image>,
}

impl<'a> Strings<'a> {
    pub(crate) fn new(image: &'a Image) -> Strings<'a> {
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

/// Executes an image; comes back with the error number.
pub(crate) fn execute(strings: &Strings<'_>) -> i32 {
    execute_with(strings, [0; 3])
}

/// Writes a number with words in the three registers that write(2) ignores.
pub(crate) fn tell_with(descriptor: c_int, number: c_int, words: [u64; 3]) -> Result<(), i32> {
    let [first, second, third] = words.map(|word| word as usize);
    let bytes = number.to_ne_bytes();
    let arguments = [
        descriptor as usize,
        bytes.as_ptr() as usize,
        bytes.len(),
        first,
        second,
        third,
    ];
    // SAFETY: the kernel reads the bytes, which outlive the call.
    answer(unsafe { syscall(libc::SYS_write, arguments) }).map(drop)
}

/// Executes an image with words in the three registers that execve(2) ignores.
pub(crate) fn execute_with(strings: &Strings<'_>, words: [u64; 3]) -> i32 {
    let (arguments, environment) = (strings.arguments.as_ptr(), strings.environment.as_ptr());
    let [first, second, third] = words.map(|word| word as usize);
    let registers = [
        strings.path as usize,
        arguments as usize,
        environment as usize,
        first,
        second,
        third,
    ];
    // SAFETY: path and arrays are NUL- and NULL-terminated and alive; on success nothing returns.
    let result = unsafe { syscall(libc::SYS_execve, registers) };
    answer(result).err().unwrap_or(0)
}

/// Writes a message and ends the process, past a filter that wants the words.
pub(crate) fn say_and_exit_with(message: &[u8], status: u8, words: [u64; 3]) -> ! {
    let [first, second, third] = words.map(|word| word as usize);
    let (start, length) = (message.as_ptr() as usize, message.len());
    // SAFETY: the kernel reads the message, which outlives the call.
    let _ = unsafe { syscall(libc::SYS_write, [2, start, length, first, second, third]) };
    loop {
        // SAFETY: takes no pointer and does not return.
        let _ = unsafe {
            syscall(
                libc::SYS_exit_group,
                [usize::from(status), 0, 0, first, second, third],
            )
        };
    }
}

/// Writes to standard error, whatever has become of it.
pub(crate) fn print_to_stderr(text: &str) {
    if !text.is_empty() {
        let _ = write_without_sigpipe(libc::STDERR_FILENO, text.as_bytes());
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

/// Writes all of `bytes`.
pub(crate) fn write_all(descriptor: c_int, mut bytes: &[u8]) -> Result<(), i32> {
    while !bytes.is_empty() {
        match write_without_sigpipe(descriptor, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(libc::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Whether this user may execute a file, by effective ids as execve(2) checks them.
pub(crate) fn may_execute(path: &Path) -> Result<(), i32> {
    let path = c_path(path)?;
    // SAFETY: reads one path.
    let result =
        unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), libc::X_OK, libc::AT_EACCESS) };
    if result == 0 {
        Ok(())
    } else {
        Err(last_errno())
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

fn last_errno() -> i32 {
    std::io::Error::last_os_error()
        .raw_os_error()
        .unwrap_or(libc::EIO)
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

/// Whether this process was marked as secure (AT_SECURE, getauxval(3)), as where real and effective
/// ids differ: what it executes is marked, too.
pub(crate) fn executes_securely() -> bool {
    // SAFETY: takes nothing and cannot fail.
    let value = unsafe { libc::getauxval(libc::AT_SECURE) };
    value != 0
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

/// Whether orphans of this process's tree become its children: as init of a PID namespace, or as a
/// child subreaper (PR_SET_CHILD_SUBREAPER, prctl(2)).
pub(crate) fn adopts_orphans() -> bool {
    let mut subreaper: c_int = 0;
    // SAFETY: writes one int.
    let result = unsafe { libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut subreaper, 0, 0, 0) };
    Pid::this().as_raw() == 1 || result != 0 || subreaper != 0
}

/// Which side of a fork this is.
pub(crate) enum Fork {
    Parent { child: Pid },
    Child,
}

/// A fork whose child sends no signal when it ends: the program must not find a SIGCHLD pending. The
/// child may share this process's descriptors instead of getting copies (CLONE_FILES, clone(2)).
pub(crate) fn fork_without_signal(shares_descriptors: bool) -> Result<Fork, i32> {
    let flags = match shares_descriptors {
        true => libc::CLONE_FILES as usize,
        false => 0,
    };
    // SAFETY: without CLONE_VM this is fork(2); a single thread without handlers makes it safe to
    // go on in the child.
    let child = answer(unsafe { syscall(libc::SYS_clone, [flags, 0, 0, 0, 0, 0]) })?;
    match i32::try_from(child) {
        Ok(0) => Ok(Fork::Child),
        Ok(child) => Ok(Fork::Parent {
            child: Pid::from_raw(child),
        }),
        Err(_) => Err(libc::EINVAL),
    }
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

/// Ends this process without any exit handler: in a fork they belong to the parent.
pub(crate) fn exit_at_once() -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(0) }
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

/// Closes all descriptors but these (close_range(2); without it they stay open until exit).
pub(crate) fn close_all_but(kept: &[c_int]) {
    let mut kept = kept.to_vec();
    kept.sort_unstable();
    kept.push(c_int::MAX);
    let mut first = 0;
    for next in kept {
        if first < next {
            // SAFETY: this process uses no descriptor but the kept ones from here on.
            let _ = unsafe { libc::syscall(libc::SYS_close_range, first, next - 1, 0) };
        }
        first = next.saturating_add(1);
    }
}

/// Takes a descriptor over that nobody else owns: a new one, or one whose number came from another
/// process with the same table.
pub(crate) fn own_descriptor(number: c_int) -> OwnedFd {
    // SAFETY: the kernel made it for this; of a listener the launcher's copy is closed by exec.
    unsafe { OwnedFd::from_raw_fd(number) }
}
