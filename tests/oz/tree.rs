//! The tree that every cell has (oz.md §3.1, compared with what Oz's own had), and how it deviates.

use std::collections::{BTreeMap, BTreeSet};

use sandbox_tests::{repository, skip};

use super::World;
use crate::world::{TESTER, lines};

/// Names in a directory, as `find` prints them.
fn names(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

const LIST: &str = "find / /dev /run /var -maxdepth 1 -mindepth 1 -printf '%p %y %m %u %g %l\\n'";

/// Kind, mode, owner, group and where a link leads.
const DIRECTORIES: [(&str, &str); 26] = [
    ("/boot", "d 755 root root "),
    ("/dev", "d 755 root root "),
    ("/etc", "d 755 root root "),
    ("/home", "d 755 root root "),
    ("/media", "d 755 root root "),
    ("/mnt", "d 755 root root "),
    ("/opt", "d 755 root root "),
    ("/proc", "d 555 root root "),
    ("/root", "d 700 root root "),
    ("/run", "d 755 root root "),
    ("/run/dbus", "d 755 tester tester "),
    ("/run/lock", "d 1777 root root "),
    ("/run/resolvconf", "d 755 root root "),
    ("/run/shm", "l 777 root root /dev/shm"),
    ("/run/user", "d 755 root root "),
    ("/srv", "d 755 root root "),
    ("/sys", "d 555 root root "),
    // Oz's had no sticky bit: everybody could remove everybody's files.
    ("/tmp", "d 1777 root root "),
    ("/usr", "d 755 root root "),
    ("/var", "d 755 root root "),
    ("/var/cache", "d 755 root root "),
    ("/var/crash", "d 755 root root "),
    ("/var/lib", "d 755 root root "),
    ("/var/lock", "l 777 root root /run/lock"),
    ("/var/run", "l 777 root root /run"),
    ("/var/tmp", "l 777 root root /tmp"),
];

/// Nobody but the user is there in his own cell: what the host has is nobody's.
fn owned(path: &str, wanted: &str) -> String {
    let owners = match path {
        _ if !World::ORDINARY => "root root",
        "/usr" | "/proc" | "/sys" => "65534 65534",
        _ => "tester tester",
    };
    wanted.replace("root root", owners)
}

#[test]
fn a_cell_has_the_directories_of_oz_and_no_others() {
    let Some(world) = World::new() else { return };
    let text = world.inside("", LIST);
    let found: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    for (path, wanted) in DIRECTORIES {
        assert_eq!(
            found.get(path),
            Some(&owned(path, wanted).as_str()),
            "{path}"
        );
    }
    // Of Oz's: /oz.ro.dir and /oz.ro.file, which are nowhere to be seen here, and second mounts of /usr/bin
    // and the like, which are links as on the host.
    let here: BTreeSet<&str> = found
        .keys()
        .copied()
        .filter(|path| path.rfind('/') == Some(0))
        .collect();
    let known = [
        "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/libx32", "/media",
        "/mnt", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var",
    ];
    assert!(here.is_subset(&BTreeSet::from(known)), "{here:?}");
    let root = if World::ORDINARY { TESTER } else { 0 };
    let session = world.inside("", "stat -c '%a %u %g' /run/user/* $HOME /media/tester");
    assert_eq!(
        session,
        format!("700 {TESTER} {TESTER}\n700 {TESTER} {TESTER}\n755 {root} {root}\n")
    );
}

#[test]
fn programs_have_the_names_that_they_have_on_the_host() {
    let Some(world) = World::new() else { return };
    for path in ["/bin", "/lib", "/lib64", "/sbin"] {
        if let Ok(target) = std::fs::read_link(path) {
            let inside = world.inside("", &format!("readlink {path}"));
            assert_eq!(inside.trim_end(), target.to_str().unwrap(), "{path}");
        }
    }
}

/// Options of a mount by its point.
fn flags(text: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mounts = text.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        (words[4], words[5].split(',').collect())
    });
    mounts.collect()
}

/// Whether devices work where this is mounted.
fn has_devices(point: &str) -> bool {
    // In an ordinary user's cell each is a mount, and the directory is none.
    let each = point.strip_prefix("/dev/");
    match World::ORDINARY {
        true => each.is_some_and(|name| !["shm", "mqueue"].contains(&name)),
        false => ["/dev", "/dev/pts"].contains(&point),
    }
}

