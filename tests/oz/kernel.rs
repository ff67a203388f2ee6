//! Calls that change what the kernel shows, and files through which the kernel is changed.

use sandbox_tests::skip;

use super::World;

/// Attempts that root makes with success outside, and that fail in a cell.
#[track_caller]
fn root_alone(attempts: &[(&str, &str)]) {
    let Some(world) = World::new() else { return };
    for (words, wanted) in attempts {
        assert_eq!(world.attempt_outside(true, words), "done", "{words}");
        assert_eq!(world.attempt(words), *wanted, "{words}");
    }
}

#[test]
fn nothing_can_be_mounted_changed_or_unmounted() {
    root_alone(&[
        ("mount-memory /mnt", "EPERM"),
        ("mount-bind / /mnt", "EPERM"),
        ("make-file-system", "EPERM"),
        ("clone-mount /", "EPERM"),
    ]);
    let Some(world) = World::new() else { return };
    for words in [
        "remount /usr",
        "unmount /usr/sbin",
        "unmount /proc/keys",
        "change-attributes /usr",
    ] {
        assert_eq!(world.attempt(words), "EPERM", "{words}");
    }
    // These need a mount of its own outside.
    let script = "mkdir /home/m; mount --bind /usr /home/m; mount -o remount,ro,bind /home/m; \
        $WORLD/attempts change-attributes /home/m; $WORLD/attempts remount /home/m; $WORLD/attempts unmount /home/m";
    world.attempts();
    world
        .script(script)
        .outcome()
        .succeeded()
        .stdout("done\ndone\ndone\n");
}

#[test]
fn the_root_can_neither_be_changed_nor_left() {
    root_alone(&[
        ("change-root /tmp", "EPERM"),
        ("leave-chroot /tmp", "EPERM"),
        ("open-by-number /", "EPERM"),
    ]);
}

#[test]
fn devices_cannot_be_made_and_those_of_the_host_do_not_work() {
    let Some(world) = World::new() else { return };
    assert_eq!(
        world.attempt_outside(true, "make-device $WORLD/null"),
        "done"
    );
    for place in ["/tmp/x", "/dev/x", "/dev/shm/x", "/home/tester/x"] {
        let answer = world.attempt(&format!("make-device {place}"));
        assert!(
            ["EPERM", "EACCES", "EROFS"].contains(&answer.as_str()),
            "{place}: {answer}"
        );
    }
    // One that is shown is dead: its mount has nodev.
    world
        .script("mknod -m 666 $WORLD/zero c 1 5")
        .outcome()
        .succeeded();
    let item = world.attempts();
    let keys = format!(
        r#""whitelist": [{item}, {{"path": "{}", "target": "/opt/zero"}}]"#,
        world.at("zero").display()
    );
    assert_eq!(
        world.inside(&keys, "/opt/attempts read /opt/zero"),
        "EACCES\n"
    );
    assert_eq!(world.attempt_outside(false, "read $WORLD/zero"), "done");
}

#[test]
fn no_namespace_can_be_entered_or_made() {
    let Some(world) = World::new() else { return };
    for (words, wanted) in [
        // CLONE_NEWUSER, alone and with CLONE_NEWNS and CLONE_NEWPID.
        ("leave-namespaces 0x10000000", "ENOSPC"),
        ("leave-namespaces 0x30020000", "ENOSPC"),
        ("clone-namespace", "ENOSPC"),
        ("mount-processes /proc", "ENOSPC"),
        ("leave-namespaces 0x20000", "EPERM"),
        ("leave-namespaces 0x40000000", "EPERM"),
        ("enter-namespace /proc/self/ns/mnt", "EPERM"),
        ("enter-namespace /proc/self/ns/user", "EINVAL"),
        ("write /proc/sys/user/max_user_namespaces 9", "EACCES"),
    ] {
        assert_eq!(world.attempt(words), wanted, "{words}");
    }
    for words in ["clone-namespace", "leave-namespaces 0x10000000"] {
        assert_eq!(world.attempt_outside(false, words), "done", "{words}");
    }
    assert_eq!(
        world.attempt_outside(true, "enter-namespace /proc/self/ns/mnt"),
        "done"
    );
}

#[test]
fn with_user_namespaces_what_is_covered_stays_covered() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    world.mine("docs/secret", "secret\n");
    let keys = format!(
        r#""whitelist": [{item}, {{"path": "${{HOME}}/docs", "read_only": true}}],
        "blacklist": [{{"path": "${{HOME}}/docs/secret"}}], "limits": {{"user_namespaces": 4}}"#
    );
    let run = |words: &str| world.inside(&keys, &format!("/opt/attempts {words}"));
    assert_eq!(run("clone-namespace"), "done\n");
    assert_eq!(run("uncover /home/tester/docs/secret"), "EINVAL\n");
    assert_eq!(run("uncover /proc/keys"), "EINVAL\n");
    // A fresh view of the processes would show what is masked in ours.
    assert_eq!(run("mount-processes /proc"), "EPERM\n");
    assert_eq!(run("mount-processes /mnt"), "EPERM\n");
    // Where it may write it could rename what is hidden, for the next cell.
    let outcome = world
        .cell(&keys.replace(", \"read_only\": true}],", "}],"), "echo ran")
        .outcome();
    let outcome = outcome.status(125).stdout("");
    outcome
        .stderr_has("/home/tester/docs/secret is hidden below a directory that can be written to");
}

