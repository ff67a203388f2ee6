//! Addresses of sockets (`struct sockaddr`, address families in section 7 of the manual).

use alloc::format;
use alloc::string::String;
use core::net::{Ipv4Addr, Ipv6Addr};

use super::named;
use super::text;
use super::view::View;

/// The kernel takes no longer one (`struct sockaddr_storage`).
const LONGEST: usize = 128;

/// An address as its family has it.
pub(super) enum Address {
    Ip4 {
        port: u16,
        host: Ipv4Addr,
    },
    Ip6 {
        port: u16,
        flow: u32,
        host: Ipv6Addr,
        /// Older, shorter addresses have none.
        scope: Option<u32>,
    },
    /// A path up to its zero byte, which is empty for a socket without a name.
    Path(alloc::vec::Vec<u8>),
    /// A name outside the file system.
    Abstract(alloc::vec::Vec<u8>),
    Netlink {
        port: u32,
        groups: u32,
    },
    /// Another family, or too short for its own.
    Other {
        family: u16,
        data: alloc::vec::Vec<u8>,
    },
}

/// The address that a call was given, where it can be read.
pub(super) fn address(view: &View<'_>, address: u64, length: i32) -> Option<Address> {
    let length = usize::try_from(length).ok().filter(|&length| length >= 2)?;
    let bytes = view.bytes(address, length.min(LONGEST))?;
    let family = text::u16_in(&bytes, 0);
    let port = text::field(&bytes, 2).map_or(0, u16::from_be_bytes);
    let rest = bytes.get(2..).unwrap_or_default();
    Some(match (family, bytes.len()) {
        (1, _) => unix(rest),
        (2, 16..) => Address::Ip4 {
            port,
            host: Ipv4Addr::from(text::field(&bytes, 4).unwrap_or([0; 4])),
        },
        (10, size @ 24..) => Address::Ip6 {
            port,
            flow: text::field(&bytes, 4).map_or(0, u32::from_be_bytes),
            host: Ipv6Addr::from(text::field(&bytes, 8).unwrap_or([0; 16])),
            scope: (size >= 28).then(|| text::u32_in(&bytes, 24)),
        },
        (16, 12..) => Address::Netlink {
            port: text::u32_in(&bytes, 4),
            groups: text::u32_in(&bytes, 8),
        },
        _ => Address::Other {
            family,
            data: rest.into(),
        },
    })
}

/// unix(7): a path ends at its zero byte, an abstract name has the length that is given.
fn unix(path: &[u8]) -> Address {
    match path.split_first() {
        Some((0, name)) => Address::Abstract(name.into()),
        _ => {
            let end = path.iter().position(|&byte| byte == 0);
            let path = path.get(..end.unwrap_or(path.len()));
            Address::Path(path.unwrap_or_default().into())
        }
    }
}

/// As strace writes it.
pub(super) fn plain(view: &View<'_>, place: u64, length: i32) -> String {
    let Some(address) = address(view, place, length) else {
        return text::pointer(place);
    };
    let fields = match address {
        Address::Ip4 { port, host } => {
            format!("AF_INET, sin_port=htons({port}), sin_addr=inet_addr(\"{host}\")")
        }
        Address::Ip6 {
            port,
            flow,
            host,
            scope,
        } => {
            let host = ip6(host);
            let scope = scope.map_or(String::new(), |scope| format!(", sin6_scope_id={scope}"));
            format!(
                "AF_INET6, sin6_port=htons({port}), sin6_flowinfo=htonl({flow}), \
                 inet_pton(AF_INET6, \"{host}\", &sin6_addr){scope}"
            )
        }
        Address::Path(path) if path.is_empty() => "AF_UNIX".into(),
        Address::Path(path) => format!("AF_UNIX, sun_path={}", text::quoted(&path)),
        Address::Abstract(name) => format!("AF_UNIX, sun_path=@{}", text::quoted(&name)),
        Address::Netlink { port, groups } => {
            let groups = match groups {
                0 => "00000000".into(),
                groups => format!("{groups:#08x}"),
            };
            format!("AF_NETLINK, nl_pid={port}, nl_groups={groups}")
        }
        Address::Other { family, data } => {
            rarer(family, &data).unwrap_or_else(|| bare(family, &data))
        }
    };
    format!("{{sa_family={fields}}}")
}

