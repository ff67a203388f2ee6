//! Who the program is, and what it is told (oz.md §4).

use std::collections::BTreeSet;

use sandbox_tests::skip;

use super::World;

fn field(status: &str, name: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name}"))
        .trim_start_matches(':')
        .trim()
        .to_string()
}

#[test]
fn the_program_is_the_user_with_the_groups_that_he_is_a_member_of() {
    if World::ORDINARY {
        return skip("only root gives groups; ordinary.rs has what an ordinary user keeps");
    }
    let Some(world) = World::new() else { return };
    // audio and video are the default: the user is a member of the first alone.
    let text = world.inside("", "id -u; id -g; id -G");
    assert_eq!(text, "4711\n4711\n4711 29\n");
    let text = world.inside(
        r#""allowed_groups": ["members", "strangers", "nobody-knows"]"#,
        "id -G",
    );
    assert_eq!(text, "4711 29 4720\n");
    // What the caller is in is no matter.
    world.profile("");
    let run = world
        .script("setpriv --groups 5,29,4721 \"$OZ\" run --user tester \"$PROFILE\" -- -c 'id -G'");
    run.outcome().succeeded().stdout("4711 29\n");
}

#[test]
fn no_cell_is_made_for_root_or_nobody_known() {
    let Some(world) = World::new() else { return };
    world.profile("");
    let root = if World::ORDINARY {
        "an ordinary user makes cells for himself alone"
    } else {
        "no cell is made for root"
    };
    let stranger = if World::ORDINARY {
        root
    } else {
        "there is no user stranger"
    };
    for (user, text) in [("root", root), ("stranger", stranger)] {
        let run = world.script(&format!(
            "\"$OZ\" run --user {user} \"$PROFILE\" -- -c 'echo ran'"
        ));
        let outcome = run.outcome().status(125).stdout("");
        assert!(outcome.stderr.contains(text), "{outcome:#?}");
    }
    if World::ORDINARY {
        return;
    }
    let outcome = world
        .script("\"$OZ\" run \"$PROFILE\" -- -c 'echo ran'")
        .outcome()
        .status(125);
    assert!(
        outcome.stderr.contains("name a user with --user"),
        "{outcome:#?}"
    );
    let run = world.script("SUDO_USER=tester \"$OZ\" run \"$PROFILE\" -- -c 'id -u'");
    run.outcome().succeeded().stdout("4711\n");
}

#[test]
fn the_program_has_no_capability_and_can_gain_none() {
    let Some(world) = World::new() else { return };
    let status = world.inside("", "cat /proc/self/status");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(field(&status, set), "0000000000000000", "{set}");
    }
    assert_eq!(field(&status, "NoNewPrivs"), "1");
    assert_eq!(field(&status, "Uid"), "4711\t4711\t4711\t4711");
    // Where root is not mapped there is nobody to become.
    let become_root = if World::ORDINARY { "EINVAL" } else { "EPERM" };
    for (words, wanted) in [("become-root", become_root), ("set-groups", "EPERM")] {
        assert_eq!(world.attempt(words), wanted, "{words}");
        assert_eq!(world.attempt_outside(true, words), "done", "{words}");
    }
}

#[test]
fn the_environment_is_what_configuration_and_profile_say() {
    let Some(world) = World::new() else { return };
    world.write("cell.json", r#"{"name": "cell", "path": "/usr/bin/env",
        "environment": [{"name": "FOO", "value": "bar"}, {"name": "CLONED"}, {"name": "NOT_THERE"}]}"#, 0, 0o644);
    let run = world.oz(&[], &[]);
    let run = run
        .env("CLONED", "yes")
        .env("SECRET", "x")
        .env("USER", "root")
        .env("LOGNAME", "root");
    let run = run
        .env("LANG", "C.UTF-8")
        .env("XDG_RUNTIME_DIR", "/run/user/0")
        .env("LD_PRELOAD_NOT", "x");
    let outcome = run.outcome().succeeded().stderr("");
    let found: BTreeSet<&str> = outcome.stdout.lines().collect();
    let wanted = [
        "USER=tester",
        "LOGNAME=tester",
        "LANG=C.UTF-8",
        "TZ=UTC",
        "GNOME_DESKTOP_SESSION_ID=this-is-deprecated",
        "XDG_RUNTIME_DIR=/run/user/4711",
        "FOO=bar",
        "CLONED=yes",
        "PATH=/usr/bin:/bin",
        "HOME=/home/tester",
    ];
    // `_` is the shell's that started us, and on the list of what is handed on.
    let found: BTreeSet<&str> = found
        .into_iter()
        .filter(|line| !line.starts_with("_="))
        .collect();
    assert_eq!(found, BTreeSet::from(wanted));
}

#[test]
fn variables_of_the_configuration_replace_those_that_are_handed_on_without_one() {
    let Some(world) = World::new() else { return };
    let text = r#"{"name": "cell", "path": "/usr/bin/env", "environment": [{"name": "FOO", "value": "bar"}]}"#;
    world.write("cell.json", text, 0, 0o644);
    world.configure(r#""environment_vars": ["ONLY=this"],"#);
    let text = world
        .oz(&[], &[])
        .env("LANG", "C")
        .outcome()
        .succeeded()
        .stdout;
    let found: BTreeSet<&str> = text.lines().collect();
    assert_eq!(
        found,
        BTreeSet::from([
            "ONLY=this",
            "FOO=bar",
            "PATH=/usr/bin:/bin",
            "HOME=/home/tester"
        ])
    );
}

#[test]
fn the_program_begins_where_the_caller_is_if_that_is_there() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "");
    world.profile(r#""whitelist": [{"path": "${HOME}/docs"}]"#);
    for (place, wanted) in [
        ("/home/tester/docs", "/home/tester/docs\n"),
        ("/home/other", "/home/tester\n"),
        ("/usr/share", "/usr/share\n"),
    ] {
        let run = world.script(&format!(
            "cd {place} && \"$OZ\" run --user tester \"$PROFILE\" -- -c 'pwd -P'"
        ));
        run.outcome().succeeded().stdout(wanted);
    }
}

