//! How long a cell lives, and what its first process does meanwhile.

use std::fs;
use std::io::Read;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::House;
use crate::house::{SOON, await_some, child_of, first_of, name_of, program_of, signal};

#[test]
fn a_cell_ends_with_its_program_whatever_is_left_in_it() {
    let Some(house) = House::new() else { return };
    let begun = Instant::now();
    let script = "setsid sleep 600 & trap '' TERM; setsid sleep 600 & exit 3";
    house.shell(script).outcome().status(3);
    assert!(begun.elapsed() < SOON);
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_cell_without_auto_shutdown_stays_until_it_is_told_to_end() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/true\", \"auto_shutdown\": \"no\"");
    let running = house.oz(&profile).start();
    let first = first_of(running.pid());
    sleep(Duration::from_secs(2));
    assert_eq!(name_of(first), "oz-init");
    assert_eq!(child_of(first), None);
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON).status(0);
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_watched_process_keeps_the_cell_and_the_cell_goes_with_it() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sh\", \"watchdog\": [\"sleep\"]");
    let begun = Instant::now();
    let running = house.oz(&profile);
    let script = "setsid sleep 4 </dev/null >/dev/null 2>&1 & exit 6";
    running.args(["-c", script]).outcome().status(6);
    let lasted = begun.elapsed();
    assert!(lasted >= Duration::from_secs(4), "{lasted:?}");
    assert!(lasted < Duration::from_secs(4) + SOON, "{lasted:?}");
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_watched_process_is_found_before_it_has_its_name_and_without_proc() {
    let Some(house) = House::new() else { return };
    let profile =
        house.profile("\"path\": \"/bin/sh\", \"watchdog\": [\"sleep\"], \"nosysproc\": true");
    let begun = Instant::now();
    // For a second there is a process, but none of that name.
    let script = "(read line; exec sleep 3) <&3 >/dev/null & exit 0";
    let script = format!("exec 3<<END\nline\nEND\n{script}");
    let script = script.replace(
        "read line;",
        "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done';",
    );
    house
        .oz(&profile)
        .args(["-c", &script])
        .outcome()
        .succeeded();
    assert!(begun.elapsed() >= Duration::from_secs(3));
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_signal_to_oz_is_the_programs() {
    let Some(house) = House::new() else { return };
    for (name, number) in [
        (Signal::SIGTERM, 15),
        (Signal::SIGINT, 2),
        (Signal::SIGHUP, 1),
        (Signal::SIGQUIT, 3),
        (Signal::SIGUSR1, 10),
        (Signal::SIGUSR2, 12),
        (Signal::SIGALRM, 14),
    ] {
        let script = format!(
            "trap 'echo got it; exit 9' {number}; echo ready; while :; do sleep 0.05; done"
        );
        let mut running = house.shell(&script).start();
        let mut out = running.stdout();
        let mut ready = [0; 6];
        out.read_exact(&mut ready).expect("the script");
        signal(running.pid(), name);
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("the script");
        running.outcome_within(SOON).status(9);
        assert_eq!(rest, "got it\n", "{name}");
    }
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn a_program_that_does_not_care_for_signals_dies_of_them() {
    let Some(house) = House::new() else { return };
    for (name, status) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGINT, 130),
        (Signal::SIGHUP, 129),
    ] {
        let profile = house.profile("\"path\": \"/bin/sleep\"");
        let running = house.oz(&profile).arg("600").start();
        await_name(program_of(running.pid()), "sleep");
        signal(running.pid(), name);
        running.outcome_within(SOON).status(status);
        house.assert_empty_within(Duration::from_secs(2));
    }
}

