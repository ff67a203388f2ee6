//! Every key: its value, its default, and a wrong type at its exact place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::{IpAddr, Ipv4Addr};

use profile::{
    AudioMode, AutoShutdown, BlacklistItem, Direction, DnsMode, EnvironmentVariable,
    ExternalForwarder, ExtraDefinitions, FirewallRule, Host, Limit, Limits, Loaded, NetworkType,
    Networking, PROFILE, PathPattern, Port, Profile, Resource, Seccomp, SeccompMode, Severity,
    Socket, UnixType, Vpn, WhitelistItem, XServer,
};
use support::profile;

/// All keys but two, with values that are no defaults. Case and comments as Oz has them.
const FULL: &str = r#"
# A comment, "with" things [ in it.
{ "Name": "full", "PATH": "//usr/bin/./full/"
, "paths": ["/usr/bin/other"], "default_params": ["--x", ""], "reject_user_args": true
	# Another.
, "auto_shutdown": "no", "watchdog": ["full", "helper"], "wrapper": "/usr/bin/torify", "multi": true
, "NoSysProc": true, "NoDefaults": true, "allow_files": true, "allowed_groups": ["debian-tor"]
, "log_dir": "${HOME}/logs", "_unused": [{"at": -1.5e3, "all": null}]
, "whitelist": [
	{"path": "${HOME}/.x-${UID}", "can_create": true, "allow_exec": true}
	, {"path": "/run/*.sock", "target": "/run/in", "symlink": "/run/link", "read_only": true, "ignore": true
		, "force": true, "no_follow": true}
]
, "blacklist": [{"path": "/run/secret", "no_follow": true}]
, "shared_folders": ["${XDG_DOWNLOAD_DIR}"]
, "xserver": {"enabled": true, "tray_icon": "/t.png", "window_icon": "/w.png", "enable_tray": true
	, "enable_notifications": true, "disable_clipboard": true, "audio_mode": "full", "border": true
	, "env": [{"name": "X", "value": "1"}]}
, "environment": [{"name": "SET", "value": "a=b"}, {"name": "COPIED"}, {"name": "EMPTY", "value": ""}]
, "networking": {"type": "bridge", "bridge": "clear", "ip_byte": 7, "dns_mode": "dhcp", "hosts": "1.2.3.4 h"
	, "vpn": {"type": "openvpn", "configpath": "a.ovpn", "authfile": "a.auth", "dns": ["::1"]}
	, "sockets": [
		{"type": "client", "proto": "tcp", "port": 1, "dport": 2, "destination": "example.org"}
		, {"type": "server", "proto": "udp", "port": 65535}
		, {"type": "client", "proto": "tcp2unix", "port": 3, "destination": "/run/s"}
		, {"type": "server", "proto": "unixgram", "destination": "@name"}
	]}
, "firewall": [{"whitelist": true, "dst_host": "10.0.0.1", "dst_port": 443}, {"dst_host": "a.b"}]
, "seccomp": {"mode": "whitelist", "enforce": true, "debug": true, "whitelist": "/w", "seccomp_blacklist": "/b"
	, "train_output": "${HOME}/learned", "extradefs": ["/d", "e/./f", "{inline}X = 1"]}
, "external_forwarders": [{"name": "f", "dynamic": false, "multi": true, "extproto": "unix", "proto": "tcp"
	, "targethost": "127.0.0.2", "targetport": "80", "socketowner": "tor"}]
, "limits": {"pids": 10, "memory": "2G", "user_namespaces": 5, "nofile": 64, "core": 0, "as": "unlimited"}
}
"#;

fn path(text: &str) -> PathPattern {
    text.parse().unwrap()
}

fn port(number: u16) -> Port {
    Port::new(number).unwrap()
}

fn variable(name: &str, value: Option<&str>) -> EnvironmentVariable {
    EnvironmentVariable {
        name: name.into(),
        value: value.map(String::from),
    }
}

fn plain_item(text: &str) -> WhitelistItem {
    WhitelistItem {
        path: path(text),
        target: None,
        symlink: None,
        read_only: false,
        can_create: false,
        ignore: false,
        force: false,
        no_follow: false,
        allow_exec: false,
    }
}

#[test]
fn what_a_program_is_arrives_where_it_belongs() {
    let profile = profile(FULL);
    let wanted = Profile {
        name: "full".into(),
        path: Some("/usr/bin/full".into()),
        paths: vec!["/usr/bin/other".into()],
        default_params: vec!["--x".into(), String::new()],
        reject_user_args: true,
        auto_shutdown: AutoShutdown::No,
        watchdog: vec!["full".into(), "helper".into()],
        wrapper: Some("/usr/bin/torify".into()),
        multi: true,
        no_sys_proc: true,
        no_defaults: true,
        allow_files: true,
        allowed_groups: vec!["debian-tor".into()],
        log_dir: Some(path("${HOME}/logs")),
        shared_folders: vec![path("${XDG_DOWNLOAD_DIR}")],
        blacklist: vec![BlacklistItem {
            path: path("/run/secret"),
            no_follow: true,
        }],
        // The other tests have these.
        whitelist: profile.whitelist.clone(),
        xserver: profile.xserver.clone(),
        environment: profile.environment.clone(),
        networking: profile.networking.clone(),
        firewall: profile.firewall.clone(),
        seccomp: profile.seccomp.clone(),
        external_forwarders: profile.external_forwarders.clone(),
        limits: profile.limits.clone(),
    };
    assert_eq!(profile, wanted);
    let programs: Vec<&str> = profile.programs().collect();
    assert_eq!(programs, ["/usr/bin/full", "/usr/bin/other"]);
}

