//! Processes and memory of a whole cell, and what becomes of its cgroups.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use sandbox_tests::{Run, built, skip};

use super::House;
use crate::house::{NAME, SOON, await_some, cgroups_of, first_of, program_of, signal};

/// Where cells have their cgroups for a controller, if this machine has any.
fn home_of(controller: &str) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mountinfo");
    mounts.lines().find_map(|line| {
        let point = Path::new(line.split(' ').nth(4)?);
        let (_, behind) = line.split_once(" - ")?;
        let mut fields = behind.split(' ');
        let is_there = match fields.next()? {
            "cgroup" => fields.nth(1)?.split(',').any(|word| word == controller),
            "cgroup2" => fs::read_to_string(point.join("cgroup.controllers"))
                .is_ok_and(|known| known.split_whitespace().any(|word| word == controller)),
            _ => false,
        };
        is_there.then(|| point.join("oz"))
    })
}

/// Its cgroup for one controller.
fn cgroup_of(oz: u32, home: &Path) -> Option<PathBuf> {
    cgroups_of(oz)
        .into_iter()
        .find(|path| path.starts_with(home))
}

fn limited(house: &House, limits: &str, script: &str) -> Run {
    let profile = house.profile(&format!("\"path\": \"/bin/sh\", \"limits\": {{{limits}}}"));
    house.oz(&profile).args(["-c", script])
}

#[test]
fn a_cell_has_no_more_processes_than_its_profile_says() {
    let Some(house) = House::new() else { return };
    if home_of("pids").is_none() {
        return skip("no cgroup with the controller pids");
    }
    // The shell is one of them.
    let three = "sleep 60 & sleep 60 & echo two more; wait";
    let script = format!("({three}) & sleep 0.3; exit 5");
    limited(&house, "\"pids\": 8", &script)
        .outcome()
        .status(5)
        .stdout("two more\n");
    let fits = "sleep 0.2 & sleep 0.2 & sleep 0.2 & wait; echo fits";
    limited(&house, "\"pids\": 4", fits)
        .outcome()
        .succeeded()
        .stdout("fits\n");
    let running = limited(&house, "\"pids\": 3", fits).start();
    let oz = running.pid();
    let outcome = running.outcome();
    assert_ne!(outcome.status, 0, "{outcome:#?}");
    outcome.stderr_has("fork");
    assert_eq!(cgroups_of(oz), Vec::<PathBuf>::new());
    house.assert_empty_within(SOON);
}

#[test]
fn a_cell_has_no_more_memory_than_its_profile_says() {
    let Some(house) = House::new() else { return };
    if home_of("memory").is_none() {
        return skip("no cgroup with the controller memory");
    }
    let take = "head -c 67108864 /dev/zero >/dev/shm/file && echo taken";
    limited(&house, "\"memory\": \"256M\"", take)
        .outcome()
        .succeeded()
        .stdout("taken\n");
    let outcome = limited(&house, "\"memory\": \"24M\"", take).outcome();
    assert_ne!(outcome.status, 0, "{outcome:#?}");
    outcome.stdout("");
    house.assert_empty_within(SOON);
}

#[test]
fn a_cell_sees_its_cgroups_as_the_top_and_cannot_reach_them() {
    let Some(house) = House::new() else { return };
    if home_of("pids").is_none() {
        return skip("no cgroup with the controller pids");
    }
    let script = "cut -d: -f3 /proc/self/cgroup | sort -u; ls /sys/fs/cgroup";
    let outcome = limited(&house, "\"pids\": 20", script).outcome();
    assert_eq!(outcome.stdout, "/\n", "{outcome:#?}");
    outcome.stderr_has("Permission denied");
}

#[test]
fn the_first_process_is_in_the_cgroup_before_it_has_made_another() {
    let Some(house) = House::new() else { return };
    let Some(home) = home_of("pids") else {
        return skip("no cgroup with the controller pids");
    };
    let running = limited(&house, "\"pids\": 20", "exec sleep 60").start();
    let (first, program) = (first_of(running.pid()), program_of(running.pid()));
    let own = cgroup_of(running.pid(), &home).expect("a cgroup");
    let members = fs::read_to_string(own.join("cgroup.procs")).expect("its processes");
    let mut members: Vec<u32> = members.lines().filter_map(|one| one.parse().ok()).collect();
    members.sort_unstable();
    assert_eq!(members, [first, program]);
    assert_eq!(
        fs::read_to_string(own.join("pids.max")).expect("pids.max"),
        "21\n"
    );
    signal(running.pid(), Signal::SIGTERM);
    running.outcome().status(143);
    assert!(!own.exists());
}

#[test]
fn what_a_killed_oz_leaves_goes_with_the_next_and_what_a_living_one_has_stays() {
    let Some(house) = House::new() else { return };
    let Some(home) = home_of("pids") else {
        return skip("no cgroup with the controller pids");
    };
    let limits = "\"pids\": 20, \"memory\": \"64M\"";
    let killed = limited(&house, limits, "sleep 60").start();
    let living = limited(&house, limits, "sleep 60").start();
    program_of(killed.pid());
    program_of(living.pid());
    let left = cgroup_of(killed.pid(), &home).expect("a cgroup");
    let of_killed = killed.pid();
    signal(killed.pid(), Signal::SIGKILL);
    killed.outcome().status(137);
    await_some("end of the cell", || {
        let members = fs::read_to_string(left.join("cgroup.procs"));
        members
            .map_or(true, |members| members.is_empty())
            .then_some(())
    });
    house.shell("true").outcome().succeeded();
    assert_eq!(cgroups_of(of_killed), Vec::<PathBuf>::new());
    assert!(cgroup_of(living.pid(), &home).is_some());
    signal(living.pid(), Signal::SIGTERM);
    living.outcome().status(143);
    house.assert_empty_within(SOON);
}

#[test]
fn a_limit_that_no_cgroup_keeps_is_refused_with_the_reason() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/true\", \"limits\": {\"pids\": 10}");
    // A machine without cgroups.
    let script = "umount --recursive /sys/fs/cgroup; exec \"$@\"";
    let run = house.run("sh").args(["-ec", script, "sh"]).arg(built("oz"));
    let run = run.args(["run", "--user", NAME]).arg(&profile);
    let outcome = run.outcome().status(125);
    outcome.stderr_has("oz: the limit on pids cannot be kept: no cgroup hierarchy");
    house.assert_empty_within(Duration::from_secs(2));
}
