//! What a profile shows: the whitelist with each of its flags, variables, shared folders, files that the
//! program is called with (oz.md §2.3, §3.5, §3.7, §1.6).

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use super::World;
use crate::world::TESTER;

/// A whitelist of one item.
fn item(text: &str) -> String {
    format!("\"whitelist\": [{{{text}}}]")
}

#[test]
fn of_the_home_directory_there_is_what_the_whitelist_names_and_nothing_new_stays() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "text\n");
    world.mine("secret", "mine alone\n");
    let script = "cat docs/a; echo b >docs/b; echo x >new; find . | sort";
    let text = world.inside(&item(r#""path": "${HOME}/docs""#), script);
    assert_eq!(text, "text\n.\n./docs\n./docs/a\n./docs/b\n./new\n");
    assert_eq!(fs::read_to_string(world.home("docs/b")).unwrap(), "b\n");
    assert_eq!(fs::metadata(world.home("docs/b")).unwrap().uid(), TESTER);
    assert!(!world.home("new").exists());
}

#[test]
fn what_is_read_only_cannot_be_written() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "text\n");
    for (keys, wanted) in [
        (r#""path": "${HOME}/docs""#, "0\n"),
        (r#""path": "${HOME}/docs", "read_only": true"#, "1\n"),
        // A program of somebody else's cannot be written, either.
        (r#""path": "${HOME}/docs", "allow_suid": true"#, "1\n"),
    ] {
        let outcome = world
            .cell(&item(keys), "touch docs/a 2>/dev/null; echo $?")
            .outcome();
        assert_eq!(outcome.succeeded().stdout, wanted, "{keys}");
    }
}

#[test]
fn a_target_is_another_place() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "text\n");
    let keys =
        item(r#""path": "${HOME}/docs", "target": "/opt/papers", "symlink": "${HOME}/papers""#);
    assert_eq!(
        world.inside(&keys, "cat /opt/papers/a papers/a; ls"),
        "text\ntext\npapers\n"
    );
}

#[test]
fn what_is_there_is_replaced_by_force_alone() {
    let Some(world) = World::new() else { return };
    world.mine("hosts", "forced\n");
    let keys = r#""path": "${HOME}/hosts", "target": "/etc/hostname""#;
    let kept = world
        .cell(&item(keys), "cat /etc/hostname")
        .outcome()
        .succeeded();
    assert_eq!(kept.stdout, "cell\n");
    assert_eq!(
        kept.stderr,
        "oz: note: /etc/hostname is there already, and was not replaced\n"
    );
    let keys = item(&format!("{keys}, \"force\": true"));
    assert_eq!(world.inside(&keys, "cat /etc/hostname"), "forced\n");
}

#[test]
fn a_file_by_force_is_where_names_are_resolved() {
    let Some(world) = World::new() else { return };
    world.mine("resolver", "nameserver 10.1.2.3\n");
    for target in ["/run/resolvconf/resolv.conf", "/etc/resolv.conf"] {
        let keys = item(&format!(
            r#""path": "${{HOME}}/resolver", "target": "{target}", "force": true"#
        ));
        assert_eq!(
            world.inside(&keys, "cat /etc/resolv.conf"),
            "nameserver 10.1.2.3\n",
            "{target}"
        );
    }
}

#[test]
fn what_is_missing_ends_the_launch_unless_it_is_ignored() {
    let Some(world) = World::new() else { return };
    let missing = world
        .cell(&item(r#""path": "${HOME}/nothing""#), "echo ran")
        .outcome();
    let missing = missing.status(125).stdout("");
    assert_eq!(
        missing.stderr,
        "oz: while the tree was made: /home/tester/nothing: is not there\n"
    );
    let keys = item(r#""path": "${HOME}/nothing", "ignore": true"#);
    let ignored = world
        .cell(&keys, "echo ran")
        .outcome()
        .succeeded()
        .stdout("ran\n");
    assert_eq!(
        ignored.stderr,
        "oz: note: /home/tester/nothing is not there, and left out\n"
    );
    // A pattern may stand for nothing.
    assert_eq!(
        world.inside(&item(r#""path": "${HOME}/no*""#), "echo ran"),
        "ran\n"
    );
}

#[test]
fn a_missing_directory_is_made_as_the_users_with_the_mode_of_where_it_lies() {
    let Some(world) = World::new() else { return };
    let keys = item(r#""path": "${HOME}/.new/sub", "can_create": true"#);
    world.inside(&keys, "echo x >.new/sub/file");
    for name in [".new", ".new/sub"] {
        let made = fs::metadata(world.home(name)).unwrap();
        assert_eq!(
            (made.uid(), made.gid(), made.mode() & 0o7777),
            (TESTER, TESTER, 0o755),
            "{name}"
        );
    }
    assert_eq!(
        fs::read_to_string(world.home(".new/sub/file")).unwrap(),
        "x\n"
    );
}

#[test]
fn nothing_is_made_outside_the_home_directory() {
    let Some(world) = World::new() else { return };
    let place = world.at("made").display().to_string();
    let keys = item(&format!(r#""path": "{place}", "can_create": true"#));
    let outcome = world.cell(&keys, "echo ran").outcome().status(125);
    assert!(
        outcome
            .stderr
            .contains("is made only below the home directory /home/tester"),
        "{outcome:#?}"
    );
    symlink(world.at("other"), world.home("away")).unwrap();
    let keys = item(r#""path": "${HOME}/away/made", "can_create": true"#);
    let outcome = world.cell(&keys, "echo ran").outcome().status(125);
    assert!(
        outcome.stderr.contains("is made only below"),
        "{outcome:#?}"
    );
    assert!(!world.at("made").exists() && !world.at("other/made").exists());
}

#[test]
fn a_link_as_source_keeps_its_name_and_is_what_it_leads_to() {
    let Some(world) = World::new() else { return };
    world.mine("real/file", "text\n");
    symlink("real/file", world.home("link")).unwrap();
    let keys = item(r#""path": "${HOME}/link""#);
    assert_eq!(
        world.inside(&keys, "cat link; test -h link || echo no link; ls"),
        "text\nno link\nlink\n"
    );
    let keys = item(r#""path": "${HOME}/link", "no_follow": true"#);
    let outcome = world.cell(&keys, "echo ran").outcome().status(125);
    assert!(
        outcome
            .stderr
            .contains("/home/tester/link is a symbolic link"),
        "{outcome:#?}"
    );
}

#[test]
fn variables_are_those_of_the_user() {
    let Some(world) = World::new() else { return };
    for name in [
        "of-4711",
        "of-tester",
        "of-cell",
        "Papers/x",
        "plain/y",
        "both-4711-tester",
    ] {
        world.mine(name, "");
    }
    world.mine(
        ".config/user-dirs.dirs",
        "XDG_DOCUMENTS_DIR=\"$HOME/Papers\"\n",
    );
    let paths = [
        "${HOME}/of-${UID}",
        "${HOME}/of-${USER}",
        "${HOME}/of-${SANDBOXNAME}",
        "${XDG_DOCUMENTS_DIR}",
        "${HOME}/pl*",
        "${HOME}/both-${UID}-${USER}",
    ];
    let items: Vec<String> = paths
        .iter()
        .map(|path| format!("{{\"path\": \"{path}\"}}"))
        .collect();
    let keys = format!("\"whitelist\": [{}]", items.join(", "));
    assert_eq!(
        world.inside(&keys, "find . -type f | LC_ALL=C sort"),
        "./Papers/x\n./both-4711-tester\n./of-4711\n./of-cell\n./of-tester\n./plain/y\n"
    );
}

#[test]
fn a_program_is_found_as_on_the_host_and_a_variable_without_a_value_is_an_error() {
    let Some(world) = World::new() else { return };
    let keys = item(r#""path": "${PATH}/env", "target": "/opt/env", "read_only": true"#);
    assert_eq!(world.inside(&keys, "/opt/env -i x=1 /opt/env"), "x=1\n");
    let keys = item(r#""path": "${HOME}/x${DISPLAY}""#);
    let outcome = world.cell(&keys, "echo ran").outcome().status(125);
    assert!(
        outcome.stderr.contains("${DISPLAY} has no value here"),
        "{outcome:#?}"
    );
}

#[test]
fn all_that_a_pattern_stands_for_comes_into_the_directory_of_the_target() {
    let Some(world) = World::new() else { return };
    for name in ["a.txt", "b.txt", "c.md"] {
        world.mine(name, name);
    }
    let keys = item(r#""path": "${HOME}/*.txt", "target": "/opt/texts""#);
    assert_eq!(
        world.inside(&keys, "ls /opt/texts; cat /opt/texts/*"),
        "a.txt\nb.txt\na.txtb.txt"
    );
}

#[test]
fn a_shared_folder_is_kept_under_the_name_of_the_cell() {
    let Some(world) = World::new() else { return };
    world.mine(
        ".config/user-dirs.dirs",
        "XDG_DOWNLOAD_DIR=\"$HOME/Downloads\"\n",
    );
    world.mine("Downloads/old", "");
    let keys = r#""shared_folders": ["${XDG_DOWNLOAD_DIR}", "${HOME}/Shared Stuff/more"]"#;
    let text = world.inside(keys, "echo new >Downloads/file; echo more >'Shared Stuff/more/file'; ls Downloads; readlink Downloads");
    assert_eq!(text, "file\n/home/tester/.shared/Downloads\n");
    assert_eq!(
        fs::read_to_string(world.home("OZ/Cell/Downloads/file")).unwrap(),
        "new\n"
    );
    assert_eq!(
        fs::read_to_string(world.home("OZ/Cell/Shared Stuff-more/file")).unwrap(),
        "more\n"
    );
    assert!(!world.home("Downloads/file").exists());
}

#[test]
fn a_cell_that_keeps_nothing_has_nothing_of_the_home_directory() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "text\n");
    world.mine("arg", "text\n");
    let keys = r#""whitelist": [{"path": "${HOME}/docs"}, {"path": "/home/tester/docs", "target": "/opt/docs"},
        {"path": "/etc/debian_version", "ignore": true}], "shared_folders": ["${HOME}/docs"]"#;
    world.profile(keys);
    let script = "ls -A; test -e /opt/docs || echo gone; test -e /etc/debian_version && echo there; echo x >new";
    let outcome = world.oz(&["--ephemeral"], &["-c", script]).outcome();
    outcome.succeeded().stdout("gone\nthere\n").stderr("");
    assert!(!world.home("new").exists() && !world.home("OZ").exists());
    // What is asked for here and now is there.
    let run = world.oz(
        &["-e", "--bind", "/home/tester/docs:ro"],
        &["-c", "cat docs/a"],
    );
    run.outcome().succeeded().stdout("text\n");
}

#[test]
fn more_can_be_shown_on_the_command_line() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "text\n");
    world.profile("");
    let script = "cat docs/a; touch docs/b 2>/dev/null || echo no";
    let run = world.oz(&["--bind", "/home/tester/docs:ro"], &["-c", script]);
    run.outcome().succeeded().stdout("text\nno\n").stderr("");
    let run = world.oz(&["--bind", "/home/tester/docs"], &["-c", script]);
    run.outcome().succeeded().stdout("text\n").stderr("");
    // It holds against what the profile shows of it.
    world.profile(&item(r#""path": "${HOME}/docs""#));
    let run = world.oz(&["--bind", "/home/tester/docs:ro"], &["-c", script]);
    run.outcome().succeeded().stdout("text\nno\n").stderr("");
    let run = world.oz(&["--bind", "/:ro"], &["-c", "echo ran"]);
    let outcome = run.outcome().status(125).stdout("");
    assert!(
        outcome.stderr.contains("a way out of the cell"),
        "{outcome:#?}"
    );
}

#[test]
fn files_that_the_program_is_called_with_become_visible() {
    let Some(world) = World::new() else { return };
    world.mine("paper one.pdf", "pdf\n");
    let read = "cat \"$1\" '/home/tester/paper one.pdf'";
    let run = |argument: &str| world.oz(&[], &["-c", read, "sh", argument]).outcome();
    world.profile(r#""allow_files": true"#);
    let plain = run("/home/tester/paper one.pdf");
    plain.succeeded().stdout("pdf\npdf\n").stderr("");
    // A URL is passed on as it is: `cat` does not know it.
    assert_eq!(run("file:///home/tester/paper%20one.pdf").stdout, "pdf\n");
    for outside in [
        "/home/other/secret",
        "/etc/shadow",
        "/home/tester/../other/secret",
        "file:///home/tester/..%2fother/secret",
        "/home/tester2/x",
    ] {
        let outcome = run(outside);
        let missing = outcome.stderr.matches("No such file").count();
        assert_eq!(missing, 2, "{outside}: {outcome:#?}");
    }
    world.profile("");
    let refused = run("/home/tester/paper one.pdf");
    assert_eq!(refused.stdout, "", "{refused:#?}");
}

#[test]
fn what_can_be_written_cannot_be_executed_unless_the_profile_says_so() {
    let Some(world) = World::new() else { return };
    world.my_directory("docs");
    let script = "cp /bin/true /tmp; cp /bin/true .; cp /bin/true docs; for place in /tmp . docs; do \
        $place/true 2>/dev/null; echo $?; done";
    let run = |keys: &str| world.cell(&item(keys), script).outcome().succeeded().stdout;
    assert_eq!(run(r#""path": "${HOME}/docs""#), "126\n126\n126\n");
    assert_eq!(
        run(r#""path": "${HOME}/docs", "allow_exec": true"#),
        "126\n126\n0\n"
    );
    let keys = item(r#""path": "${HOME}/docs", "read_only": true"#);
    world.inside(&keys, "docs/true");
}

#[test]
fn characters_that_mount_options_or_tables_would_trip_over_are_characters() {
    let Some(world) = World::new() else { return };
    for name in [
        "a:b", "a,b", "a b", "a\\040b", "a\nb", "a\tb", "ro,exec", "#a", "ä",
    ] {
        let path = world.my_directory(name);
        fs::write(path.join("file"), "shown\n").unwrap();
        fs::write(path.join("covered"), "not shown\n").unwrap();
        let escaped = serde_json::to_string(&format!("${{HOME}}/{name}")).unwrap();
        let covered = serde_json::to_string(&format!("${{HOME}}/{name}/covered")).unwrap();
        let keys = format!(
            r#""whitelist": [{{"path": {escaped}}}], "blacklist": [{{"path": {covered}}}]"#
        );
        let run = world.cell(
            &keys,
            "cat */file; cat */covered 2>/dev/null || echo covered",
        );
        let outcome = run.outcome();
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (0, "shown\ncovered\n"),
            "{name:?}: {}",
            outcome.stderr
        );
        fs::remove_dir_all(path).unwrap();
    }
}

#[test]
fn names_that_are_no_text_come_in_by_a_pattern_or_the_command_line() {
    use std::os::unix::ffi::OsStrExt;
    let Some(world) = World::new() else { return };
    // What is no UTF-8 cannot stand in a profile; a pattern and the command line bring it in.
    let name = std::ffi::OsStr::from_bytes(b"bad\xff\xfe,x");
    let path = world.home("").join(name);
    fs::create_dir(&path).unwrap();
    fs::write(path.join("file"), "shown\n").unwrap();
    assert_eq!(
        world.inside(&item(r#""path": "${HOME}/bad*""#), "cat */file"),
        "shown\n"
    );
    world.profile("");
    let run = world
        .command([world.oz_program()])
        .args(["run", "--user", "tester", "--bind"]);
    let run = run
        .arg(std::path::Path::new("/home/tester").join(name))
        .arg(world.at("cell.json"));
    run.args(["--", "-c", "cat */file"])
        .outcome()
        .succeeded()
        .stdout("shown\n");
}

#[test]
fn sockets_below_what_is_shown_are_masked() {
    let Some(world) = World::new() else { return };
    world.attempts();
    world.my_directory("run/deep");
    let listen = "setpriv --reuid 4711 --regid 4711 --clear-groups \"$WORLD/attempts\" hear-file $HOME/run/deep/app.sock >/dev/null & \
        while ! test -S $HOME/run/deep/app.sock; do sleep 0.01; done; ln -s run $HOME/link; mkfifo $HOME/run/pipe; ";
    let program = world.attempts();
    let call = |keys: &str| {
        world.profile(&format!(r#""whitelist": [{program}, {{{keys}}}]"#));
        let oz = "\"$OZ\" run --user tester \"$PROFILE\" -- -c '/opt/attempts call-file ~/run/deep/app.sock; \
            test -p ~/run/pipe || echo no pipe' ";
        let script = format!(
            "export HOME=/home/tester; {listen} $OZ --version >/dev/null; {oz}; \
            rm -rf $HOME/run/deep/app.sock $HOME/link $HOME/run/pipe; kill $!"
        );
        world.script(&script).outcome()
    };
    let masked = call(r#""path": "${HOME}/run", "read_only": true"#);
    assert_eq!(masked.stdout, "EACCES\nno pipe\n", "{masked:#?}");
    // The way there may be a link.
    let masked = call(r#""path": "${HOME}/link", "target": "${HOME}/run""#);
    assert_eq!(masked.stdout, "EACCES\nno pipe\n", "{masked:#?}");
    // Forced, it can be talked to, through a mount that is read-only as well.
    let forced = call(r#""path": "${HOME}/run", "read_only": true, "force": true"#);
    assert_eq!(forced.stdout, "done\n", "{forced:#?}");
    assert!(
        forced
            .stderr
            .contains("run/deep/app.sock can be connected to"),
        "{forced:#?}"
    );
}

#[test]
fn known_ways_out_are_refused() {
    let Some(world) = World::new() else { return };
    world.my_directory("run");
    std::os::unix::net::UnixListener::bind(world.home("run/docker.sock")).unwrap();
    let refused = world
        .cell(&item(r#""path": "${HOME}/run""#), "echo ran")
        .outcome()
        .status(125);
    assert!(
        refused
            .stderr
            .contains("is the socket of Docker, a way out of the cell"),
        "{refused:#?}"
    );
}

#[test]
fn the_kernels_views_of_the_host_are_refused_at_any_place() {
    let Some(world) = World::new() else { return };
    for path in ["/proc", "/proc/self", "/dev", "/dev/pts"] {
        let keys = format!(r#""path": "{path}", "target": "/opt/view", "read_only": true"#);
        let outcome = world
            .cell(&item(&keys), "echo ran")
            .outcome()
            .status(125)
            .stdout("");
        assert!(
            outcome.stderr.contains("a way out of the cell"),
            "{path}: {outcome:#?}"
        );
    }
    // By force somebody else's processes are there, and that is said.
    let keys = r#""path": "/proc", "target": "/opt/view", "read_only": true, "force": true"#;
    let outcome = world
        .cell(&item(keys), "test -d /opt/view/1 && echo there")
        .outcome();
    let outcome = outcome.succeeded().stdout("there\n");
    assert!(
        outcome
            .stderr
            .contains("/proc is a view of the host's processes"),
        "{outcome:#?}"
    );
}
