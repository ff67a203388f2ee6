//! Many cells, one after another and at once.

use std::fs;
use std::time::Duration;

use sandbox_tests::rounds;

use super::House;
use crate::house::cgroups_of;

/// What a launch could leave on this machine that is no process: mounts, network devices, IPC.
fn traces() -> Vec<String> {
    let mut traces = Vec::new();
    for file in ["/proc/self/mountinfo", "/proc/net/dev", "/proc/sysvipc/shm"] {
        let text = fs::read_to_string(file).expect(file);
        let names = text.lines().filter_map(|line| match file {
            "/proc/net/dev" => line.split(':').next(),
            _ => Some(line),
        });
        traces.extend(names.map(String::from));
    }
    traces
}

#[test]
fn launches_in_a_row_leave_nothing() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sh\", \"limits\": {\"pids\": 100}");
    let before = traces();
    let mut launched = Vec::new();
    for round in 0..rounds(200) {
        let status = i32::try_from(round % 50).expect("small");
        let running = house
            .oz(&profile)
            .args(["-c", &format!("exit {status}")])
            .start();
        launched.push(running.pid());
        running.outcome().status(status);
    }
    house.assert_empty_within(Duration::from_secs(2));
    assert_eq!(traces(), before);
    assert!(launched.into_iter().all(|oz| cgroups_of(oz).is_empty()));
}

#[test]
fn twenty_cells_at_once_work_and_see_nothing_of_each_other() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sh\", \"limits\": {\"pids\": 20}");
    let script = "echo $1 >/tmp/own; sleep 1; ls /tmp/o*; cat /tmp/own; set /proc/[0-9]*; echo $#; \
                  exit $(cat /tmp/own)";
    let running: Vec<_> = (0..20)
        .map(|number: i32| {
            let number = number.to_string();
            house
                .oz(&profile)
                .args(["-c", script, "sh", &number])
                .start()
        })
        .collect();
    for (number, running) in (0..).zip(running) {
        let outcome = running.outcome().status(number);
        // The shell is the only process that it sees.
        outcome.stdout(&format!("/tmp/own\n/tmp/oz-sandbox\n{number}\n1\n"));
    }
    house.assert_empty_within(Duration::from_secs(2));
}
