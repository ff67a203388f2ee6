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
const DUPFD_QUERY: u64 = 1027;
const SETOWN_EX: u64 = 15;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    if view.name != "fcntl" {
        return None;
    }
    let command = match (view.word(), view.low(1)) {
        // Locks of 64 bits have commands of their own there (include/uapi/asm-generic/fcntl.h).
        (Some(4), 12) => "F_GETLK64".into(),
        (Some(4), 13) => "F_SETLK64".into(),
        (Some(4), 14) => "F_SETLKW64".into(),
        (_, command) => named::FCNTL.choice(command),
    };
    let mut all = vec![argument(view, 0), command];
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
        // DUPFD, SETOWN, DUPFD_CLOEXEC and SETPIPE_SZ.
        0 | 8 | 1030 | 1031 => format!("{}", view.int(2)),
        DUPFD_QUERY => view.descriptor(view.int(2)),
        SETOWN_EX => owner(view),
        // SETLK64 and SETLKW64.
        13 | 14 if view.word() == Some(4) => {
            lock(view, view.register(2)).unwrap_or_else(|| view.pointer(2))
        }
        // GETLK, GETOWN_EX, GETOWNER_UIDS, OFD_GETLK and the hints lead to memory.
        5 | 16 | 17 | 36 | 1035..=1038 => view.pointer(2),
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

/// The same in programs of 32 bits, where the numbers of one command in two have 64, which x86 does
/// not align (arch/x86/include/asm/compat.h).
fn narrow_parts(view: &View<'_>, address: u64) -> Option<(String, String, i64, i64)> {
    let lock = view.fixed::<24>(address)?;
    let (start, length) = match view.low(1) {
        SETLK | SETLKW => {
            let [start, length] = [4, 8].map(|at| text::i32_in(&lock, at));
            (start.into(), length.into())
        }
        _ if view.is_arm() => (text::i64_in(&lock, 8), text::i64_in(&lock, 16)),
        _ => (text::i64_in(&lock, 4), text::i64_in(&lock, 12)),
    };
    Some((
        named::LOCK.choice(text::u16_in(&lock, 0).into()),
        named::WHENCE.choice(text::u16_in(&lock, 2).into()),
        start,
        length,
    ))
}

/// `struct f_owner_ex`.
fn owner(view: &View<'_>) -> String {
    let Some(owner) = view.fixed::<8>(view.register(2)) else {
        return view.pointer(2);
    };
    let kind = named::OWNER_KIND.choice(text::u32_in(&owner, 0).into());
    format!("{{type={kind}, pid={}}}", text::i32_in(&owner, 4))
}

fn lock(view: &View<'_>, address: u64) -> Option<String> {
    let (kind, whence, start, length) = match view.word()? {
        4 => narrow_parts(view, address)?,
        _ => parts(view, address)?,
    };
    Some(format!(
        "{{l_type={kind}, l_whence={whence}, l_start={start}, l_len={length}}}"
    ))
}
