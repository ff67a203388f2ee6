//! What there is instead of a program where `oz-seccomp` can make no filter.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use sandbox_tests::{publish, sandboxify};

use crate::host::Host;

#[test]
fn without_a_filter_there_is_no_program() {
    let host = Host::new();
    host.write("broken.seccomp", "write: arg0 ==\n");
    host.write("w.seccomp", "write:1\n");
    host.write("no.json", "{\"Seccomp\": {\"Mode\":\n");
    let says = |text: &str| format!("oz-seccomp: {text}");
    let whitelist = |path: &str| {
        let name = format!("{path}.json");
        let block = format!(
            r#"{{"Seccomp": {{"Mode": "whitelist", "Enforce": true, "Whitelist": "{path}"}}}}"#
        );
        host.write(&name, &block);
        name
    };
    let (none, broken) = (whitelist("none.seccomp"), whitelist("broken.seccomp"));
    let disabled = r#"{"Seccomp": {"Whitelist": "w.seccomp"}}"#;
    host.write("disabled.json", disabled);
    let nothing = r#"{"Seccomp": {"Mode": "blacklist", "Enforce": true}}"#;
    host.write("nothing.json", nothing);
    let decoded = |name: &str| says(&format!("unable to decode profile data: {name}\n"));
    let compiled = says("seccomp filter compile failed: ");
    let disabled = "Cannot run seccomp in whitelist mode if seccomp is disabled in profile.\n";
    let nothing = "the profile has no policy for mode whitelist\n";
    for (profile, wanted) in [
        (none.as_str(), compiled.clone()),
        (&broken, compiled),
        ("no.json", decoded("no.json")),
        ("missing.json", decoded("missing.json")),
        ("disabled.json", says(disabled)),
        ("nothing.json", says(nothing)),
    ] {
        let outcome = host.seccomp(&["-profile", profile, "mkdir", "x"]).outcome();
        let outcome = outcome.status(1);
        assert!(outcome.stderr.contains(&wanted), "{profile}: {outcome:#?}");
        assert!(!host.at("x").exists(), "{profile}: it was run");
    }
    assert!(host.is_deserted());
}

#[test]
fn a_command_line_that_cannot_be_meant_runs_nothing() {
    let host = Host::new();
    let words = ["-mode=audit", "mkdir", "x"];
    let text = "oz-seccomp: Invalid mode specified (must be whitelist, blacklist, or train)\n";
    host.seccomp(&words).outcome().status(1).stderr(text);
    let text = "oz-seccomp: must specify a command to be traced.\n";
    host.seccomp(&[]).outcome().status(1).stderr(text);
    assert!(host.is_deserted());
}

#[test]
fn a_configuration_that_is_wrong_is_not_passed_over() {
    for host in Host::all() {
        let profile = host.blacklisting(r#", "Enforce": true"#);
        host.write("oz.conf", "{");
        let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "mkdir", "x"]);
        let run = run.env("OZ_CONFIG_PATH", host.at("oz.conf"));
        run.outcome()
            .status(1)
            .stderr_has("the configuration cannot be used: ");
        assert!(!host.at("x").exists());
    }
}

#[test]
fn a_policy_that_others_can_change_is_none() {
    let host = Host::new();
    let profile = host.blacklisting(r#", "Enforce": true"#);
    let anybody = Permissions::from_mode(0o666);
    set_permissions(host.at("b.seccomp"), anybody).expect("chmod");
    let run = host.seccomp(&["-mode=blacklist", "-profile", profile, "mkdir", "x"]);
    run.outcome()
        .status(1)
        .stderr_has("b.seccomp: is writable by everyone");
    assert!(!host.at("x").exists());
}

#[test]
fn a_program_that_is_not_there_or_cannot_be_executed_has_the_statuses_of_env() {
    for host in Host::all() {
        let profile = host.blacklisting(r#", "Enforce": true"#);
        host.write("nonsense", "\u{7f}ELF nonsense\n");
        set_permissions(host.at("nonsense"), Permissions::from_mode(0o755)).expect("chmod");
        for (program, status, text) in [
            (
                "no-such-program",
                127,
                "oz-seccomp: no-such-program: command not found\n",
            ),
            (
                "./b.seccomp",
                126,
                "oz-seccomp: ./b.seccomp: permission denied\n",
            ),
            (
                "./nonsense",
                126,
                "oz-seccomp: ./nonsense: not a program in a format that the kernel knows\n",
            ),
        ] {
            let run = host.seccomp(&["-mode=blacklist", "-profile", profile, program]);
            run.outcome().status(status).stderr(text);
        }
    }
}

#[test]
fn where_another_watches_already_nothing_is_run_that_would_not_be_watched() {
    for host in Host::all() {
        let outer = publish(&sandboxify(), &host.at(""));
        host.tracer(&["-o", "p", "true"]).outcome().succeeded();
        let words = [
            "-q",
            "--audit",
            "--deny",
            "mount",
            "./oz-seccomp-tracer",
            "-o",
            "q",
        ];
        let run = host.command(&outer).args(words).args(["mkdir", "x"]);
        let why = "an outer filter has a listener, of which there may be one, and ptrace is denied; run it outside of";
        run.outcome().status(1).stderr_has(why);
        assert!(!host.at("x").exists(), "it was run");
    }
}
