//! Making sockets and naming their ends.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::prototype::argument;
use super::text;
use super::view::View;
use super::{addresses, files};

/// socket(2): the kind stands below the flags.
pub(super) const KIND: u64 = 0xf;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "socket" => made(view).into(),
        "socketpair" => {
            let [family, kind, _] = made(view);
            vec![family, kind, argument(view, 2), view.pointer(3)]
        }
        "connect" | "bind" => vec![
            argument(view, 0),
            addresses::plain(view, view.register(1), view.int(2)),
            argument(view, 2),
        ],
        "accept" | "accept4" => {
            let mut all = vec![argument(view, 0), view.pointer(1)];
            all.push(view.pointed_int(view.register(2)));
            if view.name == "accept4" {
                all.push(argument(view, 3));
            }
            all
        }
        "pipe" => vec![view.pointer(0)],
        "pipe2" => files::arguments(view)?,
        _ => return None,
    })
}

fn made(view: &View<'_>) -> [String; 3] {
    let family = view.low(0);
    [
        named::FAMILY.choice(family),
        kind(view.low(1)),
        protocol(family, view.low(2)),
    ]
}

fn kind(value: u64) -> String {
    let Some(kind) = named::SOCKET_TYPE.name(value & KIND) else {
        return match value & KIND {
            0 => named::SOCKET_FLAGS.flags(value),
            _ => named::SOCKET_TYPE.unknown(value),
        };
    };
    match value & !KIND {
        0 => kind,
        flags => format!("{kind}|{}", named::SOCKET_FLAGS.flags(flags)),
    }
}

fn protocol(family: u64, protocol: u64) -> String {
    match family {
        2 | 10 => named::PROTOCOL.choice(protocol),
        16 => named::NETLINK.choice(protocol),
        17 => packet_protocol(protocol),
        29 => named::CAN_PROTOCOL.choice(protocol),
        31 => named::BLUETOOTH.choice(protocol),
        _ => format!("{}", text::signed(protocol)),
    }
}

/// packet(7): a protocol of include/uapi/linux/if_ether.h, in network order.
fn packet_protocol(protocol: u64) -> String {
    let order = u16::try_from(protocol).unwrap_or(0).swap_bytes();
    match order {
        0 => text::hex(protocol),
        order => format!("htons({})", named::ETHERNET_PROTOCOL.choice(order.into())),
    }
}
