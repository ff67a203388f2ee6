//! Ways into a sandbox that are opened on demand (oz.md §5.7).

use std::net::IpAddr;

use crate::block::{Block, Field, Text};
use crate::diagnostic::Problem;
use crate::json::Kind;
use crate::report::Report;
use crate::socket::Port;

/// The keys of an item of `external_forwarders`.
pub(crate) const KEYS: &[&str] = &[
    "name",
    "dynamic",
    "multi",
    "extproto",
    "proto",
    "addr",
    "targethost",
    "targetport",
    "socketowner",
];

/// A way in: a Unix socket of the host that leads to a TCP port of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalForwarder {
    /// What it is asked for by.
    pub name: String,
    /// Who asks names the port.
    pub dynamic: bool,
    /// It may be asked for more than once.
    pub multi: bool,
    /// The address inside, a loopback one.
    pub target_host: IpAddr,
    /// The port inside; always there unless `dynamic`.
    pub target_port: Option<Port>,
    /// Who owns the socket, instead of root.
    pub socket_owner: Option<String>,
}

/// Reads `external_forwarders`.
pub(crate) fn read(items: Vec<Field<'_>>, report: &mut Report) -> Vec<ExternalForwarder> {
    let mut forwarders: Vec<ExternalForwarder> = Vec::new();
    for item in items {
        let block = Block::open(Some(item), KEYS, report);
        let Some(forwarder) = read_item(&block, report) else {
            continue;
        };
        if forwarders.iter().any(|other| other.name == forwarder.name) {
            let problem = Problem::Impossible("another forwarder has this name");
            block.error(report, problem);
        }
        forwarders.push(forwarder);
    }
    forwarders
}

fn read_item(block: &Block<'_>, report: &mut Report) -> Option<ExternalForwarder> {
    let name = block.string("name", report);
    let dynamic = block.flag("dynamic", false, report);
    let multi = block.flag("multi", false, report);
    for (key, only) in [("extproto", "unix"), ("proto", "tcp")] {
        let text = block.text(key, report);
        let _ = text.and_then(|text| text.word(&[(only, ())], report));
        block.missing(key, report);
    }
    if block.string("addr", report).is_some() {
        if let Some(field) = block.field("addr") {
            let why = "the socket has a place and a name of Oz's choice";
            field.warning(report, Problem::NoEffect(why));
        }
    }
    let host = block.text("targethost", report);
    let target_host = match host {
        Some(text) => loopback(&text, report),
        None => Some(IpAddr::from([127, 0, 0, 1])),
    };
    let target_port = target_port(block, dynamic, report);
    let socket_owner = block.string("socketowner", report);
    block.missing("name", report);
    Some(ExternalForwarder {
        name: name?,
        dynamic,
        multi,
        target_host: target_host?,
        target_port,
        socket_owner,
    })
}

fn loopback(text: &Text<'_>, report: &mut Report) -> Option<IpAddr> {
    let address = text.text.parse::<IpAddr>().ok();
    let address = address.filter(IpAddr::is_loopback);
    if address.is_none() {
        text.unfit(report, "is no loopback address, as 127.0.0.1", "");
    }
    address
}

/// Oz has the port as a string; a number means the same.
fn target_port(block: &Block<'_>, dynamic: bool, report: &mut Report) -> Option<Port> {
    const HIGH: u64 = u16::MAX as u64;
    let field = block.field("targetport");
    let Some(field) = field.filter(|field| field.value.kind != Kind::Text(String::new())) else {
        if !dynamic {
            block.missing("targetport", report);
        }
        return None;
    };
    if dynamic {
        let problem = Problem::NoEffect("the forwarder is dynamic: who asks names the port");
        field.warning(report, problem);
    }
    let port = match &field.value.kind {
        Kind::Text(text) => text.parse().ok(),
        Kind::Number(number) => number.and_then(|number| u16::try_from(number).ok()),
        _ => None,
    };
    let port = port.and_then(Port::new);
    if port.is_none() {
        field.error(report, Problem::OutOfRange { low: 1, high: HIGH });
    }
    port
}
