//! What is asked of cells that their user makes, and of no others.

use std::fs;

use serde_json::Value;

use crate::world::{OTHER, TESTER};

type World = crate::world::World<true>;

fn plan(world: &World, options: &str) -> String {
    let script = format!("\"$OZ\" run --plan {options} \"$PROFILE\"");
    world.script(&script).outcome().succeeded().stdout
}

#[test]
fn the_plan_says_in_what_such_a_cell_differs_and_roots_plan_says_nothing() {
    let Some(world) = World::new() else { return };
    world.profile(
        r#""limits": {"pids": 9, "resources": {"nofile": 5}}, "networking": {"type": "host"},
        "allowed_groups": ["members"]"#,
    );
    let text = plan(&world, "");
    assert!(text.contains("\nmade by the user\n"), "{text}");
    let differs: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("differs in "))
        .collect();
    for (what, why) in [
        ("owners", "nobody (65534)"),
        ("devices", "the host's"),
        ("the first process", "has the user's id"),
        ("home directory", "a file system each"),
        ("allowed_groups", "no effect"),
        ("limits.pids", "cannot be kept"),
        ("/sys", "empty"),
    ] {
        let found = differs.iter().find(|line| line.starts_with(what));
        assert!(
            found.is_some_and(|line| line.contains(why)),
            "{what}: {text}"
        );
    }
    let json: Value = serde_json::from_str(&plan(&world, "--json")).unwrap();
    assert_eq!(json["plan"]["maker"], "user");
    assert_eq!(json["differs"].as_array().unwrap().len(), differs.len());
    let script = "\"$WORLD/oz\" run --user tester --plan \"$PROFILE\"";
    let of_root = world.script(script).outcome().succeeded().stdout;
    assert!(
        !of_root.contains("differs") && !of_root.contains("made by"),
        "{of_root}"
    );
}

/// Runs a script beside a cell whose program sleeps: `$init` and `$program` are its processes on the host.
fn beside_a_cell(world: &World, script: &str) -> Vec<String> {
    world.attempts();
    world.profile("");
    let script = format!(
        "rm -f $WORLD/said; \"$OZ\" run \"$PROFILE\" -- -c 'echo started; exec sleep 9' >$WORLD/said & oz=$!; \
        while ! grep -qs started $WORLD/said; do sleep 0.01; done; \
        init=$(cat /proc/$oz/task/$oz/children | tr -d ' '); \
        program=$(cat /proc/$init/task/$init/children | tr -d ' '); {script}; kill -9 $oz"
    );
    let outcome = world.script(&script).outcome();
    outcome.stdout.lines().map(String::from).collect()
}

const TESTER_RUNS: &str = "setpriv --reuid 4711 --regid 4711 --clear-groups";

#[test]
fn the_user_himself_cannot_look_into_the_first_process_from_the_host() {
    let Some(world) = World::new() else { return };
    for (words, wanted, of_program) in [
        ("trace $P", "EPERM", "done"),
        ("read-memory $P", "EPERM", "EFAULT"),
        ("take-descriptor $P 0", "EPERM", "done"),
        ("read /proc/$P/mem", "EACCES", "EIO"),
        ("follow /proc/$P/exe", "EACCES", "done"),
        ("follow /proc/$P/root", "EACCES", "done"),
        ("follow /proc/$P/ns/user", "EACCES", "done"),
        ("write /proc/$P/exe x", "EACCES", "ETXTBSY"),
    ] {
        let ask = |process: &str| {
            let words = words.replace("$P", process);
            format!("{TESTER_RUNS} $WORLD/attempts {words}")
        };
        let said = beside_a_cell(&world, &format!("{}; {}", ask("$init"), ask("$program")));
        let [first, program] = said.as_slice() else {
            panic!("{words}: {said:?}")
        };
        assert_eq!(first, wanted, "{words}");
        // Outside it is the user's own process, and that it can be asked shows that the question is one.
        let reached = program == of_program || program == "EACCES" && words.starts_with("write");
        assert!(reached, "{words}: {program}");
    }
}

