//! What a program's file and its mappings say: where `main` is, whether it is a Go program, which
//! function an address lies in, and where its memory has room.
//!
//! Pure functions over bytes. The bytes belong to the program, which may be hostile: whatever they hold,
//! nothing here panics, overflows or runs for long. Formats: elf(5), System V gABI, proc_pid_maps(5).

mod aarch64;
mod elf;
mod frames;
mod maps;
mod module;
mod names;
mod operands;
mod start;
mod symbols;
mod x86_64;

use thiserror::Error;

use elf::Program;

pub use frames::FrameTable;
pub(crate) use frames::Row;
pub use maps::{Inode, Mapping, Maps};
pub use module::Module;
pub use names::demangled;
pub use symbols::{Symbols, symbol_at};

/// What the Go linker puts before the build information (go/src/debug/buildinfo).
const GO_MAGIC: &[u8] = b"\xff Go buildinf:";

/// How much of a data segment is searched for [`GO_MAGIC`]: the linker puts it first, at most behind
/// what the C linker sorts before it.
const GO_SEARCH: usize = 64 << 10;

/// Where a program's `main` is, at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Main {
    /// At this address.
    Address(u64),
    /// At the address that the word here holds once the program is relocated, so from its entry point
    /// on: an entry of the global offset table.
    WordAt(u64),
}

/// Why a program's `main` was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoMain {
    /// No file that this module reads.
    #[error("it is no 64-bit ELF program for x86_64 or aarch64; use `--at entry`")]
    NotElf,
    /// The entry point of the process can't be that of this file.
    #[error("its entry point in memory does not fit its file; use `--at entry`")]
    OtherFile,
    /// A Go program whose symbols were stripped: `main.main` is called through a table.
    #[error("it is a Go program without symbols, so `main.main` can't be found; use `--at entry`")]
    StrippedGo,
    /// Neither a symbol nor the start-up code of glibc or musl.
    #[error(
        "it has no symbol `main` and its start-up code is neither glibc's nor musl's; use `--at entry`"
    )]
    UnknownStart,
}

/// The address of `main` in the process that runs `file` and whose entry point is at `entry`
/// (`AT_ENTRY` of getauxval(3)).
///
/// By symbol, or else from the instructions at the entry point that load `main` as the first argument
/// of `__libc_start_main`. In static-pie programs of glibc for aarch64 that is `__wrap_main`, which
/// does nothing but jump to `main`. For Go programs it is `main.main`, by symbol alone. The bytes have to
/// be aligned to 8, as every allocation is.
///
/// # Errors
///
/// What makes the address unknown.
pub fn main_of(file: &[u8], entry: u64) -> Result<Main, NoMain> {
    let program = Program::parse(file).ok_or(NoMain::NotElf)?;
    let bias = entry.wrapping_sub(program.entry());
    if !program.may_be_moved_by(bias) {
        return Err(NoMain::OtherFile);
    }
    let main = if is_go_program(&program) && !is_library_of_c(&program) {
        symbols::find(&program, b"main.main")
            .map(Main::Address)
            .ok_or(NoMain::StrippedGo)
    } else {
        symbols::find(&program, b"main")
            .map(Main::Address)
            .or_else(|| start::main(&program))
            .ok_or(NoMain::UnknownStart)
    }?;
    Ok(match main {
        Main::Address(address) => Main::Address(address.wrapping_add(bias)),
        Main::WordAt(address) => Main::WordAt(address.wrapping_add(bias)),
    })
}

/// Whether the Go linker made this program, or a part of it: it has a section `.go.buildinfo`, or
/// without section headers the magic that this section begins with.
#[must_use]
pub fn is_go(file: &[u8]) -> bool {
    Program::parse(file).is_some_and(|program| is_go_program(&program))
}

fn is_go_program(program: &Program<'_>) -> bool {
    let begins = |data: &[u8]| {
        let searched = data.get(..GO_SEARCH).unwrap_or(data);
        searched
            .windows(GO_MAGIC.len())
            .any(|window| window == GO_MAGIC)
    };
    program.has_section(b".go.buildinfo") || program.writable_segments().any(begins)
}

/// Whether the part in Go is a library (`-buildmode=c-archive`) in a program whose `main` is in C. Such a
/// library has a `main.main` too, which nothing calls. What tells it is the entry point of libraries
/// (go/src/runtime/rt0_linux_*.s), which the linker leaves out of programs.
fn is_library_of_c(program: &Program<'_>) -> bool {
    let mut entries = [&b"_rt0_amd64_linux_lib"[..], b"_rt0_arm64_linux_lib"].into_iter();
    entries.any(|name| symbols::find(program, name).is_some())
}

/// The address that the byte at `offset` of a file has in the file's own numbering, before relocation:
/// the key for [`Symbols::at`].
///
/// Ask for the very byte (see [`Mapping::file_offset`]), not for the start of a mapping: mappings begin
/// at pages, and the start of a page can belong to the segment before.
#[must_use]
pub fn virtual_address(file: &[u8], offset: u64) -> Option<u64> {
    Program::parse(file)?.address_of(offset)
}
