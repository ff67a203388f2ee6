//! git: clones and logs, by way of several child processes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sandbox_tests::{Outcome, Run};

use crate::lists::{allow_list, assert_close_to_minimal, names, without};
use crate::place::{Door, Place, User};

/// What the log shows, latest first.
const DONE: &str = "the second\nthe first\n";

fn list() -> String {
    allow_list("git")
}

/// git with a configuration of its own and none of the machine's.
fn configured(place: &Place, run: Run) -> Run {
    run.env("GIT_CONFIG_GLOBAL", place.work().join("config"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
}

/// A repository with two commits.
pub fn repository(place: &Place) -> PathBuf {
    let config = "[user]\n\tname = A\n\temail = a@example.org\n[init]\n\tdefaultBranch = main\n";
    fs::write(place.work().join("config"), config).expect("the configuration");
    let source = place.work().join("source");
    let git = |arguments: &[&str]| {
        let run = configured(place, place.plain("git").arg("-C").arg(&source));
        run.args(arguments).outcome().succeeded();
    };
    configured(place, place.plain("git").args(["init", "-q"]).arg(&source))
        .outcome()
        .succeeded();
    for (content, message) in [("one\n", "the first"), ("two\n", "the second")] {
        let script = format!("printf '{content}' > source/file");
        place
            .plain("sh")
            .args(["-c", &script])
            .outcome()
            .succeeded();
        git(&["add", "file"]);
        git(&["commit", "-q", "-m", message]);
    }
    source
}

/// Clones over git's own protocol, which takes children on both ends, and shows the log.
pub fn cloned(place: &Place, source: &Path, git: impl Fn() -> Run) -> Outcome {
    let copy = place.work().join("copy");
    let _ = fs::remove_dir_all(&copy);
    let cloned = configured(place, git())
        .args(["clone", "-q"])
        .arg(format!("file://{}", source.display()))
        .arg(&copy)
        .outcome();
    if cloned.status != 0 {
        return cloned;
    }
    configured(place, git().arg("-C").arg(&copy))
        .args(["log", "--format=%s"])
        .outcome()
}

/// The same under a list.
fn job(place: &Place, source: &Path, list: &str) -> Outcome {
    cloned(place, source, || place.allow_exactly(list, "git"))
}

#[test]
fn a_clone_and_its_log_work_under_the_list() {
    for place in Place::all() {
        let source = repository(&place);
        let outcome = job(&place, &source, &list()).succeeded();
        outcome.stdout(DONE).stderr("");
        let file = fs::read_to_string(place.work().join("copy/file"));
        assert_eq!(file.expect("the file"), "two\n");
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::all() {
        let source = repository(&place);
        for name in ["openat", "mkdir", "rename", "wait4"] {
            job(&place, &source, &without(&list(), name)).killed();
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Preload, User::Own);
    let source = repository(&place);
    assert_close_to_minimal(&list(), DONE, |list| job(&place, &source, list));
}

#[test]
fn a_clone_from_the_network_dies_in_the_child_that_would_connect() {
    assert!(names(&list()).all(|name| name != "socket"));
    // git itself duplicates a descriptor when it talks to such a child.
    let list = format!("{}:dup", list());
    for place in Place::all() {
        for run in [
            place.allow_exactly(&list, "git"),
            place.deny("socket", "git"),
        ] {
            configured(&place, run)
                .args(["ls-remote", "http://127.0.0.1:9/"])
                .outcome()
                .status(128)
                .stdout("")
                .stderr_has("git-remote-http died of signal 31");
        }
    }
}

#[test]
fn programs_that_git_starts_are_filtered() {
    for place in Place::all() {
        let show = "alias.show-filter=!grep ^Seccomp: /proc/self/status";
        configured(&place, place.deny("reboot", "git"))
            .args(["-c", show, "show-filter"])
            .outcome()
            .succeeded()
            .stdout("Seccomp:\t2\n");
    }
}

#[test]
fn without_hard_links_a_clone_copies() {
    for place in Place::all() {
        let source = repository(&place);
        for (denied, links) in [("reboot", 2), ("link=EPERM:linkat=EPERM", 1)] {
            let copy = place.work().join(format!("copy-{links}"));
            configured(&place, place.deny(denied, "git"))
                .args(["clone", "-q"])
                .args([&source, &copy])
                .outcome()
                .succeeded();
            assert_eq!(links_of_an_object(&copy), links, "{denied}");
        }
        configured(&place, place.deny("link:linkat", "git"))
            .args(["clone", "-q"])
            .args([&source, &place.work().join("copy")])
            .outcome()
            .killed();
    }
}

fn links_of_an_object(repository: &Path) -> u64 {
    let mut path = repository.join(".git/objects");
    while path.is_dir() {
        let entries = fs::read_dir(&path).expect("objects").flatten();
        let mut paths = entries.map(|entry| entry.path());
        path = paths
            .find(|path| !path.ends_with("info") && !path.ends_with("pack"))
            .expect("an object");
    }
    path.metadata().expect("metadata").nlink()
}
