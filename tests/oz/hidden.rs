//! What is hidden is hidden under every name that it has, and stays so (oz.md §3.6).

use std::fs;
use std::os::unix::fs::symlink;

use super::World;
use crate::world::TESTER;

/// A profile that shows the home directory's `docs` and hides some paths.
fn hiding(more: &str, paths: &[&str]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| format!("{{\"path\": \"{path}\"}}"))
        .collect();
    format!(
        r#""whitelist": [{{"path": "${{HOME}}/docs"}}{more}], "blacklist": [{}]"#,
        paths.join(", ")
    )
}

#[test]
fn a_hidden_file_or_directory_is_roots_and_closed() {
    let Some(world) = World::new() else { return };
    world.mine("docs/secret", "secret\n");
    world.mine("docs/box/inner", "secret\n");
    let keys = hiding("", &["${HOME}/docs/secret", "${HOME}/docs/box"]);
    let script = "stat -c '%a %u %s %F' docs/secret docs/box; cat docs/secret docs/box/inner; ls docs/box; \
        echo x >docs/secret; rm -f docs/secret; mv docs/box docs/other; rmdir docs/box; true";
    let outcome = world.cell(&keys, script).outcome().succeeded();
    let owner = if World::ORDINARY { TESTER } else { 0 };
    assert_eq!(
        outcome.stdout,
        format!("0 {owner} 0 regular empty file\n0 {owner} 40 directory\n")
    );
    assert_eq!(
        outcome.stderr.matches("Permission denied").count(),
        3,
        "{outcome:#?}"
    );
    assert_eq!(
        outcome.stderr.matches("Device or resource busy").count(),
        3,
        "{outcome:#?}"
    );
    assert!(
        outcome.stderr.contains("Read-only file system"),
        "{outcome:#?}"
    );
    assert_eq!(
        fs::read_to_string(world.home("docs/secret")).unwrap(),
        "secret\n"
    );
}

#[test]
fn what_is_not_there_is_not_missed() {
    let Some(world) = World::new() else { return };
    world.mine("docs/a", "");
    let outcome = world
        .cell(&hiding("", &["${HOME}/docs/nothing"]), "echo ran")
        .outcome();
    let outcome = outcome.succeeded().stdout("ran\n");
    assert_eq!(
        outcome.stderr,
        "oz: note: /home/tester/docs/nothing: there is nothing to hide\n"
    );
}

#[test]
fn programs_of_the_basic_list_are_hidden_under_both_names_of_a_merged_usr() {
    let Some(world) = World::new() else { return };
    let script = "for name in su mount umount; do for place in /bin /usr/bin; do \
        test -e $place/$name || continue; echo $place/$name; $place/$name --help; cat $place/$name; done; done 2>&1 >/dev/null \
        | grep -vc 'Permission denied'; ls /usr/sbin /sbin /usr/share/doc /usr/include 2>&1 | grep -vc 'Permission denied'";
    let outcome = world.cell("", script).outcome();
    assert_eq!(outcome.stdout, "0\n0\n", "{outcome:#?}");
    assert_eq!(
        world.inside("", "test -e /usr/bin/su && test -e /bin/su && echo both"),
        "both\n"
    );
    let outside = world
        .script("/usr/bin/su --help >/dev/null && ls /usr/sbin >/dev/null")
        .outcome();
    outside.succeeded();
}

#[test]
fn an_object_at_two_binds_is_hidden_at_both() {
    let Some(world) = World::new() else { return };
    world.mine("docs/deep/secret", "secret\n");
    let more = r#", {"path": "${HOME}/docs", "target": "/opt/again"}, {"path": "${HOME}/docs/deep", "target": "/opt/deep"},
        {"path": "${HOME}/docs/deep/secret", "target": "/opt/alone"}"#;
    let script = "cat docs/deep/secret /opt/again/deep/secret /opt/deep/secret /opt/alone 2>/dev/null | wc -c";
    assert_eq!(world.inside(&hiding(more, &[]), script), "28\n");
    assert_eq!(
        world.inside(&hiding(more, &["${HOME}/docs/deep/secret"]), script),
        "0\n"
    );
    assert_eq!(world.inside(&hiding(more, &["/opt/alone"]), script), "0\n");
}

#[test]
fn every_hard_link_of_a_hidden_file_is_hidden() {
    let Some(world) = World::new() else { return };
    let file = world.mine("docs/secret", "secret\n");
    world.mine("docs/a/b/x", "");
    world.mine("more/x", "");
    for name in ["docs/copy", "docs/a/b/third", "more/fourth"] {
        fs::hard_link(&file, world.home(name)).unwrap();
    }
    let more = r#", {"path": "${HOME}/more"}"#;
    let script = "cat docs/secret docs/copy docs/a/b/third more/fourth 2>/dev/null | wc -c";
    assert_eq!(world.inside(&hiding(more, &[]), script), "28\n");
    for path in ["docs/secret", "docs/copy", "docs/a/b/third", "more/fourth"] {
        let keys = hiding(more, &[&format!("${{HOME}}/{path}")]);
        assert_eq!(world.inside(&keys, script), "0\n", "{path}");
    }
}