#[test]
fn what_a_program_sees_arrives_where_it_belongs() {
    let profile = profile(FULL);
    let created = WhitelistItem {
        can_create: true,
        allow_exec: true,
        ..plain_item("${HOME}/.x-${UID}")
    };
    let pattern = WhitelistItem {
        target: Some(path("/run/in")),
        symlink: Some(path("/run/link")),
        read_only: true,
        ignore: true,
        force: true,
        no_follow: true,
        ..plain_item("/run/*.sock")
    };
    assert_eq!(profile.whitelist, [created, pattern]);
    let environment = [
        variable("SET", Some("a=b")),
        variable("COPIED", None),
        variable("EMPTY", None),
    ];
    assert_eq!(profile.environment, environment);
    let xserver = XServer {
        enabled: true,
        tray_icon: Some(path("/t.png")),
        window_icon: Some(path("/w.png")),
        enable_tray: true,
        enable_notifications: true,
        disable_clipboard: true,
        audio_mode: AudioMode::Full,
        border: true,
        environment: vec![variable("X", Some("1"))],
    };
    assert_eq!(profile.xserver, xserver);
}

#[test]
fn connections_arrive_where_they_belong() {
    let local = Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let sockets = [
        Socket::Internet {
            direction: Direction::Client,
            datagrams: false,
            port: port(1),
            destination: Host::Name("example.org".into()),
            destination_port: port(2),
        },
        Socket::Internet {
            direction: Direction::Server,
            datagrams: true,
            port: port(65535),
            destination: local,
            destination_port: port(65535),
        },
        Socket::TcpToUnix {
            port: port(3),
            destination: "/run/s".into(),
        },
        Socket::Unix {
            direction: Direction::Server,
            kind: UnixType::Datagram,
            name: "name".into(),
        },
    ];
    assert_eq!(profile(FULL).networking.sockets, sockets);
}

#[test]
fn the_network_arrives_where_it_belongs() {
    let profile = profile(FULL);
    let networking = Networking {
        network: NetworkType::Bridge,
        bridge: "clear".into(),
        vpn: Some(Vpn {
            configuration: "a.ovpn".into(),
            credentials: "a.auth".into(),
            dns: vec!["::1".parse().unwrap()],
        }),
        sockets: profile.networking.sockets.clone(),
        address_byte: Some(7),
        dns_mode: DnsMode::Dhcp,
        hosts: "1.2.3.4 h".into(),
    };
    assert_eq!(profile.networking, networking);
}

#[test]
fn the_walls_arrive_where_they_belong() {
    let profile = profile(FULL);
    let rules = [
        FirewallRule {
            allow: true,
            host: Host::Address("10.0.0.1".parse().unwrap()),
            port: Some(port(443)),
        },
        FirewallRule {
            allow: false,
            host: Host::Name("a.b".into()),
            port: None,
        },
    ];
    assert_eq!(profile.firewall, rules);
    let seccomp = Seccomp {
        mode: SeccompMode::Whitelist,
        enforce: true,
        debug: true,
        whitelist: Some("/w".into()),
        blacklist: Some("/b".into()),
        train_output: Some("${HOME}/learned".parse().unwrap()),
        extra_definitions: vec![
            ExtraDefinitions::File("/d".into()),
            ExtraDefinitions::File("e/f".into()),
            ExtraDefinitions::Inline("X = 1".into()),
        ],
    };
    assert_eq!(profile.seccomp, seccomp);
}

#[test]
fn what_is_let_in_and_how_much_it_uses_arrives_where_it_belongs() {
    let profile = profile(FULL);
    let forwarder = ExternalForwarder {
        name: "f".into(),
        dynamic: false,
        multi: true,
        target_host: "127.0.0.2".parse().unwrap(),
        target_port: Some(port(80)),
        socket_owner: Some("tor".into()),
    };
    assert_eq!(profile.external_forwarders, [forwarder]);
    let limits = Limits {
        pids: Some(10),
        memory: Some(2 << 30),
        user_namespaces: 5,
        resources: vec![
            (Resource::AddressSpace, Limit::Unlimited),
            (Resource::Core, Limit::Most(0)),
            (Resource::OpenFiles, Limit::Most(64)),
        ],
    };
    assert_eq!(profile.limits, limits);
}

