//! Somebody who exchanges what is about to be brought into a cell, and links that an earlier cell left.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use super::World;
use crate::world::TESTER;

/// So many launches against a process that exchanges two names all the time.
fn tries() -> u32 {
    match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => 10_000,
        None => 60,
    }
}

/// A directory that root alone may enter, with a file that everybody may read who gets there: what root
/// brings into a cell from there, the program can read.
fn closed(world: &World) {
    fs::create_dir(world.at("closed")).unwrap();
    world.write("closed/file", "secret\n", 0, 0o644);
    fs::set_permissions(world.at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let shown = "touch /home/shown; mount --bind $WORLD/closed/file /home/shown; \
        setpriv --reuid 4711 --regid 4711 --clear-groups cat /home/shown $WORLD/closed/file";
    let outcome = world.script(shown).outcome();
    assert_eq!(
        (outcome.status, outcome.stdout.as_str()),
        (1, "secret\n"),
        "{outcome:#?}"
    );
}

/// Runs a cell many times while the tester exchanges `race/dir` and `race/link`; gives what all of them
/// printed, and how many of them failed.
fn race(world: &World, keys: &str, script: &str) -> (String, u32) {
    world.attempts();
    world.my_directory("race");
    world.mine("race/dir/file", "plain\n");
    world.profile(keys);
    let script = format!(
        "setpriv --reuid 4711 --regid 4711 --clear-groups $WORLD/attempts exchange-for-ever \
        /home/tester/race/dir /home/tester/race/link >$WORLD/racer & racer=$!; failed=0; try=0; \
        while [ $try -lt {} ]; do try=$((try+1)); \
        \"$OZ\" run --user tester \"$PROFILE\" -- -c '{script}' 2>>$WORLD/errors || failed=$((failed+1)); done; \
        kill -0 $racer || echo the racer is gone; kill $racer; sort $WORLD/racer | uniq -c >&2; echo failed $failed",
        tries()
    );
    let outcome = world.script(&script).outcome();
    let (said, failed) = outcome
        .stdout
        .rsplit_once("failed ")
        .unwrap_or_else(|| panic!("{outcome:#?}"));
    (said.to_string(), failed.trim().parse().unwrap())
}

#[test]
fn what_root_alone_can_reach_is_never_shown_whatever_is_exchanged_meanwhile() {
    let Some(world) = World::new() else { return };
    closed(&world);
    let race_directory = world.my_directory("race");
    symlink(world.at("closed"), race_directory.join("link")).unwrap();
    let keys = r#""whitelist": [{"path": "${HOME}/race/dir/file", "target": "/opt/file"}]"#;
    let (said, failed) = race(&world, keys, "cat /opt/file");
    let shown = said.lines().filter(|line| *line == "plain").count();
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(said.lines().count(), shown, "{said}");
    // Both sides of the race were seen, so it is one.
    assert!(failed > 0 && shown > 0, "{failed} failed, {shown} shown");
    let errors = fs::read_to_string(world.at("errors")).unwrap();
    assert!(errors.contains("Permission denied"), "{errors}");
}

#[test]
fn nothing_is_made_elsewhere_and_nothing_roots_own_whatever_is_exchanged_meanwhile() {
    let Some(world) = World::new() else { return };
    closed(&world);
    fs::set_permissions(world.at("other"), fs::Permissions::from_mode(0o755)).unwrap();
    let race_directory = world.my_directory("race");
    symlink("/home/other", race_directory.join("link")).unwrap();
    world.mine("thing", "thing\n");
    // A directory is made below what is exchanged; and something is put there, for which a place is made.
    let keys = r#""whitelist": [{"path": "${HOME}/race/dir/new/sub", "target": "/opt/sub", "can_create": true},
        {"path": "${HOME}/race"}, {"path": "${HOME}/thing", "target": "${HOME}/race/dir/deep/place"}]"#;
    let (said, _) = race(
        &world,
        keys,
        "test -d /opt/sub && echo ran; rm -rf /home/tester/race/dir/new /home/tester/race/dir/deep",
    );
    assert!(said.contains("ran"), "{said}");
    let left: Vec<_> = fs::read_dir(world.at("other"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["secret"]);
    assert_eq!(fs::read_dir(world.at("closed")).unwrap().count(), 1);
    assert_users_alone(&world.home("race"));
    assert_eq!(
        fs::metadata(world.at("other")).unwrap().uid(),
        crate::world::OTHER
    );
}

/// Everything below is the tester's.
fn assert_users_alone(path: &std::path::Path) {
    let metadata = fs::symlink_metadata(path).unwrap();
    // The link was laid by this test.
    assert!(
        metadata.uid() == TESTER || metadata.is_symlink(),
        "{}",
        path.display()
    );
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            assert_users_alone(&entry.unwrap().path());
        }
    }
}

