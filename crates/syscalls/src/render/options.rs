//! Options of sockets (setsockopt(2)): a name for each level.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::names::Names;
use super::prototype::argument;
use super::text;
use super::view::View;
use super::{named, option_values};

/// SOL_SOCKET, and two of its options, whose times are no ints; SOL_TCP and SOL_NETLINK.
const SOCKET: u64 = 1;
const RECEIVE_TIMEOUT: u64 = 20;
const SEND_TIMEOUT: u64 = 21;
const TCP: u64 = 6;
const NETLINK: u64 = 270;

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
        NETLINK => &named::NETLINK_OPTION,
        279 => &named::ALGORITHM_OPTION,
        _ => return None,
    })
}

fn value(view: &View<'_>) -> String {
    let (level, option) = (view.low(1), view.low(2));
    let address = view.register(3);
    let length = view.low(4);
    let known = option_values::known(view, level, option, address, length);
    known.unwrap_or_else(|| match (level, option) {
        (SOCKET, _) if length < 4 => text::pointer(address),
        (NETLINK, _) if length < 4 => text::pointer(address),
        (SOCKET, RECEIVE_TIMEOUT..=SEND_TIMEOUT) => view.data(address, length),
        (SOCKET, known) if view.int(4) > 0 && named::SOCKET_OPTION.name(known).is_some() => {
            view.pointed_int(address)
        }
        _ if length == 4 => view.pointed_int(address),
        _ if length == 0 || view.int(4) < 0 => text::pointer(address),
        _ => view.data(address, length),
    })
}
