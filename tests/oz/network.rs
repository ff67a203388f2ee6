//! What a cell sees of the network (oz.md §5.1).

use std::net::TcpListener;

use super::World;

fn network(kind: &str) -> String {
    format!("\"networking\": {{\"type\": \"{kind}\"}}")
}

const DEVICES: &str = "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '; cat /sys/class/net/lo/operstate /sys/class/net/lo/flags";

#[test]
fn an_empty_network_has_a_loopback_device_that_works_and_nothing_else() {
    let Some(world) = World::new() else { return };
    for keys in [network("empty"), String::new()] {
        assert_eq!(world.inside(&keys, DEVICES), "lo\nunknown\n0x9\n", "{keys}");
    }
    let script = "python3 -c 'import socket; s = socket.create_server((\"127.0.0.1\", 0)); \
        c = socket.create_connection(s.getsockname()); print(\"connected\")'";
    assert_eq!(world.inside(&network("empty"), script), "connected\n");
}

#[test]
fn the_loopback_device_of_no_network_is_down() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.inside(&network("none"), DEVICES), "lo\ndown\n0x8\n");
}

#[test]
fn a_server_of_the_host_is_reached_by_the_hosts_network_alone() {
    let Some(world) = World::new() else { return };
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let script = format!(
        "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))' 2>&1 | tail -n 1"
    );
    assert_eq!(world.inside(&network("host"), &script), "");
    for kind in ["empty", "none"] {
        let text = world.inside(&network(kind), &script);
        assert!(
            text.contains("refused") || text.contains("unreachable"),
            "{kind}: {text}"
        );
    }
}

#[test]
fn the_network_of_a_cell_is_another_one_unless_it_is_the_hosts() {
    let Some(world) = World::new() else { return };
    let host = std::fs::read_link("/proc/self/ns/net").unwrap();
    let host = format!("{}\n", host.display());
    for (kind, same) in [("empty", false), ("none", false), ("host", true)] {
        let inside = world.inside(&network(kind), "readlink /proc/self/ns/net");
        assert_eq!(inside == host, same, "{kind}");
    }
}

#[test]
fn abstract_sockets_belong_to_a_network() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    let name = format!("oz-test-{}", std::process::id());
    let run = |kind: &str| {
        world.profile(&format!("\"whitelist\": [{item}], {}", network(kind)));
        let script = format!(
            "\"$WORLD/attempts\" hear-name {name} >/dev/null & \
            while ! grep -q @{name} /proc/net/unix; do sleep 0.01; done; \
            \"$OZ\" run --user tester \"$PROFILE\" -- -c '/opt/attempts call-name {name}'; kill $! 2>/dev/null; wait"
        );
        world.script(&script).outcome().stdout
    };
    assert_eq!(run("empty"), "ECONNREFUSED\n");
    assert_eq!(run("none"), "ECONNREFUSED\n");
    // The host's network holds them, which the manual says.
    assert_eq!(run("host"), "done\n");
}

#[test]
fn what_cannot_be_had_yet_is_refused_by_name_and_can_be_done_without() {
    let Some(world) = World::new() else { return };
    for (name, keys) in [
        ("bridge", network("bridge")),
        ("xserver", r#""xserver": {"enabled": true}"#.into()),
        ("seccomp", r#""seccomp": {"mode": "blacklist", "enforce": true}"#.into()),
        ("sockets", r#""networking": {"type": "empty", "sockets": [{"type": "client", "proto": "tcp", "port": 9050}]}"#.into()),
    ] {
        let outcome = world.cell(&keys, "echo ran").outcome().status(125).stdout("");
        assert!(outcome.stderr.contains(&format!("--without {name} runs it without")), "{outcome:#?}");
        world.oz(&["--without", name], &["-c", "echo ran"]).outcome().succeeded().stdout("ran\n");
    }
}
