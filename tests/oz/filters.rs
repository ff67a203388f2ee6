//! A cell's filter: what each mode of a profile stops, shows and lets through, and how a cell ends up without
//! one: never.

use std::fs;

use sandbox_tests::{Outcome, SIGSYS_STATUS, compile, publish};

use super::World;
use crate::world::OTHER;

/// A blacklist that stops one harmless call.
pub const NO_DIRECTORIES: &str = "mkdir: 1\nmkdirat: 1\n";

/// The program of calls (calls.c) at /opt/calls, and a profile with this filter.
pub fn with_calls(world: &World, seccomp: &str) {
    let program = compile(include_str!("calls.c"), &["-static", "-pthread"]);
    let copy = publish(&program, world.at("").as_path());
    fs::rename(copy, world.at("calls")).unwrap();
    let item = format!(
        r#"{{"path": "{}", "target": "/opt/calls", "read_only": true}}"#,
        world.at("calls").display()
    );
    world.profile(&format!(
        r#""whitelist": [{item}], "seccomp": {{{seccomp}}}"#
    ));
}

/// A blacklist of [`NO_DIRECTORIES`] with more keys.
pub fn blacklisting(world: &World, keys: &str) {
    world.write("b.seccomp", NO_DIRECTORIES, 0, 0o644);
    with_calls(
        world,
        &format!(r#""mode": "blacklist", "blacklist": "b.seccomp", {keys}"#),
    );
}

pub fn call(world: &World, options: &[&str], words: &str) -> Outcome {
    world
        .oz(options, &["-c", &format!("/opt/calls {words}")])
        .outcome()
}

/// A policy that allows what a program needs, made by training.
pub fn trained(world: &World, words: &str) -> String {
    with_calls(
        world,
        r#""mode": "train", "train_output": "${HOME}/made.seccomp""#,
    );
    call(world, &[], words).succeeded();
    fs::read_to_string(world.home("made.seccomp")).unwrap()
}

#[test]
fn an_enforced_whitelist_kills_what_it_does_not_name_and_says_what_that_was() {
    let Some(world) = World::new() else { return };
    let policy = trained(&world, "mkdir");
    let lines = policy.lines().filter(|line| !line.starts_with("mkdir"));
    let without: Vec<&str> = lines.collect();
    world.write("w.seccomp", &policy, 0, 0o644);
    let keys = r#""mode": "whitelist", "enforce": true, "whitelist": "w.seccomp""#;
    with_calls(&world, keys);
    let whole = call(&world, &[], "mkdir").succeeded();
    assert_eq!(
        (whole.stdout.as_str(), whole.stderr.as_str()),
        ("done\n", "")
    );
    world.write("w.seccomp", &without.join("\n"), 0, 0o644);
    let killed = world
        .oz(&[], &["-c", "exec /opt/calls mkdir /tmp/x"])
        .outcome()
        .status(SIGSYS_STATUS);
    assert_eq!(killed.stdout, "");
    for wanted in [
        "oz: killed by the filter: mkdir(\"/tmp/x\", 0700) [mkdir, 83]",
        "to allow it: add the line `mkdir: 1`",
        "oz: 1 distinct violation, 1 in all:",
    ] {
        assert!(killed.stderr.contains(wanted), "{wanted}: {killed:#?}");
    }
}

#[test]
fn a_whitelist_that_is_not_enforced_lets_all_run_and_shows_it_in_the_lines_of_oz() {
    let Some(world) = World::new() else { return };
    world.write("w.seccomp", "execve: 1\n", 0, 0o644);
    let keys = r#""mode": "whitelist", "enforce": false, "whitelist": "w.seccomp""#;
    with_calls(&world, keys);
    let outcome = call(&world, &[], "mkdir /tmp/x 3").succeeded();
    assert_eq!(outcome.stdout, "done\n".repeat(3));
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let hits: Vec<usize> = (0..lines.len())
        .filter(|at| lines[*at].contains("syscall mkdir ("))
        .collect();
    // Shown once, counted three times.
    assert_eq!(hits.len(), 1, "{outcome:#?}");
    let (head, call) = (lines[hits[0]], lines[hits[0] + 1]);
    assert!(head.starts_with("I seccomp hit on sandbox pid "), "{head}");
    assert!(
        head.ends_with(" (/opt/calls mkdir /tmp/x 3 ) syscall mkdir (83):"),
        "{head}"
    );
    assert_eq!(call, "  mkdir(\"/tmp/x\", 0700)");
    assert!(outcome.stderr.contains("I      3  mkdir "), "{outcome:#?}");
    assert!(outcome.stderr.contains("in all:"), "{outcome:#?}");
}

#[test]
fn an_enforced_blacklist_kills_what_it_names_and_nothing_else() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let outcome = world
        .oz(
            &[],
            &[
                "-c",
                "ls / >/dev/null && echo listed; exec /opt/calls mkdir",
            ],
        )
        .outcome()
        .status(SIGSYS_STATUS);
    assert_eq!(outcome.stdout, "listed\n");
    outcome.stderr_has("oz: killed by the filter: mkdir(\"/tmp/made\", 0700)");
    let quiet = world.oz(&[], &["-c", "ls / >/dev/null"]).outcome();
    assert_eq!(quiet.succeeded().stderr, "");
}

