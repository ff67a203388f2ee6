//! # Safety
//!
//! Everything here that is `unsafe` relies on one of three things: the environment array is the
//! NUL-terminated one that the loader set up, and nobody else edits it while constructors run; the
//! memory routines are called by compiled code under their C contracts; system calls get pointers
//! to values that outlive them.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "arguments of system calls are register-sized words, whatever their C type"
)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::asm;
use core::ffi::{c_char, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};

use filter::sys::{answer, syscall};

/// The process's array of `NAME=value` pointers.
pub(crate) type Strings = *mut *mut c_char;

/// The address of a weak symbol: zero where nothing in the process defines it.
macro_rules! weak_address {
    ($symbol:literal) => {{
        let address: usize;
        // SAFETY: reads one entry of this object's own offset table.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            asm!(
                concat!(".weak ", $symbol),
                concat!("mov {}, qword ptr [rip + ", $symbol, "@GOTPCREL]"),
                out(reg) address,
                options(nostack, pure, readonly, preserves_flags),
            );
        }
        // SAFETY: reads one entry of this object's own offset table.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            asm!(
                concat!(".weak ", $symbol),
                concat!("adrp {0}, :got:", $symbol),
                concat!("ldr {0}, [{0}, :got_lo12:", $symbol, "]"),
                out(reg) address,
                options(nostack, pure, readonly, preserves_flags),
            );
        }
        address
    }};
}

/// The environment array of the host's C library, when it has one and it is set.
pub(crate) fn environ() -> Option<Strings> {
    let variable = weak_address!("environ") as *const Strings;
    if variable.is_null() {
        return None;
    }
    // SAFETY: `environ` is a pointer-sized variable of the C library (environ(7)).
    let array = unsafe { variable.read() };
    (!array.is_null()).then_some(array)
}

/// The environment array on the initial stack: argc, argv, NULL, then it (x86-64 psABI, 3.4.1).
pub(crate) fn environ_on_stack(start: usize) -> Strings {
    let stack = start as *mut usize;
    // SAFETY: `start` is the initial stack pointer as the kernel reports it; it points to argc.
    let argc = unsafe { stack.read() };
    stack.wrapping_add(argc + 2).cast()
}

/// The entries of an environment array.
pub(crate) fn entries(array: Strings) -> impl Iterator<Item = *mut c_char> {
    (0..)
        .map(move |at| entry(array, at))
        .take_while(|entry| !entry.is_null())
}

fn entry(array: Strings, at: usize) -> *mut c_char {
    let place = array.wrapping_add(at);
    // SAFETY: the array ends with a null pointer, and `entries` never reads beyond that.
    unsafe { place.read() }
}

/// Where the value starts in a `NAME=value` entry of this name. Looks no further than the name:
/// entries may be long, and there are many.
pub(crate) fn value_start(entry: *mut c_char, name: &str) -> Option<*mut c_char> {
    let wanted = name.bytes().chain([b'=']);
    let named = (0..).zip(wanted).all(|(at, byte)| {
        let place = entry.wrapping_add(at).cast::<u8>();
        // SAFETY: the entry ends with a NUL, which equals no wanted byte: nothing behind it is read.
        let found = unsafe { place.read() };
        found == byte
    });
    named.then(|| entry.wrapping_add(name.len() + 1))
}

/// The bytes of a string without its NUL. Valid until the string is wiped.
pub(crate) fn bytes<'a>(string: *const c_char) -> &'a [u8] {
    // SAFETY: every entry of the environment, and so its end, is a NUL-terminated string.
    let string = unsafe { core::ffi::CStr::from_ptr(string) };
    string.to_bytes()
}

/// Takes the entries with these names out of an array, and fills their strings with zeros.
pub(crate) fn remove(array: Strings, names: &[&str]) {
    let mut kept = 0;
    for at in 0.. {
        let string = entry(array, at);
        if !string.is_null() && names.iter().any(|name| value_start(string, name).is_some()) {
            wipe(string);
            continue;
        }
        let place = array.wrapping_add(kept);
        // SAFETY: `kept <= at`, so the place lies within the array.
        unsafe { place.write(string) };
        if string.is_null() {
            return;
        }
        kept += 1;
    }
}

fn wipe(string: *mut c_char) {
    let length = bytes(string).len();
    // SAFETY: the string's own bytes, writable memory of this process's stack or heap.
    unsafe { core::ptr::write_bytes(string, 0, length) };
}

/// Lets the host's allocator do its first steps (brk, getrandom) before there is a filter, so that
/// lists need not hold what only they would use.
pub(crate) fn warm_up_the_allocator_of_the_host() {
    let (malloc, free) = (weak_address!("malloc"), weak_address!("free"));
    if malloc == 0 || free == 0 {
        return;
    }
    // SAFETY: a symbol named malloc is the C function (C11 7.22.3.4).
    let malloc: extern "C" fn(usize) -> usize = unsafe { core::mem::transmute(malloc) };
    // SAFETY: a symbol named free is the C function (C11 7.22.3.3).
    let free: extern "C" fn(usize) = unsafe { core::mem::transmute(free) };
    free(malloc(1));
}