#[test]
fn arguments_of_the_profile_come_first_and_those_of_the_user_may_be_dropped() {
    let Some(world) = World::new() else { return };
    let text = r#"{"name": "cell", "path": "/bin/echo", "default_params": ["-n", "first"]"#;
    world.write("cell.json", &format!("{text}}}"), 0, 0o644);
    world
        .oz(&[], &["second", "--third"])
        .outcome()
        .succeeded()
        .stdout("first second --third");
    world.write(
        "cell.json",
        &format!("{text}, \"reject_user_args\": true}}"),
        0,
        0o644,
    );
    let outcome = world
        .oz(&[], &["second"])
        .outcome()
        .succeeded()
        .stdout("first");
    assert_eq!(
        outcome.stderr,
        "oz: note: the profile takes no arguments; yours are left out\n"
    );
}

#[test]
fn a_wrapper_is_run_with_the_program() {
    let Some(world) = World::new() else { return };
    world.write(
        "cell.json",
        r#"{"name": "cell", "path": "/bin/echo", "wrapper": "/usr/bin/env"}"#,
        0,
        0o644,
    );
    world
        .oz(&[], &["ran"])
        .outcome()
        .succeeded()
        .stdout("ran\n");
}

#[test]
fn a_profile_that_others_can_write_to_is_refused() {
    let Some(world) = World::new() else { return };
    use std::os::unix::fs::PermissionsExt;
    let profile = world.profile("");
    std::fs::set_permissions(&profile, std::fs::Permissions::from_mode(0o666)).unwrap();
    let outcome = world
        .oz(&[], &["-c", "echo ran"])
        .outcome()
        .status(125)
        .stdout("");
    assert!(outcome.stderr.contains("cell.json"), "{outcome:#?}");
}

#[test]
fn profiles_of_a_directory_that_others_can_write_to_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let Some(world) = World::new() else { return };
    world.profile("");
    for (mode, status, stdout) in [(0o755, 0, "ran\n"), (0o775, 0, "ran\n"), (0o777, 125, "")] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(world.at(""), permissions).unwrap();
        let run = world.script("\"$OZ\" run --user tester cell -- -c 'echo ran'");
        let outcome = run.outcome().status(status).stdout(stdout);
        assert_eq!(
            outcome.stderr.contains("writable"),
            mode == 0o777,
            "{mode:o} {outcome:#?}"
        );
    }
}

#[test]
fn what_the_profile_says_in_vain_is_said() {
    let Some(world) = World::new() else { return };
    let keys = r#""multi": true, "log_dir": "${HOME}/log", "xserver": {"audio_mode": "pulseaudio", "enable_notifications": true},
        "networking": {"dns_mode": "pass"}, "whitelist": [{"path": "/etc/debian_version", "allow_suid": true, "ignore": true}], "wachdog": []"#;
    let outcome = world
        .cell(keys, "echo ran")
        .outcome()
        .succeeded()
        .stdout("ran\n");
    for words in [
        "multi",
        "log_dir",
        "xserver.audio_mode",
        "xserver.enable_notifications",
        "networking.dns_mode",
        "allow_suid",
        "unknown key",
    ] {
        assert!(outcome.stderr.contains(words), "{words}: {outcome:#?}");
    }
}

#[test]
fn oz_says_inside_a_cell_that_there_are_none_and_cares_for_no_file_of_a_users() {
    let Some(world) = World::new() else { return };
    let oz = world.at("oz").display().to_string();
    let keys =
        format!(r#""whitelist": [{{"path": "{oz}", "target": "/opt/oz", "read_only": true}}]"#);
    let outcome = world
        .cell(
            &keys,
            "/opt/oz run x; echo $?; rm -f /tmp/oz-sandbox; cat /tmp/oz-sandbox",
        )
        .outcome();
    assert_eq!(outcome.stdout, "125\ncell", "{outcome:#?}");
    assert!(
        outcome
            .stderr
            .contains("oz: this is inside the cell cell, where no cells are made"),
        "{outcome:#?}"
    );
    // On the host anybody can make such a file, and nothing changes.
    world.profile("");
    let script = "cp $PROFILE /home/p.json; mkdir /home/tmp; chmod 1777 /home/tmp; setpriv --reuid 4711 --regid 4711 --clear-groups sh -c 'echo -n evil >/home/tmp/oz-sandbox'; \
        cp $WORLD/oz $WORLD/oz-init $WORLD/etc/oz.conf /home; cd /home; mount --bind /home/tmp /tmp; export OZ_CONFIG_PATH=/home/oz.conf; \
        sed -i 's|\"sandbox_path\": \"[^\"]*\"|\"sandbox_path\": \"/home/cells\"|' /home/oz.conf; \
        cat /tmp/oz-sandbox; /home/oz run --user tester /home/p.json -- -c 'echo ran'; \
        setpriv --reuid 4711 --regid 4711 --clear-groups /home/oz run /home/p.json -- -c 'echo ran'";
    let outcome = world.script(script).outcome().succeeded();
    assert_eq!(outcome.stdout, "evilran\nran\n", "{outcome:#?}");
}
