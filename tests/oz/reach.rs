//! Ways to the host's files that lead nowhere. Each is shown to lead somewhere outside first.

use std::fs;

use sandbox_tests::built;

use super::World;

#[test]
fn files_of_the_host_are_not_there_by_absolute_paths_nor_upwards() {
    let Some(world) = World::new() else { return };
    world.mine("private", "secret\n");
    let secret = world.at("root-secret").display().to_string();
    let up = format!("/usr/../../../../..{secret}");
    for path in [
        secret.as_str(),
        &up,
        "/home/other/secret",
        "/home/tester/private",
        "/etc/shadow",
        "/srv/../etc/shadow",
    ] {
        assert_eq!(
            world.attempt_outside(true, &format!("read {path}")),
            "done",
            "{path}"
        );
        assert_eq!(world.attempt(&format!("read {path}")), "ENOENT", "{path}");
    }
}

#[test]
fn nothing_of_the_old_root_is_mounted_any_more() {
    let Some(world) = World::new() else { return };
    let inside = world.inside("", "cut -d' ' -f5 /proc/self/mountinfo");
    let own = world.inside("", "find /home/tester");
    assert_eq!(own, "/home/tester\n");
    // A file system in memory.
    let is_own = |point: &str| World::ORDINARY && point == "/home/tester";
    assert!(
        !inside.lines().any(
            |point| (point.starts_with("/home/") && !is_own(point)) || point.contains("rootfs")
        ),
        "{inside}"
    );
    let outside = world
        .script("cut -d' ' -f5 /proc/self/mountinfo")
        .outcome()
        .succeeded()
        .stdout;
    assert!(
        outside.lines().any(|point| point == "/home/tester"),
        "{outside}"
    );
    let roots = inside.lines().filter(|point| *point == "/").count();
    assert_eq!(roots, 1, "{inside}");
}

#[test]
fn the_first_process_shows_no_root_no_directory_no_program_and_no_descriptor() {
    let Some(world) = World::new() else { return };
    for path in [
        "/proc/1/root",
        "/proc/1/cwd",
        "/proc/1/exe",
        "/proc/1/fd/0",
        "/proc/1/ns/mnt",
        "/proc/1/task/1/root",
    ] {
        assert_eq!(
            world.attempt_outside(true, &format!("follow {}", path.replace("/1", "/$$"))),
            "done",
            "{path}"
        );
        assert_eq!(world.attempt(&format!("follow {path}")), "ENOENT", "{path}");
    }
    assert_eq!(world.attempt("read /proc/1/mem"), "ENOENT");
    assert_eq!(world.attempt("write /proc/1/exe x"), "ENOENT");
}

#[test]
fn the_first_process_runs_from_memory_that_nobody_can_write_to() {
    let Some(world) = World::new() else { return };
    world.attempts();
    let before = fs::read(built("oz-init")).unwrap();
    world.profile("");
    // Even root cannot, outside; and what it has open leads nowhere.
    let script = "\"$OZ\" run --user tester \"$PROFILE\" -- -c 'echo started; sleep 5' >$WORLD/said & oz=$!; \
        while ! grep -q started $WORLD/said; do sleep 0.01; done; init=$(cat /proc/$oz/task/$oz/children | tr -d ' '); \
        readlink /proc/$init/exe; \"$WORLD/attempts\" write /proc/$init/exe x; readlink /proc/$init/fd/*; kill -9 $oz";
    let outcome = world.script(script).outcome();
    let mut said = outcome.stdout.lines();
    assert!(
        said.next()
            .is_some_and(|exe| exe.starts_with("/memfd:oz-init")),
        "{outcome:#?}"
    );
    assert!(
        matches!(said.next(), Some("ETXTBSY" | "EPERM")),
        "{outcome:#?}"
    );
    for open in said {
        let harmless = [
            "/null",
            "socket:",
            "anon_inode:[signalfd]",
            "anon_inode:[pidfd]",
            "pipe:",
        ];
        assert!(
            harmless.iter().any(|known| open.starts_with(known)),
            "{open}"
        );
    }
    assert_eq!(fs::read(built("oz-init")).unwrap(), before);
}

#[test]
fn no_descriptor_of_the_caller_comes_in() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    world.profile(&format!("\"whitelist\": [{item}]"));
    let open = world.script("\"$WORLD/attempts\" hand-down \"$WORLD/attempts\" descriptors");
    open.outcome().succeeded().stdout("EEXIST\n");
    let script = "\"$WORLD/attempts\" hand-down \"$OZ\" run --user tester \"$PROFILE\" -- -c '/opt/attempts descriptors'";
    world.script(script).outcome().succeeded().stdout("done\n");
}

