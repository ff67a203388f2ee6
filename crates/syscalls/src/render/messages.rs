//! Sending and receiving over sockets.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::addresses;
use super::named::MESSAGE_FLAGS;
use super::prototype::argument;
use super::text;
use super::vectors::{Contents, vector};
use super::view::View;

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
        "sendmmsg" | "recvmmsg" => {
            let mut all: Vec<String> = (0..3).map(|place| argument(view, place)).collect();
            all.push(flags(3));
            if view.name == "recvmmsg" {
                all.push(super::time::timespec(view, view.register(4)));
            }
            all
        }
        _ => return None,
    })
}

/// `struct msghdr` (recvmsg(2)). What else goes with it is only counted.
fn message(view: &View<'_>, address: u64) -> String {
    let Some(header) = view.structure::<56>(address) else {
        return text::pointer(address);
    };
    let long = |at| text::u64_in(&header, at);
    let length = text::i32_in(&header, 8);
    let count = long(24);
    let control = match (long(32), long(40)) {
        (_, 0) => String::new(),
        (at, _) => format!("msg_control={}, ", text::pointer(at)),
    };
    format!(
        "{{msg_name={}, msg_namelen={length}, msg_iov={}, msg_iovlen={count}, \
         {control}msg_controllen={}, msg_flags={}}}",
        addresses::plain(view, long(0), length),
        vector(view, long(16), count, Contents::There),
        long(40),
        MESSAGE_FLAGS.flags(text::u32_in(&header, 48).into()),
    )
}