#[test]
fn a_hard_link_below_a_directory_that_is_held_is_hidden() {
    let Some(world) = World::new() else { return };
    world.mine("docs/deep/down/first", "first\n");
    let second = world.mine("docs/second", "second\n");
    fs::hard_link(&second, world.home("docs/deep/copy")).unwrap();
    fs::hard_link(&second, world.home("docs/deep/down/copy")).unwrap();
    let script = "find docs -type f -exec cat {} + 2>/dev/null | wc -c";
    assert_eq!(world.inside(&hiding("", &[]), script), "27\n");
    // What is hidden first makes mounts of the directories in which the second has its other names.
    let keys = hiding("", &["${HOME}/docs/deep/down/first", "${HOME}/docs/second"]);
    assert_eq!(world.inside(&keys, script), "0\n");
}

#[test]
fn hard_links_are_found_on_layers_whose_files_have_numbers_of_their_own() {
    let Some(world) = World::new() else { return };
    world.my_directory("docs");
    let keys = hiding(
        r#", {"path": "${HOME}/docs/sub", "target": "/opt/sub"}"#,
        &["${HOME}/docs/secret"],
    );
    world.profile(&keys);
    // The lower layer is another file system than the upper one, so files are not told by device.
    let script = "mkdir /home/lower /home/upper; mount -t tmpfs tmpfs /home/lower; mount -t tmpfs tmpfs /home/upper; \
        mkdir /home/upper/up /home/upper/work /home/lower/sub; echo secret >/home/lower/secret; \
        ln /home/lower/secret /home/lower/sub/copy; \
        mount -t overlay -o lowerdir=/home/lower,upperdir=/home/upper/up,workdir=/home/upper/work,xino=off \
        overlay /home/tester/docs && echo mounted; cat /home/tester/docs/secret /home/tester/docs/sub/copy | wc -c; \
        $OZ run --user tester $PROFILE -- -c \
        'cat docs/secret docs/sub/copy /opt/sub/copy 2>/dev/null | wc -c; stat -c %a docs/secret docs/sub/copy'";
    let outcome = world.script(script).outcome();
    if !outcome.stdout.starts_with("mounted") {
        return sandbox_tests::skip("there is no overlay here");
    }
    assert_eq!(outcome.stdout, "mounted\n14\n0\n0\n0\n", "{outcome:#?}");
}

#[test]
fn a_link_to_what_is_hidden_leads_nowhere_and_is_followed_inside_the_cell() {
    let Some(world) = World::new() else { return };
    world.mine("docs/real", "secret\n");
    symlink("/home/tester/docs/real", world.home("docs/absolute")).unwrap();
    symlink("real", world.home("docs/relative")).unwrap();
    // What this one leads to on the host is not what it leads to inside.
    symlink("/etc/hostname", world.home("docs/name")).unwrap();
    let keys = hiding("", &["${HOME}/docs/absolute", "${HOME}/docs/name"]);
    let script =
        "cat docs/real docs/absolute docs/relative docs/name /etc/hostname 2>/dev/null | wc -c";
    assert_eq!(world.inside(&keys, script), "0\n");
    let host = fs::read_to_string("/etc/hostname").unwrap_or_default();
    assert_eq!(world.script("cat /etc/hostname").outcome().stdout, host);
}

#[test]
fn a_link_itself_is_hidden_without_what_it_leads_to() {
    let Some(world) = World::new() else { return };
    world.mine("docs/real", "text\n");
    symlink("real", world.home("docs/link")).unwrap();
    let keys = r#""whitelist": [{"path": "${HOME}/docs"}], "blacklist": [{"path": "${HOME}/docs/link", "no_follow": true}]"#;
    let outcome = world.cell(keys, "cat docs/real; cat docs/link").outcome();
    assert_eq!(outcome.stdout, "text\n", "{outcome:#?}");
    assert!(
        outcome.stderr.contains("docs/link: Permission denied"),
        "{outcome:#?}"
    );
}