#[test]
fn mounts_have_the_flags_of_oz_or_stricter_ones() {
    let Some(world) = World::new() else { return };
    let text = world.inside("", "cat /proc/self/mountinfo");
    let found = flags(&text);
    for (point, options) in &found {
        assert!(options.contains("nosuid"), "{point}");
        assert_eq!(options.contains("nodev"), !has_devices(point), "{point}");
    }
    let observed = repository().join("../shared/data/oz/observed/init-mountinfo.txt");
    let Ok(observed) = std::fs::read_to_string(observed) else {
        return skip("data/oz/observed is not there");
    };
    let mut compared = 0;
    for (point, wanted) in flags(&observed) {
        // What covers others had no flags but ro.
        let Some(options) = found.get(point) else {
            continue;
        };
        for flag in ["ro", "nosuid", "nodev", "noexec"] {
            assert!(
                options.contains(flag) || !wanted.contains(flag),
                "{point} without {flag}"
            );
        }
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
    for read_only in [
        "/usr",
        "/sys",
        "/proc/sys",
        "/proc/irq",
        "/proc/bus",
        "/etc/passwd",
    ] {
        assert!(found[read_only].contains("ro"), "{read_only}");
    }
    assert!(text.contains("hidepid=invisible"));
}

/// Name, mode, group and number.
const DEVICES: [&str; 14] = [
    "full 666 root 1:7",
    "null 666 root 1:3",
    "random 666 root 1:8",
    "urandom 666 root 1:9",
    "zero 666 root 1:5",
    "console 600 root 5:1",
    "tty 666 tty 5:0",
    // Oz gave these to the group of terminals; nobody inside is to write to the host's.
    "tty0 600 root 4:0",
    "tty1 600 root 4:1",
    "tty2 600 root 4:2",
    "tty3 600 root 4:3",
    "tty4 600 root 4:4",
    "tty5 600 root 4:5",
    "pts/ptmx 666 root 5:2",
];
/// Of an ordinary user's cell.
const DEVICES_OF_HOST: [&str; 7] = [
    "full 666 UNKNOWN 1:7",
    "null 666 UNKNOWN 1:3",
    "random 666 UNKNOWN 1:8",
    "urandom 666 UNKNOWN 1:9",
    "zero 666 UNKNOWN 1:5",
    "tty 666 UNKNOWN 5:0",
    "pts/ptmx 666 tester 5:2",
];

#[test]
fn there_are_thirteen_devices_and_none_can_be_made() {
    let Some(world) = World::new() else { return };
    let text = world.inside(
        "",
        "cd /dev; for name in * pts/*; do test -L $name || ! test -c $name || \
         stat -c '%n %a %G %Hr:%Lr' $name; done",
    );
    match World::ORDINARY {
        true => assert_eq!(names(&text), BTreeSet::from(DEVICES_OF_HOST)),
        false => assert_eq!(names(&text), BTreeSet::from(DEVICES)),
    }
    let links = world.inside("", "find /dev -type l -printf '%P %l\\n'");
    let wanted = [
        "fd /proc/self/fd",
        "stdin /proc/self/fd/0",
        "stdout /proc/self/fd/1",
        "stderr /proc/self/fd/2",
        "ptmx /dev/pts/ptmx",
    ];
    assert_eq!(names(&links), BTreeSet::from(wanted));
    assert_eq!(world.attempt("make-device /tmp/null"), "EPERM");
    assert_eq!(
        world.attempt_outside(true, "make-device \"$WORLD/null\""),
        "done"
    );
    world.inside("", "test -z \"$(find /dev -type b)\" && echo x >/dev/null && head -c 4 /dev/urandom >/dev/shm/x");
}

#[test]
fn of_etc_there_is_what_the_configuration_includes() {
    let Some(world) = World::new() else { return };
    let text = world.inside("", "ls /etc; cat /etc/shadow 2>&1 || true");
    let found = names(&text);
    for name in [
        "alternatives",
        "passwd",
        "group",
        "hosts",
        "hostname",
        "machine-id",
        "fstab",
        "mtab",
        "domainname",
    ] {
        assert!(found.contains(name), "{name}: {text}");
    }
    for name in [
        "shadow",
        "sudoers",
        "nsswitch.conf",
        "ld.so.cache",
        "os-release",
    ] {
        assert!(!found.contains(name), "{name}");
    }
    assert!(text.contains("/etc/shadow: No such file"), "{text}");
    world.configure(r#""etc_includes": ["/etc/nsswitch.conf", "/etc/hosts"],"#);
    let outcome = world
        .cell("", "ls /etc; cat /etc/hosts")
        .outcome()
        .succeeded();
    assert!(outcome.stdout.contains("nsswitch.conf"), "{outcome:#?}");
    // A file of the host's that was asked for stays, and that is said.
    assert_eq!(
        outcome.stderr,
        "oz: note: /etc/hosts is there already, and was not replaced\n"
    );
}

#[test]
fn files_of_etc_are_written_for_the_cell() {
    let Some(world) = World::new() else { return };
    let keys = r#""networking": {"hosts": "10.9.9.9 extra"}"#;
    let text = world.inside(keys, "cat /etc/hostname /etc/domainname /etc/fstab /etc/hosts; readlink /etc/mtab /etc/resolv.conf");
    assert_eq!(
        text,
        "cell\nlocal\n# This fstab file is empty\n127.0.0.1\tlocalhost\n127.0.1.1\tcell cell.local\n\
         ::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n\
         \n10.9.9.9 extra/proc/self/mounts\n/run/resolvconf/resolv.conf\n"
    );
    let names = world.inside(
        "",
        "getent hosts localhost >/dev/null; stat -c '%a %u' /etc/hosts /etc/machine-id",
    );
    let root = if World::ORDINARY { TESTER } else { 0 };
    assert_eq!(names, format!("644 {root}\n644 {root}\n"));
}

#[test]
fn the_number_of_the_machine_is_the_cells_own_and_stays() {
    let Some(world) = World::new() else { return };
    let first = world.inside("", "cat /etc/machine-id");
    let second = world.inside("", "cat /etc/machine-id");
    assert_eq!(first, second);
    assert_eq!(first.len(), 33);
    let hosts = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    assert_ne!(first, hosts);
    world.profile("");
    let other = world.write(
        "another.json",
        r#"{"name": "another", "path": "/bin/cat"}"#,
        0,
        0o644,
    );
    let script = format!(
        "\"$OZ\" run --user tester {} -- /etc/machine-id",
        other.display()
    );
    assert_ne!(world.script(&script).outcome().succeeded().stdout, first);
}

#[test]
fn a_cell_has_its_name_and_its_domain() {
    let Some(world) = World::new() else { return };
    let text = world.inside(
        "",
        "uname -n; cat /proc/sys/kernel/domainname; cat /tmp/oz-sandbox",
    );
    assert_eq!(text, "cell\nlocal\ncell");
}

#[test]
fn all_devices_are_there_where_the_configuration_says_so() {
    let Some(world) = World::new() else { return };
    world.configure(r#""use_full_dev": true,"#);
    if World::ORDINARY {
        let refused = world.cell("", "echo ran").outcome().status(125).stdout("");
        refused.stderr_has("use_full_dev in oz.conf shows all devices");
        return;
    }
    let text = world.inside(
        "",
        "grep ' /dev ' /proc/self/mountinfo; test -e /dev/kmsg; echo x >/dev/shm/x; ls /dev/pts",
    );
    assert!(text.contains(" - devtmpfs "), "{text}");
    assert!(text.contains("nosuid,noexec"), "{text}");
}

#[test]
fn without_proc_and_sys_both_are_empty() {
    let Some(world) = World::new() else { return };
    assert_eq!(
        world.inside(r#""nosysproc": true"#, "ls /proc /sys"),
        "/proc:\n\n/sys:\n"
    );
}

#[test]
fn without_defaults_there_is_what_the_profile_shows() {
    let Some(world) = World::new() else { return };
    let program = world.attempts();
    world.write("bare.json", &format!(
        r#"{{"name": "bare", "path": "/opt/attempts", "nodefaults": true, "whitelist": [{program}]}}"#
    ), 0, 0o644);
    for (words, wanted) in [
        ("look /usr", "ENOENT"),
        ("look /etc/passwd", "ENOENT"),
        ("look /etc/hosts", "done"),
    ] {
        let script = format!("\"$OZ\" run --user tester \"$WORLD/bare.json\" -- {words}");
        let outcome = world.script(&script).outcome().succeeded();
        assert_eq!(outcome.stdout.trim_end(), wanted, "{words}");
    }
}

#[test]
fn the_kernels_views_tell_nothing_of_the_host_and_take_nothing() {
    let Some(world) = World::new() else { return };
    let text = world.inside(
        "",
        "for path in /proc/kcore /proc/keys /proc/kallsyms /proc/sysrq-trigger /proc/timer_list \
        /sys/firmware /sys/fs/cgroup /proc/acpi; do test -e $path || continue; \
        (cat $path || ls $path/) >/dev/null 2>&1 && echo $path; done; true",
    );
    assert_eq!(text, "");
    let outside = world
        .script("cat /proc/timer_list >/dev/null && ls /sys/fs/cgroup >/dev/null && cat /proc/keys")
        .outcome();
    outside.succeeded();
}

#[test]
fn what_lies_on_the_stage_is_not_shown_a_second_time() {
    let Some(world) = World::new() else { return };
    // The directory of the configuration is shown in every cell, and here it holds the stage.
    let keys = format!(
        r#""whitelist": [{{"path": "{}", "target": "/opt/world", "read_only": true}}]"#,
        world.at("").display()
    );
    world.directory_of(&world.at("cells/rootfs"), 0);
    let text = world.inside(
        &keys,
        "ls /opt/world/cells/rootfs; grep -c rootfs /proc/self/mountinfo || true",
    );
    assert_eq!(lines(&text), ["0"]);
}
