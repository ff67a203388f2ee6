//! Whoever is beside a cell's program for its filter: what he writes, with whose rights, and what his end means.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use sandbox_tests::{Run, SIGSYS_STATUS, rounds};

use super::World;
use super::filters::{NO_DIRECTORIES, blacklisting, call, trained, with_calls};
use crate::world::TESTER;

#[test]
fn a_trained_policy_is_the_users_grows_and_replays() {
    let Some(world) = World::new() else { return };
    let first = trained(&world, "many 1");
    let made = world.home("made.seccomp");
    let status = fs::metadata(&made).unwrap();
    assert_eq!((status.uid(), status.gid()), (TESTER, TESTER));
    assert!(!first.contains("mkdir"), "{first}");
    let second = trained(&world, "mkdir");
    assert!(second.contains("\nmkdir: 1"), "{second}");
    for line in first
        .lines()
        .filter(|line| line.contains(": ") && !line.starts_with('#'))
    {
        let rule = line.split("  #").next().unwrap();
        let name = rule.split(':').next().unwrap();
        assert!(
            second.lines().any(|line| line.starts_with(name)),
            "{rule}: {second}"
        );
    }
    world.write("w.seccomp", &second, 0, 0o644);
    with_calls(
        &world,
        r#""mode": "whitelist", "whitelist": "w.seccomp", "enforce": true"#,
    );
    for _ in 0..rounds(20) {
        for words in ["many 1", "mkdir"] {
            let outcome = call(&world, &[], words).succeeded();
            assert_eq!(
                (outcome.stdout.as_str(), outcome.stderr.as_str()),
                ("done\n", "")
            );
        }
    }
}

