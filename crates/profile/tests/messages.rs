//! Every message, as it is printed: FILE:LINE:COLUMN, what is wrong, and what to do about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use profile::{Loaded, Severity};
use support::problems;

/// What is said of members that stand behind `{"path": "/x",` in the second line.
fn of_members(members: &str) -> (Vec<String>, bool) {
    let (problems, usable) = problems(&format!("{{\"path\": \"/x\",\n{members}}}"));
    let strip = |problem: String| problem.strip_prefix("p.json:2:").map(String::from);
    let problems = problems
        .into_iter()
        .map(|problem| strip(problem.clone()).unwrap_or(problem));
    (problems.collect(), usable)
}

#[test]
fn text_that_is_no_json_is_an_error_at_its_place() {
    for (text, wanted) in [
        (
            "",
            "1:1: error: expected a value, found the end of the file",
        ),
        (
            "# x",
            "1:4: error: expected a value, found the end of the file",
        ),
        ("{", "1:2: error: expected a key, found the end of the file"),
        (
            "{\n\"a\":1,\n}",
            "3:1: error: expected a key, found '}'; there is no comma behind the last one",
        ),
        (
            "[1,]",
            "1:4: error: expected a value, found ']'; there is no comma behind the last one",
        ),
        ("[1 2]", "1:4: error: expected a comma or ], found '2'"),
        (
            "{\"a\":1 \"b\"",
            "1:8: error: expected a comma or }, found '\"'",
        ),
        ("{\"a\" 1}", "1:6: error: expected a colon, found '1'"),
        (
            "{'a':1}",
            "1:2: error: expected a key, found '\\''; strings have double quotes",
        ),
        (
            "{} x",
            "1:4: error: expected nothing behind the value, found 'x'",
        ),
        (
            "{} # x",
            "1:4: error: expected nothing behind the value, found '#'; a comment has a line of its own",
        ),
        (
            "// x\n{}",
            "1:1: error: expected a value, found '/'; comments begin with # and have a line of their own",
        ),
        ("nul", "1:1: error: expected a value, found 'n'"),
        (
            "-",
            "1:2: error: expected a digit, found the end of the file",
        ),
        (
            "01",
            "1:2: error: expected nothing behind the value, found '1'",
        ),
        (
            "{\"a\": \"x\n\"}",
            "1:9: error: the string has no end on its line",
        ),
        ("\"a", "1:3: error: the string has no end on its line"),
        (
            "\"\t\"",
            "1:2: error: a control character in a string: write \\u00XX",
        ),
        (
            "\"\\q\"",
            "1:2: error: no escape that JSON knows: write \\\\ for a backslash",
        ),
        (
            "\"\\u12x4\"",
            "1:3: error: \\u wants four hexadecimal digits",
        ),
        ("\"\\ud83d\"", "1:2: error: half of a pair of surrogates"),
        (
            "\"\\ud83d\\u0041\"",
            "1:2: error: half of a pair of surrogates",
        ),
        ("\"\\ude00\"", "1:2: error: half of a pair of surrogates"),
        ("[]", "1:1: error: must be an object, not a list"),
        (
            "\u{feff}{} x",
            "1:7: error: expected nothing behind the value, found 'x'",
        ),
        (
            "{\r\n\"a\": ]\r\n}",
            "2:6: error: expected a value, found ']'; there is no comma behind the last one",
        ),
    ] {
        let (problems, usable) = problems(text);
        assert_eq!(problems, [format!("p.json:{wanted}")], "{text:?}");
        assert!(!usable);
    }
}

#[test]
fn bytes_that_are_no_profile_at_all_are_an_error() {
    let of = |bytes: &[u8]| {
        let loaded = Loaded::read("p.json", bytes);
        assert!(loaded.profile.is_err());
        loaded.diagnostics[0].to_string()
    };
    assert_eq!(
        of(b"{\n\"\xff\"}"),
        "p.json:2:2: error: these bytes are not UTF-8"
    );
    let deep = [b"{\"path\": ", vec![b'['; 100].as_slice()].concat();
    assert_eq!(
        of(&deep),
        "p.json:1:42: error: values lie more than 32 deep in each other"
    );
    let large = vec![b' '; profile::MOST_BYTES + 1];
    assert_eq!(
        of(&large),
        "p.json:1:1: error: the file has more than 1048576 bytes"
    );
}