#[test]
fn the_first_process_has_given_everything_up_when_the_program_runs() {
    let Some(world) = World::new() else { return };
    let said = beside_a_cell(
        &world,
        "grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb):' /proc/$init/status; stat -c %u /proc/$init/status; \
        cat /proc/$init/setgroups /proc/$program/setgroups /proc/$init/uid_map /proc/$program/gid_map; \
        test $(readlink /proc/$init/ns/user) != $(readlink /proc/$program/ns/user) && echo apart",
    );
    let none = "0000000000000000";
    let sets: Vec<&str> = said
        .iter()
        .filter_map(|line| line.strip_prefix("Cap"))
        .collect();
    assert!(
        sets.len() == 5 && sets.iter().all(|set| set.ends_with(none)),
        "{said:?}"
    );
    // Its files are root's, because nobody may look into it.
    assert_eq!(said[5..8], ["0", "deny", "deny"], "{said:?}");
    let map = format!("{TESTER} {TESTER} 1");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        [words(&said[8]), words(&said[9])],
        [map.clone(), map],
        "{said:?}"
    );
    assert_eq!(said.last().map(String::as_str), Some("apart"), "{said:?}");
}

/// Tries to change everything in the tree that does not lie where the program may write, and tells what
/// could be changed.
const CHANGE: &str = r#"
import os, sys
OWN = ["/tmp", "/run/lock", "/run/dbus", "/run/user/4711", "/home/tester", "/dev/shm", "/dev/mqueue", "/dev/pts", "/proc", "/sys", "/srv/docs"]
looked = 0
def attempt(what, path, call):
    global looked
    looked += 1
    try:
        call()
    except OSError:
        return
    print(what, path)
def change(path, is_directory):
    if not os.path.islink(path):
        attempt("chmod", path, lambda: os.chmod(path, 0o777))
    attempt("utime", path, lambda: os.utime(path, follow_symlinks=False))
    attempt("rename", path, lambda: os.rename(path, path + ".new"))
    attempt("remove", path, lambda: os.rmdir(path) if is_directory else os.unlink(path))
    attempt("chown", path, lambda: os.chown(path, 4711, 4711, follow_symlinks=False))
    attempt("label", path, lambda: os.setxattr(path, "user.x", b"x", follow_symlinks=False))
    if is_directory:
        attempt("make", path, lambda: os.mkdir(path + "/made"))
        attempt("link", path, lambda: os.symlink("x", path + "/linked"))
    elif not path.startswith("/dev/"):
        attempt("open", path, lambda: os.open(path, os.O_WRONLY))
def descend(path):
    change(path, True)
    try:
        entries = list(os.scandir(path))
    except OSError:
        return
    for entry in entries:
        if entry.path in OWN:
            continue
        if entry.is_dir(follow_symlinks=False):
            # All of /usr is one mount.
            (change(entry.path, True) if path.startswith("/usr/") else descend(entry.path))
        else:
            change(entry.path, False)
descend("/")
for path in ["/tmp/oz-sandbox", "/proc/kallsyms", "/proc/sys", "/sys", "/usr/sbin", "/dev/null"]:
    change(path, os.path.isdir(path))
print("looked" if looked > 1000 else looked)
"#;

#[test]
fn the_program_changes_nothing_of_the_tree_although_it_owns_it() {
    let Some(world) = World::new() else { return };
    world.mine("docs/secret", "secret\n");
    world.mine("docs/box/inner", "");
    let script = world.write("change.py", CHANGE, 0, 0o644);
    let keys = format!(
        r#""whitelist": [{{"path": "{}", "target": "/opt/change.py", "read_only": true}},
        {{"path": "${{HOME}}/docs", "target": "/srv/docs"}}],
        "blacklist": [{{"path": "/srv/docs/secret"}}, {{"path": "/srv/docs/box"}}]"#,
        script.display()
    );
    let changes = "python3 /opt/change.py; \
        for path in /srv/docs/secret /srv/docs/box; do chmod 777 $path 2>/dev/null && echo $path; \
        cat $path $path/* 2>/dev/null; done; cat /tmp/oz-sandbox";
    assert_eq!(world.inside(&keys, changes), "looked\ncell");
    assert_eq!(
        fs::read_to_string(world.home("docs/secret")).unwrap(),
        "secret\n"
    );
}

