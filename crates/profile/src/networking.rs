//! The network (oz.md §2.5, §5).

use std::net::IpAddr;

use crate::block::{Block, Field};
use crate::diagnostic::Problem;
use crate::report::Report;
use crate::socket::{self, Socket};

/// The keys of `networking`.
pub(crate) const KEYS: &[&str] = &[
    "type", "bridge", "vpn", "sockets", "ip_byte", "dns_mode", "hosts",
];

/// The keys of `networking.vpn`.
pub(crate) const VPN_KEYS: &[&str] = &["type", "configpath", "authfile", "dns"];

/// Which network a sandbox has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NetworkType {
    /// Its own, with nothing but a loopback device, which is up.
    #[default]
    Empty,
    /// Its own, with a loopback device that is down.
    None,
    /// The host's.
    Host,
    /// Its own, with a device on a bridge.
    Bridge,
}

const TYPES: [(&str, NetworkType); 4] = [
    ("empty", NetworkType::Empty),
    ("none", NetworkType::None),
    ("host", NetworkType::Host),
    ("bridge", NetworkType::Bridge),
];

/// Where names are resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DnsMode {
    /// As the whitelist has it.
    #[default]
    None,
    /// By the host's servers.
    Pass,
    /// By the servers that DHCP names.
    Dhcp,
}

const DNS_MODES: [(&str, DnsMode); 3] = [
    ("none", DnsMode::None),
    ("pass", DnsMode::Pass),
    ("dhcp", DnsMode::Dhcp),
];

/// A tunnel for all that leaves a bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpn {
    /// OpenVPN's configuration, from `openvpn_conf_dir` on.
    pub configuration: String,
    /// The file with name and password, from `openvpn_conf_dir` on.
    pub credentials: String,
    /// Name servers.
    pub dns: Vec<IpAddr>,
}

/// The block `networking`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networking {
    /// Which network.
    pub network: NetworkType,
    /// The name of the bridge; its device is `oz-` and this.
    pub bridge: String,
    /// The tunnel.
    pub vpn: Option<Vpn>,
    /// Connections that are passed on, in or out.
    pub sockets: Vec<Socket>,
    /// The last byte of the address on the bridge.
    pub address_byte: Option<u8>,
    /// Where names are resolved.
    pub dns_mode: DnsMode,
    /// What is put behind /etc/hosts.
    pub hosts: String,
}

impl Default for Networking {
    fn default() -> Networking {
        Networking {
            network: NetworkType::default(),
            bridge: BRIDGE.into(),
            vpn: None,
            sockets: Vec::new(),
            address_byte: None,
            dns_mode: DnsMode::default(),
            hosts: String::new(),
        }
    }
}

const BRIDGE: &str = "default";

/// Reads `networking`.
pub(crate) fn read(field: Option<Field<'_>>, report: &mut Report) -> Networking {
    let block = Block::open(field, KEYS, report);
    let network = block.word("type", &TYPES, report);
    let networking = Networking {
        network,
        bridge: bridge(&block, report).unwrap_or_else(|| BRIDGE.into()),
        vpn: vpn(block.field("vpn"), report),
        sockets: {
            let items = block.items("sockets", report);
            socket::read(items, report)
        },
        address_byte: address_byte(&block, report),
        dns_mode: block.word("dns_mode", &DNS_MODES, report),
        hosts: block.string("hosts", report).unwrap_or_default(),
    };
    check(&block, &networking, report);
    networking
}

fn bridge(block: &Block<'_>, report: &mut Report) -> Option<String> {
    // IFNAMSIZ (linux/if.h) without the NUL and without "oz-".
    const LONGEST: usize = 12;
    let name = block.text("bridge", report)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.text.len() > LONGEST || !name.text.bytes().all(fits) {
        let why = "is no name of a bridge: 12 letters, digits, -, _ and . at most";
        name.unfit(report, why, "");
        return None;
    }
    Some(name.text.into())
}

/// Oz takes 0 for nothing; 1 is the bridge itself, 255 all of its network.
fn address_byte(block: &Block<'_>, report: &mut Report) -> Option<u8> {
    const LAST: u64 = 254;
    let byte = block.number("ip_byte", 0..=LAST, report)?;
    if let Some(field) = block.field("ip_byte").filter(|_| byte == 1) {
        field.error(report, Problem::OutOfRange { low: 2, high: LAST });
    }
    u8::try_from(byte).ok().filter(|byte| *byte > 1)
}

fn vpn(field: Option<Field<'_>>, report: &mut Report) -> Option<Vpn> {
    field.as_ref()?;
    let block = Block::open(field, VPN_KEYS, report);
    let kind = block.text("type", report);
    let asked = kind.and_then(|kind| kind.word(&[("openvpn", ())], report));
    let configuration = file(&block, "configpath", report);
    let credentials = file(&block, "authfile", report);
    let mut dns = Vec::new();
    for server in block.texts("dns", report) {
        match server.text.parse() {
            Ok(address) => dns.push(address),
            Err(_) => server.unfit(report, "is no IP address", ""),
        }
    }
    if asked.is_none() {
        block.missing("type", report);
        return None;
    }
    for key in ["configpath", "authfile"] {
        block.missing(key, report);
    }
    Some(Vpn {
        configuration: configuration?,
        credentials: credentials?,
        dns,
    })
}

/// A file below a directory of the configuration.
fn file(block: &Block<'_>, key: &'static str, report: &mut Report) -> Option<String> {
    let path = block.text(key, report)?;
    let names = || path.text.split('/');
    if names().any(|name| name == "..") || names().all(|name| matches!(name, "" | ".")) {
        path.unfit(report, "is no file below openvpn_conf_dir", "");
        return None;
    }
    Some(path.text.into())
}

/// What goes with one type of network alone.
fn check(block: &Block<'_>, networking: &Networking, report: &mut Report) {
    let network = networking.network;
    for key in ["bridge", "ip_byte", "dns_mode"] {
        let field = block.field(key).filter(|_| network != NetworkType::Bridge);
        if let Some(field) = field.filter(|field| !field.is_empty()) {
            let problem = Problem::NoEffect("the type of the network is not bridge");
            field.warning(report, problem);
        }
    }
    if let Some(field) = block.field("vpn").filter(|_| networking.vpn.is_some()) {
        needs_bridge(&field, network, report);
    }
    let without = matches!(network, NetworkType::Host | NetworkType::None);
    if let Some(field) = block.field("sockets").filter(|_| without) {
        if !networking.sockets.is_empty() {
            let why = "the type of the network is neither empty nor bridge";
            field.warning(report, Problem::NoEffect(why));
        }
    }
}

/// Reports what holds on a bridge alone. In the host's network it would silently not protect.
pub(crate) fn needs_bridge(field: &Field<'_>, network: NetworkType, report: &mut Report) {
    match network {
        NetworkType::Bridge => {}
        NetworkType::Host => {
            let why =
                "it cannot hold in the host's network: the type of the network must be bridge";
            field.error(report, Problem::Impossible(why));
        }
        NetworkType::Empty | NetworkType::None => {
            let problem = Problem::NoEffect("the type of the network is not bridge");
            field.warning(report, problem);
        }
    }
}