/// Ends the process with all its threads, running nobody's exit handlers.
pub(crate) fn exit(status: usize) -> ! {
    loop {
        // SAFETY: takes no pointer and does not return.
        let _ = unsafe { syscall(libc::SYS_exit_group, [status, 0, 0, 0, 0, 0]) };
    }
}

/// Copies the auxiliary vector into `buffer` (PR_GET_AUXV, Linux 6.4) and gives its size in bytes.
pub(crate) fn auxiliary_vector(buffer: &mut [usize]) -> Result<usize, i32> {
    const PR_GET_AUXV: usize = 0x4155_5856;
    let arguments = [
        PR_GET_AUXV,
        buffer.as_mut_ptr() as usize,
        size_of_val(buffer),
        0,
        0,
        0,
    ];
    // SAFETY: the kernel writes at most as many bytes as the buffer has.
    answer(unsafe { syscall(libc::SYS_prctl, arguments) })
}

/// Memory for the constructor: one mapping, handed out from its beginning, nothing taken back. What
/// the constructor did not touch is unmapped before the filter; the rest (some tens of KiB) stays,
/// because after the filter munmap(2) may be forbidden.
struct Arena {
    start: AtomicUsize,
    used: AtomicUsize,
    size: AtomicUsize,
}

const ARENA_SIZE: usize = 16 << 20;
const PAGE: usize = 4096;

#[global_allocator]
static ARENA: Arena = Arena {
    start: AtomicUsize::new(0),
    used: AtomicUsize::new(0),
    size: AtomicUsize::new(ARENA_SIZE),
};

impl Arena {
    fn map(&self) -> Option<usize> {
        let protection = (libc::PROT_READ | libc::PROT_WRITE) as usize;
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE) as usize;
        // SAFETY: a fresh anonymous mapping touches no existing memory.
        let start = answer(unsafe {
            syscall(
                libc::SYS_mmap,
                [0, ARENA_SIZE, protection, flags, usize::MAX, 0],
            )
        })
        .ok()?;
        self.start.store(start, Ordering::Relaxed);
        Some(start)
    }
}

// SAFETY: blocks lie apart, aligned and within the mapping; only the one thread that runs the
// constructor allocates.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = match self.start.load(Ordering::Relaxed) {
            0 => match self.map() {
                Some(start) => start,
                None => return core::ptr::null_mut(),
            },
            start => start,
        };
        let at = self
            .used
            .load(Ordering::Relaxed)
            .next_multiple_of(layout.align());
        match at.checked_add(layout.size()) {
            Some(end) if end <= self.size.load(Ordering::Relaxed) => {
                self.used.store(end, Ordering::Relaxed);
                (start + at) as *mut u8
            }
            _ => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let used = self.used.load(Ordering::Relaxed);
        let end = block as usize + layout.size();
        if end == self.start.load(Ordering::Relaxed) + used {
            // A store and no subtraction: on aarch64 that would be a call into libgcc's outline
            // atomics, which ask the host's C library for the processor.
            self.used.store(used - layout.size(), Ordering::Relaxed);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let offset = block as usize - self.start.load(Ordering::Relaxed);
        let last = offset + layout.size() == self.used.load(Ordering::Relaxed);
        if last && offset + size <= self.size.load(Ordering::Relaxed) {
            self.used.store(offset + size, Ordering::Relaxed);
            return block;
        }
        let layout_grown = Layout::from_size_align(size, layout.align());
        let Ok(grown) = layout_grown else {
            return core::ptr::null_mut();
        };
        // SAFETY: the layout is valid; a size of zero never reaches an allocator.
        let fresh = unsafe { self.alloc(grown) };
        if !fresh.is_null() {
            // SAFETY: both blocks are ours, apart, and at least as long as the shorter size.
            unsafe { core::ptr::copy_nonoverlapping(block, fresh, layout.size().min(size)) };
        }
        fresh
    }
}

/// Gives back what was never touched of the arena, but for a page in which to say what goes wrong
/// from here on.
pub(crate) fn trim_arena() {
    let start = ARENA.start.load(Ordering::Relaxed);
    let keep = (ARENA.used.load(Ordering::Relaxed) + PAGE).next_multiple_of(PAGE);
    if start == 0 || keep >= ARENA_SIZE {
        return;
    }
    ARENA.size.store(keep, Ordering::Relaxed);
    let arguments = [start + keep, ARENA_SIZE - keep, 0, 0, 0, 0];
    // SAFETY: unmaps the untouched end of our own mapping; a refusal changes nothing.
    let _ = unsafe { syscall(libc::SYS_munmap, arguments) };
}

