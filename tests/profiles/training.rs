//! Training: a policy from nothing, by runs with several inputs, and the same output when it is enforced.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sandbox_tests::{Run, rounds, sandbox_policy};

use crate::House;
use crate::bench::{Bench, Maker, can_make, house_for, readable};
use crate::house::SOON;
use crate::jobs::{INPUTS, job_of};
use crate::paper::Paper;

/// So often a trained policy is enforced.
fn repetitions() -> u32 {
    rounds(20).max(3)
}

/// The profile with another policy, in the house.
fn with_policy(house: &House, paper: &Paper, policy: &str) -> std::path::PathBuf {
    let path = house.path("trained.seccomp");
    fs::write(&path, policy).expect("a policy");
    let mut keys = paper.keys.clone();
    keys["seccomp"]["whitelist"] = path.display().to_string().into();
    let profile = house.path("trained.json");
    fs::write(&profile, keys.to_string()).expect("a profile");
    profile
}

/// Nothing is wrong with a policy.
#[track_caller]
fn assert_checked(policy: &Path) {
    let check = Run::new(sandbox_policy())
        .arg("check")
        .arg(policy)
        .outcome();
    let is_error = |line: &&str| line.starts_with("error");
    let errors = check.stdout.lines().filter(is_error).count();
    assert!(check.stderr.is_empty() && errors == 0, "{check:#?}");
}

fn assert_replays(name: &str, maker: Maker) {
    let job = job_of(name);
    let paper = Paper::of(name);
    let Some(house) = house_for(&paper) else {
        return;
    };
    if !can_make(&house, maker) {
        return;
    }
    let outside = Bench::outside(&house, &paper);
    let wanted: Vec<String> = (0..INPUTS).map(|input| job(&outside, input)).collect();
    let policy = house.home().join("trained.seccomp");
    let training = ["--train", "/home/tester/trained.seccomp"];
    let bench = Bench::cell(&house, &paper, maker, &readable(&house, &paper), &training);
    for input in 0..INPUTS {
        // What is told of training is among it.
        job(&bench, input);
    }
    let text = fs::read_to_string(&policy).expect("a policy");
    assert_eq!(fs::metadata(&policy).expect("a policy").uid(), house.uid);
    assert_checked(&policy);

    let profile = with_policy(&house, &paper, &text);
    let bench = Bench::cell(&house, &paper, maker, &profile, &[]);
    for repetition in 0..repetitions() {
        for (input, seen) in wanted.iter().enumerate() {
            let again = job(&bench, input);
            assert_eq!(&again, seen, "{name}, {input}, time {repetition}:\n{text}");
        }
    }
    house.assert_empty_within(SOON);
}

#[test]
fn what_is_trained_with_bash_replays() {
    assert_replays("bash", Maker::Root);
}

#[test]
fn what_is_trained_with_git_replays() {
    assert_replays("git", Maker::Root);
}

#[test]
fn what_is_trained_with_imagemagick_replays() {
    assert_replays("imagemagick", Maker::Root);
}

#[test]
fn what_is_trained_with_libreoffice_replays() {
    assert_replays("libreoffice", Maker::Root);
}

#[test]
fn what_is_trained_with_nginx_replays() {
    assert_replays("nginx", Maker::Root);
}

#[test]
fn what_is_trained_with_pdftotext_replays() {
    assert_replays("pdftotext", Maker::Root);
}

#[test]
fn what_is_trained_with_python3_replays() {
    assert_replays("python3", Maker::Root);
}

#[test]
fn what_is_trained_with_redis_replays() {
    assert_replays("redis", Maker::Root);
}

#[test]
fn what_an_ordinary_user_trains_replays_in_his_cells() {
    for name in ["pdftotext", "python3", "git"] {
        assert_replays(name, Maker::User);
    }
}
