//! Sending and receiving over sockets.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::addresses;
use super::control_messages;
use super::named::MESSAGE_FLAGS;
use super::prototype::argument;
use super::text;
use super::vectors::{Contents, vector};
use super::view::View;

/// How many messages of one call are shown.
const MOST_MESSAGES: u64 = 8;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let flags = |place| MESSAGE_FLAGS.flags(view.low(place));
    Some(match view.name {
        "sendto" => vec![
            argument(view, 0),
            view.data(view.register(1), view.register(2)),
            argument(view, 2),
            flags(3),
            addresses::plain(view, view.register(4), view.int(5)),
            argument(view, 5),
        ],
        "recvfrom" => vec![
            argument(view, 0),
            view.pointer(1),
            argument(view, 2),
            flags(3),
            view.pointer(4),
            view.pointed_int(view.register(5)),
        ],
        "sendmsg" => vec![argument(view, 0), message(view, view.register(1)), flags(2)],
        // What is received isn't there yet.
        "recvmsg" => vec![argument(view, 0), view.pointer(1), flags(2)],
        "sendmmsg" => vec![
            argument(view, 0),
            messages(view),
            argument(view, 2),
            flags(3),
        ],
        "recvmmsg" => vec![
            argument(view, 0),
            argument(view, 1),
            argument(view, 2),
            flags(3),
            super::time::timespec(view, view.register(4)),
        ],
        _ => return None,
    })
}

/// An array of `struct mmsghdr` (sendmmsg(2)).
fn messages(view: &View<'_>) -> String {
    let Some(word) = view.word() else {
        return view.pointer(1);
    };
    // A header of seven words, then an int with what fills up a word.
    let size = 8 * word as u64;
    let (address, count) = (view.register(1), view.low(2));
    let mut all = Vec::new();
    for place in 0..count.min(MOST_MESSAGES) {
        let at = address.wrapping_add(size * place);
        if view.longs::<7>(at).is_none() {
            break;
        }
        all.push(format!("{{msg_hdr={}}}", message(view, at)));
    }
    if all.is_empty() {
        return text::pointer(address);
    }
    if (all.len() as u64) < count {
        all.push("...".into());
    }
    format!("[{}]", text::list(all))
}

/// `struct msghdr` (recvmsg(2)).
fn message(view: &View<'_>, address: u64) -> String {
    let Some([name, length, vectors, count, control, size, flags]) = view.longs(address) else {
        return text::pointer(address);
    };
    let length = text::signed(length);
    let along = match size {
        0 => String::new(),
        size => format!(
            "msg_control={}, ",
            control_messages::list(view, control, size)
        ),
    };
    format!(
        "{{msg_name={}, msg_namelen={length}, msg_iov={}, msg_iovlen={count}, \
         {along}msg_controllen={size}, msg_flags={}}}",
        addresses::plain(view, name, length),
        vector(view, vectors, count, Contents::There),
        MESSAGE_FLAGS.flags(flags & u64::from(u32::MAX)),
    )
}