#[test]
fn training_writes_with_the_users_rights_and_says_before_anything_runs_that_it_cannot() {
    let Some(world) = World::new() else { return };
    with_calls(&world, r#""mode": "disabled""#);
    let outcome = call(&world, &["--train", "/root/t.seccomp"], "mkdir").status(125);
    assert_eq!(outcome.stdout, "");
    outcome.stderr_has("oz: /root/t.seccomp: ");
    // A link of the user's leads no further than he could go himself.
    let target = world.write("root-owned", "read: 1\n", 0, 0o644);
    std::os::unix::fs::symlink(&target, world.home("link.seccomp")).unwrap();
    let outcome = call(&world, &["--train", "/home/tester/link.seccomp"], "mkdir");
    assert_eq!(
        fs::read_to_string(&target).unwrap(),
        "read: 1\n",
        "{outcome:#?}"
    );
    outcome.status(125);
}

#[test]
fn a_training_reads_nothing_for_the_user_that_he_could_not_read_himself() {
    let Some(world) = World::new() else { return };
    with_calls(&world, r#""mode": "disabled""#);
    let own = format!("/proc/{}/maps", std::process::id());
    assert!(fs::read_to_string(&own).is_ok_and(|text| text.contains("r-xp")));
    std::os::unix::fs::symlink(&own, world.home("t.seccomp")).unwrap();
    let outcome = call(&world, &["--train", "/home/tester/t.seccomp"], "mkdir").status(125);
    assert!(outcome.stderr.contains("Permission denied"), "{outcome:#?}");
    assert!(
        !outcome.stderr.contains("r-xp") && !outcome.stderr.contains("r--p"),
        "{outcome:#?}"
    );
}

#[test]
fn reports_go_to_the_directory_for_logs_as_the_user() {
    let Some(world) = World::new() else { return };
    let logs = world.my_directory("logs");
    world.write("b.seccomp", NO_DIRECTORIES, 0, 0o644);
    let keys = r#""mode": "blacklist", "blacklist": "b.seccomp", "enforce": false"#;
    let with_log = |keys: &str| format!(r#"{keys}}}, "log_dir": "${{HOME}}/logs", "limits": {{"#);
    with_calls(&world, &with_log(keys));
    for _ in 0..2 {
        let outcome = call(&world, &[], "mkdir").succeeded();
        assert_eq!(
            (outcome.stdout.as_str(), outcome.stderr.as_str()),
            ("done\n", "")
        );
    }
    let log = logs.join("cell.log");
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(
        text.matches("I seccomp hit on sandbox pid ").count(),
        2,
        "{text}"
    );
    assert_eq!(fs::metadata(&log).unwrap().uid(), TESTER);
    // A death is told to whoever waits, too.
    with_calls(&world, &with_log(&keys.replace("false", "true")));
    let outcome = world.oz(&[], &["-c", "exec /opt/calls mkdir"]).outcome();
    outcome
        .status(SIGSYS_STATUS)
        .stderr_has("killed by the filter: mkdir(");
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains("oz: violation: mkdir("), "{text}");
    fs::remove_dir_all(&logs).unwrap();
    let outcome = call(&world, &[], "mkdir").status(125);
    outcome.stderr_has("logs/cell.log: ");
}

#[test]
fn a_cell_that_does_not_come_about_keeps_nobody_waiting_for_its_watcher() {
    let Some(world) = World::new() else { return };
    world.write("b.seccomp", NO_DIRECTORIES, 0, 0o644);
    world.profile(
        r#""whitelist": [{"path": "/no/such/file"}],
        "seccomp": {"mode": "blacklist", "blacklist": "b.seccomp", "enforce": true}"#,
    );
    // Less than a watcher is given for its last words.
    let short = Duration::from_secs(4);
    for options in [[].as_slice(), &["--audit"], &["--explain"]] {
        let outcome = world.oz(options, &[]).start().outcome_within(short);
        outcome.status(125).stderr_has("/no/such/file");
    }
}

/// A cell that has said `up`, and a script of root's beside it. `$oz` is the process, `watcher` the one that
/// watches, and what is written to 7 the cell's standard input.
fn beside(world: &World, options: &str, inside: &str, script: &str) -> Run {
    let script = format!(
        r#"mkfifo $WORLD/pipe
        "$OZ" run --user tester {options} "$PROFILE" -- -c '{inside}' >$WORLD/said <$WORLD/pipe & oz=$!
        exec 7>$WORLD/pipe
        watcher() {{
            for child in $(cat /proc/$oz/task/$oz/children); do
                test $(cat /proc/$child/comm) != oz || echo $child
            done
        }}
        until grep -q up $WORLD/said; do sleep 0.05; done
        {script}
        rm $WORLD/pipe $WORLD/said"#
    );
    world.script(&script)
}

#[test]
fn whoever_watches_has_the_users_rights_and_that_to_look_into_processes() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": false"#);
    let script = r#"grep -E '^(Uid|Gid|CapEff|CapPrm|NoNewPrivs)' /proc/$(watcher)/status
        echo >&7; wait $oz"#;
    let outcome = beside(&world, "", "echo up; read end", script).outcome();
    let outcome = outcome.succeeded();
    // Whoever made the namespace has that right in it without any of his own.
    let rights = if World::ORDINARY { 0 } else { 0x80000 };
    let wanted = format!(
        "Uid:\t{TESTER}\t{TESTER}\t{TESTER}\t{TESTER}\nGid:\t{TESTER}\t{TESTER}\t{TESTER}\t{TESTER}\n\
        CapPrm:\t{rights:016x}\nCapEff:\t{rights:016x}\nNoNewPrivs:\t1\n"
    );
    assert_eq!(outcome.stdout, wanted, "{outcome:#?}");
}

#[test]
fn a_watcher_that_dies_takes_the_program_with_it() {
    let Some(world) = World::new() else { return };
    for options in ["--audit", "--explain", "--train /home/tester/t.seccomp"] {
        blacklisting(&world, r#""enforce": true"#);
        let inside = "echo up; read end; echo survived";
        let script = "kill -9 $(watcher); wait $oz; echo status $?; cat $WORLD/said";
        let outcome = beside(&world, options, inside, script)
            .start()
            .outcome_within(Duration::from_secs(60));
        assert_eq!(outcome.stdout, "status 137\nup\n", "{options} {outcome:#?}");
    }
}

#[test]
fn the_plan_says_which_filter_there_will_be() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let shown = world.oz(&["--plan"], &[]).outcome().succeeded();
    let wanted = format!(
        "\nfilter enforce blacklist {}\n",
        world.at("b.seccomp").display()
    );
    assert!(shown.stdout.contains(&wanted), "{shown:#?}");
    let json = world
        .oz(&["--plan", "--json", "--train", "/tmp/t"], &[])
        .outcome()
        .succeeded();
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let wanted = serde_json::json!({
        "purpose": "train", "mode": null, "policy": null, "output": "/tmp/t", "log": null
    });
    assert_eq!(value["filter"], wanted);
}

#[test]
fn calls_that_are_allowed_are_none_of_the_watchers_business() {
    let Some(world) = World::new() else { return };
    for options in ["--audit", "--explain", ""] {
        blacklisting(&world, r#""enforce": true"#);
        let inside = "echo up; read go; /opt/calls many 200000; echo over; read end";
        let script = r#"
            switches() {
                cat /proc/$(watcher)/task/*/status | sed -n 's/^voluntary_ctxt_switches:\t//p' |
                    awk '{ all += $1 } END { print all }'
            }
            before=$(switches); echo go >&7
            until grep -q over $WORLD/said; do sleep 0.05; done
            after=$(switches); echo end >&7; wait $oz
            echo "$before $((after - before))""#;
        let outcome = beside(&world, options, inside, script).outcome();
        let outcome = outcome.succeeded();
        let (before, more) = outcome.stdout.trim().split_once(' ').expect("two numbers");
        assert_ne!(before, "", "{outcome:#?}");
        let more: u64 = more.parse().expect("a number");
        // It starts and ends one program, and looks at the clock each second.
        assert!(more < 200, "{options}: {more}");
    }
}

#[test]
fn nothing_is_left_when_oz_is_killed_while_somebody_watches() {
    let Some(world) = World::new() else { return };
    for options in ["--audit", "", "--train /home/tester/t.seccomp"] {
        blacklisting(&world, r#""enforce": true"#);
        let script = r#"left=$(cat /proc/$oz/task/$oz/children); echo $left | wc -w
            kill -9 $oz; wait $oz
            for child in $left; do
                for round in $(seq 100); do test -d /proc/$child || break; sleep 0.05; done
                test -d /proc/$child && echo "$child is left: $(cat /proc/$child/comm)"
            done"#;
        let outcome = beside(&world, options, "echo up; sleep 77.7", script).outcome();
        // The cell's first process, and the watcher.
        assert_eq!(outcome.stdout, "2\n", "{options} {outcome:#?}");
    }
}

#[test]
fn what_a_cell_trains_does_without_clone3_and_so_knows_the_flags_of_clone() {
    let Some(world) = World::new() else { return };
    let policy = trained(&world, "in-thread");
    assert!(policy.contains("\nclone3: return ENOSYS\n"), "{policy}");
    let clone = policy.lines().find(|line| line.starts_with("clone: "));
    let clone = clone.unwrap_or_else(|| panic!("{policy}"));
    assert!(
        clone.contains("flags == ") && clone.contains("CLONE_THREAD"),
        "{clone}"
    );
    assert!(!clone.contains("CLONE_NEW"), "{clone}");
    let check = Run::new(sandbox_tests::sandbox_policy())
        .arg("check")
        .arg(world.home("made.seccomp"))
        .outcome();
    assert!(!check.stdout.contains("error"), "{check:#?}");
    world.write("w.seccomp", &policy, 0, 0o644);
    with_calls(
        &world,
        r#""mode": "whitelist", "whitelist": "w.seccomp", "enforce": true"#,
    );
    let outcome = call(&world, &[], "in-thread").succeeded();
    assert_eq!(outcome.stdout, "done\nafter the thread\n");
}

#[test]
fn a_program_that_dies_many_times_is_told_of_so_often_and_counted_behind() {
    let Some(world) = World::new() else { return };
    world.my_directory("logs");
    let keys = r#""enforce": true}, "log_dir": "${HOME}/logs", "limits": {"#;
    blacklisting(&world, keys);
    let script = "for one in $(seq 150); do /opt/calls mkdir; done 2>/dev/null; exit 5";
    let outcome = world.oz(&[], &["-c", script]).outcome().status(5);
    let cards = outcome.stderr.matches("killed by the filter").count();
    assert_eq!(cards, 100, "{outcome:#?}");
    let log = fs::read_to_string(world.home("logs/cell.log")).unwrap();
    assert_eq!(log.matches("violation: mkdir(").count(), 1, "{log}");
    assert!(log.contains("   150  mkdir"), "{log}");
}

#[test]
fn reports_begin_their_lines_at_the_left_of_a_terminal_that_is_passed_on() {
    let Some(world) = World::new() else { return };
    if sandbox_tests::installed("script").is_none() {
        return sandbox_tests::skip("script is not installed");
    }
    blacklisting(&world, r#""enforce": false"#);
    let words =
        r#"script -qec "$OZ run --user tester $PROFILE -- -c '/opt/calls mkdir'" /dev/null"#;
    let outcome = world.script(words).outcome().succeeded();
    assert!(
        outcome.stdout.contains("I seccomp hit on sandbox"),
        "{outcome:#?}"
    );
    let bare = outcome.stdout.replace("\r\n", "");
    assert!(!bare.contains('\n'), "{outcome:#?}");
}

#[test]
fn a_program_that_is_watched_ends_as_it_would_have() {
    let Some(world) = World::new() else { return };
    blacklisting(&world, r#""enforce": true"#);
    let train = ["--train", "/home/tester/t.seccomp"];
    let ways: [&[&str]; 4] = [&["--no-explain"], &[], &["--audit"], &train];
    for (script, wanted) in [
        ("exit 3", 3),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kill -SEGV $$", 139),
        ("trap 'exit 4' USR1; kill -USR1 $$; sleep 9", 4),
        (
            "(kill -STOP $(sh -c 'echo $PPID')) & sleep 0.1; kill -CONT $!; wait $!; exit 5",
            5,
        ),
        ("trap '' SYS; kill -SYS $$; exit 6", 6),
        ("setsid sleep 0.2 & exit 7", 7),
    ] {
        for options in ways {
            let outcome = world.oz(options, &["-c", script]).outcome();
            assert_eq!(outcome.status, wanted, "{options:?} {script} {outcome:#?}");
        }
    }
}
