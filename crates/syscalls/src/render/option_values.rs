//! Values of socket options that are more than an int (socket(7), ip(7), ipv6(7), packet(7), tcp(7)).

use alloc::format;
use alloc::string::String;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::addresses::ip6;
use super::filters::{self, Purpose};
use super::view::View;
use super::{named, text};

const SOCKET: u64 = 1;
const LINGER: u64 = 13;
const RECEIVE_TIMEOUT: u64 = 20;
const SEND_TIMEOUT: u64 = 21;
const BIND_TO_DEVICE: u64 = 25;
const ATTACH_FILTER: u64 = 26;
const ATTACH_FILTER_TO_PORT: u64 = 51;
const IP: u64 = 0;
const ADD_MEMBERSHIP: u64 = 35;
const DROP_MEMBERSHIP: u64 = 36;
const IPV6: u64 = 41;
const ADD_MEMBERSHIP_6: u64 = 20;
const DROP_MEMBERSHIP_6: u64 = 21;
const TCP: u64 = 6;
const CONGESTION: u64 = 13;
const UPPER_PROTOCOL: u64 = 31;
const PACKET: u64 = 263;
const RECEIVE_RING: u64 = 5;
const SEND_RING: u64 = 13;

/// A value by what its option takes; nothing for options that take an int, or none that is known.
pub(super) fn known(
    view: &View<'_>,
    level: u64,
    option: u64,
    address: u64,
    length: u64,
) -> Option<String> {
    Some(match (level, option) {
        (SOCKET, BIND_TO_DEVICE) | (TCP, CONGESTION | UPPER_PROTOCOL) => view.data(address, length),
        (SOCKET, ATTACH_FILTER | ATTACH_FILTER_TO_PORT) => match length == program_size(view) {
            true => filters::program(view, address, Purpose::Socket),
            false => text::pointer(address),
        },
        (SOCKET, LINGER) => linger(view, address, length),
        (SOCKET, RECEIVE_TIMEOUT | SEND_TIMEOUT) if length >= 4 => {
            time(view, address, length).unwrap_or_else(|| view.data(address, length))
        }
        (IP, ADD_MEMBERSHIP | DROP_MEMBERSHIP) => group(view, address, length),
        (IPV6, ADD_MEMBERSHIP_6 | DROP_MEMBERSHIP_6) => group6(view, address, length),
        (PACKET, 1 | 2) => membership(view, address, length),
        (PACKET, RECEIVE_RING | SEND_RING) => ring(view, address, length),
        _ => return None,
    })
}

/// The size of `struct sock_fprog`.
fn program_size(view: &View<'_>) -> u64 {
    view.word().map_or(0, |word| 2 * word as u64)
}

/// `struct linger` (socket(7)).
fn linger(view: &View<'_>, address: u64, length: u64) -> String {
    match view.fixed::<8>(address).filter(|_| length >= 8) {
        Some(linger) => {
            let [on, seconds] = [0, 4].map(|at| text::i32_in(&linger, at));
            format!("{{l_onoff={on}, l_linger={seconds}}}")
        }
        None => text::pointer(address),
    }
}

/// `struct timeval`, where the length is that of two longs.
fn time(view: &View<'_>, address: u64, length: u64) -> Option<String> {
    let whole = view.word().is_some_and(|word| length == 2 * word as u64);
    whole.then(|| super::time::timeval(view, address))
}

/// `struct ip_mreq`, of which longer ones are continuations (ip(7)).
fn group(view: &View<'_>, address: u64, length: u64) -> String {
    let Some(group) = view.fixed::<8>(address).filter(|_| length >= 8) else {
        return text::pointer(address);
    };
    let [group, interface] =
        [0, 4].map(|at| Ipv4Addr::from(text::field(&group, at).unwrap_or([0; 4])));
    format!("{{imr_multiaddr=inet_addr(\"{group}\"), imr_interface=inet_addr(\"{interface}\")}}")
}

/// `struct ipv6_mreq` (ipv6(7)).
fn group6(view: &View<'_>, address: u64, length: u64) -> String {
    let Some(group) = view.fixed::<20>(address).filter(|_| length >= 20) else {
        return text::pointer(address);
    };
    let host = Ipv6Addr::from(text::field(&group, 0).unwrap_or([0; 16]));
    format!(
        "{{inet_pton(AF_INET6, \"{}\", &ipv6mr_multiaddr), ipv6mr_interface={}}}",
        ip6(host),
        text::u32_in(&group, 16)
    )
}

/// `struct packet_mreq` (packet(7)).
fn membership(view: &View<'_>, address: u64, length: u64) -> String {
    let Some(known) = view.fixed::<16>(address).filter(|_| length >= 16) else {
        return text::pointer(address);
    };
    let size = text::u16_in(&known, 6);
    let bytes = known.get(8..8 + usize::from(size).min(8));
    let bytes = bytes.unwrap_or_default().iter();
    format!(
        "{{mr_ifindex={}, mr_type={}, mr_alen={size}, mr_address={}}}",
        text::i32_in(&known, 0),
        named::PACKET_MEMBERSHIP.choice(text::u16_in(&known, 4).into()),
        text::joined(bytes.map(|byte| format!("{byte:02x}")), ":")
    )
}

/// `struct tpacket_req` (packet(7)).
fn ring(view: &View<'_>, address: u64, length: u64) -> String {
    let Some(ring) = view.fixed::<16>(address).filter(|_| length >= 16) else {
        return text::pointer(address);
    };
    let [block, blocks, frame, frames] = [0, 4, 8, 12].map(|at| text::u32_in(&ring, at));
    format!(
        "{{tp_block_size={block}, tp_block_nr={blocks}, tp_frame_size={frame}, tp_frame_nr={frames}}}"
    )
}