#[test]
fn a_program_that_there_cannot_be_is_an_error() {
    for (text, wanted) in [
        ("{}", "1:1: error: \"path\" is missing"),
        ("{\"path\": \"\"}", "1:1: error: \"path\" is missing"),
        ("{\"paths\": [\"/x\"]}", "1:1: error: \"name\" is missing"),
        (
            "{\"path\": \"x\"}",
            "1:10: error: path: \"x\" is not an absolute path",
        ),
        (
            "{\"path\": \"/a/../x\"}",
            "1:10: error: path: \"/a/../x\" has .. in it",
        ),
        (
            "{\"path\": \"/\"}",
            "1:10: error: path: \"/\" is the root directory",
        ),
        (
            "{\"path\": \"${HOME}/x\"}",
            "1:10: error: path: \"${HOME}/x\" has a variable, which means nothing here",
        ),
        (
            "{\"path\": \"/x\\u0000\"}",
            "1:10: error: path: \"/x\\0\" has a NUL, which no path and no argument can hold",
        ),
        (
            "{\"path\": \"/-x\"}",
            "1:1: error: the last name of \"path\" is no name of a host, so \"name\" has to be there",
        ),
        (
            "{\"path\": 5, \"name\": \"x\"}",
            "1:10: error: path: must be a string, not a number",
        ),
        (
            "{\"path\": \"/x\", \"PATH\": \"/y\"}",
            "1:16: error: path: given twice, first at 1:2",
        ),
    ] {
        let (problems, usable) = problems(text);
        assert_eq!(problems, [format!("p.json:{wanted}")], "{text:?}");
        assert!(!usable);
    }
    let long = format!("{{\"path\": \"/{}\"}}", "x".repeat(256));
    assert!(problems(&long).0[0].ends_with("has a name of more than 255 bytes"));
    let long = format!("{{\"path\": \"{}\"}}", "/xx".repeat(1366));
    assert!(problems(&long).0[0].ends_with("xx...\" has more than 4095 bytes"));
}

/// Members, what is said of them, and whether the profile can be used.
fn check(cases: &[(&str, &str)]) {
    for (members, wanted) in cases {
        let (problems, usable) = of_members(members);
        assert_eq!(problems.join("\n"), *wanted, "{members}");
        assert_eq!(usable, !wanted.contains(" error: "), "{members}");
    }
}