#[test]
fn what_is_not_there_has_its_default() {
    let wanted = Profile {
        name: "x".into(),
        path: Some("/x".into()),
        ..Profile::default()
    };
    assert_eq!(profile(r#"{"path": "/x"}"#), wanted);
    assert_eq!(wanted.networking.bridge, "default");
    assert_eq!(wanted.networking.network, NetworkType::Empty);
    assert_eq!(wanted.auto_shutdown, AutoShutdown::Yes);
    assert_eq!(wanted.seccomp.mode, SeccompMode::Disabled);
    assert_eq!(wanted.xserver.audio_mode, AudioMode::None);
    assert_eq!(wanted.limits.user_namespaces, 0);
    let flags = [
        wanted.xserver.enabled,
        wanted.seccomp.enforce,
        wanted.reject_user_args,
        wanted.allow_files,
    ];
    assert_eq!(flags, [false; 4]);
    // An empty string and null are nothing, as in Oz.
    let nothing = r#"{"path": "/x", "name": "", "auto_shutdown": "", "paths": null, "xserver": null,
        "networking": {"type": "", "bridge": "", "ip_byte": 0}, "seccomp": {"mode": null, "whitelist": ""},
        "whitelist": [], "firewall": []}"#;
    assert_eq!(profile(nothing), wanted);
}

#[test]
fn what_could_keep_suid_cannot_be_written() {
    let text = r#"{"path": "/x", "whitelist": [{"path": "/y", "allow_suid": true}]}"#;
    let profile = Loaded::read("p.json", text.as_bytes()).profile.unwrap();
    assert!(profile.whitelist[0].read_only);
}

#[test]
fn a_socket_without_a_destination_is_one_of_this_machine() {
    let text = r#"{"path": "/x", "networking": {"sockets": [{"type":"client","proto":"tcp","port":9050}]}}"#;
    let wanted = Socket::Internet {
        direction: Direction::Client,
        datagrams: false,
        port: port(9050),
        destination: Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        destination_port: port(9050),
    };
    assert_eq!(profile(text).networking.sockets, [wanted]);
}

/// A profile in which a key has a value, and the line and column of the value.
fn with(block: &str, key: &str, value: &str) -> (String, usize, usize) {
    let line = format!("  \"{key}\": ");
    let column = line.len() + 1;
    let inner = format!("\n{line}{value}\n");
    let is_list = matches!(
        block,
        "whitelist"
            | "blacklist"
            | "environment"
            | "networking.sockets"
            | "firewall"
            | "external_forwarders"
    );
    let mut text = match is_list {
        true => format!("[{{{inner}}}]"),
        false => format!("{{{inner}}}"),
    };
    for name in block.rsplit('.').filter(|name| !name.is_empty()) {
        text = format!("{{\"{name}\": {text}}}");
    }
    (text, 2, column)
}

/// The way to a key as messages have it.
fn way(block: &str, key: &str) -> String {
    let (text, ..) = with(block, key, "0");
    match (block, text.contains('[')) {
        ("", _) => key.into(),
        (block, true) => format!("{block}[0].{key}"),
        (block, false) => format!("{block}.{key}"),
    }
}

#[test]
fn every_key_of_a_wrong_type_is_an_error_at_its_value() {
    let mut count = 0;
    for (block, keys) in PROFILE {
        for key in keys {
            let is_block = PROFILE.iter().any(|(name, _)| {
                *name == way(block, key) && !matches!(*name, "whitelist" | "blacklist" | "firewall")
            });
            let (text, line, column) = with(block, key, if is_block { "7" } else { "{}" });
            let loaded = Loaded::read("p.json", text.as_bytes());
            let found = loaded.diagnostics.iter().any(|diagnostic| {
                diagnostic.key == way(block, key)
                    && diagnostic.severity == Severity::Error
                    && (diagnostic.place.line, diagnostic.place.column) == (line, column)
            });
            assert!(found, "{text}\n{:?}", loaded.diagnostics);
            assert!(loaded.profile.is_err(), "{text}");
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
}

#[test]
fn keys_are_found_without_regard_to_case() {
    for (block, keys) in PROFILE {
        for key in keys {
            let odd: String = key
                .chars()
                .enumerate()
                .map(|(at, letter)| match at % 2 {
                    0 => letter.to_ascii_uppercase(),
                    _ => letter,
                })
                .collect();
            let (text, ..) = with(block, &odd, "[[]]");
            let loaded = Loaded::read("p.json", text.as_bytes());
            let way = way(block, key);
            let unknown = loaded
                .diagnostics
                .iter()
                .any(|diagnostic| diagnostic.to_string().contains("unknown key"));
            let known = loaded
                .diagnostics
                .iter()
                .any(|diagnostic| diagnostic.key.starts_with(&way));
            assert!(known && !unknown, "{text}\n{:?}", loaded.diagnostics);
        }
    }
    // Go's reader folds these two as well.
    let kelvin = "{\"path\": \"/x\", \"whiteli\u{17f}t\": [], \"networ\u{212a}ing\": {}}";
    profile(kelvin);
}
