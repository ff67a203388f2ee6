//! Random profiles, and profiles as text.

use profile::{
    AudioMode, AutoShutdown, BlacklistItem, Direction, DnsMode, EnvironmentVariable,
    ExternalForwarder, ExtraDefinitions, FirewallRule, Host, Limit, Limits, NetworkType,
    Networking, PathPattern, Port, Profile, Resource, Seccomp, SeccompMode, Socket, UnixType, Vpn,
    WhitelistItem, XServer,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const RESOURCES: [(&str, Resource); 10] = [
    ("as", Resource::AddressSpace),
    ("core", Resource::Core),
    ("cpu", Resource::ProcessorTime),
    ("data", Resource::Data),
    ("fsize", Resource::FileSize),
    ("memlock", Resource::LockedMemory),
    ("msgqueue", Resource::MessageQueues),
    ("nofile", Resource::OpenFiles),
    ("nproc", Resource::Processes),
    ("stack", Resource::Stack),
];

fn path() -> impl Strategy<Value = PathPattern> {
    "(/|\\$\\{HOME\\}/|\\$\\{XDG_DOWNLOAD_DIR\\}/)[a-zA-Z ü\"\\\\\n_.]{0,6}[a-z](/x-\\$\\{UID\\})?"
        .prop_map(|text| text.parse().unwrap())
}

fn literal() -> impl Strategy<Value = String> {
    "(/[a-zA-Z ü\"\t]{1,8}){1,3}"
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9][a-zA-Z0-9_.+-]{0,10}"
}

fn port() -> impl Strategy<Value = Port> {
    (1..=u16::MAX).prop_map(|number| Port::new(number).unwrap())
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        any::<std::net::IpAddr>().prop_map(Host::Address),
        "[a-z]{1,8}(\\.[a-z-]{1,5}){0,2}".prop_map(Host::Name),
    ]
}

fn environment() -> impl Strategy<Value = Vec<EnvironmentVariable>> {
    let values = vec(of("[^\0]{1,6}"), 0..4);
    values.prop_map(|values| {
        let numbered = values.into_iter().enumerate();
        let variables = numbered.map(|(at, value)| EnvironmentVariable {
            name: format!("V{at}"),
            value,
        });
        variables.collect()
    })
}

fn whitelist_item() -> impl Strategy<Value = WhitelistItem> {
    let paths = (path(), of(path()), of(path()));
    (paths, any::<[bool; 6]>()).prop_map(|((path, target, symlink), flags)| {
        let [read_only, can_create, ignore, force, no_follow, allow_exec] = flags;
        WhitelistItem {
            path,
            target,
            symlink,
            read_only,
            can_create,
            ignore,
            force,
            no_follow,
            allow_exec,
        }
    })
}

fn xserver() -> impl Strategy<Value = XServer> {
    let modes = vec![
        AudioMode::None,
        AudioMode::PulseAudio,
        AudioMode::Speaker,
        AudioMode::Full,
    ];
    (
        any::<[bool; 5]>(),
        of(path()),
        of(path()),
        select(modes),
        environment(),
    )
        .prop_map(|(flags, tray_icon, window_icon, audio_mode, environment)| {
            let [
                enabled,
                enable_tray,
                enable_notifications,
                disable_clipboard,
                border,
            ] = flags;
            XServer {
                enabled,
                tray_icon,
                window_icon,
                enable_tray,
                enable_notifications,
                disable_clipboard,
                audio_mode,
                border,
                environment,
            }
        })
}

fn socket() -> impl Strategy<Value = Socket> {
    let direction = || select(vec![Direction::Client, Direction::Server]);
    let kinds = vec![
        UnixType::Stream,
        UnixType::Datagram,
        UnixType::SequentialPacket,
    ];
    prop_oneof![
        (direction(), any::<bool>(), port(), host(), port()).prop_map(
            |(direction, datagrams, port, destination, other)| Socket::Internet {
                direction,
                datagrams,
                port,
                destination,
                destination_port: match direction {
                    Direction::Client => other,
                    Direction::Server => port,
                },
            }
        ),
        (port(), literal()).prop_map(|(port, destination)| Socket::TcpToUnix { port, destination }),
        (direction(), select(kinds), word()).prop_map(|(direction, kind, name)| Socket::Unix {
            direction,
            kind,
            name
        }),
    ]
}

