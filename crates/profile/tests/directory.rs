//! Directories of profiles: which files count, whom they may belong to, and which one a program has.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use profile::{Config, Loaded, Profiles, Severity, Uid, read_config, read_directory, read_profile};
use support::skip;
use tempfile::TempDir;

/// A directory with files, of which only we can change anything.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }
    directory
}

fn own(path: &Path) -> Uid {
    Uid(path.metadata().unwrap().uid())
}

fn of(files: &[(&str, &str)]) -> Profiles {
    let directory = directory(files);
    read_directory(directory.path(), own(directory.path())).unwrap()
}

fn usable(profiles: &Profiles) -> Vec<&str> {
    let entries = profiles.entries().iter();
    let usable = entries.filter_map(|entry| entry.profile.as_ref().ok());
    usable.map(|profile| profile.name.as_str()).collect()
}

#[test]
fn files_whose_names_end_in_json_are_profiles_in_the_order_of_their_names() {
    let profiles = of(&[
        ("b.json", "{\"path\": \"/b\"}"),
        ("a.json", "{\"path\": \"/z\"}"),
        ("B.json", "{\"path\": \"/B\"}"),
        ("c.seccomp", "nothing"),
        ("d.json.old", "nothing"),
    ]);
    assert_eq!(usable(&profiles), ["B", "z", "b"]);
    assert!(profiles.by_index(0).is_none() && profiles.by_index(4).is_none());
    let second = profiles.by_index(2).unwrap();
    assert!(second.file.ends_with("/a.json"));
    assert!(profiles.by_index(usize::MAX).is_none());
}

#[test]
fn a_bad_file_hides_no_good_one_and_every_bad_one_is_reported() {
    let profiles = of(&[
        ("a.json", "{"),
        ("b.json", "{\"path\": \"/b\"}"),
        ("c.json", "{\"path\": 5}"),
        ("d.json", "{\"path\": \"/d\"}"),
    ]);
    assert_eq!(usable(&profiles), ["b", "d"]);
    let bad = profiles
        .entries()
        .iter()
        .filter(|entry| entry.profile.is_err());
    let messages: Vec<String> = bad.map(|entry| entry.diagnostics[0].to_string()).collect();
    assert_eq!(messages.len(), 2);
    assert!(
        messages[0].contains("/a.json:1:2: error: expected a key"),
        "{messages:?}"
    );
    assert!(
        messages[1].contains("/c.json:1:10: error: path: must be"),
        "{messages:?}"
    );
    // Mending the first file does not move the others.
    assert!(profiles.by_index(4).unwrap().file.ends_with("/d.json"));
}

#[test]
fn a_program_whose_profile_is_bad_does_not_get_another() {
    let profiles = of(&[
        (
            "a.json",
            "{\"path\": \"/p\", \"paths\": [\"/q\"], \"name\": \"n\", \"multi\": 1}",
        ),
        ("b.json", "{\"path\": \"/p\", \"name\": \"n\"}"),
        ("torn.json", "{"),
    ]);
    for entry in [
        profiles.by_path("/p"),
        profiles.by_path("/q"),
        profiles.by_name("n"),
    ] {
        assert!(entry.unwrap().profile.is_err());
    }
    assert!(profiles.by_name("torn").unwrap().profile.is_err());
}

#[test]
fn the_first_file_has_the_name_and_the_program_and_later_ones_are_warned_of() {
    let profiles = of(&[
        ("a.json", "{\"path\": \"/p\", \"paths\": [\"/q\"]}"),
        ("b.json", "{\"path\": \"/q\", \"name\": \"p\"}"),
    ]);
    assert!(profiles.by_path("/q").unwrap().file.ends_with("/a.json"));
    assert!(profiles.by_name("p").unwrap().file.ends_with("/a.json"));
    assert!(profiles.by_path("/r").is_none() && profiles.by_name("r").is_none());
    let entry = profiles.by_index(2).unwrap();
    assert!(entry.profile.is_ok());
    let messages: Vec<String> = entry.diagnostics.iter().map(ToString::to_string).collect();
    let first = &profiles.by_index(1).unwrap().file;
    let file = &entry.file;
    assert_eq!(
        messages,
        [
            format!("{file}: warning: name: \"p\" is that of {first}, which comes first"),
            format!("{file}: warning: path: \"/q\" is that of {first}, which comes first"),
        ]
    );
}

