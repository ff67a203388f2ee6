//! futex(2): what its arguments are depends on the operation.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::prototype::with;
use super::text;
use super::time;
use super::view::View;

/// include/uapi/linux/futex.h.
pub(super) const PRIVATE: u64 = 128;
pub(super) const CLOCK_REALTIME: u64 = 256;
pub(super) const WAIT: u64 = 0;
pub(super) const WAKE: u64 = 1;
pub(super) const FD: u64 = 2;
pub(super) const REQUEUE: u64 = 3;
pub(super) const CMP_REQUEUE: u64 = 4;
pub(super) const WAKE_OP: u64 = 5;
pub(super) const LOCK_PI: u64 = 6;
pub(super) const UNLOCK_PI: u64 = 7;
pub(super) const TRYLOCK_PI: u64 = 8;
pub(super) const WAIT_BITSET: u64 = 9;
pub(super) const WAKE_BITSET: u64 = 10;
pub(super) const WAIT_REQUEUE_PI: u64 = 11;
pub(super) const CMP_REQUEUE_PI: u64 = 12;
pub(super) const LOCK_PI2: u64 = 13;

/// The second bit of an operation word: shift its argument (FUTEX_OP_OPARG_SHIFT).
pub(super) const SHIFTED: u64 = 8;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    match view.name {
        "futex" => {}
        "futex_waitv" => {
            let timeout = time::timespec(view, view.register(3));
            return Some(with(view, [(0, waiters(view, view.low(1))), (3, timeout)]));
        }
        "futex_requeue" => return Some(with(view, [(0, waiters(view, 2))])),
        "futex_wait" => {
            let timeout = time::timespec(view, view.register(4));
            return Some(with(view, [(2, bits(view.register(2))), (4, timeout)]));
        }
        "futex_wake" => return Some(with(view, [(1, bits(view.register(1)))])),
        _ => return None,
    }
    let mut all = vec![view.pointer(0), operation(view.low(1))];
    let value = format!("{}", view.low(2));
    // The fourth register is a number for calls that wake others, else a time.
    let second = format!("{}", view.low(3));
    let other = view.pointer(4);
    all.extend(match view.low(1) & !(PRIVATE | CLOCK_REALTIME) {
        WAIT => vec![value, timeout(view)],
        WAKE | FD => vec![value],
        REQUEUE => vec![value, second, other],
        CMP_REQUEUE | CMP_REQUEUE_PI => vec![value, second, other, format!("{}", view.low(5))],
        WAKE_OP => vec![value, second, other, word(view.low(5))],
        LOCK_PI | LOCK_PI2 => vec![timeout(view)],
        UNLOCK_PI | TRYLOCK_PI => vec![],
        WAIT_BITSET => vec![value, timeout(view), bits(view.low(5))],
        WAKE_BITSET => vec![value, bits(view.low(5))],
        WAIT_REQUEUE_PI => vec![value, timeout(view), other],
        _ => {
            let rest = (3..6).map(|place| text::hex(view.register(place)));
            [value].into_iter().chain(rest).collect()
        }
    });
    Some(all)
}

/// `FUTEX_WAIT_PRIVATE`, or nothing for one that isn't known.
pub(super) fn operation_name(operation: u64) -> Option<String> {
    let name = named::FUTEX.name(operation & !(PRIVATE | CLOCK_REALTIME))?;
    let private = ["", "_PRIVATE"][usize::from(operation & PRIVATE != 0)];
    let clock = ["", "|FUTEX_CLOCK_REALTIME"][usize::from(operation & CLOCK_REALTIME != 0)];
    Some(format!("{name}{private}{clock}"))
}

fn operation(operation: u64) -> String {
    operation_name(operation).unwrap_or_else(|| named::FUTEX.unknown(operation))
}

/// An array of `struct futex_waitv` (include/uapi/linux/futex.h), the same on every ABI.
fn waiters(view: &View<'_>, count: u64) -> String {
    view.list(view.register(0), count, 24, |one| {
        let flags = named::FUTEX_WAITER.flags(text::u32_in(one, 16).into());
        text::fields([
            ("val", text::hex(text::u64_in(one, 0))),
            ("uaddr", text::pointer(text::u64_in(one, 8))),
            ("flags", flags),
        ])
    })
}

fn timeout(view: &View<'_>) -> String {
    time::timespec(view, view.register(3))
}

fn bits(bits: u64) -> String {
    match bits {
        0xffff_ffff => "FUTEX_BITSET_MATCH_ANY".into(),
        bits => text::hex(bits),
    }
}

/// The four parts of FUTEX_WAKE_OP's word: operation with the bit for shifting, comparison, and
/// an argument of 12 bits for each.
pub(super) fn parts(word: u64) -> [u64; 4] {
    [
        word >> 28 & 0xf,
        word >> 12 & 0xfff,
        word >> 24 & 0xf,
        word & 0xfff,
    ]
}

fn word(word: u64) -> String {
    let [operation, argument, comparison, against] = parts(word);
    let shifted = match operation & SHIFTED {
        0 => "",
        _ => "FUTEX_OP_OPARG_SHIFT<<28|",
    };
    let operation = placed(&named::FUTEX_OPERATION, operation & !SHIFTED, 28);
    let comparison = placed(&named::FUTEX_COMPARISON, comparison, 24);
    let [argument, against] = [argument, against].map(text::hex);
    format!("{shifted}{operation}|{argument}<<12|{comparison}|{against}")
}

/// A named part of a word at its place, with the doubt about an unknown one behind the place.
fn placed(names: &super::names::Names, value: u64, place: u32) -> String {
    match names.name(value) {
        Some(name) => format!("{name}<<{place}"),
        None => {
            let unknown = names.unknown(value);
            unknown.replacen(" /*", &format!("<<{place} /*"), 1)
        }
    }
}
