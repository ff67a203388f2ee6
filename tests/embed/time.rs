//! What the filter adds to the start of a program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use sandbox_tests::{measured, rounds};

use crate::workshop::{HELLO, Kind, Workshop};

fn microseconds(program: &Path) -> f64 {
    let mut command = Command::new(program);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let start = Instant::now();
    assert!(command.status().expect("a program").success());
    start.elapsed().as_secs_f64() * 1e6
}

#[test]
fn a_start_takes_at_most_a_quarter_longer() {
    let workshop = Workshop::new();
    let bare = Kind::Glibc.hello();
    let sealed = workshop.embed(&bare, &["--allow", HELLO], "sealed");
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..rounds(4000) {
        without.push(microseconds(&bare));
        with.push(microseconds(&sealed));
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (without, with) = (median(&mut without), median(&mut with));
    let ratio = with / without;
    measured(&format!(
        "start of an embedded program / bare: {ratio:.3} ({with:.0} us / {without:.0} us)"
    ));
    assert!(
        ratio <= 1.25,
        "{ratio:.3}: {with:.0} us against {without:.0} us"
    );
}