#[test]
fn what_is_wrong_with_keys_and_words_is_said() {
    const HOST: &str =
        "is no name of a host: at most 64 letters, digits, -, _, . and +, a letter or digit first";
    check(&[
        (
            r#""wihtelist": []"#,
            r#"1: warning: wihtelist: unknown key, ignored; did you mean "whitelist"?"#,
        ),
        (
            r#""zzz": 1, "_zzz": 1"#,
            "1: warning: zzz: unknown key, ignored",
        ),
        (
            r#""xserver": {"notifications": true}"#,
            r#"13: warning: xserver.notifications: unknown key, ignored; did you mean "enable_notifications"?"#,
        ),
        (
            r#""multi": "yes""#,
            "10: error: multi: must be true or false, not a string",
        ),
        (
            r#""watchdog": "x""#,
            "13: error: watchdog: must be a list, not a string",
        ),
        (
            r#""watchdog": ["a", null, "b/c"]"#,
            "19: error: watchdog[1]: must be a string, not null\n25: error: watchdog[2]: \"b/c\" is no name, because it has a /",
        ),
        (
            r#""whitelist": [7]"#,
            "15: error: whitelist[0]: must be an object, not a number",
        ),
        (
            r#""auto_shutdown": "Yes""#,
            r#"18: error: auto_shutdown: "Yes" is none of yes, no; did you mean "yes"?"#,
        ),
        (
            r#""auto_shutdown": "soft""#,
            r#"18: warning: auto_shutdown: no effect: "soft" never had a meaning; it is taken for "no", as in Oz"#,
        ),
        (
            r#""name": "a b""#,
            &format!("9: error: name: \"a b\" {HOST}"),
        ),
        (r#""name": ".x""#, &format!("9: error: name: \".x\" {HOST}")),
        (
            r#""paths": ["/x"]"#,
            "11: warning: paths[0]: no effect: the program is here before",
        ),
        (
            r#""xserver": {"pulseaudio": true}"#,
            r#"27: warning: xserver.pulseaudio: no effect: write "audio_mode": "pulseaudio""#,
        ),
        (
            r#""xserver": {"audio_mode": "loud"}"#,
            r#"27: error: xserver.audio_mode: "loud" is none of none, pulseaudio, speaker, full"#,
        ),
    ]);
}

#[test]
fn what_is_wrong_with_lists_of_files_and_variables_is_said() {
    check(&[
        (
            r#""whitelist": [{}]"#,
            "15: warning: whitelist[0]: no effect: the item has no path",
        ),
        (
            r#""blacklist": [{"_path": "/y"}]"#,
            "15: warning: blacklist[0]: no effect: the item has no path",
        ),
        (
            r#""blacklist": [{"path": "y"}]"#,
            "24: error: blacklist[0].path: \"y\" is not an absolute path",
        ),
        (
            r#""whitelist": [{"path": "/y", "target": "/z*"}]"#,
            "40: error: whitelist[0].target: \"/z*\" has a *, but is one place",
        ),
        (
            r#""whitelist": [{"path": "/y*", "can_create": true}]"#,
            "45: error: whitelist[0].can_create: can_create and a * in the path: there is no one directory to make",
        ),
        (
            r#""whitelist": [{"path": "${PATH}/y", "can_create": true}]"#,
            "51: error: whitelist[0].can_create: can_create makes directories below HOME alone",
        ),
        (
            r#""whitelist": [{"path": "/y", "allow_suid": true}]"#,
            "44: warning: whitelist[0].allow_suid: no effect: no_new_privs holds in every sandbox; the item is read_only, as in Oz",
        ),
        (
            r#""whitelist": [{"path": "/y", "allow_exec": true, "read_only": true}]"#,
            "44: warning: whitelist[0].allow_exec: no effect: what is read_only may be executed anyway",
        ),
        (
            r#""shared_folders": ["${HOME}/"]"#,
            "20: error: shared_folders[0]: \"${HOME}/\" is all of HOME, and a shared folder is below it",
        ),
        (
            r#""shared_folders": ["${HOME}/*"]"#,
            "20: error: shared_folders[0]: \"${HOME}/*\" has a *, but is one place",
        ),
        (
            r#""log_dir": "/l*""#,
            "12: error: log_dir: \"/l*\" has a *, but is one place",
        ),
        (
            r#""environment": [{"value": "x"}]"#,
            "17: error: environment[0]: \"name\" is missing",
        ),
        (
            r#""environment": [{"name": "A=B"}]"#,
            "26: error: environment[0].name: \"A=B\" is no name of a variable; its value has a key",
        ),
        (
            r#""environment": [{"name": "A"}, {"name": "A", "value": "1"}]"#,
            "32: warning: environment[1]: no effect: an earlier item sets this variable, the last counts",
        ),
    ]);
}

#[test]
fn what_is_wrong_with_a_path_is_said() {
    for (path, wanted) in [
        ("x", "is not an absolute path"),
        ("~/x", "is not an absolute path; write ${HOME}"),
        ("$HOME/x", "is not an absolute path; write ${HOME}"),
        ("${UID}/x", "is not an absolute path"),
        ("/", "is the root directory"),
        ("/..", "has .. in it"),
        ("${HOME}/../x", "has .. in it"),
        ("${HOME}x", "wants a / behind its first variable"),
        (
            "/x${HOME}",
            "has ${HOME}, ${PATH} or an XDG directory behind its beginning",
        ),
        (
            "/${XDG_DOWNLOAD_DIR}",
            "has ${HOME}, ${PATH} or an XDG directory behind its beginning",
        ),
        ("/${UID", "has a ${ without its }"),
        (
            "${HOEM}/x",
            "has a variable that Oz does not know; did you mean ${HOME}?",
        ),
        (
            "/${uid}",
            "has a variable that Oz does not know; did you mean ${UID}?",
        ),
        ("/${XDG__}", "has a variable that Oz does not know"),
        ("${PATH}", "wants one name behind ${PATH}/"),
        ("${PATH}/a/b", "wants one name behind ${PATH}/"),
        ("/[a*", "has a [ without its ]"),
        ("/[b-a]*", "has a range in [] that runs backwards"),
        ("/a*\\\\", "has a \\ with nothing behind it"),
    ] {
        let members = format!("\"blacklist\": [{{\"path\": \"{path}\"}}]");
        let (problems, usable) = of_members(&members);
        let path = path.replace("\\\\", "\\");
        let shown = path.escape_debug();
        let wanted = format!("24: error: blacklist[0].path: \"{shown}\" {wanted}");
        assert_eq!(problems, [wanted]);
        assert!(!usable);
    }
}

#[test]
fn what_is_wrong_with_the_network_is_said() {
    const UNUSED: &str = "no effect: the type of the network is not bridge";
    const HOST: &str =
        "it cannot hold in the host's network: the type of the network must be bridge";
    const VPN: &str = r#""vpn": {"type": "openvpn", "configpath": "a", "authfile": "b"}"#;
    check(&[
        (
            r#""networking": {"type": "brigde"}"#,
            r#"24: error: networking.type: "brigde" is none of empty, none, host, bridge; did you mean "bridge"?"#,
        ),
        (
            r#""networking": {"bridge": "clear"}"#,
            &format!("26: warning: networking.bridge: {UNUSED}"),
        ),
        (
            r#""networking": {"dns_mode": "pass"}"#,
            &format!("28: warning: networking.dns_mode: {UNUSED}"),
        ),
        (
            r#""networking": {"type": "bridge", "bridge": "1234567890abc"}"#,
            "44: error: networking.bridge: \"1234567890abc\" is no name of a bridge: 12 letters, digits, -, _ and . at most",
        ),
        (
            r#""networking": {"type": "bridge", "ip_byte": 1}"#,
            "45: error: networking.ip_byte: must be a whole number from 2 to 254",
        ),
        (
            r#""networking": {"type": "bridge", "ip_byte": 255}"#,
            "45: error: networking.ip_byte: must be a whole number from 0 to 254",
        ),
        (
            r#""networking": {"type": "bridge", "vpn": {"dns": ["::1"]}}"#,
            "41: error: networking.vpn: \"type\" is missing\n41: error: networking.vpn: \"configpath\" is missing\n41: error: networking.vpn: \"authfile\" is missing",
        ),
        (
            r#""networking": {"type": "bridge", "vpn": {"type": "openvpn", "configpath": "../a", "authfile": "b", "dns": ["x"]}}"#,
            "75: error: networking.vpn.configpath: \"../a\" is no file below openvpn_conf_dir\n108: error: networking.vpn.dns[0]: \"x\" is no IP address",
        ),
        (
            &format!("\"networking\": {{\"type\": \"host\", {VPN}}}"),
            &format!("39: error: networking.vpn: {HOST}"),
        ),
        (
            &format!("\"networking\": {{{VPN}}}"),
            &format!("23: warning: networking.vpn: {UNUSED}"),
        ),
        (
            r#""firewall": [{"dst_host": "a.b"}]"#,
            &format!("13: warning: firewall: {UNUSED}"),
        ),
        (
            r#""firewall": [{"dst_host": "a.b"}], "networking": {"type": "host"}"#,
            &format!("13: error: firewall: {HOST}"),
        ),
        (
            r#""firewall": [{"dst_host": "a b", "dst_port": 65536}], "networking": {"type": "bridge"}"#,
            "27: error: firewall[0].dst_host: \"a b\" is neither an IP address nor a name of a host\n46: error: firewall[0].dst_port: must be a whole number from 0 to 65535",
        ),
        (
            r#""firewall": [{}], "networking": {"type": "bridge"}"#,
            "14: error: firewall[0]: \"dst_host\" is missing",
        ),
    ]);
}

#[test]
fn what_is_wrong_with_a_socket_is_said() {
    const UNUSED: &str = "no effect: this protocol in this direction has no use for it";
    for (socket, wanted) in [
        (
            r#""proto": "tcp", "port": 1"#,
            "29: error: networking.sockets[0]: \"type\" is missing",
        ),
        (
            r#""type": "client", "port": 1"#,
            "29: error: networking.sockets[0]: \"proto\" is missing",
        ),
        (
            r#""type": "client", "proto": "tcp""#,
            "29: error: networking.sockets[0]: \"port\" is missing",
        ),
        (
            r#""type": "client", "proto": "tcp", "port": 0"#,
            "72: error: networking.sockets[0].port: must be a whole number from 1 to 65535",
        ),
        (
            r#""type": "client", "proto": "tcp", "port": 65536"#,
            "72: error: networking.sockets[0].port: must be a whole number from 0 to 65535",
        ),
        (
            r#""type": "client", "proto": "tcp", "port": -1"#,
            "72: error: networking.sockets[0].port: must be a whole number from 0 to 65535",
        ),
        (
            r#""type": "client", "proto": "tcp", "port": "9050""#,
            "72: error: networking.sockets[0].port: must be a number, not a string",
        ),
        (
            r#""type": "client", "proto": "socket", "port": 1"#,
            r#"57: error: networking.sockets[0].proto: "socket" is none of tcp, udp, tcp2unix, unix, unixgram, unixpacket"#,
        ),
        (
            r#""type": "clinet", "proto": "tcp", "port": 1"#,
            r#"38: error: networking.sockets[0].type: "clinet" is none of client, server; did you mean "client"?"#,
        ),
        (
            r#""type": "server", "proto": "tcp", "port": 1, "dport": 2"#,
            &format!("84: warning: networking.sockets[0].dport: {UNUSED}"),
        ),
        (
            r#""type": "client", "proto": "unix", "port": 1, "destination": "@x""#,
            &format!("73: warning: networking.sockets[0].port: {UNUSED}"),
        ),
        (
            r#""type": "client", "proto": "unix", "destination": "/x""#,
            "80: error: networking.sockets[0].destination: \"/x\" is no abstract socket: @ and a name of at most 107 bytes",
        ),
        (
            r#""type": "client", "proto": "tcp2unix", "port": 1"#,
            "29: error: networking.sockets[0]: \"destination\" is missing",
        ),
        (
            r#""type": "server", "proto": "tcp2unix", "port": 1, "destination": "/x""#,
            "29: error: networking.sockets[0]: tcp2unix goes from the sandbox to the host: the type must be client",
        ),
        (
            r#""type": "client", "proto": "tcp", "port": 1, "destination": "a/b""#,
            "90: error: networking.sockets[0].destination: \"a/b\" is neither an IP address nor a name of a host",
        ),
    ] {
        check(&[(
            &format!("\"networking\": {{\"sockets\": [ {{{socket}}}]}}"),
            wanted,
        )]);
    }
    let long = "x".repeat(107);
    let socket = format!(
        r#""networking": {{"sockets": [{{"type": "client", "proto": "tcp2unix", "port": 1, "destination": "/{long}"}}]}}"#
    );
    let wanted = "28: error: networking.sockets[0]: a path of a socket has at most 107 bytes";
    check(&[(&socket, wanted)]);
    check(&[(
        r#""networking": {"type": "host", "sockets": [{"type": "client", "proto": "tcp", "port": 1}]}"#,
        "43: warning: networking.sockets: no effect: the type of the network is neither empty nor bridge",
    )]);
}

#[test]
fn what_is_wrong_with_filters_forwarders_and_limits_is_said() {
    const LIMIT: &str =
        "is no limit: a whole number, one with K, M, G or T behind it, or unlimited";
    const FORWARDER: &str = r#""name": "f", "extproto": "unix", "proto": "tcp""#;
    check(&[
        (
            r#""seccomp": {"mode": "whitelist", "enforce": true}"#,
            "12: error: seccomp: \"whitelist\" is missing",
        ),
        (
            r#""seccomp": {"mode": "blacklist"}"#,
            "12: warning: seccomp: no effect: without \"enforce\": true the filter is watched and stops nothing",
        ),
        (r#""seccomp": {"mode": "blacklist", "enforce": false}"#, ""),
        (
            r#""seccomp": {"train": true, "train_output": "x"}"#,
            "22: warning: seccomp.train: no effect: Oz ignores it, too: write \"mode\": \"train\"\n44: warning: seccomp.train_output: no effect: Oz ignores it, too: write \"mode\": \"train\"",
        ),
        (
            r#""seccomp": {"whitelist": "/a", "seccomp_whitelist": "/b"}"#,
            "53: error: seccomp.seccomp_whitelist: given twice, first at 2:26",
        ),
        (
            r#""seccomp": {"extradefs": ["a"]}"#,
            "27: error: seccomp.extradefs[0]: \"a\" is not an absolute path",
        ),
        (
            r#""external_forwarders": [{}]"#,
            "25: error: external_forwarders[0]: \"extproto\" is missing\n25: error: external_forwarders[0]: \"proto\" is missing\n25: error: external_forwarders[0]: \"targetport\" is missing\n25: error: external_forwarders[0]: \"name\" is missing",
        ),
        (
            &format!("\"external_forwarders\": [{{{FORWARDER}, \"targetport\": 0}}]"),
            "89: error: external_forwarders[0].targetport: must be a whole number from 1 to 65535",
        ),
        (
            &format!("\"external_forwarders\": [{{{FORWARDER}, \"targetport\": \"x\"}}]"),
            "89: error: external_forwarders[0].targetport: must be a whole number from 1 to 65535",
        ),
        (
            &format!(
                "\"external_forwarders\": [{{{FORWARDER}, \"targetport\": 1, \"dynamic\": true}}]"
            ),
            "89: warning: external_forwarders[0].targetport: no effect: the forwarder is dynamic: who asks names the port",
        ),
        (
            &format!(
                "\"external_forwarders\": [{{{FORWARDER}, \"dynamic\": true, \"addr\": \"x\"}}]"
            ),
            "100: warning: external_forwarders[0].addr: no effect: the socket has a place and a name of Oz's choice",
        ),
        (
            &format!(
                "\"external_forwarders\": [{{{FORWARDER}, \"dynamic\": true, \"targethost\": \"10.0.0.1\"}}]"
            ),
            "106: error: external_forwarders[0].targethost: \"10.0.0.1\" is no loopback address, as 127.0.0.1",
        ),
        (
            &format!(
                "\"external_forwarders\": [{{{FORWARDER}, \"dynamic\": true}}, {{{FORWARDER}, \"dynamic\": true}}]"
            ),
            "93: error: external_forwarders[1]: another forwarder has this name",
        ),
        (
            r#""limits": {"pids": 0}"#,
            "20: error: limits.pids: must be a whole number from 1 to 4194304",
        ),
        (
            r#""limits": {"memory": 0}"#,
            "22: error: limits.memory: must be a whole number from 1 to 18446744073709551615",
        ),
        (
            r#""limits": {"memory": "2g"}"#,
            &format!("22: error: limits.memory: \"2g\" {LIMIT}"),
        ),
        (
            r#""limits": {"memory": "99999999T"}"#,
            &format!("22: error: limits.memory: \"99999999T\" {LIMIT}"),
        ),
        (
            r#""limits": {"nofile": 1.5}"#,
            "22: error: limits.nofile: must be a whole number from 0 to 18446744073709551615",
        ),
        (
            r#""limits": {"nofile": true}"#,
            "22: error: limits.nofile: must be a number or a string, not true or false",
        ),
        (
            r#""limits": {"stack": ""}"#,
            &format!("21: error: limits.stack: \"\" {LIMIT}"),
        ),
        (
            r#""limits": {"user_namespaces": 4294967296}"#,
            "31: error: limits.user_namespaces: must be a whole number from 0 to 2147483647",
        ),
    ]);
}

#[test]
fn all_that_is_wrong_with_a_file_is_said_at_once_and_in_order() {
    let text = "{\"multi\": 1,\n\"name\": \"a b\",\n\"path\": \"x\",\n\"zzz\": 0,\n\"limits\": {\"pids\": 0}}";
    let (problems, usable) = problems(text);
    let places: Vec<&str> = problems.iter().map(|problem| &problem[..9]).collect();
    assert_eq!(
        places,
        [
            "p.json:1:",
            "p.json:2:",
            "p.json:3:",
            "p.json:4:",
            "p.json:5:"
        ]
    );
    assert!(!usable);
}

#[test]
fn a_file_with_thousands_of_mistakes_is_an_error_with_few_messages() {
    let many = "{\"x\": 1},".repeat(1000);
    let text = format!("{{\"path\": \"/x\", \"whitelist\": [{many} {{\"path\": \"x\"}}]}}");
    let loaded = Loaded::read("p.json", text.as_bytes());
    assert!(loaded.profile.is_err());
    assert_eq!(loaded.diagnostics.len(), 101);
    let last = loaded.diagnostics.last().unwrap();
    assert_eq!(
        last.to_string(),
        "p.json: error: 1901 more problems are not shown"
    );
    assert_eq!(last.severity, Severity::Error);
}

#[test]
fn foreign_text_stays_on_one_line_and_short() {
    let (problems, _) = problems("{\"path\": \"/x\", \"\\u001b[31m\\n\": 1}");
    assert_eq!(
        problems,
        ["p.json:1:16: warning: \\u{1b}[31m\\n: unknown key, ignored"]
    );
    let long = format!("{{\"path\": \"/x\", \"name\": \"{}\"}}", " ".repeat(10_000));
    assert!(support::problems(&long).0[0].len() < 250);
}
