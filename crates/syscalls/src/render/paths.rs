//! Other calls on files: their state, their contents, and what only some of the arguments tell.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::names::Names;
use super::prototype::argument;
use super::text;
use super::view::View;

/// include/uapi/linux/stat.h.
const FILE_TYPE: Names = Names::new(
    "S_IF",
    "S_IF???",
    "0xc000=SOCK 0xa000=LNK 0x8000=REG 0x6000=BLK 0x4000=DIR 0x2000=CHR 0x1000=IFO",
);

const STATX_FLAGS: Names = Names::new(
    "AT_",
    "AT_???",
    "0x100=SYMLINK_NOFOLLOW 0x200=REMOVEDIR 0x400=SYMLINK_FOLLOW 0x800=NO_AUTOMOUNT \
     0x1000=EMPTY_PATH",
);

const STATX_SYNC: Names = Names::new(
    "AT_STATX_",
    "AT_STATX_???",
    "0=SYNC_AS_STAT 0x2000=FORCE_SYNC 0x4000=DONT_SYNC 0x6000=SYNC_TYPE",
);

const STATX_MASK: Names = Names::new(
    "STATX_",
    "STATX_???",
    "0xfff=ALL 0x7ff=BASIC_STATS 1=TYPE 2=MODE 4=NLINK 8=UID 16=GID 32=ATIME 64=MTIME 128=CTIME \
     0x100=INO 0x200=SIZE 0x400=BLOCKS 0x800=BTIME 0x1000=MNT_ID 0x2000=DIOALIGN",
);

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "write" => vec![argument(view, 0), contents(view), argument(view, 2)],
        "pwrite64" => vec![
            argument(view, 0),
            contents(view),
            argument(view, 2),
            argument(view, 3),
        ],
        "fsconfig" => configuration(view),
        "setxattr" | "lsetxattr" | "fsetxattr" => attribute(view),
        "statx" => vec![
            view.directory(0),
            view.path(1),
            statx_flags(view.low(2)),
            STATX_MASK.flags(view.low(3)),
            view.pointer(4),
        ],
        "mknod" => node(view, vec![view.path(0)], 1),
        "mknodat" => node(view, vec![view.directory(0), view.path(1)], 2),
        _ => return None,
    })
}

fn contents(view: &View<'_>) -> String {
    view.data(view.register(1), view.register(2))
}

fn attribute(view: &View<'_>) -> Vec<String> {
    let value = view.data(view.register(2), view.register(3));
    with(view, 2, value)
}

/// fsconfig(2): FSCONFIG_SET_STRING, SET_PATH and SET_PATH_EMPTY take text.
fn configuration(view: &View<'_>) -> Vec<String> {
    let value = match view.low(1) {
        1 | 3 | 4 => view.path(3),
        _ => view.pointer(3),
    };
    with(view, 3, value)
}

/// Five arguments, one of them as given.
pub(super) fn with(view: &View<'_>, place: usize, given: String) -> Vec<String> {
    let mut all: Vec<String> = (0..5).map(|place| argument(view, place)).collect();
    all.splice(place..=place, [given]);
    all
}

fn statx_flags(flags: u64) -> String {
    let (mut names, rest) = STATX_FLAGS.split(flags & !0x6000);
    names.insert(0, STATX_SYNC.choice(flags & 0x6000));
    if rest != 0 {
        names.push(text::hex(rest));
    }
    text::joined(names, "|")
}

/// The device number is only an argument for devices (mknod(2)).
fn node(view: &View<'_>, mut all: Vec<String>, place: usize) -> Vec<String> {
    let mode = view.register(place) & 0xffff;
    let kind = FILE_TYPE.name(mode & 0xf000);
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