#[test]
fn a_standard_descriptor_that_leads_out_is_refused() {
    let Some(world) = World::new() else { return };
    world.attempts();
    world.profile("");
    let run = "\"$OZ\" run --user tester \"$PROFILE\" -- -c 'echo ran'";
    for (number, place, what) in [
        ("0", "</", "a directory"),
        ("2", "2</etc", "a directory"),
        ("0", "<$block", "a block device"),
    ] {
        let script = format!(
            "block=$(ls /dev/vda /dev/sda /dev/loop0 2>/dev/null | head -n 1); {run} {place}"
        );
        let outcome = world.script(&script).outcome();
        if place.contains("block") && outcome.status == 2 {
            continue;
        }
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (125, ""),
            "{place} {outcome:#?}"
        );
        if number == "0" {
            let text = format!("oz: descriptor 0 is {what}, which would lead out of the cell\n");
            assert_eq!(outcome.stderr, text, "{outcome:#?}");
        }
    }
    let script = "\"$WORLD/attempts\" hand-down /bin/bash -c '\"$OZ\" run --user tester \"$PROFILE\" -- -c \"echo ran\" <&63'";
    let outcome = world.script(script).outcome();
    assert_eq!(outcome.stdout, "", "{outcome:#?}");
    world
        .script(&format!("{run} </dev/null"))
        .outcome()
        .succeeded()
        .stdout("ran\n");
}

#[test]
fn what_is_read_only_is_so_with_all_that_is_mounted_below() {
    let Some(world) = World::new() else { return };
    world.my_directory("docs/sub");
    world.profile(r#""whitelist": [{"path": "${HOME}/docs", "read_only": true}]"#);
    let script = "mount -t tmpfs -o mode=777 tmpfs /home/tester/docs/sub; echo x >/home/tester/docs/sub/file; \
        \"$OZ\" run --user tester \"$PROFILE\" -- -c 'cat docs/sub/file; echo y >docs/sub/file; touch docs/new; \
        exec 3<>docs/sub/file'; cat /home/tester/docs/sub/file";
    let outcome = world.script(script).outcome();
    assert_eq!(outcome.stdout, "x\nx\n", "{outcome:#?}");
    assert_eq!(
        outcome.stderr.matches("Read-only file system").count(),
        2,
        "{outcome:#?}"
    );
}

#[test]
fn a_program_with_set_user_id_does_not_become_root() {
    let Some(world) = World::new() else { return };
    world.attempts();
    world
        .script("install -m 4755 $WORLD/attempts $WORLD/suid")
        .outcome()
        .succeeded();
    world
        .as_tester("$WORLD/suid effective-user")
        .outcome()
        .succeeded()
        .stdout("done\n");
    for more in ["", r#", "allow_suid": true"#] {
        let keys = format!(
            r#""whitelist": [{{"path": "{}", "target": "/opt/suid", "read_only": true{more}}}]"#,
            world.at("suid").display()
        );
        let outcome = world.cell(&keys, "/opt/suid effective-user").outcome();
        outcome.succeeded().stdout("EPERM\n");
    }
}

#[test]
fn mounts_come_neither_in_nor_out_and_nothing_is_kept_busy() {
    let Some(world) = World::new() else { return };
    world.mine("docs/new/below", "");
    world.my_directory("docs/volume");
    world.profile(r#""whitelist": [{"path": "${HOME}/docs"}]"#);
    let script = "mount --make-rshared /; mount -t tmpfs tmpfs /home/tester/docs/volume; mount -t tmpfs tmpfs /mnt; \
        before=$(wc -l </proc/self/mountinfo); \
        (while ! test -e /home/tester/docs/ready; do sleep 0.01; done; \
        test $before = $(wc -l </proc/self/mountinfo) && echo nothing came out; \
        mount -t tmpfs tmpfs /home/tester/docs/new && ls /home/tester/docs/new; \
        umount /home/tester/docs/volume && umount /mnt && echo not busy; touch /home/tester/docs/go) & \
        timeout 20 \"$OZ\" run --user tester \"$PROFILE\" -- -c \
        'touch docs/ready; while ! test -e docs/go; do sleep 0.01; done; ls docs/new'; wait";
    let outcome = world.script(script).outcome().succeeded();
    assert_eq!(
        outcome.stdout, "nothing came out\nnot busy\nbelow\n",
        "{outcome:#?}"
    );
}
