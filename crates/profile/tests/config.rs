//! oz.conf: values, defaults, mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use profile::{CONFIG, Config, EnvironmentVariable};

fn read(text: &str) -> Config {
    let (config, warnings) = Config::read("oz.conf", text.as_bytes()).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    config
}

/// What is said of a text, and whether it is a configuration nevertheless.
fn problems(text: &str) -> (Vec<String>, bool) {
    let (diagnostics, usable) = match Config::read("oz.conf", text.as_bytes()) {
        Ok((_, warnings)) => (warnings, true),
        Err(problems) => (problems, false),
    };
    let problems = diagnostics.iter().map(ToString::to_string);
    (problems.collect(), usable)
}

#[test]
fn without_a_file_everything_has_its_default() {
    let config = read("{}");
    assert_eq!(config, Config::default());
    assert_eq!(config.profile_dir, "/var/lib/oz/cells.d");
    assert_eq!(config.shell_path, "/bin/bash");
    assert_eq!(config.prefix_path, "/usr/local");
    assert_eq!(config.etc_prefix, "/etc/oz");
    assert_eq!(config.sandbox_path, "/srv/oz");
    assert_eq!(config.openvpn_run_path, "/var/run/openvpn");
    assert_eq!(config.openvpn_conf_dir, "/var/lib/oz/openvpn");
    assert_eq!(config.openvpn_group, "oz-openvpn");
    assert_eq!(config.route_table_base, 8000);
    assert_eq!(config.nm_ignore_file, "/etc/NetworkManager/conf.d/oz.conf");
    assert_eq!(
        (config.divert_suffix.as_str(), config.divert_path),
        ("", true)
    );
    let off = [
        config.use_full_dev,
        config.allow_root_shell,
        config.enable_ephemerals,
    ];
    assert_eq!((off, config.log_xpra), ([false; 3], true));
}

#[test]
fn without_a_file_sandboxes_get_what_oz_gives_them() {
    let config = read("{}");
    assert_eq!(config.default_groups, ["audio", "video"]);
    let names: Vec<&str> = config
        .environment_vars
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(
        names.join(" "),
        "USER USERNAME LOGNAME LANG LANGUAGE _ TZ XDG_SESSION_TYPE XDG_RUNTIME_DIR XDG_DATA_DIRS XDG_SEAT \
         XDG_SESSION_ID GNOME_DESKTOP_SESSION_ID"
    );
    let set: Vec<String> = config
        .environment_vars
        .into_iter()
        .filter_map(|one| one.value)
        .collect();
    assert_eq!(set, ["UTC", "this-is-deprecated"]);
    assert_eq!(config.etc_includes.len(), 34);
    assert_eq!(config.etc_includes.last().unwrap(), "/etc/oz");
    assert!(
        config
            .etc_includes
            .contains(&"/etc/resolvconf/run/resolv.conf".into())
    );
    assert!(
        !config
            .etc_includes
            .iter()
            .any(|path| path.contains("shadow"))
    );
}

/// All keys, with values that are no defaults.
const FULL: &str = r#"{"Profile_Dir": "/p/", "shell_path": "/s", "prefix_path": "/usr", "etc_prefix": "/e"
# Oz has no comments here; they do no harm.
        , "sandbox_path": "/b", "openvpn_run_path": "/r", "openvpn_conf_dir": "/c", "openvpn_group": "g"
        , "route_table_base": 9000, "divert_suffix": "real", "divert_path": false, "nm_ignore_file": ""
        , "use_full_dev": true, "allow_root_shell": true, "log_xpra": false, "enable_ephemerals": true
        , "allow_user_namespaces": false
        , "environment_vars": ["A", "B=x=y", "C="], "default_groups": [], "etc_includes": ["/etc/own", "/etc/group"]}"#;

#[test]
fn every_key_arrives_where_it_belongs() {
    let config = read(FULL);
    let variable = |name: &str, value: Option<&str>| EnvironmentVariable {
        name: name.into(),
        value: value.map(String::from),
    };
    let wanted = Config {
        profile_dir: "/p".into(),
        shell_path: "/s".into(),
        prefix_path: "/usr".into(),
        etc_prefix: "/e".into(),
        sandbox_path: "/b".into(),
        openvpn_run_path: "/r".into(),
        openvpn_conf_dir: "/c".into(),
        openvpn_group: "g".into(),
        route_table_base: 9000,
        divert_suffix: "real".into(),
        divert_path: false,
        nm_ignore_file: String::new(),
        use_full_dev: true,
        allow_root_shell: true,
        log_xpra: false,
        enable_ephemerals: true,
        allow_user_namespaces: false,
        environment_vars: vec![
            variable("A", None),
            variable("B", Some("x=y")),
            variable("C", Some("")),
        ],
        default_groups: Vec::new(),
        etc_includes: config.etc_includes.clone(),
    };
    assert_eq!(config, wanted);
}