#[test]
fn the_kernel_is_not_changed_by_its_files() {
    let Some(world) = World::new() else { return };
    let mut tried = 0;
    for path in [
        "/proc/sysrq-trigger",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/kernel/hostname",
        "/proc/sys/vm/drop_caches",
        "/proc/sys/fs/binfmt_misc/register",
        "/proc/irq/default_smp_affinity",
        "/proc/mtrr",
        "/sys/kernel/uevent_helper",
        "/sys/power/state",
        "/sys/kernel/mm/ksm/run",
        "/sys/fs/cgroup/release_agent",
        "/sys/fs/cgroup/pids/release_agent",
        "/sys/fs/cgroup/cgroup.procs",
        "/dev/kmsg",
        "/dev/mem",
    ] {
        // Opening it is enough to know; nothing is written.
        let outside = world.attempt_outside(true, &format!("write {path}"));
        let inside = world.attempt(&format!("write {path}"));
        assert!(
            ["EACCES", "EROFS", "ENOENT", "EPERM"].contains(&inside.as_str()),
            "{path}: {inside}"
        );
        tried += u32::from(outside == "done");
    }
    assert!(tried >= 5, "{tried}");
}

#[test]
fn what_root_alone_could_write_is_read_only_besides() {
    let Some(world) = World::new() else { return };
    let text = world.inside("", "cat /proc/self/mountinfo");
    for path in ["/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/sys"] {
        if !std::path::Path::new(path).exists() {
            continue;
        }
        let line = text
            .lines()
            .find(|line| line.split(' ').nth(4) == Some(path));
        let line = line.unwrap_or_else(|| panic!("{path} is no mount"));
        assert!(line.split(' ').nth(5).unwrap().starts_with("ro,"), "{line}");
    }
}

#[test]
fn keys_of_the_caller_and_of_the_users_other_sessions_are_out_of_reach() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    world.profile(&format!("\"whitelist\": [{item}]"));
    // −3 is the session's keyring, −4 the user's (keyctl(2)).
    let name = format!("oz-test-{}", std::process::id());
    let script = format!(
        "$WORLD/attempts new-session /bin/sh -c '$WORLD/attempts add-key -3 {name}; $WORLD/attempts find-key -3 {name}; \
        $OZ run --user tester $PROFILE -- -c \"/opt/attempts find-key -3 {name}; /opt/attempts find-key -4 {name}-user; \
        /opt/attempts add-key -3 inside; cat /proc/keys 2>&1 | grep -c denied\"'"
    );
    let user =
        format!("$WORLD/attempts add-key -4 {name}-user; $WORLD/attempts find-key -4 {name}-user");
    let stays = format!(
        "setpriv --reuid 4711 --regid 4711 --clear-groups sh -c '{user}; {{ sleep 3; }} >/dev/null 2>&1 & ' ; {script}"
    );
    let outcome = world.script(&stays).outcome();
    if outcome.stdout.starts_with("ENOSYS") {
        return skip("this kernel has no keyrings");
    }
    assert_eq!(
        outcome.stdout, "done\ndone\ndone\ndone\nENOKEY\nENOKEY\ndone\n1\n",
        "{outcome:#?}"
    );
}

#[test]
fn shared_memory_and_queues_of_the_host_are_not_there() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    world.profile(&format!("\"whitelist\": [{item}]"));
    // With IPC of its own, which goes when this ends.
    let inside = "/opt/attempts find-memory 4711; /opt/attempts find-queue /oz-test; \
        /opt/attempts make-memory 4711; /opt/attempts make-queue /oz-test; ls /dev/mqueue /dev/shm";
    let script = format!(
        "unshare -i sh -c '$WORLD/attempts make-memory 4711; $WORLD/attempts make-queue /oz-test; \
        $WORLD/attempts find-memory 4711; $WORLD/attempts find-queue /oz-test; $OZ run --user tester $PROFILE -- -c \"{inside}\"'"
    );
    let outcome = world.script(&script).outcome();
    assert_eq!(
        outcome.stdout,
        "done\ndone\ndone\ndone\nENOENT\nENOENT\ndone\ndone\n/dev/mqueue:\noz-test\n\n/dev/shm:\n",
        "{outcome:#?}"
    );
}