fn networking() -> impl Strategy<Value = Networking> {
    let vpn = (
        "[a-z/]{0,5}[a-z]",
        "[a-z]{1,5}",
        vec(any::<std::net::IpAddr>(), 0..2),
    );
    let vpn = vpn.prop_map(|(configuration, credentials, dns)| Vpn {
        configuration,
        credentials,
        dns,
    });
    let types = vec![
        NetworkType::Empty,
        NetworkType::None,
        NetworkType::Host,
        NetworkType::Bridge,
    ];
    let modes = vec![DnsMode::None, DnsMode::Pass, DnsMode::Dhcp];
    (
        select(types),
        "[a-z]{1,12}",
        of(vpn),
        vec(socket(), 0..4),
        of(2..=254_u8),
        select(modes),
        "[^\0]{0,9}",
    )
        .prop_map(
            |(network, bridge, vpn, sockets, address_byte, dns_mode, hosts)| Networking {
                network,
                bridge,
                // In the host's network it is an error.
                vpn: vpn.filter(|_| network != NetworkType::Host),
                sockets,
                address_byte,
                dns_mode,
                hosts,
            },
        )
}

fn seccomp() -> impl Strategy<Value = Seccomp> {
    let modes = vec![
        SeccompMode::Disabled,
        SeccompMode::Whitelist,
        SeccompMode::Blacklist,
        SeccompMode::Train,
    ];
    let definitions = prop_oneof![
        literal().prop_map(ExtraDefinitions::File),
        "[^\0]{0,9}".prop_map(ExtraDefinitions::Inline),
    ];
    (
        select(modes),
        any::<[bool; 2]>(),
        literal(),
        of(literal()),
        of(literal().prop_map(|path| path.parse().unwrap())),
        vec(definitions, 0..3),
    )
        .prop_map(
            |(mode, [enforce, debug], whitelist, blacklist, train_output, extra_definitions)| {
                Seccomp {
                    mode,
                    enforce,
                    debug,
                    whitelist: Some(whitelist),
                    blacklist,
                    train_output,
                    extra_definitions,
                }
            },
        )
}

fn forwarders() -> impl Strategy<Value = Vec<ExternalForwarder>> {
    let one = (any::<bool>(), port(), of(word()));
    vec(one, 0..3).prop_map(|items| {
        let items = items.into_iter().enumerate();
        let forwarders = items.map(|(at, (dynamic, port, socket_owner))| ExternalForwarder {
            name: format!("f{at}"),
            dynamic,
            multi: !dynamic,
            target_host: "::1".parse().unwrap(),
            target_port: Some(port).filter(|_| !dynamic),
            socket_owner,
        });
        forwarders.collect()
    })
}

fn limits() -> impl Strategy<Value = Limits> {
    let limit = prop_oneof![any::<u64>().prop_map(Limit::Most), Just(Limit::Unlimited)];
    let resources = vec(of(limit), RESOURCES.len());
    (
        of(1..=4_194_304_u64),
        of(1..=u64::MAX),
        0..=0x7fff_ffff_u32,
        resources,
    )
        .prop_map(|(pids, memory, user_namespaces, limits)| {
            let named = RESOURCES.iter().zip(limits);
            Limits {
                pids,
                memory,
                user_namespaces,
                resources: named
                    .filter_map(|((_, resource), limit)| Some((*resource, limit?)))
                    .collect(),
            }
        })
}

/// A profile of which only the program is said.
fn program() -> impl Strategy<Value = Profile> {
    let lists = [0, 1].map(|_| vec(word(), 0..3));
    let words = (word(), of(literal()), lists, vec("[^\0]{0,6}", 0..3));
    (words, any::<[bool; 6]>()).prop_map(|(words, flags)| {
        let (name, wrapper, [watchdog, allowed_groups], default_params) = words;
        let shutdowns = [AutoShutdown::Yes, AutoShutdown::No];
        Profile {
            path: Some(format!("/usr/bin/{name}")),
            paths: vec![format!("/bin/{name}")],
            name,
            default_params,
            reject_user_args: flags[0],
            auto_shutdown: shutdowns[usize::from(flags[1])],
            watchdog,
            wrapper,
            multi: flags[2],
            no_sys_proc: flags[3],
            no_defaults: flags[4],
            allow_files: flags[5],
            allowed_groups,
            ..Profile::default()
        }
    })
}

