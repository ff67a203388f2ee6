//! Options of sockets (setsockopt(2)): a name for each level.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::names::Names;
use super::prototype::argument;
use super::text;
use super::view::View;

/// Options whose value is text, or a structure with a pointer, and that may be four bytes long.
const SOCKET: u64 = 1;
const LINGER: u64 = 13;
const BIND_TO_DEVICE: u64 = 25;
const ATTACH_FILTER: u64 = 26;
const TCP: u64 = 6;
const CONGESTION: u64 = 13;
const UPPER_PROTOCOL: u64 = 31;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let [value, length] = match view.name {
        "setsockopt" => [value(view), argument(view, 4)],
        "getsockopt" => [view.pointer(3), view.pointed_int(view.register(4))],
        _ => return None,
    };
    let [level, option] = [view.low(1), view.low(2)];
    Some(vec![
        argument(view, 0),
        named::LEVEL.choice(level),
        names(level).map_or_else(|| format!("{}", view.int(2)), |names| names.choice(option)),
        value,
        length,
    ])
}

/// The names of a level's options.
pub(super) fn names(level: u64) -> Option<&'static Names> {
    Some(match level {
        0 => &named::IP_OPTION,
        SOCKET => &named::SOCKET_OPTION,
        TCP => &named::TCP_OPTION,
        17 => &named::UDP_OPTION,
        41 => &named::IPV6_OPTION,
        263 => &named::PACKET_OPTION,
        270 => &named::NETLINK_OPTION,
        _ => return None,
    })
}

fn value(view: &View<'_>) -> String {
    let address = view.register(3);
    let length = view.low(4);
    match (view.low(1), view.low(2)) {
        (SOCKET, BIND_TO_DEVICE) | (TCP, CONGESTION | UPPER_PROTOCOL) => view.data(address, length),
        (SOCKET, ATTACH_FILTER) => text::pointer(address),
        (SOCKET, LINGER) if length >= 8 => linger(view, address),
        (SOCKET, _) if length < 4 => text::pointer(address),
        _ if length == 4 => view.pointed_int(address),
        _ if length == 0 || view.int(4) < 0 => text::pointer(address),
        _ => view.data(address, length),
    }
}

/// `struct linger` (socket(7)).
fn linger(view: &View<'_>, address: u64) -> String {
    let Some(linger) = view.fixed::<8>(address) else {
        return text::pointer(address);
    };
    let [on, seconds] = [0, 4].map(|at| text::i32_in(&linger, at));
    format!("{{l_onoff={on}, l_linger={seconds}}}")
}