#[test]
fn patterns_hide_all_that_fits_them() {
    let Some(world) = World::new() else { return };
    for name in ["docs/a.key", "docs/b.key", "docs/c.txt"] {
        world.mine(name, "text\n");
    }
    let keys = hiding(
        r#", {"path": "${HOME}/docs", "target": "/opt/docs"}"#,
        &["${HOME}/docs/*.key"],
    );
    let script = "cat docs/* /opt/docs/* 2>/dev/null | wc -l";
    assert_eq!(world.inside(&keys, script), "2\n");
    // By the name that a shared folder has inside; and nothing is missed that the cell has not anyway.
    world.mine("OZ/Cell/Papers/a.key", "text\n");
    world.mine("OZ/Cell/Papers/b", "text\n");
    let keys = r#""shared_folders": ["${HOME}/Papers"], "blacklist": [{"path": "${HOME}/Papers/*.key"}, {"path": "/etc/*"}]"#;
    let script = "cat Papers/* 2>/dev/null; cat /etc/passwd /etc/hosts 2>/dev/null || true";
    let outcome = world.cell(keys, script).outcome();
    assert_eq!(outcome.stdout, "text\n", "{outcome:#?}");
    // Links of the host's to what the cell has not are looked for in vain, and little else.
    assert!(outcome.stderr.lines().count() < 12, "{outcome:#?}");
}

#[test]
fn a_pattern_that_stands_for_too_much_hides_all_or_there_is_no_cell() {
    let Some(world) = World::new() else { return };
    world.my_directory("docs");
    for number in 0..4097 {
        fs::write(world.home(&format!("docs/{number}.key")), "").unwrap();
    }
    let keys = hiding("", &["${HOME}/docs/*.key"]);
    let outcome = world
        .cell(&keys, "echo ran")
        .outcome()
        .status(125)
        .stdout("");
    assert!(
        outcome.stderr.contains("stands for more than 4096 names"),
        "{outcome:#?}"
    );
}

#[test]
fn a_directory_above_what_is_hidden_cannot_be_moved_away_for_the_next_cell() {
    let Some(world) = World::new() else { return };
    let read = "find docs -type f -exec cat {} + 2>/dev/null | wc -c";
    // Without anything hidden the way can be moved, and the move is there in the next cell.
    world.mine("docs/deep/down/secret", "secret\n");
    world.inside(&hiding("", &[]), "mv docs/deep docs/moved");
    assert!(world.home("docs/moved/down/secret").exists());
    fs::rename(world.home("docs/moved"), world.home("docs/deep")).unwrap();

    let keys = hiding("", &["${HOME}/docs/deep/down/secret"]);
    let moves = "mv docs/deep docs/moved; mv docs/deep/down docs/other; mv -T docs /tmp/docs; echo $?; \
        ln docs/deep/down/secret docs/copy; rm -rf docs/deep";
    let outcome = world.cell(&keys, moves).outcome();
    assert!(
        outcome.stderr.contains("Device or resource busy"),
        "{outcome:#?}"
    );
    assert_eq!(
        fs::read_to_string(world.home("docs/deep/down/secret")).unwrap(),
        "secret\n"
    );
    assert_eq!(world.inside(&keys, read), "0\n");
    // What lies beside it is as before.
    world.inside(&keys, "echo x >docs/deep/new; mkdir docs/deep/down/more; mv docs/deep/new docs/deep/newer; rmdir docs/deep/down/more");
    assert!(world.home("docs/deep/newer").exists());
}

#[test]
fn a_link_to_what_is_hidden_cannot_be_taken_away_for_the_next_cell() {
    let Some(world) = World::new() else { return };
    world.mine("docs/real/deep/secret", "secret\n");
    world.mine("docs/real/other", "other\n");
    symlink("real/deep/secret", world.home("docs/link")).unwrap();
    symlink("/home/tester/docs/real", world.home("docs/real-link")).unwrap();
    let read = "find docs -type f -exec cat {} + 2>/dev/null; cat docs/real/other";
    for hidden in ["docs/link", "docs/real-link/deep/secret"] {
        let keys = hiding("", &[&format!("${{HOME}}/{hidden}")]);
        let away = "rm -f docs/link docs/real-link; mv docs/link docs/l; mv docs/real-link docs/l; \
            ln -sfn nowhere docs/link; ln -sfnT nowhere docs/real-link; true";
        world.cell(&keys, away).outcome().succeeded();
        assert_eq!(world.inside(&keys, read), "other\nother\n", "{hidden}");
        if hidden.contains("real-link") {
            assert_eq!(world.inside(&keys, "cat docs/real-link/other"), "other\n");
        }
        let name = hidden.split('/').nth(1).unwrap();
        assert!(world.home("docs").join(name).is_symlink(), "{hidden}");
        for (name, target) in [
            ("link", "real/deep/secret"),
            ("real-link", "/home/tester/docs/real"),
        ] {
            let link = world.home("docs").join(name);
            drop(fs::remove_file(&link));
            symlink(target, link).unwrap();
        }
    }
    // Without anything hidden they are the program's.
    world.inside(&hiding("", &[]), "rm docs/link docs/real-link");
}

#[test]
fn what_lies_where_the_host_has_its_root_cannot_be_hidden_whole() {
    let Some(world) = World::new() else { return };
    let outcome = world
        .cell(r#""blacklist": [{"path": "/"}]"#, "echo ran")
        .outcome();
    outcome.status(125).stdout("");
}