#[test]
fn a_program_that_ignores_the_end_is_ended() {
    let Some(house) = House::new() else { return };
    let script = "trap '' TERM HUP INT; echo ready; while :; do sleep 1; done";
    let mut running = house.shell(script).start();
    let mut ready = [0; 6];
    running.stdout().read_exact(&mut ready).expect("the script");
    signal(running.pid(), Signal::SIGTERM);
    let begun = Instant::now();
    running.outcome_within(SOON).status(137);
    assert!(begun.elapsed() > Duration::from_secs(8));
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn stopping_oz_stops_the_program_and_both_go_on() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sleep\"");
    let running = house.oz(&profile).arg("600").start();
    let program = program_of(running.pid());
    await_name(program, "sleep");
    signal(running.pid(), Signal::SIGTSTP);
    for process in [program, running.pid()] {
        await_some("stop", || (state_of(process) == 'T').then_some(()));
    }
    signal(running.pid(), Signal::SIGCONT);
    for process in [program, running.pid()] {
        await_some("going on", || (state_of(process) == 'S').then_some(()));
    }
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON).status(143);
}

#[test]
fn a_thousand_orphans_leave_no_zombie() {
    let Some(house) = House::new() else { return };
    let script =
        "i=0; while [ $i -lt 1000 ]; do (sleep 0.01 &); i=$((i+1)); done; echo done; read line";
    let mut running = house.shell(script).input("").start();
    let mut out = String::new();
    let mut pipe = running.stdout();
    pipe.read_to_string(&mut out).expect("the script");
    assert_eq!(out, "done\n");
    running.outcome_within(SOON).status(1);
    let script = "(sleep 0.01 &); (sleep 0.01 &); sleep 1; cat /proc/[0-9]*/stat | grep -c ' Z '";
    house.shell(script).outcome().stdout("0\n");
    house.assert_empty_within(Duration::from_secs(2));
}

#[test]
fn the_first_process_keeps_one_capability_at_most_and_shows_nothing_of_itself() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sleep\"");
    let running = house.oz(&profile).arg("600").start();
    await_name(program_of(running.pid()), "sleep");
    let first = first_of(running.pid());
    let status = await_some("retirement", || {
        let status = status_of(first);
        field(&status, "CapBnd").ends_with("0000").then_some(status)
    });
    // CAP_KILL is 5. Where programs are the same user's it is not needed.
    let kept = if House::ORDINARY {
        "0000000000000000"
    } else {
        "0000000000000020"
    };
    for (name, value) in [
        ("CapInh", "0000000000000000"),
        ("CapPrm", kept),
        ("CapEff", kept),
        ("CapBnd", "0000000000000000"),
        ("CapAmb", "0000000000000000"),
        ("Threads", "1"),
        ("Groups", ""),
    ] {
        assert_eq!(field(&status, name), value, "{name}");
    }
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON);
}

#[test]
fn the_first_process_is_a_sealed_copy_that_nobody_can_write_to() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sleep\"");
    let running = house.oz(&profile).arg("600").start();
    await_name(program_of(running.pid()), "sleep");
    let first = first_of(running.pid());
    let program = format!("/proc/{first}/exe");
    let link = fs::read_link(&program).expect("its program");
    assert_eq!(link.to_string_lossy(), "/memfd:oz-init (deleted)");
    // ETXTBSY while it runs, whoever asks; the seals hold behind that.
    let open = fs::OpenOptions::new().write(true).open(&program);
    assert!(open.is_err(), "{open:?}");
    let inside =
        "for file in /proc/1/exe /proc/1/mem /proc/1/maps; do cat $file; echo x >$file; done";
    let outcome = house.shell(inside).outcome();
    assert_eq!(outcome.stdout, "");
    assert_eq!(outcome.stderr.lines().count(), 6, "{outcome:#?}");
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON);
}