#[test]
fn a_blacklist_that_is_not_enforced_shows_each_call_once_with_its_count() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": false"#);
    let outcome = call(&world, &[], "mkdir /tmp/x 5").succeeded();
    assert_eq!(outcome.stdout, "done\n".repeat(5));
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(lines.len(), 4, "{outcome:#?}");
    assert!(lines[0].ends_with("syscall mkdir (83):"), "{outcome:#?}");
    assert_eq!(lines[1], "  mkdir(\"/tmp/x\", 0700)");
    assert_eq!(lines[2], "I oz: 1 distinct violation, 5 in all:");
    assert!(
        lines[3].starts_with("I      5  mkdir  denied by "),
        "{outcome:#?}"
    );
}

#[test]
fn options_take_the_place_of_what_a_profile_enforces() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let audited = call(&world, &["--audit"], "mkdir").succeeded();
    assert_eq!(audited.stdout, "done\n");
    audited.stderr_has("I seccomp hit on sandbox pid ");
    blacklisting(&world, r#""enforce": false"#);
    let explained = call(&world, &["--explain"], "mkdir");
    assert_eq!(explained.stdout, "", "{explained:#?}");
    explained.stderr_has("oz: killed by the filter: mkdir(");
    let refused = call(&world, &["--audit", "--without", "seccomp"], "mkdir").status(125);
    assert_eq!(
        refused.stderr,
        "oz: --audit and --without seccomp exclude each other\n"
    );
    with_calls(&world, r#""mode": "disabled""#);
    let refused = call(&world, &["--explain"], "mkdir").status(125);
    refused.stderr_has("--explain: the profile has no filter; --train FILE makes a policy for one");
}

#[test]
fn deaths_are_not_told_where_programs_trace_each_other() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let script = "exec /opt/calls mkdir";
    let traced = "/opt/calls trace; exec /opt/calls mkdir";
    let told = world
        .oz(&[], &["-c", traced])
        .outcome()
        .status(SIGSYS_STATUS);
    assert_eq!(told.stdout, "Operation not permitted\n", "{told:#?}");
    let untold = world.oz(&["--no-explain"], &["-c", traced]).outcome();
    let untold = untold.status(SIGSYS_STATUS);
    assert_eq!(
        (untold.stdout.as_str(), untold.stderr.as_str()),
        (
            "done\n",
            "oz: note: the filter has killed it; --explain tells for which call\n"
        )
    );
    let policy = trained(&world, "many 1");
    world.write("w.seccomp", &format!("{policy}\nptrace: 1\n"), 0, 0o644);
    with_calls(
        &world,
        r#""mode": "whitelist", "whitelist": "w.seccomp", "enforce": true"#,
    );
    let untold = world
        .oz(&[], &["-c", script])
        .outcome()
        .status(SIGSYS_STATUS);
    untold.stderr_has("--explain tells for which call");
}

#[test]
fn errors_that_a_policy_gives_are_given_and_with_explain_shown() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    world.write("b.seccomp", "mkdir[+EXDEV]: 1\n", 0, 0o644);
    let outcome = call(&world, &[], "mkdir").succeeded();
    assert_eq!(
        (outcome.stdout.as_str(), outcome.stderr.as_str()),
        ("Invalid cross-device link\n", "")
    );
    let shown = call(&world, &["--explain"], "mkdir").succeeded();
    assert_eq!(shown.stdout, "Invalid cross-device link\n");
    shown.stderr_has("oz: violation: mkdir(\"/tmp/made\", 0700): ");
}

