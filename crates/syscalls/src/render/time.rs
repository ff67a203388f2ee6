//! Sleeping and clocks.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named_processes::CLOCK;
use super::names::Names;
use super::text;
use super::view::View;

/// include/uapi/linux/time.h.
const SLEEP_FLAGS: Names = Names::new("TIMER_", "TIMER_???", "1=ABSTIME");

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "nanosleep" => vec![timespec(view, view.register(0)), view.pointer(1)],
        "clock_nanosleep" => vec![
            CLOCK.choice(view.low(0)),
            SLEEP_FLAGS.flags(view.low(1)),
            timespec(view, view.register(2)),
            view.pointer(3),
        ],
        _ => return None,
    })
}

/// Seconds and nanoseconds of a `struct timespec`.
pub(super) fn parts(view: &View<'_>, address: u64) -> Option<[i64; 2]> {
    let time = view.structure::<16>(address)?;
    Some([0, 8].map(|at| text::i64_in(&time, at)))
}

pub(super) fn timespec(view: &View<'_>, address: u64) -> String {
    match parts(view, address) {
        Some([seconds, rest]) => format!("{{tv_sec={seconds}, tv_nsec={rest}}}"),
        None => text::pointer(address),
    }
}
