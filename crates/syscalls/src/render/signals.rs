//! Signals, sets of them, and what a program does on them.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named_processes::{ACTION_FLAGS, SIGNAL};
use super::prototype::argument;
use super::text;
use super::time;
use super::view::View;

/// The kernel's first real-time signal, its last one, and the size of its sets in bytes
/// (include/uapi/asm-generic/signal.h).
const FIRST_REAL_TIME: u64 = 32;
const LAST: u64 = 64;
const SET_SIZE: u64 = 8;
const RESTORER: u64 = 0x400_0000;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let set_of = |place, size| set_behind(view, view.register(place), view.register(size));
    Some(match view.name {
        "rt_sigaction" => vec![
            argument(view, 0),
            action(view, view.register(1)).unwrap_or_else(|| view.pointer(1)),
            view.pointer(2),
            argument(view, 3),
        ],
        "rt_sigprocmask" => vec![
            argument(view, 0),
            set_of(1, 3),
            view.pointer(2),
            argument(view, 3),
        ],
        "rt_sigsuspend" => vec![set_of(0, 1), argument(view, 1)],
        "rt_sigtimedwait" => vec![
            set_of(0, 3),
            view.pointer(1),
            time::timespec(view, view.register(2)),
            argument(view, 3),
        ],
        "signalfd" => vec![argument(view, 0), set_of(1, 2), argument(view, 2)],
        "signalfd4" => vec![
            argument(view, 0),
            set_of(1, 2),
            argument(view, 2),
            argument(view, 3),
        ],
        _ => return None,
    })
}

/// A signal by its name, or its number where it has none.
pub(super) fn signal(number: i32) -> String {
    let known = u64::try_from(number).ok().and_then(short_name);
    match known {
        Some(name) => format!("SIG{name}"),
        None => format!("{number}"),
    }
}

/// Without the `SIG` in front, as in sets.
fn short_name(number: u64) -> Option<String> {
    match number {
        FIRST_REAL_TIME => Some("RTMIN".into()),
        33..=LAST => Some(format!("RT_{}", number - FIRST_REAL_TIME)),
        _ => {
            let name = SIGNAL.name(number)?;
            name.strip_prefix("SIG").map(String::from)
        }
    }
}

fn set_behind(view: &View<'_>, address: u64, size: u64) -> String {
    match view.fixed(address).filter(|_| size == SET_SIZE) {
        Some(bytes) => set(u64::from_le_bytes(bytes)),
        None => text::pointer(address),
    }
}

/// `[INT CHLD]`, or `~[KILL]` for a set of nearly all.
fn set(bits: u64) -> String {
    let most = bits.count_ones() > 64 * 2 / 3;
    let (sign, bits) = match most {
        true => ("~", !bits),
        false => ("", bits),
    };
    let numbers = (1..=LAST).filter(|number| bits >> (number - 1) & 1 != 0);
    let names = numbers.map(|number| short_name(number).unwrap_or_default());
    format!("{sign}[{}]", text::joined(names, " "))
}

/// The kernel's `struct sigaction` (include/linux/signal_types.h).
fn action(view: &View<'_>, address: u64) -> Option<String> {
    let action = view.structure::<32>(address)?;
    let [handler, flags, restorer, mask] = [0, 8, 16, 24].map(|at| text::u64_in(&action, at));
    let handler = match handler {
        0 => "SIG_DFL".into(),
        1 => "SIG_IGN".into(),
        handler => text::hex(handler),
    };
    let named = ACTION_FLAGS.flags(flags);
    let restorer = match flags & RESTORER {
        0 => String::new(),
        _ => format!(", sa_restorer={}", text::pointer(restorer)),
    };
    let mask = set(mask);
    Some(format!(
        "{{sa_handler={handler}, sa_mask={mask}, sa_flags={named}{restorer}}}"
    ))
}