#[test]
fn signals_from_inside_are_nothing_to_the_first_process() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    let script = "trap 'echo told' TERM HUP USR1; for signal in TERM HUP USR1 KILL STOP; do kill -s $signal 1; done; \
        sleep 0.3; echo alone";
    let keys = format!("\"whitelist\": [{item}]");
    assert_eq!(world.inside(&keys, script), "alone\n");
    // From outside they are handed on.
    world.profile("");
    let script = "\"$OZ\" run \"$PROFILE\" -- -c 'trap \"echo told; exit 3\" TERM; echo ready; sleep 9 & wait' >$WORLD/said & \
        while ! grep -q ready $WORLD/said; do sleep 0.01; done; kill -TERM $!; wait $!; echo $?; cat $WORLD/said";
    let outcome = world.script(script).outcome();
    assert_eq!(outcome.stdout, "3\nready\ntold\n", "{outcome:#?}");
}

#[test]
fn groups_of_the_caller_stay_and_the_plan_says_so() {
    let Some(world) = World::new() else { return };
    world.write("shared", "members' own\n", 0, 0o640);
    world
        .script("chgrp 4720 $WORLD/shared")
        .outcome()
        .succeeded();
    world.profile(&format!(
        r#""whitelist": [{{"path": "{}", "target": "/opt/shared", "read_only": true, "ignore": true}}]"#,
        world.at("shared").display()
    ));
    let run = |groups: &str, words: &str| {
        let script =
            format!("exec setpriv --reuid 4711 --regid 4711 {groups} $WORLD/oz run {words}");
        world.script(&script).outcome().succeeded().stdout
    };
    let inside = "\"$PROFILE\" -- -c 'id -G; cat /opt/shared 2>/dev/null; true'";
    assert_eq!(
        run("--groups 4720,4711", inside),
        "4711 65534\nmembers' own\n"
    );
    assert_eq!(run("--clear-groups", inside), "4711\n");
    let plan = run("--groups 4720,29", "--plan \"$PROFILE\"");
    assert!(
        plan.contains("user 4711 group 4711 with groups 29 4720\n"),
        "{plan}"
    );
    assert!(
        plan.contains("differs in groups: the program keeps those of the caller, 29 4720"),
        "{plan}"
    );
}

#[test]
fn limits_of_the_whole_cell_are_refused_unless_they_are_done_without() {
    let Some(world) = World::new() else { return };
    for keys in [r#""limits": {"pids": 9}"#, r#""limits": {"memory": "99M"}"#] {
        let refused = world
            .cell(keys, "echo ran")
            .outcome()
            .status(125)
            .stdout("");
        refused.stderr_has(
            "the profile needs limits, which this cell cannot have: --without limits runs",
        );
        let run = world.oz(&["--without", "limits"], &["-c", "echo ran"]);
        run.outcome().succeeded().stdout("ran\n");
    }
}

