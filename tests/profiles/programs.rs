//! Each program in the cell of its profile, as it is shipped.

use crate::bench::{Bench, Maker, can_make, house_for};
use crate::house::SOON;
use crate::jobs::{INPUTS, JOBS, job_of};
use crate::paper::{Paper, names};

/// The program's work is the same in its cell as outside, whatever it is given.
fn assert_same(name: &str) {
    let job = job_of(name);
    let paper = Paper::of(name);
    let Some(house) = house_for(&paper) else {
        return;
    };
    for input in 0..INPUTS {
        let outside = job(&Bench::outside(&house, &paper), input);
        let inside = job(&Bench::shipped(&house, &paper), input);
        assert_eq!(inside, outside, "{name}, input {input}");
        if can_make(&house, Maker::User) {
            let own = job(&Bench::of_user(&house, &paper), input);
            assert_eq!(own, outside, "{name}, input {input}, by an ordinary user");
        }
    }
    house.assert_empty_within(SOON);
}

#[test]
fn every_profile_has_a_job() {
    let jobs: Vec<&str> = JOBS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(), jobs);
}

#[test]
fn bash_works_in_its_cell_as_outside() {
    assert_same("bash");
}

#[test]
fn git_works_in_its_cell_as_outside() {
    assert_same("git");
}

#[test]
fn imagemagick_works_in_its_cell_as_outside() {
    assert_same("imagemagick");
}

#[test]
fn libreoffice_works_in_its_cell_as_outside() {
    assert_same("libreoffice");
}

#[test]
fn nginx_works_in_its_cell_as_outside() {
    assert_same("nginx");
}

#[test]
fn pdftotext_works_in_its_cell_as_outside() {
    assert_same("pdftotext");
}

#[test]
fn python3_works_in_its_cell_as_outside() {
    assert_same("python3");
}

#[test]
fn redis_works_in_its_cell_as_outside() {
    assert_same("redis");
}