#[test]
fn what_is_given_of_etc_comes_first() {
    let config = read(FULL);
    // What is given comes first, Oz's list behind it, and nothing twice.
    assert_eq!(
        config.etc_includes[..3],
        ["/etc/own", "/etc/group", "/etc/alternatives"]
    );
    assert_eq!(config.etc_includes.len(), 35);
    assert_eq!(config.etc_includes.last().unwrap(), "/e");
}

#[test]
fn the_directory_of_the_file_is_visible_if_it_is_another_one() {
    let of = |file: &str| {
        let (config, _) = Config::read(file, b"{}").unwrap();
        config.etc_includes[33..].to_vec()
    };
    assert_eq!(of("/etc/oz/oz.conf"), ["/etc/oz"]);
    assert_eq!(of("/opt/oz/oz.conf"), ["/etc/oz", "/opt/oz"]);
    assert_eq!(of("oz.conf"), ["/etc/oz"]);
}

#[test]
fn diverted_programs_are_where_oz_puts_them() {
    for (text, wanted) in [
        ("{}", "/usr/bin-oz/foo"),
        (r#"{"divert_suffix": "unsafe"}"#, "/usr/bin-oz/foo.unsafe"),
        (r#"{"divert_path": false}"#, "/usr/bin/foo.unsafe"),
        (
            r#"{"divert_path": false, "divert_suffix": "x"}"#,
            "/usr/bin/foo.x",
        ),
    ] {
        assert_eq!(read(text).diverted("/usr/bin/foo"), wanted, "{text}");
    }
}

#[test]
fn every_key_of_a_wrong_type_is_an_error_at_its_value() {
    for key in CONFIG {
        let (problems, usable) = problems(&format!("{{\n \"{key}\": {{}}}}"));
        let start = format!("oz.conf:2:{}: error: {key}: must be ", key.len() + 6);
        assert!(problems[0].starts_with(&start), "{problems:?}");
        assert_eq!((problems.len(), usable), (1, false));
    }
}

/// Texts, and what is said of each.
const MISTAKES: &[(&str, &str)] = &[
    (
        r#"{"log_xpar": 1}"#,
        "1:2: warning: log_xpar: unknown key, ignored; did you mean \"log_xpra\"?",
    ),
    (
        r#"{"bridge_mac": 1}"#,
        "1:2: warning: bridge_mac: unknown key, ignored",
    ),
    (
        r#"{"shell_path": "bash"}"#,
        "1:16: error: shell_path: \"bash\" is not an absolute path",
    ),
    (
        r#"{"nm_ignore_file": "x"}"#,
        "1:20: error: nm_ignore_file: \"x\" is not an absolute path",
    ),
    (
        r#"{"divert_suffix": "a/b"}"#,
        "1:19: error: divert_suffix: \"a/b\" is no name, because it has a /",
    ),
    (
        r#"{"route_table_base": 255}"#,
        "1:22: error: route_table_base: must be a whole number from 256 to 2147483648",
    ),
    (
        r#"{"environment_vars": ["=x"]}"#,
        "1:23: error: environment_vars[0]: \"=x\" has no name before its =",
    ),
    (
        r#"{"environment_vars": ["A", "A=1"]}"#,
        "1:28: warning: environment_vars[1]: no effect: an earlier item has this variable, the last counts",
    ),
    (
        r#"{"etc_includes": ["etc"]}"#,
        "1:19: error: etc_includes[0]: \"etc\" is not an absolute path",
    ),
    ("{", "1:2: error: expected a key, found the end of the file"),
    ("[]", "1:1: error: must be an object, not a list"),
];

#[test]
fn what_is_wrong_with_a_configuration_is_said() {
    for (text, wanted) in MISTAKES {
        let (problems, usable) = problems(text);
        assert_eq!(problems, [format!("oz.conf:{wanted}")], "{text}");
        assert_eq!(usable, wanted.contains(" warning: "));
    }
}