#[test]
fn children_threads_shells_and_all_that_they_start_have_the_filter_too() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let modes = "grep Seccomp: /proc/self/status; sh -c 'grep Seccomp: /proc/self/status'; \
        setsid sh -c 'grep Seccomp: /proc/self/status'";
    let outcome = world.oz(&[], &["-c", modes]).outcome().succeeded();
    assert_eq!(outcome.stdout, "Seccomp:\t2\n".repeat(3));
    let child = call(&world, &[], "in-child").succeeded();
    assert_eq!(child.stdout, "child 159\n");
    child.stderr_has("killed by the filter: mkdir(");
    let thread = world
        .oz(&[], &["-c", "exec /opt/calls in-thread"])
        .outcome();
    // kill is the kill of the process, whichever thread makes the call.
    let thread = thread.status(SIGSYS_STATUS);
    assert_eq!(thread.stdout, "");
    with_calls(&world, r#""mode": "disabled""#);
    let outcome = world.oz(&[], &["-c", modes]).outcome().succeeded();
    assert_eq!(outcome.stdout, "Seccomp:\t0\n".repeat(3));
}

#[test]
fn calls_of_other_abis_stop_under_every_mode_but_disabled() {
    if !cfg!(target_arch = "x86_64") {
        return sandbox_tests::skip("the foreign ABIs tried are x86's");
    }
    let Some(world) = World::new() else { return };
    world.write("w.seccomp", "execve: 1\n", 0, 0o644);
    world.write("b.seccomp", NO_DIRECTORIES, 0, 0o644);
    for seccomp in [
        r#""mode": "blacklist", "blacklist": "b.seccomp", "enforce": true"#,
        r#""mode": "blacklist", "blacklist": "b.seccomp", "enforce": false"#,
        r#""mode": "whitelist", "whitelist": "w.seccomp", "enforce": false"#,
        r#""mode": "train", "train_output": "${HOME}/t.seccomp""#,
    ] {
        with_calls(&world, seccomp);
        assert_foreign_calls_end_it(&world);
    }
    // The whitelist that is enforced needs what comes before.
    let policy = trained(&world, "many 1");
    world.write("w.seccomp", &policy, 0, 0o644);
    let enforced = r#""mode": "whitelist", "whitelist": "w.seccomp", "enforce": true"#;
    with_calls(&world, enforced);
    assert_eq!(call(&world, &[], "many 1").succeeded().stdout, "done\n");
    assert_foreign_calls_end_it(&world);
    with_calls(&world, r#""mode": "disabled""#);
    assert_eq!(call(&world, &[], "i386").stdout, "done\n");
}

#[track_caller]
fn assert_foreign_calls_end_it(world: &World) {
    for abi in ["i386", "x32"] {
        let words = format!("exec /opt/calls {abi}");
        let outcome = world.oz(&[], &["-c", &words]).outcome();
        assert_eq!(outcome.stdout, "", "{abi} {outcome:#?}");
        assert_eq!(outcome.status, SIGSYS_STATUS, "{abi} {outcome:#?}");
    }
}

#[test]
fn without_a_policy_that_can_be_used_there_is_no_cell() {
    let Some(world) = World::new() else { return };
    let keys = r#""mode": "whitelist", "enforce": true, "whitelist": "w.seccomp""#;
    with_calls(&world, keys);
    let path = world.at("w.seccomp").display().to_string();
    let refused = |wanted: &str| {
        let outcome = call(&world, &[], "mkdir").status(125);
        assert_eq!(outcome.stdout, "");
        let whole = format!("oz: seccomp filter compile failed: {path}{wanted}");
        assert!(outcome.stderr.contains(&whole), "{whole}: {outcome:#?}");
    };
    refused(": cannot be read: No such file or directory");
    world.write("w.seccomp", "execve: 1\nreed: 1\n", 0, 0o644);
    refused(":2:1: unknown system call; did you mean \"read\"?");
    world.write("w.seccomp", "read: arg0 ==\n", 0, 0o644);
    refused(":1:");
    world.write("w.seccomp", "read: 1\n", OTHER, 0o644);
    refused(": belongs to somebody else than root");
    world.write("w.seccomp", "read: 1\n", 0, 0o666);
    refused(": is writable by everyone");
    fs::remove_file(world.at("w.seccomp")).unwrap();
    fs::create_dir(world.at("w.seccomp")).unwrap();
    refused(": is no regular file");
}

#[test]
fn policies_need_not_be_seen_from_inside() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let script = format!(
        "cat {}; exec /opt/calls mkdir",
        world.at("b.seccomp").display()
    );
    let outcome = world.oz(&[], &["-c", &script]).outcome();
    let outcome = outcome.status(SIGSYS_STATUS);
    outcome.stderr_has("No such file or directory");
}