#[test]
fn profiles_that_others_can_change_are_refused() {
    let text = "{\"path\": \"/p\"}";
    let directory = directory(&[("p.json", text)]);
    let path = directory.path().join("p.json");
    let of = |mode: u32| {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let loaded = read_profile(&path, own(&path));
        let first = loaded.diagnostics.first();
        (
            loaded.profile.is_ok(),
            first.map(|one| one.problem.to_string()),
        )
    };
    assert_eq!(of(0o644), (true, None));
    assert_eq!(of(0o646), (false, Some("is writable by everyone".into())));
    let in_group = path.metadata().unwrap().gid() != 0;
    assert_eq!(of(0o664).0, !in_group);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
    let refused = read_directory(directory.path(), own(&path)).unwrap_err();
    assert!(
        refused
            .to_string()
            .ends_with(": error: is writable by everyone")
    );
}

#[test]
fn profiles_of_others_than_root_and_the_caller_are_refused() {
    let directory = directory(&[("p.json", "{\"path\": \"/p\"}")]);
    let path = directory.path().join("p.json");
    if own(&path) != Uid(0) {
        return skip("only root can give a file away");
    }
    chown(&path, Some(4321), Some(4321)).unwrap();
    assert!(read_profile(&path, Uid(4321)).profile.is_ok());
    let loaded = read_profile(&path, Uid(0));
    assert!(loaded.profile.is_err());
    let message = loaded.diagnostics[0].to_string();
    assert!(
        message.ends_with(": error: belongs to somebody else than root"),
        "{message}"
    );
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    let loaded = read_profile(&path, Uid(4321));
    let message = loaded.diagnostics[0].to_string();
    assert!(
        message.ends_with(": error: is writable by a group that is not root's"),
        "{message}"
    );
}

#[test]
fn what_is_no_readable_file_is_reported_and_nobody_waits_for_it() {
    let directory = directory(&[("a.json", "{\"path\": \"/a\"}")]);
    fs::create_dir(directory.path().join("b.json")).unwrap();
    symlink("/dev/zero", directory.path().join("c.json")).unwrap();
    symlink("nowhere", directory.path().join("d.json")).unwrap();
    symlink("a.json", directory.path().join("e.json")).unwrap();
    let fifo = directory.path().join("f.json");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let profiles = read_directory(directory.path(), own(directory.path())).unwrap();
    let of = |name: &str| {
        let mut entries = profiles.entries().iter();
        let entry = entries.find(|entry| entry.file.ends_with(name)).unwrap();
        let errors = entry.diagnostics.iter();
        let mut errors = errors.filter(|one| one.severity == Severity::Error);
        errors.next().map(|one| one.problem.to_string())
    };
    assert_eq!(profiles.entries().len(), 5);
    assert_eq!(of("/a.json"), None);
    assert_eq!(of("/c.json").unwrap(), "is no regular file");
    assert!(
        of("/d.json")
            .unwrap()
            .starts_with("cannot be read: No such file")
    );
    assert_eq!(of("/e.json"), None);
    assert_eq!(of("/f.json").unwrap(), "is no regular file");
    let missing = read_directory(&directory.path().join("nowhere"), Uid(0)).unwrap_err();
    assert!(missing.to_string().contains("cannot be read: No such file"));
}

#[test]
fn a_file_that_is_too_large_is_an_error() {
    let directory = directory(&[("a.json", "{\"path\": \"/a\"}")]);
    let path = directory.path().join("a.json");
    let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let loaded = read_profile(&path, own(&path));
    let message = loaded.diagnostics[0].to_string();
    assert!(
        message.ends_with("error: the file has more than 1048576 bytes"),
        "{message}"
    );
}

#[test]
fn a_configuration_that_is_not_there_is_the_default_and_one_that_is_wrong_is_none() {
    let directory = directory(&[("oz.conf", "{\"log_xpra\": false}"), ("bad.conf", "{")]);
    let path = directory.path().join("oz.conf");
    let owner = own(&path);
    let (config, warnings) = read_config(&path, owner).unwrap();
    assert!(!config.log_xpra && warnings.is_empty());
    let place = directory.path().to_str().unwrap();
    assert_eq!(config.etc_includes.last().unwrap(), place);
    let missing = read_config(&directory.path().join("none.conf"), owner).unwrap();
    assert_eq!(missing, (Config::default(), Vec::new()));
    assert!(read_config(&directory.path().join("bad.conf"), owner).is_err());
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert!(read_config(&path, owner).is_err());
    assert!(read_config(directory.path(), owner).is_err());
    let fifo = directory.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    assert!(read_config(&fifo, owner).is_err());
}

#[test]
fn profiles_in_memory_are_put_in_order() {
    let read = |name: &str| Loaded::read(name, format!("{{\"path\": \"/{name}\"}}").as_bytes());
    let profiles = Profiles::new(vec![read("b"), read("a")]);
    assert_eq!(usable(&profiles), ["a", "b"]);
    assert!(Profiles::new(Vec::new()).entries().is_empty());
}