fn bare(family: u16, data: &[u8]) -> String {
    let family = named::FAMILY.choice(family.into());
    match data.is_empty() {
        true => family,
        false => format!("{family}, sa_data={}", text::quoted(data)),
    }
}

/// Families that few programs use, where an address is as long as theirs.
fn rarer(family: u16, data: &[u8]) -> Option<String> {
    match (family, data.len()) {
        (17, 18..) => Some(packet(data)),
        (38, 86..) => Some(algorithm(data)),
        (40, 14..) => Some(machine(data)),
        _ => None,
    }
}

/// `struct sockaddr_ll` behind its family (packet(7)).
fn packet(data: &[u8]) -> String {
    let protocol = text::field(data, 0).map_or(0, u16::from_be_bytes);
    let kind = named::PACKET_KIND.choice(data.get(8).copied().unwrap_or(0).into());
    let length = data.get(9).copied().unwrap_or(0);
    let shown = data.get(10..10 + usize::from(length).min(8));
    let bytes = shown
        .unwrap_or_default()
        .iter()
        .map(|byte| format!("{byte:#x}"));
    let more = (length > 8).then(|| "...".into());
    let hardware = match length {
        0 => String::new(),
        _ => format!(", sll_addr=[{}]", text::list(bytes.chain(more))),
    };
    format!(
        "AF_PACKET, sll_protocol=htons({}), sll_ifindex={}, sll_hatype={}, sll_pkttype={kind}, \
         sll_halen={length}{hardware}",
        named::ETHERNET_PROTOCOL.choice(protocol.into()),
        text::i32_in(data, 2),
        named::HARDWARE.choice(text::u16_in(data, 6).into()),
    )
}

/// `struct sockaddr_alg` behind its family (include/uapi/linux/if_alg.h).
fn algorithm(data: &[u8]) -> String {
    let name = |at: usize, most: usize| {
        let bytes = data.get(at..at + most).unwrap_or_default();
        let end = bytes
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(bytes.len());
        text::quoted(bytes.get(..end).unwrap_or_default())
    };
    let bits = |at| match text::u32_in(data, at) {
        0 => String::from("0"),
        bits => format!("{bits:#x} /* CRYPTO_ALG_??? */"),
    };
    format!(
        "AF_ALG, salg_type={}, salg_feat={}, salg_mask={}, salg_name={}",
        name(0, 14),
        bits(14),
        bits(18),
        name(22, 64)
    )
}

/// `struct sockaddr_vm` behind its family (vsock(7)).
fn machine(data: &[u8]) -> String {
    let number = u64::from(text::u32_in(data, 6));
    let number = named::VSOCK_NUMBER
        .name(number)
        .unwrap_or_else(|| text::hex(number));
    let port = match text::u32_in(data, 2) {
        u32::MAX => "VMADDR_PORT_ANY".into(),
        port => text::hex(port.into()),
    };
    let flags = match data.get(10).copied().unwrap_or(0) {
        1 => "VMADDR_FLAG_TO_HOST".into(),
        flags => text::hex(flags.into()),
    };
    format!("AF_VSOCK, svm_cid={number}, svm_port={port}, svm_flags={flags}")
}

/// As inet_ntop(3) has it, which shows old compatible addresses as IPv4 ones too.
pub(super) fn ip6(host: Ipv6Addr) -> String {
    match host.octets() {
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, rest @ ..] if rest[0] != 0 || rest[1] != 0 => {
            format!("::{}", Ipv4Addr::from(rest))
        }
        _ => format!("{host}"),
    }
}