#[test]
fn a_link_that_a_cell_has_laid_is_not_followed_by_the_next_one() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "text\n");
    world.mine("private/secret", "secret\n");
    let docs = r#"{"path": "${HOME}/docs"}"#;
    let lay = "ln -sfn /home/tester/private docs/sub; ln -sfn ../private/secret docs/file; ls docs";
    assert_eq!(
        world.inside(&format!("\"whitelist\": [{docs}]"), lay),
        "a\nfile\nsub\n"
    );
    // Where nothing can be written the user's own links are followed: such a cell reads the secret.
    let plain =
        r#""whitelist": [{"path": "${HOME}/docs/file", "target": "/opt/file", "read_only": true}]"#;
    assert_eq!(world.inside(plain, "cat /opt/file"), "secret\n");
    symlink("docs", world.home("alias")).unwrap();
    for items in [
        format!(r#"{docs}, {{"path": "${{HOME}}/docs/file", "target": "/opt/file"}}"#),
        format!(r#"{{"path": "${{HOME}}/docs/file", "target": "/opt/file"}}, {docs}"#),
        format!(r#"{docs}, {{"path": "${{HOME}}/docs/sub", "target": "/opt/sub"}}"#),
        format!(r#"{docs}, {{"path": "${{HOME}}/docs/sub/secret", "target": "/opt/file"}}"#),
        format!(r#"{docs}, {{"path": "${{HOME}}/docs/sub/new", "target": "/opt/new", "can_create": true}}"#),
        // The directory is written to by another name, which is looked at later.
        r#"{"path": "${HOME}/docs/file", "target": "/opt/file"}, {"path": "${HOME}/alias", "target": "/opt/docs"}"#.into(),
        r#"{"path": "${HOME}/alias", "target": "/opt/docs"}, {"path": "${HOME}/docs/file", "target": "/opt/file"}"#.into(),
    ] {
        let outcome = world.cell(&format!("\"whitelist\": [{items}]"), "cat /opt/*").outcome();
        assert_eq!((outcome.status, outcome.stdout.as_str()), (125, ""), "{items}: {outcome:#?}");
        assert!(outcome.stderr.contains("is a symbolic link, and lies where the program may write"), "{items}: {outcome:#?}");
    }
    assert!(!world.home("private/new").exists());
}

#[test]
fn an_argument_that_is_such_a_link_is_not_shown() {
    let Some(world) = World::new() else { return };
    let docs = r#"{"path": "${HOME}/docs"}"#;
    world.my_directory("docs");
    world.mine("private/secret", "secret\n");
    symlink("/home/tester/private/secret", world.home("docs/file")).unwrap();
    // Files that the program is called with are no way, either.
    world.write(
        "cell.json",
        &format!(
            r#"{{"name": "cell", "path": "/bin/cat", "allow_files": true, "whitelist": [{docs}]}}"#
        ),
        0,
        0o644,
    );
    let outcome = world.oz(&[], &["/home/tester/docs/file"]).outcome();
    assert!(!outcome.stdout.contains("secret"), "{outcome:#?}");
}

#[test]
fn a_target_behind_a_link_of_the_programs_stays_in_the_cell() {
    let Some(world) = World::new() else { return };
    world.my_directory("docs");
    world.mine("thing", "thing\n");
    let secret = world.at("root-secret");
    symlink(&secret, world.home("docs/file")).unwrap();
    symlink("/etc", world.home("docs/etc")).unwrap();
    let put = |target: &str| {
        format!(
            r#""whitelist": [{{"path": "${{HOME}}/docs"}}, {{"path": "${{HOME}}/thing", "target": "${{HOME}}/docs/{target}", "force": true}}]"#
        )
    };
    // It is put where the link leads inside; the host has nothing of it.
    assert_eq!(
        world.inside(&put("etc/hostname"), "cat /etc/hostname docs/etc/hostname"),
        "thing\nthing\n"
    );
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    assert!(!host.contains("thing"));
    let outcome = world.cell(&put("file"), "cat docs/file").outcome();
    assert!(!outcome.stdout.contains("root's own"), "{outcome:#?}");
    assert_eq!(fs::read_to_string(secret).unwrap(), "root's own\n");
}

#[test]
fn a_place_that_is_missing_is_made_by_the_user_or_not_at_all() {
    let Some(world) = World::new() else { return };
    world.my_directory("docs");
    world.mine("thing", "thing\n");
    let put = |target: &str| {
        format!(
            r#""whitelist": [{{"path": "${{HOME}}/docs"}}, {{"path": "${{HOME}}/thing", "target": "${{HOME}}/docs/{target}"}}]"#
        )
    };
    // A place that is missing in a directory of the user's is made by the user.
    assert_eq!(
        world.inside(&put("new/place"), "cat docs/new/place"),
        "thing\n"
    );
    assert_eq!(fs::metadata(world.home("docs/new")).unwrap().uid(), TESTER);
    // Where he may not write, nothing is made.
    let keys = format!(
        r#""whitelist": [{{"path": "{}"}}, {{"path": "${{HOME}}/thing", "target": "{}/made"}}]"#,
        world.at("etc").display(),
        world.at("etc").display()
    );
    world
        .cell(&keys, "echo ran")
        .outcome()
        .status(125)
        .stdout("");
    assert!(!world.at("etc/made").exists());
}

/// Ways to say otherwise where documents are.
const MOVE_DOCUMENTS: &str = "new=.config/new; echo 'XDG_DOCUMENTS_DIR=\"$HOME/private\"' >$new; cp $new .config/user-dirs.dirs; \
    mv $new .config/user-dirs.dirs; rm -f .config/user-dirs.dirs; mv .config/user-dirs.dirs .config/old; echo tried";

#[test]
fn what_decides_where_documents_are_is_not_the_programs_to_write() {
    let Some(world) = World::new() else { return };
    let file = world.mine(
        ".config/user-dirs.dirs",
        "XDG_DOCUMENTS_DIR=\"$HOME/Papers\"\n",
    );
    world.mine("Papers/paper", "");
    world.mine("private/secret", "");
    let keys = r#""whitelist": [{"path": "${HOME}/.config"}, {"path": "${XDG_DOCUMENTS_DIR}"}]"#;
    let outcome = world.cell(keys, MOVE_DOCUMENTS).outcome();
    assert_eq!(outcome.stdout, "tried\n", "{outcome:#?}");
    assert_eq!(
        world.inside(keys, "ls -d Papers private 2>/dev/null || true"),
        "Papers\n"
    );
    // Where it is missing the program makes it, which is said.
    fs::remove_file(file).unwrap();
    let outcome = world
        .cell(r#""whitelist": [{"path": "${HOME}/.config"}]"#, "echo ran")
        .outcome();
    assert!(
        outcome.stderr.contains("user-dirs.dirs is not there"),
        "{outcome:#?}"
    );
}

#[test]
fn nor_is_it_behind_links_of_the_users_own_making() {
    let Some(world) = World::new() else { return };
    let file = world.mine(
        ".config/user-dirs.dirs",
        "XDG_DOCUMENTS_DIR=\"$HOME/Papers\"\n",
    );
    world.mine("Papers/paper", "");
    world.mine("private/secret", "");
    fs::create_dir(world.home("kept")).unwrap();
    fs::rename(&file, world.home("kept/dirs")).unwrap();
    symlink("../kept/dirs", &file).unwrap();
    symlink(".config", world.home("alias")).unwrap();
    let keys = r#""whitelist": [{"path": "${HOME}/alias", "target": "${HOME}/.config"}, {"path": "${HOME}/kept"},
        {"path": "${XDG_DOCUMENTS_DIR}"}]"#;
    let script = format!(
        "cp kept/dirs kept/new; mv kept/new kept/dirs; echo x >kept/dirs; {MOVE_DOCUMENTS}"
    );
    let outcome = world.cell(keys, &script).outcome();
    assert_eq!(outcome.stdout, "tried\n", "{outcome:#?}");
    assert_eq!(
        world.inside(keys, "ls -d Papers private 2>/dev/null || true"),
        "Papers\n"
    );
}

/// A launch failed when the machine happened to rename something while a link with `..` was followed.
#[test]
fn renames_elsewhere_on_the_machine_do_not_disturb_a_launch() {
    let Some(world) = World::new() else { return };
    world.mine("kept/paper", "");
    world.mine("docs/more", "");
    symlink("../docs/../kept/../docs/more", world.home("kept/link")).unwrap();
    let keys = r#""whitelist": [{"path": "${HOME}/kept", "read_only": true},
        {"path": "${HOME}/docs", "read_only": true}],
        "blacklist": [{"path": "${HOME}/kept/link"}]"#;
    let busy = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| busy.path().join(name));
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            fs::create_dir(&one).unwrap();
            while !ended.load(Ordering::Relaxed) {
                fs::rename(&one, &other).unwrap();
                fs::rename(&other, &one).unwrap();
            }
        });
        let said: Vec<String> = (0..20)
            .map(|_| {
                world
                    .cell(keys, "cat docs/more || echo hidden")
                    .outcome()
                    .stdout
            })
            .collect();
        ended.store(true, Ordering::Relaxed);
        assert_eq!(said, ["hidden\n"; 20]);
    });
}
