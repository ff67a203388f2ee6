//! Waiting for descriptors: poll(2), select(2), epoll(7), and for signals meanwhile.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::{argument, with};
use super::signals::set_behind;
use super::view::View;
use super::{named, text, time};
use crate::Abi;

/// The kernel reads no more bits of a set than a process may have descriptors; more than this is not
/// looked at (FD_SETSIZE, select(2)).
const MOST_DESCRIPTORS: u64 = 1024;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let signals = |set, size| set_behind(view, view.register(set), view.register(size));
    Some(match view.name {
        "poll" => vec![polled(view), argument(view, 1), argument(view, 2)],
        "ppoll" => vec![
            polled(view),
            argument(view, 1),
            time::timespec(view, view.register(2)),
            signals(3, 4),
            argument(view, 4),
        ],
        "select" => selected(view, vec![time::timeval(view, view.register(4))]),
        "pselect6" => {
            let timeout = time::timespec(view, view.register(4));
            selected(
                view,
                vec![timeout, signals_with_size(view, view.register(5))],
            )
        }
        "epoll_ctl" => vec![
            argument(view, 0),
            named::EPOLL_OPERATION.choice(view.low(1)),
            argument(view, 2),
            event(view).unwrap_or_else(|| view.pointer(3)),
        ],
        "epoll_pwait" => with(view, [(4, signals(4, 5))]),
        "epoll_pwait2" => {
            let timeout = time::timespec(view, view.register(3));
            with(view, [(3, timeout), (4, signals(4, 5))])
        }
        _ => return None,
    })
}

/// An array of `struct pollfd`; a negative descriptor is passed over, and its events have no meaning.
fn polled(view: &View<'_>) -> String {
    view.list(view.register(0), view.low(1), 8, |one| {
        match text::i32_in(one, 0) {
            none if none < 0 => format!("{{fd={none}}}"),
            number => {
                let events = named::POLL_EVENTS.flags(text::u16_in(one, 4).into());
                format!("{{fd={}, events={events}}}", view.descriptor(number))
            }
        }
    })
}

/// The count, three sets, and what stands behind them.
fn selected(view: &View<'_>, rest: Vec<String>) -> Vec<String> {
    let sets = (1..4).map(|place| set(view, view.register(place)));
    [argument(view, 0)]
        .into_iter()
        .chain(sets)
        .chain(rest)
        .collect()
}

/// A set of descriptors, of which the kernel reads whole longs.
fn set(view: &View<'_>, address: u64) -> String {
    let count = u64::try_from(view.int(0)).map_or(0, |count| count.min(MOST_DESCRIPTORS));
    let size = usize::try_from(count.div_ceil(64) * 8).unwrap_or(0);
    let bytes = view.bytes(address, size).filter(|_| count > 0);
    let Some(bytes) = bytes else {
        return text::pointer(address);
    };
    let mut known = (0..count).filter(|&number| {
        let byte = usize::try_from(number / 8)
            .ok()
            .and_then(|at| bytes.get(at));
        byte.is_some_and(|byte| byte >> (number % 8) & 1 != 0)
    });
    let shown = known.by_ref().take(text::LONGEST_DATA);
    let mut all: Vec<String> = shown
        .map(|number| view.descriptor(i32::try_from(number).unwrap_or(-1)))
        .collect();
    if known.next().is_some() {
        all.push("...".into());
    }
    format!("[{}]", text::joined(all, " "))
}

/// The last argument of pselect6 and io_pgetevents: a set of signals and its size.
pub(super) fn signals_with_size(view: &View<'_>, address: u64) -> String {
    match view.longs(address) {
        Some([set, size]) => {
            let set = set_behind(view, set, size);
            format!("{{sigmask={set}, sigsetsize={size}}}")
        }
        None => text::pointer(address),
    }
}

/// `struct epoll_event`, which is packed on x86_64 (include/uapi/linux/eventpoll.h); nothing where
/// the operation has none.
fn event(view: &View<'_>) -> Option<String> {
    let (size, at) = match view.abi {
        Abi::X86_64 | Abi::X32 | Abi::X86 => (12, 4),
        Abi::Aarch64 | Abi::Arm => (16, 8),
    };
    let address = view.register(3);
    let event = view.bytes(address, size).filter(|_| view.low(1) != 2)?;
    let events = named::EPOLL_EVENTS.flags(text::u32_in(&event, 0).into());
    let [low, whole] = [
        u64::from(text::u32_in(&event, at)),
        text::u64_in(&event, at),
    ];
    Some(format!(
        "{{events={events}, data={{u32={low}, u64={whole}}}}}"
    ))
}
