//! fcntl(2): what its argument is depends on the command.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::prototype::argument;
use super::text;
use super::view::View;
use super::{files, signals};

/// include/uapi/asm-generic/fcntl.h and include/uapi/linux/fcntl.h.
pub(super) const SETFD: u64 = 2;
pub(super) const SETFL: u64 = 4;
pub(super) const SETLK: u64 = 6;
pub(super) const SETLKW: u64 = 7;
const SETSIG: u64 = 10;
const OFD_SETLK: u64 = 37;
const OFD_SETLKW: u64 = 38;
const SETLEASE: u64 = 1024;
const NOTIFY: u64 = 1026;
const ADD_SEALS: u64 = 1033;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    if view.name != "fcntl" {
        return None;
    }
    let mut all = vec![argument(view, 0), named::FCNTL.choice(view.low(1))];
    all.extend(third(view));
    Some(all)
}

fn third(view: &View<'_>) -> Option<String> {
    let value = view.low(2);
    Some(match view.low(1) {
        SETFD => named::DESCRIPTOR_FLAGS.flags(value),
        SETFL => files::open_flags(view, value),
        SETLK | SETLKW | OFD_SETLK | OFD_SETLKW => {
            lock(view, view.register(2)).unwrap_or_else(|| view.pointer(2))
        }
        SETSIG => signals::signal(view.int(2)),
        SETLEASE => named::LOCK.choice(value),
        NOTIFY => named::NOTIFY.flags(value),
        ADD_SEALS => named::SEALS.flags(value),
        // GETFD, GETFL, GETOWN, GETSIG, GETLEASE, GETPIPE_SZ, GET_SEALS and CREATED_QUERY.
        1 | 3 | 9 | 11 | 1025 | 1028 | 1032 | 1034 => return None,
        // DUPFD, SETOWN, DUPFD_QUERY, DUPFD_CLOEXEC and SETPIPE_SZ.
        0 | 8 | 1027 | 1030 | 1031 => format!("{}", view.int(2)),
        // GETLK, SETOWN_EX, GETOWN_EX, GETOWNER_UIDS, OFD_GETLK and the hints lead to memory.
        5 | 15 | 16 | 17 | 36 | 1035..=1038 => view.pointer(2),
        _ => format!("{:#x}", view.register(2)),
    })
}

/// The parts of `struct flock` that have a meaning for the command: kind, whence, start and length.
pub(super) fn parts(view: &View<'_>, address: u64) -> Option<(String, String, i64, i64)> {
    let lock = view.structure::<32>(address)?;
    Some((
        named::LOCK.choice(text::u16_in(&lock, 0).into()),
        named::WHENCE.choice(text::u16_in(&lock, 2).into()),
        text::i64_in(&lock, 8),
        text::i64_in(&lock, 16),
    ))
}

fn lock(view: &View<'_>, address: u64) -> Option<String> {
    let (kind, whence, start, length) = parts(view, address)?;
    Some(format!(
        "{{l_type={kind}, l_whence={whence}, l_start={start}, l_len={length}}}"
    ))
}
