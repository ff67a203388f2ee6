//! Times, clocks and timers.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::with;
use super::signals::signal;
use super::view::View;
use super::{named, text};

/// UTIME_NOW and UTIME_OMIT (include/linux/stat.h).
const NOW: i64 = (1 << 30) - 1;
const OMIT: i64 = (1 << 30) - 2;

/// SIGEV_NONE and SIGEV_THREAD_ID (include/uapi/asm-generic/siginfo.h).
const SILENT: u32 = 1;
const THREAD: u32 = 4;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let spec = |place| timespec(view, view.register(place));
    Some(match view.name {
        "nanosleep" => vec![spec(0), view.pointer(1)],
        "clock_nanosleep" => vec![
            named::CLOCK.choice(view.low(0)),
            named::SLEEP_FLAGS.flags(view.low(1)),
            spec(2),
            view.pointer(3),
        ],
        "clock_settime" => with(view, [(1, spec(1))]),
        "clock_adjtime" => with(view, [(1, adjustment(view, view.register(1)))]),
        "adjtimex" => vec![adjustment(view, view.register(0))],
        "settimeofday" => vec![timeval(view, view.register(0)), zone(view)],
        "utimensat" => with(view, [(2, both(view, view.register(2), special))]),
        "futimesat" => with(view, [(2, both(view, view.register(2), micro))]),
        "utimes" => with(view, [(1, both(view, view.register(1), micro))]),
        "utime" => with(view, [(1, seconds(view))]),
        "timer_create" => with(view, [(1, event(view, view.register(1)))]),
        "timer_settime" | "timerfd_settime" => {
            with(view, [(2, setting(view, view.register(2), nano))])
        }
        "setitimer" => with(view, [(1, setting(view, view.register(1), micro))]),
        _ => return None,
    })
}

/// Seconds and nanoseconds of a `struct timespec`.
pub(super) fn parts(view: &View<'_>, address: u64) -> Option<[i64; 2]> {
    view.time(address)
}

fn nano([seconds, rest]: [i64; 2]) -> String {
    format!("{{tv_sec={seconds}, tv_nsec={rest}}}")
}

/// strace shows microseconds without a sign.
fn micro([seconds, rest]: [i64; 2]) -> String {
    let rest = u64::from_ne_bytes(rest.to_ne_bytes());
    format!("{{tv_sec={seconds}, tv_usec={rest}}}")
}

fn special(time: [i64; 2]) -> String {
    match time[1] {
        NOW => "UTIME_NOW".into(),
        OMIT => "UTIME_OMIT".into(),
        _ => nano(time),
    }
}

pub(super) fn timespec(view: &View<'_>, address: u64) -> String {
    view.time(address)
        .map_or_else(|| text::pointer(address), nano)
}

/// `struct timeval`, whose fields are as wide as a long everywhere.
pub(super) fn timeval(view: &View<'_>, address: u64) -> String {
    let time = view.signed_longs(address);
    time.map_or_else(|| text::pointer(address), micro)
}

/// The two times of a file.
fn both(view: &View<'_>, address: u64, show: fn([i64; 2]) -> String) -> String {
    let second = address.wrapping_add(2 * size_of_long(view));
    match (view.time(address), view.time(second)) {
        (Some(first), Some(second)) => format!("[{}, {}]", show(first), show(second)),
        _ => text::pointer(address),
    }
}

/// How often a timer fires, and when first (`struct itimerspec`, `struct itimerval`).
fn setting(view: &View<'_>, address: u64, show: fn([i64; 2]) -> String) -> String {
    let second = address.wrapping_add(2 * size_of_long(view));
    match (view.time(address), view.time(second)) {
        (Some(interval), Some(value)) => {
            format!(
                "{{it_interval={}, it_value={}}}",
                show(interval),
                show(value)
            )
        }
        _ => text::pointer(address),
    }
}

fn size_of_long(view: &View<'_>) -> u64 {
    match view.has_wide_times() {
        true => 8,
        false => view.word().unwrap_or(8) as u64,
    }
}

/// `struct utimbuf` (utime(2)).
fn seconds(view: &View<'_>) -> String {
    match view.signed_longs(view.register(1)) {
        Some([access, change]) => format!("{{actime={access}, modtime={change}}}"),
        None => view.pointer(1),
    }
}

/// `struct timezone` (settimeofday(2)).
fn zone(view: &View<'_>) -> String {
    let Some(zone) = view.fixed::<8>(view.register(1)) else {
        return view.pointer(1);
    };
    let [west, summer] = [0, 4].map(|at| text::i32_in(&zone, at));
    format!("{{tz_minuteswest={west}, tz_dsttime={summer}}}")
}

/// What `struct timex` asks to be set (adjtimex(2)); the rest is what comes back.
fn adjustment(view: &View<'_>, address: u64) -> String {
    match view.fixed(address).map(u32::from_le_bytes) {
        Some(modes) => format!("{{modes={}, ...}}", named::ADJUSTMENT.flags(modes.into())),
        None => text::pointer(address),
    }
}

/// `struct sigevent` (sigevent(3type)); its value counts only where a signal is sent.
pub(super) fn event(view: &View<'_>, address: u64) -> String {
    let Some(event) = view.structure::<20>(address) else {
        return text::pointer(address);
    };
    let kind = text::u32_in(&event, 12);
    let pointer = text::u64_in(&event, 0);
    let value = match (kind, pointer) {
        (SILENT, _) | (_, 0) => String::new(),
        _ => format!(
            "sigev_value={{sival_int={}, sival_ptr={}}}, ",
            text::i32_in(&event, 0),
            text::pointer(pointer)
        ),
    };
    let number = match (kind, text::i32_in(&event, 8)) {
        (SILENT, number) => format!("{number}"),
        (_, number) => signal(number),
    };
    let thread = match kind {
        THREAD => format!(", sigev_notify_thread_id={}", text::i32_in(&event, 16)),
        _ => String::new(),
    };
    let kind = named::SIGNAL_EVENT.choice(kind.into());
    format!("{{{value}sigev_signo={number}, sigev_notify={kind}{thread}}}")
}
