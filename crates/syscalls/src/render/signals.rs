//! Signals, sets of them, and what a program does on them.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named::{self, ACTION_FLAGS, SIGNAL};
use super::prototype::{argument, with};
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
        "rt_sigqueueinfo" => with(view, [(2, information(view, view.register(2)))]),
        "rt_tgsigqueueinfo" => with(view, [(3, information(view, view.register(3)))]),
        "pidfd_send_signal" => with(view, [(2, information(view, view.register(2)))]),
        "sigaltstack" => with(view, [(0, stack(view, view.register(0)))]),
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

/// A set of signals, whose size has to be right (include/linux/syscalls.h).
pub(super) fn set_behind(view: &View<'_>, address: u64, size: u64) -> String {
    match view.fixed(address).filter(|_| size == SET_SIZE) {
        Some(bytes) => set(u64::from_le_bytes(bytes)),
        None => text::pointer(address),
    }
}

/// `[INT CHLD]`, or `~[KILL]` for a set of nearly all.
pub(super) fn set(bits: u64) -> String {
    let most = bits.count_ones() > 64 * 2 / 3;
    let (sign, bits) = match most {
        true => ("~", !bits),
        false => ("", bits),
    };
    let numbers = (1..=LAST).filter(|number| bits >> (number - 1) & 1 != 0);
    let names = numbers.map(|number| short_name(number).unwrap_or_default());
    format!("{sign}[{}]", text::joined(names, " "))
}

/// What goes along with a signal that a process queues (`siginfo_t`, rt_sigqueueinfo(2)).
pub(super) fn information(view: &View<'_>, address: u64) -> String {
    let Some(known) = view.structure::<32>(address) else {
        return text::pointer(address);
    };
    let number = |at| text::i32_in(&known, at);
    let code = named::SIGNAL_CODE.choice(text::u32_in(&known, 8).into());
    let error = match number(4) {
        0 => String::new(),
        error => format!("si_errno={error}, "),
    };
    let value = match text::u64_in(&known, 24) {
        0 => String::new(),
        pointer => format!(", si_int={}, si_ptr={}", number(24), text::pointer(pointer)),
    };
    format!(
        "{{si_signo={}, {error}si_code={code}, si_pid={}, si_uid={}{value}}}",
        signal(number(0)),
        number(16),
        number(20)
    )
}

/// `stack_t` (sigaltstack(2)).
fn stack(view: &View<'_>, address: u64) -> String {
    let Some([pointer, flags, size]) = view.longs(address) else {
        return text::pointer(address);
    };
    let flags = named::SIGNAL_STACK.flags(flags & u64::from(u32::MAX));
    format!(
        "{{ss_sp={}, ss_flags={flags}, ss_size={size}}}",
        text::pointer(pointer)
    )
}

pub(super) fn handler(address: u64) -> String {
    match address {
        0 => "SIG_DFL".into(),
        1 => "SIG_IGN".into(),
        address => text::hex(address),
    }
}

/// The kernel's `struct sigaction` (include/linux/signal_types.h).
fn action(view: &View<'_>, address: u64) -> Option<String> {
    let [handler, flags, restorer] = view.longs(address)?;
    let behind = 3 * view.word()? as u64;
    let mask = u64::from_le_bytes(view.fixed(address.wrapping_add(behind))?);
    let handler = self::handler(handler);
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