#[test]
fn limits_of_each_process_are_the_lower_ones() {
    let Some(world) = World::new() else { return };
    world.profile(r#""limits": {"nofile": 4000, "core": "unlimited", "fsize": 512}"#);
    let script = "ulimit -n 99; ulimit -c 7; exec \"$OZ\" run \"$PROFILE\" -- -c 'ulimit -n; ulimit -c; ulimit -f'";
    let outcome = world.script(script).outcome().succeeded();
    assert_eq!(outcome.stdout, "99\n7\n1\n", "{outcome:#?}");
}

#[test]
fn with_the_hosts_network_there_is_no_view_of_devices() {
    let Some(world) = World::new() else { return };
    let keys = r#""networking": {"type": "host"}"#;
    assert_eq!(
        world.inside(keys, "ls /sys; ls -d /proc/self"),
        "/proc/self\n"
    );
    let keys = r#""networking": {"type": "empty"}"#;
    assert_ne!(world.inside(keys, "ls /sys"), "");
}

#[test]
fn the_machine_can_forbid_them() {
    let Some(world) = World::new() else { return };
    world.configure(r#""allow_user_namespaces": false,"#);
    let refused = world.cell("", "echo ran").outcome().status(125).stdout("");
    refused.stderr_has("oz: oz.conf says allow_user_namespaces false");
    let script = "\"$WORLD/oz\" run --user tester \"$PROFILE\" -- -c 'echo ran'";
    world.script(script).outcome().succeeded().stdout("ran\n");
    // Nobody but root says what the machine allows.
    world.write(
        "etc/mine.conf",
        "{\"allow_user_namespaces\": true}",
        TESTER,
        0o644,
    );
    let script = "OZ_CONFIG_PATH=$WORLD/etc/mine.conf \"$OZ\" run \"$PROFILE\" -- -c 'echo ran'";
    let refused = world.script(script).outcome().status(125).stdout("");
    refused.stderr_has("belongs to somebody else than root");
}

#[test]
fn profiles_are_roots_or_the_users_own() {
    let Some(world) = World::new() else { return };
    world.profile("");
    for (owner, status) in [(TESTER, 0), (0, 0), (OTHER, 125)] {
        let text = fs::read_to_string(world.at("cell.json")).unwrap();
        world.write("cell.json", &text, owner, 0o644);
        let outcome = world.oz(&[], &["-c", "echo ran"]).outcome();
        assert_eq!(outcome.status, status, "{owner}: {outcome:#?}");
    }
    // What root does is decided by root.
    let text = fs::read_to_string(world.at("cell.json")).unwrap();
    world.write("cell.json", &text, TESTER, 0o644);
    let script = "\"$WORLD/oz\" run --user tester \"$PROFILE\" -- -c 'echo ran'";
    world.script(script).outcome().status(125).stdout("");
}

/// Runs `oz` as the tester in a user namespace in which none can be made.
const WITHOUT_NAMESPACES: &str = "unshare -U sleep 9 & there=$!; \
    while test $(readlink /proc/$there/ns/user) = $(readlink /proc/self/ns/user); do :; done; \
    echo '0 0 4294967295' >/proc/$there/uid_map; echo '0 0 4294967295' >/proc/$there/gid_map; \
    nsenter -U -t $there sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; \
    \"$OZ\" run \"$PROFILE\" -- -c \"echo ran\"'; echo $?; kill $there";

#[test]
fn a_kernel_that_makes_no_namespaces_is_explained() {
    let Some(world) = World::new() else { return };
    world.profile("");
    let outcome = world.script(WITHOUT_NAMESPACES).outcome();
    assert_eq!(outcome.stdout, "125\n", "{outcome:#?}");
    outcome.stderr_has("user.max_user_namespaces is 0, and root can raise it with sysctl");
}

#[test]
fn where_views_of_the_kernels_are_covered_there_is_no_cell_and_the_reason_is_told() {
    let Some(world) = World::new() else { return };
    world.profile("");
    for (covered, named) in [("/proc/sys", "/proc"), ("/sys/kernel", "/sys")] {
        let script =
            format!("mount -t tmpfs tmpfs {covered}; \"$OZ\" run \"$PROFILE\" -- -c 'echo ran'");
        let refused = world.script(&script).outcome().status(125).stdout("");
        refused.stderr_has(&format!(
            "{named}: the kernel shows it to nobody but root where something"
        ));
    }
}

#[test]
fn a_device_that_is_another_one_on_the_host_is_refused() {
    let Some(world) = World::new() else { return };
    world.profile("");
    let script = "mount --bind /dev/zero /dev/full; \"$OZ\" run \"$PROFILE\" -- -c 'echo ran'";
    let refused = world.script(script).outcome().status(125).stdout("");
    refused.stderr_has("/dev/full: is not the device 1:7 on the host");
}

#[test]
fn hard_links_are_searched_for_as_far_as_the_program_gets() {
    let Some(world) = World::new() else { return };
    let secret = world.mine("docs/secret", "secret\n");
    for (name, mode, status) in [("closed", "700", 0), ("passed", "711", 125)] {
        // Root's, with a name of what is hidden in it.
        world.directory_of(&world.home("docs").join(name), 0);
        fs::hard_link(&secret, world.home("docs").join(name).join("copy")).unwrap();
        let keys = r#""whitelist": [{"path": "${HOME}/docs"}], "blacklist": [{"path": "${HOME}/docs/secret"}]"#;
        world.profile(keys);
        let script = format!(
            "chmod {mode} $WORLD/home/docs/{name}; \"$OZ\" run \"$PROFILE\" -- -c \
            'cat docs/secret docs/{name}/copy 2>/dev/null; echo ran'"
        );
        let outcome = world.script(&script).outcome();
        assert_eq!(outcome.status, status, "{name}: {outcome:#?}");
        assert!(!outcome.stdout.contains("secret"), "{outcome:#?}");
        fs::remove_dir_all(world.home("docs").join(name)).unwrap();
    }
}