#[panic_handler]
#[cfg(not(test))]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    crate::print("libsandbox: internal error or out of memory; the program was not started\n");
    exit(1)
}

/// Named by the unwind tables of the precompiled core library; nothing unwinds here (`panic = "abort"`).
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// As above.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(1)
}

// What compiled code calls for copies, fills and comparisons. Hidden by the version script: an
// exported memcpy would replace the host's.

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void {
    // SAFETY: the caller vouches for `count` bytes at both places, apart.
    unsafe { copy_up(to.cast(), from.cast(), count) };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void {
    if (to as usize).wrapping_sub(from as usize) >= count {
        // SAFETY: the caller vouches for both places; no byte is written before it is read.
        unsafe { copy_up(to.cast(), from.cast(), count) };
    } else {
        // SAFETY: the caller vouches for both places; from the end, no byte is written before it is read.
        unsafe { copy_down(to.cast(), from.cast(), count) };
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut c_void, value: i32, count: usize) -> *mut c_void {
    let byte = value.to_ne_bytes()[0];
    // SAFETY: the caller vouches for `count` writable bytes.
    unsafe { fill(to.cast(), byte, count) };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const c_void, b: *const c_void, count: usize) -> i32 {
    let (a, b) = (a.cast::<u8>(), b.cast::<u8>());
    for at in 0..count {
        let places = (a.wrapping_add(at), b.wrapping_add(at));
        // SAFETY: the caller vouches for `count` readable bytes at `a`; volatile, or this loop
        // would be compiled to a call of itself.
        let x = unsafe { places.0.read_volatile() };
        // SAFETY: as above, at `b`.
        let y = unsafe { places.1.read_volatile() };
        if x != y {
            return i32::from(x) - i32::from(y);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const c_void, b: *const c_void, count: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(a, b, count) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(string: *const c_char) -> usize {
    let mut length = 0;
    loop {
        let place = string.wrapping_add(length);
        // SAFETY: the caller vouches for a NUL, and nothing behind it is read.
        if unsafe { place.read_volatile() } == 0 {
            return length;
        }
        length += 1;
    }
}

/// From here on, `rep movsb` is worth its start.
#[cfg(target_arch = "x86_64")]
const LONG: usize = 256;

#[cfg(target_arch = "x86_64")]
unsafe fn copy_up(to: *mut u8, from: *const u8, count: usize) {
    if count >= LONG {
        // SAFETY: the caller vouches for both places; the direction flag is clear (psABI 3.2.1).
        unsafe {
            asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _, options(nostack, preserves_flags));
        }
        return;
    }
    // SAFETY: the caller vouches for both places. Eight bytes at a time, then one at a time; each
    // is read before it is written, and in rising order.
    unsafe {
        asm!(
            "2:",
            "cmp {count}, 8",
            "jb 3f",
            "mov {word}, qword ptr [{from}]",
            "mov qword ptr [{to}], {word}",
            "add {from}, 8",
            "add {to}, 8",
            "sub {count}, 8",
            "jmp 2b",
            "3:",
            "test {count}, {count}",
            "jz 4f",
            "mov {word:l}, byte ptr [{from}]",
            "mov byte ptr [{to}], {word:l}",
            "inc {from}",
            "inc {to}",
            "dec {count}",
            "jmp 3b",
            "4:",
            count = inout(reg) count => _,
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            word = out(reg_abcd) _,
            options(nostack),
        );
    }
}

#[cfg(target_arch = "x86_64")]
unsafe fn fill(to: *mut u8, byte: u8, count: usize) {
    // SAFETY: the caller vouches for the place; the direction flag is clear (psABI 3.2.1).
    unsafe {
        asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") byte, options(nostack, preserves_flags));
    }
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn copy_up(to: *mut u8, from: *const u8, count: usize) {
    for at in 0..count {
        let places = (to.wrapping_add(at), from.wrapping_add(at));
        // SAFETY: the caller vouches for both places; volatile, or this would become memcpy.
        let byte = unsafe { places.1.read_volatile() };
        // SAFETY: as above.
        unsafe { places.0.write_volatile(byte) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn fill(to: *mut u8, byte: u8, count: usize) {
    for at in 0..count {
        let place = to.wrapping_add(at);
        // SAFETY: the caller vouches for the place; volatile, or this would become memset.
        unsafe { place.write_volatile(byte) };
    }
}

unsafe fn copy_down(to: *mut u8, from: *const u8, count: usize) {
    for at in (0..count).rev() {
        let places = (to.wrapping_add(at), from.wrapping_add(at));
        // SAFETY: the caller vouches for both places; volatile, or this would become memmove.
        let byte = unsafe { places.1.read_volatile() };
        // SAFETY: as above.
        unsafe { places.0.write_volatile(byte) };
    }
}