#[test]
fn the_first_process_has_nothing_open_of_the_callers() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/sleep\"");
    let running = house.oz(&profile).arg("600").start();
    await_name(program_of(running.pid()), "sleep");
    let first = first_of(running.pid());
    let open = await_some("letting go", || {
        let entries = fs::read_dir(format!("/proc/{first}/fd")).expect("its descriptors");
        let mut links: Vec<String> = entries
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .map(|link| link.to_string_lossy().into_owned())
            .collect();
        links.sort();
        let pipes = links.iter().any(|link| link.starts_with("pipe:"));
        (!pipes).then_some(links)
    });
    let known = ["/null", "/null", "/null", "anon_inode:[signalfd]"];
    assert_eq!(open[..4], known, "{open:?}");
    assert!(
        open[4].starts_with("socket:") && open.len() == 5,
        "{open:?}"
    );
    signal(running.pid(), Signal::SIGTERM);
    running.outcome_within(SOON);
}

#[test]
fn namespaces_differ_and_the_network_is_the_hosts_only_where_it_says_so() {
    let Some(house) = House::new() else { return };
    let kinds = ["mnt", "pid", "ipc", "uts", "cgroup", "net", "user"];
    for network in ["empty", "none", "host"] {
        let text = format!("\"path\": \"/bin/sleep\", \"networking\": {{\"type\": \"{network}\"}}");
        let profile = house.path(&format!("{network}.json"));
        fs::write(
            &profile,
            format!("{{\"name\": \"probe\", \"seccomp\": {{\"mode\": \"disabled\"}}, \"xserver\": {{\"enabled\": false}}, {text}}}"),
        )
        .expect("a profile");
        let running = house.oz(&profile).arg("600").start();
        let program = program_of(running.pid());
        await_name(program, "sleep");
        for kind in kinds {
            let own = fs::read_link(format!("/proc/self/ns/{kind}")).expect(kind);
            let theirs = fs::read_link(format!("/proc/{program}/ns/{kind}")).expect(kind);
            let is_shared = kind == "net" && network == "host";
            assert_eq!(own == theirs, is_shared, "{kind} with {network}");
        }
        signal(running.pid(), Signal::SIGTERM);
        running.outcome_within(SOON);
    }
}

#[track_caller]
fn await_name(process: u32, name: &str) {
    await_some(name, || (name_of(process) == name).then_some(()));
}

fn state_of(process: u32) -> char {
    field(&status_of(process), "State")
        .chars()
        .next()
        .unwrap_or('?')
}

fn status_of(process: u32) -> String {
    fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default()
}

fn field(status: &str, name: &str) -> String {
    let start = format!("{name}:");
    let line = status.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or("?").trim().to_string()
}

/// The C library keeps signal 32 to itself and cannot be asked to touch it; the kernel can.
#[test]
fn no_signal_comes_ignored_to_the_program() {
    let Some(house) = House::new() else { return };
    let profile = house.profile("\"path\": \"/bin/grep\"");
    let ignoring = "import ctypes, os, signal, sys\n\
        ignore = (ctypes.c_ulong * 4)(1, 0, 0, 0)\n\
        ctypes.CDLL(None).syscall(13, 32, ignore, None, 8)\n\
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)\n\
        os.execv(sys.argv[1], sys.argv[1:])";
    let outcome = house
        .run("python3")
        .args(["-c", ignoring])
        .arg(house.oz_program())
        .args(["run", "--user", "tester"])
        .arg(&profile)
        .args(["--", "SigIgn", "/proc/self/status"])
        .outcome();
    outcome.stdout("SigIgn:\t0000000000000000\n");
}

/// The first process opened /dev/null of the cell with root's rights, when the program ran already.
#[test]
fn a_cell_with_a_dev_of_its_users_lives_as_any_other() {
    let Some(house) = House::new() else { return };
    let own = house.home().join("dev");
    fs::create_dir(&own).expect("a directory");
    house.give(&own);
    let profile = house.profile(
        "\"path\": \"/bin/sh\", \"whitelist\": [{\"path\": \"${HOME}/dev\", \
         \"target\": \"/dev\", \"force\": true}]",
    );
    house
        .oz(&profile)
        .args(["-c", "exit 4"])
        .outcome()
        .status(4);
}
