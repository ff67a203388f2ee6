//! Any call, by its C prototype and the names of its arguments.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::view::View;
use super::{narrow, places, text};
use crate::{arguments as known_arguments, c_type};

/// Character pointers that the call writes to, or that lead to no string.
const NO_STRINGS: [&str; 9] = [
    "buf",
    "cmdline_ptr",
    "list",
    "optval",
    "shmaddr",
    "u_msg_ptr",
    "ubuf",
    "umod",
    "vec",
];

/// Longs that are addresses.
const ADDRESSES: [&str; 6] = ["addr", "start", "brk", "new_addr", "newsp", "tls"];

/// Ints that are descriptors of this process.
const DESCRIPTORS: [&str; 21] = [
    "epfd",
    "fanotify_fd",
    "fd",
    "fd_in",
    "fd_out",
    "fdin",
    "fdout",
    "fildes",
    "fs_fd",
    "group_fd",
    "in_fd",
    "initrd_fd",
    "kernel_fd",
    "mountdirfd",
    "mqdes",
    "newfd",
    "oldfd",
    "out_fd",
    "pidfd",
    "ruleset_fd",
    "ufd",
];

/// Numbers that look like descriptors: the ends of a range, and one of another process.
const NUMBERS: [(&str, usize); 2] = [("close_range", 0), ("pidfd_getfd", 1)];

/// Ints for which -1 stands for none although their type has no sign.
const SIGNED: [&str; 3] = ["fd", "level", "cpu"];

/// All arguments of a call.
pub(super) fn arguments(view: &View<'_>) -> Vec<String> {
    let Some(known) = known_arguments(view.name) else {
        return view.registers().map(text::hex).collect();
    };
    let first_different = view.first_different();
    if first_different == 0 && narrow::is_by_structure(view) {
        return alloc::vec![view.pointer(0)];
    }
    if first_different < known.len() {
        // From here on a 64-bit value may take two registers: show all six.
        let same = (0..first_different).map(|place| argument(view, place));
        let rest = view.registers().skip(first_different).map(text::hex);
        return same.chain(rest).collect();
    }
    let places = 0..known.len();
    places.map(|place| argument(view, place)).collect()
}

/// All arguments of a call, some of them as given.
pub(super) fn with<const N: usize>(view: &View<'_>, given: [(usize, String); N]) -> Vec<String> {
    let mut all = arguments(view);
    for (place, text) in given {
        if let Some(argument) = all.get_mut(place) {
            *argument = text;
        }
    }
    all
}

/// One argument of a call.
pub(super) fn argument(view: &View<'_>, place: usize) -> String {
    if let Some(named) = places::named(view, place) {
        return named;
    }
    let named = known_arguments(view.name).and_then(|mut all| all.nth(place));
    let (Some(argument), Some(kind)) = (named, c_type(view.name, place)) else {
        return text::hex(view.register(place));
    };
    let name = argument.name;
    match kind {
        "const char *" | "char *" if !NO_STRINGS.contains(&name) => view.path(place),
        _ if kind.contains('*') || kind.starts_with("cap_user") => view.pointer(place),
        "umode_t" => text::octal(view.register(place) & 0xffff),
        _ if name.ends_with("dfd") && name != "pidfd" => view.base(place),
        _ if is_descriptor(view, place, name) => view.descriptor(view.int(place)),
        _ if kind.contains("id_t") && argument.bits == 32 && is_identity(kind) => {
            text::identity(view.register(place))
        }
        _ if argument.bits < 64 => int(view, place, kind, name),
        _ => long(view, place, kind, name),
    }
}

fn is_descriptor(view: &View<'_>, place: usize, name: &str) -> bool {
    DESCRIPTORS.contains(&name) && !NUMBERS.contains(&(view.name, place))
}

fn is_identity(kind: &str) -> bool {
    matches!(kind, "uid_t" | "gid_t")
}

fn int(view: &View<'_>, place: usize, kind: &str, name: &str) -> String {
    let has_no_sign = kind.starts_with("unsigned") || kind.contains("u32");
    match name {
        "flags" | "flag" | "swap_flags" => text::hex(view.low(place)),
        _ if has_no_sign && !SIGNED.contains(&name) => format!("{}", view.low(place)),
        _ => format!("{}", view.int(place)),
    }
}

fn long(view: &View<'_>, place: usize, kind: &str, name: &str) -> String {
    let has_sign = matches!(kind, "long" | "off_t" | "loff_t" | "key_serial_t" | "mqd_t");
    match name {
        _ if ADDRESSES.contains(&name) => view.pointer(place),
        _ if name.starts_with("arg") && name != "argsz" || name == "flags" => {
            text::hex(view.register(place))
        }
        _ if has_sign => format!("{}", view.long(place)),
        _ => format!("{}", view.register(place)),
    }
}
