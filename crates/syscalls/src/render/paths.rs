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
        "writev" => vec![
            argument(view, 0),
            vectors(view, [1, 2], Contents::There),
            argument(view, 2),
        ],
        "readv" => vec![
            argument(view, 0),
            vectors(view, [1, 2], Contents::Elsewhere),
            argument(view, 2),
        ],
        "process_vm_readv" | "process_vm_writev" => {
            let local = match view.name {
                "process_vm_writev" => Contents::There,
                _ => Contents::Elsewhere,
            };
            vec![
                argument(view, 0),
                vectors(view, [1, 2], local),
                argument(view, 2),
                vectors(view, [3, 4], Contents::Elsewhere),
                argument(view, 4),
                argument(view, 5),
            ]
        }
        "preadv" | "pwritev" | "preadv2" | "pwritev2" => placed_vectors(view),
        "process_madvise" => {
            let mut all: Vec<String> = (0..5).map(|place| argument(view, place)).collect();
            all.splice(1..2, [vectors(view, [1, 2], Contents::Elsewhere)]);
            all
        }
        "fsconfig" => {
            let mut all: Vec<String> = (0..5).map(|place| argument(view, place)).collect();
            // FSCONFIG_SET_STRING, SET_PATH and SET_PATH_EMPTY.
            if matches!(view.low(1), 1 | 3 | 4) {
                all.splice(3..4, [view.path(3)]);
            }
            all
        }
        "vmsplice" => vec![
            argument(view, 0),
            vectors(view, [1, 2], Contents::There),
            argument(view, 2),
            argument(view, 3),
        ],
        "setxattr" | "lsetxattr" | "fsetxattr" => {
            let value = view.data(view.register(2), view.register(3));
            let mut all: Vec<String> = (0..5).map(|place| argument(view, place)).collect();
            all.splice(2..3, [value]);
            all
        }
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

/// Whether what a vector leads to is to be shown.
#[derive(Clone, Copy)]
pub(super) enum Contents {
    There,
    /// Still to be read, or in another process.
    Elsewhere,
}

/// A vector by the places of its address and of its length.
fn vectors(view: &View<'_>, [address, count]: [usize; 2], contents: Contents) -> String {
    vector(view, view.register(address), view.register(count), contents)
}

/// include/uapi/linux/fs.h.
const VECTOR_FLAGS: Names = Names::new(
    "RWF_",
    "RWF_???",
    "1=HIPRI 2=DSYNC 4=SYNC 8=NOWAIT 16=APPEND 32=NOAPPEND 64=ATOMIC 128=DONTCACHE",
);

/// 64-bit kernels look at one half of the position, which holds all of it.
fn placed_vectors(view: &View<'_>) -> Vec<String> {
    let contents = match view.name.starts_with("pwrite") {
        true => Contents::There,
        false => Contents::Elsewhere,
    };
    let mut all = vec![
        argument(view, 0),
        vectors(view, [1, 2], contents),
        argument(view, 2),
        format!("{}", view.long(3)),
    ];
    if view.name.ends_with('2') {
        all.push(VECTOR_FLAGS.flags(view.low(5)));
    }
    all
}

/// The elements of a vector (`struct iovec`, readv(2)).
pub(super) fn vector(view: &View<'_>, address: u64, count: u64, contents: Contents) -> String {
    let shown = count.min(text::LONGEST_DATA as u64);
    let mut all = Vec::new();
    for place in 0..shown {
        let Some(one) = view.structure::<16>(address.wrapping_add(16 * place)) else {
            break;
        };
        let length = text::u64_in(&one, 8);
        let base = match contents {
            Contents::There => view.data(text::u64_in(&one, 0), length),
            Contents::Elsewhere => text::pointer(text::u64_in(&one, 0)),
        };
        all.push(format!("{{iov_base={base}, iov_len={length}}}"));
    }
    if all.is_empty() && (count != 0 || address == 0) {
        return text::pointer(address);
    }
    if (all.len() as u64) < count {
        all.push("...".into());
    }
    format!("[{}]", text::list(all))
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
