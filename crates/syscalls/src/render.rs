//! One system call as a line of text, like strace's without the result.
//!
//! Each family of calls has a file here that knows its arguments; every other call is shown by its
//! prototype, and a call without one by its registers. What a pointer leads to is asked of
//! [`Memory`], which may be hostile: every read is bounded, and what cannot be read is an address.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Abi, name};
use view::View;

mod addresses;
mod bpf;
mod capabilities;
mod control_messages;
mod events;
mod fcntl;
mod files;
mod filters;
mod futex;
mod gateways;
mod ioctl;
mod ioctl_values;
mod kernel;
mod keys;
mod mappings;
mod messages;
mod mounts;
mod named;
mod names;
mod narrow;
mod older;
mod option_values;
mod options;
mod oz;
mod oz_kinds;
mod paths;
mod places;
mod prctl;
mod processes;
mod prototype;
mod rare;
mod rings;
mod scheduling;
mod sharing;
mod signals;
mod sockets;
mod text;
mod time;
mod tracing;
mod vectors;
mod view;
mod watches;

/// What a renderer may look at besides the registers.
pub trait Memory {
    /// Copies bytes at an address; how many there were (0 for a bad address, short at the end of a
    /// mapping).
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize;

    /// What a descriptor is open on, as /proc/PID/fd shows it (proc(5)).
    fn descriptor(&self, number: i32) -> Option<Vec<u8>>;
}

/// Memory that can't be read, for calls known by their registers alone.
pub struct NoMemory;

impl Memory for NoMemory {
    fn read(&self, _: u64, _: &mut [u8]) -> usize {
        0
    }

    fn descriptor(&self, _: i32) -> Option<Vec<u8>> {
        None
    }
}

/// Whose lines to write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Ours, close to strace's.
    Plain,
    /// Those of Oz's tracer.
    Oz,
    /// Those that it had for calls which it knew nothing of, and for all when it was debugged: strings,
    /// decimal numbers and addresses.
    OzGeneric,
}

/// A call with its arguments as text, named as in section 2 of the manual and in the kernel's headers;
/// what has no name there is a number. Only printable ASCII, whatever is in memory, and the same text
/// for the same input.
pub fn call(
    abi: Abi,
    number: u32,
    arguments: &[u64; 6],
    memory: &dyn Memory,
    style: Style,
) -> String {
    let bare = match abi {
        Abi::X32 => number & !Abi::X32_BIT,
        _ => number,
    };
    let Some(call) = name(abi, bare) else {
        let registers = text::list(arguments.iter().map(|&one| format!("{one:#x}")));
        return format!("syscall_{number:#x}({registers})");
    };
    let view = View::new(abi, call, arguments, memory);
    match style {
        Style::Plain => bounded(format!("{call}({})", text::list(plain(&view.widened())))),
        Style::Oz => oz::line(&view),
        Style::OzGeneric => oz::generic_line(&view),
    }
}

/// The longest line, in bytes: longer ones end in dots.
const LONGEST: usize = 8192;

fn bounded(mut line: String) -> String {
    const END: &str = "...)";
    if line.len() > LONGEST {
        // All of it is ASCII, so that any place is between two characters.
        line.truncate(LONGEST - END.len());
        line.push_str(END);
    }
    line
}

type Family = fn(&View<'_>) -> Option<Vec<String>>;

/// The families: each answers for the calls that it knows.
const FAMILIES: [Family; 27] = [
    files::arguments,
    paths::arguments,
    vectors::arguments,
    mappings::arguments,
    futex::arguments,
    sockets::arguments,
    messages::arguments,
    options::arguments,
    fcntl::arguments,
    ioctl::arguments,
    prctl::arguments,
    processes::arguments,
    kernel::arguments,
    capabilities::arguments,
    signals::arguments,
    time::arguments,
    events::arguments,
    bpf::arguments,
    rings::arguments,
    keys::arguments,
    mounts::arguments,
    watches::arguments,
    scheduling::arguments,
    tracing::arguments,
    sharing::arguments,
    gateways::arguments,
    older::arguments,
];

fn plain(view: &View<'_>) -> Vec<String> {
    let known = match view.is_as_the_prototype_says() {
        true => FAMILIES.iter().find_map(|family| family(view)),
        false => None,
    };
    known.unwrap_or_else(|| prototype::arguments(view))
}
