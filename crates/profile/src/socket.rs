//! Connections that are passed on between a sandbox and its host (oz.md §5.6).

use std::net::IpAddr;
use std::num::NonZeroU16;

use crate::block::{Block, Field, Text};
use crate::diagnostic::Problem;
use crate::path;
use crate::report::Report;

/// The keys of an item of `networking.sockets`.
pub(crate) const KEYS: &[&str] = &["type", "proto", "port", "dport", "destination"];

/// A port.
pub type Port = NonZeroU16;

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The sandbox: connections go out.
    Client,
    /// The host: connections come in.
    Server,
}

const DIRECTIONS: [(&str, Direction); 2] =
    [("client", Direction::Client), ("server", Direction::Server)];

/// The type of an abstract Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnixType {
    /// `unix`
    Stream,
    /// `unixgram`
    Datagram,
    /// `unixpacket`
    SequentialPacket,
}

/// A host by address or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// A name, which the host resolves.
    Name(String),
}

/// A connection that is passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Socket {
    /// Oz's `tcp` and `udp`. A client listens at 127.0.0.1 inside and connects to the host, a server listens
    /// at the host and connects to 127.0.0.1 inside.
    Internet {
        /// Who listens.
        direction: Direction,
        /// Datagrams (`udp`), which Oz did not pass on.
        datagrams: bool,
        /// The port to listen at.
        port: Port,
        /// Where clients connect to, where a server listens; 127.0.0.1 unless said.
        destination: Host,
        /// The port to connect to.
        destination_port: Port,
    },
    /// Oz's `tcp2unix`: listens at 127.0.0.1 inside, connects to a socket of the host.
    TcpToUnix {
        /// The port to listen at.
        port: Port,
        /// The path of the socket.
        destination: String,
    },
    /// An abstract socket of the same name on both sides.
    Unix {
        /// Who listens.
        direction: Direction,
        /// Its type.
        kind: UnixType,
        /// Its name, without the `@`.
        name: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
    TcpToUnix,
    Unix(UnixType),
}

const PROTOCOLS: [(&str, Protocol); 6] = [
    ("tcp", Protocol::Tcp),
    ("udp", Protocol::Udp),
    ("tcp2unix", Protocol::TcpToUnix),
    ("unix", Protocol::Unix(UnixType::Stream)),
    ("unixgram", Protocol::Unix(UnixType::Datagram)),
    ("unixpacket", Protocol::Unix(UnixType::SequentialPacket)),
];

/// Reads `networking.sockets`.
pub(crate) fn read(items: Vec<Field<'_>>, report: &mut Report) -> Vec<Socket> {
    let items = items.into_iter();
    items.filter_map(|item| read_item(item, report)).collect()
}

fn read_item(item: Field<'_>, report: &mut Report) -> Option<Socket> {
    let block = Block::open(Some(item), KEYS, report);
    let direction = block.text("type", report);
    let direction = direction.and_then(|text| text.word(&DIRECTIONS, report));
    let protocol = block.text("proto", report);
    let protocol = protocol.and_then(|text| text.word(&PROTOCOLS, report));
    let ports = (port(&block, "port", report), port(&block, "dport", report));
    let destination = block.text("destination", report);
    block.missing("type", report);
    block.missing("proto", report);
    let (direction, protocol) = (direction?, protocol?);
    match protocol {
        Protocol::Tcp | Protocol::Udp => {
            let datagrams = protocol == Protocol::Udp;
            internet(&block, direction, datagrams, ports, destination, report)
        }
        Protocol::TcpToUnix => tcp_to_unix(&block, direction, ports, destination, report),
        Protocol::Unix(kind) => {
            unused(&block, &["port", "dport"], report);
            let name = abstract_name(&block, destination, report)?;
            Some(Socket::Unix {
                direction,
                kind,
                name,
            })
        }
    }
}

/// A port; none for 0, as in Oz.
fn port(block: &Block<'_>, key: &'static str, report: &mut Report) -> Option<Port> {
    let number = block.number(key, 0..=u64::from(u16::MAX), report)?;
    Port::new(u16::try_from(number).ok()?)
}

/// The port to listen at, which has to be there.
fn listening(block: &Block<'_>, port: Option<Port>, report: &mut Report) -> Option<Port> {
    if port.is_none() {
        match block.field("port") {
            Some(field) if field.is_empty() => {
                let high = u64::from(u16::MAX);
                field.error(report, Problem::OutOfRange { low: 1, high });
            }
            _ => block.missing("port", report),
        }
    }
    port
}

fn unused(block: &Block<'_>, keys: &[&'static str], report: &mut Report) {
    for key in keys {
        if let Some(field) = block.field(key).filter(|field| !field.is_empty()) {
            let why = "this protocol in this direction has no use for it";
            field.warning(report, Problem::NoEffect(why));
        }
    }
}

fn internet(
    block: &Block<'_>,
    direction: Direction,
    datagrams: bool,
    (port, destination_port): (Option<Port>, Option<Port>),
    destination: Option<Text<'_>>,
    report: &mut Report,
) -> Option<Socket> {
    let port = listening(block, port, report)?;
    if direction == Direction::Server {
        unused(block, &["dport"], report);
    }
    let destination_port = destination_port.filter(|_| direction == Direction::Client);
    Some(Socket::Internet {
        direction,
        datagrams,
        port,
        destination: match destination {
            Some(text) => host(&text, report)?,
            None => Host::Address(IpAddr::from([127, 0, 0, 1])),
        },
        destination_port: destination_port.unwrap_or(port),
    })
}

fn tcp_to_unix(
    block: &Block<'_>,
    direction: Direction,
    (port, _): (Option<Port>, Option<Port>),
    destination: Option<Text<'_>>,
    report: &mut Report,
) -> Option<Socket> {
    if direction == Direction::Server {
        let why = "tcp2unix goes from the sandbox to the host: the type must be client";
        block.error(report, Problem::Impossible(why));
    }
    unused(block, &["dport"], report);
    let port = listening(block, port, report);
    block.missing("destination", report);
    let destination = path::literal(&destination?, report)?;
    // sun_path of unix(7), with its NUL.
    const LONGEST: usize = 107;
    if destination.len() > LONGEST {
        let why = "a path of a socket has at most 107 bytes";
        block.error(report, Problem::Impossible(why));
    }
    Some(Socket::TcpToUnix {
        port: port?,
        destination,
    })
}

fn abstract_name(
    block: &Block<'_>,
    destination: Option<Text<'_>>,
    report: &mut Report,
) -> Option<String> {
    block.missing("destination", report);
    let text = destination?;
    let name = text.text.strip_prefix('@');
    // sun_path of unix(7), with the NUL that stands for the @.
    const LONGEST: usize = 107;
    match name.filter(|name| !name.is_empty() && name.len() <= LONGEST) {
        Some(name) => Some(name.into()),
        None => {
            let why = "is no abstract socket: @ and a name of at most 107 bytes";
            text.unfit(report, why, "");
            None
        }
    }
}

/// A host by address or by a name of letters, digits, hyphens and dots (RFC 1123).
pub(crate) fn host(text: &Text<'_>, report: &mut Report) -> Option<Host> {
    const LONGEST: usize = 253;
    if let Ok(address) = text.text.parse() {
        return Some(Host::Address(address));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_name = text.text.bytes().all(fits)
        && text.text.len() <= LONGEST
        && text.text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !is_name {
        text.unfit(report, "is neither an IP address nor a name of a host", "");
        return None;
    }
    Some(Host::Name(text.text.into()))
}