#[test]
fn a_blacklist_without_a_name_is_the_machines_own() {
    let Some(world) = World::new() else { return };
    let settings = world.at("settings");
    world.directory_of(&settings, 0);
    world.configure(&format!("\"etc_prefix\": \"{}\",", settings.display()));
    with_calls(&world, r#""mode": "blacklist", "enforce": true"#);
    let missing = call(&world, &[], "mkdir").status(125);
    missing.stderr_has("settings/blacklist-generic.seccomp: ");
    world.write(
        "settings/blacklist-generic.seccomp",
        NO_DIRECTORIES,
        0,
        0o644,
    );
    let outcome = world.oz(&[], &["-c", "exec /opt/calls mkdir"]).outcome();
    outcome.status(SIGSYS_STATUS);
}

#[test]
fn a_policy_that_is_too_large_is_not_read_in_half() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let filling = "#\n".repeat(1 << 19);
    let whole = &filling[NO_DIRECTORIES.len()..];
    world.write("b.seccomp", &format!("{whole}{NO_DIRECTORIES}"), 0, 0o644);
    let outcome = world.oz(&[], &["-c", "exec /opt/calls mkdir"]).outcome();
    outcome.status(SIGSYS_STATUS);
    world.write("b.seccomp", &format!("{filling}{NO_DIRECTORIES}"), 0, 0o644);
    let outcome = call(&world, &[], "mkdir").status(125);
    assert_eq!(outcome.stdout, "");
    outcome.stderr_has("b.seccomp: the file has more than 1048576 bytes");
}

#[test]
fn definitions_come_from_files_and_texts_and_later_ones_count() {
    let Some(world) = World::new() else { return };
    world.write("b.seccomp", "mkdir[+EXDEV]: mode == WANTED\n", 0, 0o644);
    world.write("defs.seccomp", "WANTED = 5\n", 0, 0o644);
    for (definitions, wanted) in [
        (r#""defs.seccomp""#, "done\n"),
        (
            r#""defs.seccomp", "{inline}WANTED = 0700""#,
            "Invalid cross-device link\n",
        ),
    ] {
        let keys = format!(
            r#""mode": "blacklist", "enforce": true, "blacklist": "b.seccomp", "extradefs": [{definitions}]"#
        );
        with_calls(&world, &keys);
        assert_eq!(call(&world, &[], "mkdir").succeeded().stdout, wanted);
    }
}

#[test]
fn a_program_that_is_not_there_or_cannot_run_ends_as_without_a_filter() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let text = fs::read_to_string(world.at("cell.json")).unwrap();
    let missing = text.replace("/bin/sh", "/bin/no-such-program");
    world.write("cell.json", &missing, 0, 0o644);
    for options in [
        [].as_slice(),
        &["--audit"],
        &["--train", "/home/tester/t.seccomp"],
    ] {
        let outcome = world.oz(options, &[]).outcome().status(127);
        outcome.stderr_has("/bin/no-such-program: cannot be executed: No such file or directory");
    }
    let not_executable = text.replace("/bin/sh", "/etc/passwd");
    world.write("cell.json", &not_executable, 0, 0o644);
    let outcome = world.oz(&[], &[]).outcome().status(126);
    outcome.stderr_has("/etc/passwd: cannot be executed: Permission denied");
}

#[test]
fn nothing_inside_can_execute_what_the_policy_does_not_allow() {
    let Some(world) = World::new() else { return };
    let policy = trained(&world, "many 1");
    // The shell's exec of the program is in it; the profile's program is the program itself here.
    world.write("b.seccomp", "execve: 1\nexecveat: 1\n", 0, 0o644);
    assert!(policy.contains("execve"), "{policy}");
    with_calls(
        &world,
        r#""mode": "blacklist", "blacklist": "b.seccomp", "enforce": true"#,
    );
    let text = fs::read_to_string(world.at("cell.json")).unwrap();
    world.write(
        "cell.json",
        &text.replace("/bin/sh", "/opt/calls"),
        0,
        0o644,
    );
    // Its own exec was let through by the ticket, and no other is.
    let outcome = world.oz(&[], &["many", "1"]).outcome().succeeded();
    assert_eq!(outcome.stdout, "done\n");
    let outcome = world.oz(&[], &["execute", "/bin/true"]).outcome();
    outcome
        .status(SIGSYS_STATUS)
        .stderr_has("killed by the filter: execve(");
}
