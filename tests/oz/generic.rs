//! The generic blacklist in a cell whose profile names no policy: each call that it has is denied there, and
//! real programs do not notice; and what a profile's `debug` shows of a hit.

use std::fs;

use sandbox_tests::{Run, compile, publish, repository, skip};

use super::World;

/// Settings with the blacklist as it is installed, and an item of a whitelist with the program that makes all
/// of its calls, as /opt/blacklisted.
fn installed(world: &World) -> String {
    let settings = world.at("settings");
    world.directory_of(&settings, 0);
    world.configure(&format!("\"etc_prefix\": \"{}\",", settings.display()));
    let text = fs::read_to_string(repository().join("profiles/blacklist-generic.seccomp"));
    let text = text.expect("the blacklist");
    world.write("settings/blacklist-generic.seccomp", &text, 0, 0o644);
    let source = fs::read_to_string(repository().join("examples/blacklisted.c"));
    let program = compile(&source.expect("the program"), &["-static"]);
    let copy = publish(&program, world.at("").as_path());
    fs::rename(copy, world.at("blacklisted")).expect("the program");
    let path = world.at("blacklisted").display().to_string();
    format!(
        r#""whitelist": [{{"path": "{path}", "target": "/opt/blacklisted", "read_only": true}}]"#
    )
}

const ENFORCED: &str = r#""seccomp": {"mode": "blacklist", "enforce": true}"#;

#[test]
fn each_call_of_the_generic_blacklist_is_denied_in_a_cell() {
    let Some(world) = World::new() else { return };
    let item = installed(&world);
    let list = world.at("settings/blacklist-generic.seccomp");
    let list = list.display().to_string();
    let outside = Run::launched(["-q", "--deny", &list], world.at("blacklisted"));
    let outside = outside.outcome().succeeded().stdout;
    assert!(outside.lines().count() > 80, "{outside}");
    let cell = |filter: &str| world.cell(&format!("{item}, {filter}"), "/opt/blacklisted");
    let inside = cell(ENFORCED).outcome().succeeded();
    assert_eq!(inside.stdout, outside);
    let disabled = r#""seccomp": {"mode": "disabled"}"#;
    let without = cell(disabled).outcome().succeeded().stdout;
    assert!(!without.contains("SIGSYS"), "{without}");
}

#[test]
fn programs_in_a_cell_do_not_notice_the_generic_blacklist() {
    let Some(world) = World::new() else { return };
    let item = installed(&world);
    if !std::path::Path::new("/usr/bin/python3").exists() {
        return skip("no /usr/bin/python3 here");
    }
    let script = "cd /tmp && seq 3 | sort -r | tr '\\n' ' ' && \
                  /usr/bin/python3 -I -c 'import threading as t, subprocess as s; \
                  all = [t.Thread(target=lambda: None) for _ in range(8)]; \
                  [one.start() for one in all]; [one.join() for one in all]; \
                  print(s.run([\"id\", \"-u\"], capture_output=True).stdout, len(all))'";
    let disabled = r#""seccomp": {"mode": "disabled"}"#;
    let without = world.inside(&format!("{item}, {disabled}"), script);
    assert!(without.ends_with(" 8\n"), "{without}");
    assert_eq!(
        world.inside(&format!("{item}, {ENFORCED}"), script),
        without
    );
}

#[test]
fn a_profile_that_is_debugged_shows_each_call_as_numbers_too() {
    let Some(world) = World::new() else { return };
    let item = installed(&world);
    let hit = |debug: &str| {
        let filter = format!(r#""seccomp": {{"mode": "blacklist", "enforce": false{debug}}}"#);
        let outcome = world.cell(&format!("{item}, {filter}"), "/opt/blacklisted");
        let outcome = outcome.outcome().succeeded();
        let lines = outcome.stderr.lines().map(String::from);
        let from = lines.skip_while(|line| !line.ends_with(" syscall socket (41):"));
        let shown = from.skip(1).take_while(|line| line.starts_with("  "));
        shown.collect::<Vec<String>>()
    };
    assert_eq!(hit(""), ["  socket(AF_VSOCK, 15, 0)"]);
    let both = ["  socket(AF_VSOCK, 15, 0)", "  socket(40,15,0)"];
    assert_eq!(hit(r#", "debug": true"#), both);
}
