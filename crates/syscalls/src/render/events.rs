//! Waiting for descriptors: poll(2) and epoll(7).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named_processes::{EPOLL_EVENTS, EPOLL_OPERATION, POLL_EVENTS};
use super::prototype::argument;
use super::text;
use super::time;
use super::view::View;
use crate::Abi;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "poll" => vec![polled(view), argument(view, 1), argument(view, 2)],
        "ppoll" => vec![
            polled(view),
            argument(view, 1),
            time::timespec(view, view.register(2)),
            view.pointer(3),
            argument(view, 4),
        ],
        "epoll_ctl" => vec![
            argument(view, 0),
            EPOLL_OPERATION.choice(view.low(1)),
            argument(view, 2),
            event(view).unwrap_or_else(|| view.pointer(3)),
        ],
        _ => return None,
    })
}

/// An array of `struct pollfd`; a negative descriptor is passed over, and its events have no meaning.
fn polled(view: &View<'_>) -> String {
    let address = view.register(0);
    let count = view.low(1);
    let mut all = Vec::new();
    for place in 0..count.min(text::LONGEST_DATA as u64) {
        let Some(one) = view.fixed::<8>(address.wrapping_add(8 * place)) else {
            break;
        };
        all.push(match text::i32_in(&one, 0) {
            none if none < 0 => format!("{{fd={none}}}"),
            number => {
                let events = POLL_EVENTS.flags(text::u16_in(&one, 4).into());
                format!("{{fd={number}, events={events}}}")
            }
        });
    }
    if all.is_empty() && (count != 0 || address == 0) {
        return text::pointer(address);
    }
    if (all.len() as u64) < count {
        all.push("...".into());
    }
    format!("[{}]", text::list(all))
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
    let events = EPOLL_EVENTS.flags(text::u32_in(&event, 0).into());
    let [low, whole] = [
        u64::from(text::u32_in(&event, at)),
        text::u64_in(&event, at),
    ];
    Some(format!(
        "{{events={events}, data={{u32={low}, u64={whole}}}}}"
    ))
}