fn hidden() -> impl Strategy<Value = BlacklistItem> {
    (path(), any::<bool>()).prop_map(|(path, no_follow)| BlacklistItem { path, no_follow })
}

fn rule() -> impl Strategy<Value = FirewallRule> {
    let rule = (any::<bool>(), host(), of(port()));
    rule.prop_map(|(allow, host, port)| FirewallRule { allow, host, port })
}

/// A profile with anything in it that may go together.
pub fn profile() -> impl Strategy<Value = Profile> {
    let lists = (
        vec(whitelist_item(), 0..4),
        vec(hidden(), 0..3),
        vec(rule(), 0..3),
    );
    let places = (vec(path(), 0..3), of(path()));
    let outside = (xserver(), environment(), networking(), forwarders());
    let all = (program(), lists, places, outside, seccomp(), limits());
    all.prop_map(|(program, lists, places, outside, seccomp, limits)| {
        let (whitelist, blacklist, rules) = lists;
        let (xserver, environment, networking, external_forwarders) = outside;
        // In the host's network they are an error.
        let is_host = networking.network == NetworkType::Host;
        Profile {
            log_dir: places.1,
            whitelist,
            blacklist,
            shared_folders: places.0,
            xserver,
            environment,
            firewall: if is_host { Vec::new() } else { rules },
            networking,
            seccomp,
            external_forwarders,
            limits,
            ..program
        }
    })
}

/// The profile as a file.
pub fn text(profile: &Profile) -> String {
    let paths =
        |paths: &[PathPattern]| -> Vec<String> { paths.iter().map(ToString::to_string).collect() };
    let document = json!({
        "name": profile.name,
        "path": profile.path,
        "paths": profile.paths,
        "default_params": profile.default_params,
        "reject_user_args": profile.reject_user_args,
        "auto_shutdown": match profile.auto_shutdown { AutoShutdown::Yes => "yes", AutoShutdown::No => "no" },
        "watchdog": profile.watchdog,
        "wrapper": profile.wrapper,
        "multi": profile.multi,
        "nosysproc": profile.no_sys_proc,
        "nodefaults": profile.no_defaults,
        "allow_files": profile.allow_files,
        "allowed_groups": profile.allowed_groups,
        "log_dir": profile.log_dir.as_ref().map(ToString::to_string),
        "whitelist": profile.whitelist.iter().map(item).collect::<Vec<_>>(),
        "blacklist": profile.blacklist.iter()
            .map(|item| json!({"path": item.path.as_str(), "no_follow": item.no_follow})).collect::<Vec<_>>(),
        "shared_folders": paths(&profile.shared_folders),
        "xserver": written_xserver(&profile.xserver),
        "environment": variables(&profile.environment),
        "networking": written_networking(&profile.networking),
        "firewall": profile.firewall.iter().map(|rule| json!({
            "whitelist": rule.allow, "dst_host": name_of(&rule.host), "dst_port": rule.port.map_or(0, Port::get),
        })).collect::<Vec<_>>(),
        "seccomp": written_seccomp(&profile.seccomp),
        "external_forwarders": profile.external_forwarders.iter().map(|forwarder| json!({
            "name": forwarder.name, "dynamic": forwarder.dynamic, "multi": forwarder.multi,
            "extproto": "unix", "proto": "tcp", "targethost": forwarder.target_host.to_string(),
            "targetport": forwarder.target_port.map(|port| port.to_string()), "socketowner": forwarder.socket_owner,
        })).collect::<Vec<_>>(),
        "limits": written_limits(&profile.limits),
    });
    serde_json::to_string_pretty(&document).unwrap()
}

fn item(item: &WhitelistItem) -> Value {
    json!({
        "path": item.path.as_str(),
        "target": item.target.as_ref().map(ToString::to_string),
        "symlink": item.symlink.as_ref().map(ToString::to_string),
        "read_only": item.read_only,
        "can_create": item.can_create,
        "ignore": item.ignore,
        "force": item.force,
        "no_follow": item.no_follow,
        "allow_exec": item.allow_exec,
    })
}

