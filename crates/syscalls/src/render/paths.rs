//! Other calls on files: their state, their contents, and what only some of the arguments tell.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::prototype::{argument, with};
use super::text;
use super::view::View;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "write" => vec![argument(view, 0), contents(view), argument(view, 2)],
        "pwrite64" => vec![
            argument(view, 0),
            contents(view),
            argument(view, 2),
            argument(view, 3),
        ],
        "setxattr" | "lsetxattr" | "fsetxattr" => attribute(view),
        "statx" => vec![
            view.base(0),
            view.path(1),
            statx_flags(view.low(2)),
            named::STATX_MASK.flags(view.low(3)),
            view.pointer(4),
        ],
        "sethostname" | "setdomainname" => {
            with(view, [(0, view.data(view.register(0), view.low(1)))])
        }
        "_llseek" => vec![
            view.descriptor(view.int(0)),
            format!("{}", view.long(1)),
            view.pointer(2),
            named::WHENCE.choice(view.low(3)),
        ],
        "ustat" => vec![device(view.low(0)), view.pointer(1)],
        "mknod" => node(view, vec![view.path(0)], 1),
        "mknodat" => node(view, vec![view.base(0), view.path(1)], 2),
        _ => return None,
    })
}

fn contents(view: &View<'_>) -> String {
    view.data(view.register(1), view.register(2))
}

fn attribute(view: &View<'_>) -> Vec<String> {
    with(view, [(2, view.data(view.register(2), view.register(3)))])
}

fn statx_flags(flags: u64) -> String {
    let (mut names, rest) = named::STATX_FLAGS.split(flags & !0x6000);
    names.insert(0, named::STATX_SYNC.choice(flags & 0x6000));
    if rest != 0 {
        names.push(text::hex(rest));
    }
    text::joined(names, "|")
}

/// The device number is only an argument for devices (mknod(2)).
fn node(view: &View<'_>, mut all: Vec<String>, place: usize) -> Vec<String> {
    let mode = view.register(place) & 0xffff;
    let kind = named::FILE_TYPE.name(mode & 0xf000);
    all.push(match kind {
        Some(kind) => format!("{kind}|{}", text::octal(mode & 0xfff)),
        None => text::octal(mode),
    });
    if matches!(mode & 0xf000, 0x2000 | 0x6000) {
        all.push(device(view.low(place + 1)));
    }
    all
}

/// The parts of a device number, as `new_decode_dev` (include/linux/kdev_t.h) takes it apart.
fn device(number: u64) -> String {
    let major = (number >> 8) & 0xfff;
    let minor = number & 0xff | (number >> 12) & 0xf_ff00;
    format!("makedev({major:#x}, {minor:#x})")
}