fn variables(variables: &[EnvironmentVariable]) -> Value {
    let variables = variables.iter();
    variables
        .map(|variable| json!({"name": variable.name, "value": variable.value}))
        .collect()
}

fn written_xserver(xserver: &XServer) -> Value {
    json!({
        "enabled": xserver.enabled,
        "tray_icon": xserver.tray_icon.as_ref().map(ToString::to_string),
        "window_icon": xserver.window_icon.as_ref().map(ToString::to_string),
        "enable_tray": xserver.enable_tray,
        "enable_notifications": xserver.enable_notifications,
        "disable_clipboard": xserver.disable_clipboard,
        "audio_mode": format!("{:?}", xserver.audio_mode).to_lowercase(),
        "border": xserver.border,
        "env": variables(&xserver.environment),
    })
}

fn name_of(host: &Host) -> String {
    match host {
        Host::Address(address) => address.to_string(),
        Host::Name(name) => name.clone(),
    }
}

fn written_networking(networking: &Networking) -> Value {
    json!({
        "type": format!("{:?}", networking.network).to_lowercase(),
        "bridge": networking.bridge,
        "vpn": networking.vpn.as_ref().map(|vpn| json!({
            "type": "openvpn", "configpath": vpn.configuration, "authfile": vpn.credentials,
            "dns": vpn.dns.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
        "sockets": networking.sockets.iter().map(written_socket).collect::<Vec<_>>(),
        "ip_byte": networking.address_byte,
        "dns_mode": format!("{:?}", networking.dns_mode).to_lowercase(),
        "hosts": networking.hosts,
    })
}

fn written_socket(socket: &Socket) -> Value {
    match socket {
        Socket::Internet {
            direction,
            datagrams,
            port,
            destination,
            destination_port,
        } => json!({
            "type": format!("{direction:?}").to_lowercase(),
            "proto": if *datagrams { "udp" } else { "tcp" },
            "port": port.get(),
            "dport": if *direction == Direction::Client { destination_port.get() } else { 0 },
            "destination": name_of(destination),
        }),
        Socket::TcpToUnix { port, destination } => json!({
            "type": "client", "proto": "tcp2unix", "port": port.get(), "destination": destination,
        }),
        Socket::Unix {
            direction,
            kind,
            name,
        } => json!({
            "type": format!("{direction:?}").to_lowercase(),
            "proto": match kind {
                UnixType::Stream => "unix",
                UnixType::Datagram => "unixgram",
                UnixType::SequentialPacket => "unixpacket",
            },
            "destination": format!("@{name}"),
        }),
    }
}

fn written_seccomp(seccomp: &Seccomp) -> Value {
    let definitions = seccomp
        .extra_definitions
        .iter()
        .map(|definitions| match definitions {
            ExtraDefinitions::File(path) => path.clone(),
            ExtraDefinitions::Inline(text) => format!("{{inline}}{text}"),
        });
    json!({
        "mode": format!("{:?}", seccomp.mode).to_lowercase(),
        "enforce": seccomp.enforce,
        "debug": seccomp.debug,
        "whitelist": seccomp.whitelist,
        "seccomp_blacklist": seccomp.blacklist,
        "train_output": seccomp.train_output.as_ref().map(PathPattern::as_str),
        "extradefs": definitions.collect::<Vec<_>>(),
    })
}

fn written_limits(limits: &Limits) -> Value {
    let mut written = Map::new();
    written.insert("pids".into(), json!(limits.pids));
    written.insert("memory".into(), json!(limits.memory));
    written.insert("user_namespaces".into(), json!(limits.user_namespaces));
    for (resource, limit) in &limits.resources {
        let mut names = RESOURCES.iter();
        let (key, _) = names.find(|(_, named)| named == resource).unwrap();
        let limit = match limit {
            Limit::Most(most) => json!(most),
            Limit::Unlimited => json!("unlimited"),
        };
        written.insert((*key).into(), limit);
    }
    Value::Object(written)
}
