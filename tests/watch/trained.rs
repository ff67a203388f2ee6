//! The policy that Oz's tracer would have written: of the program of which its own is known, rule by rule,
//! and enforced on programs of several kinds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use policy::{Action, Mode, Policy, Request};
use sandbox_tests::{compile, seen_by_oz};
use serde_json::Value;
use syscalls::Abi;
use watch::Call;
use watch::learn::oz::{Detail, text};
use watch::learn::{Learned, Observations, Options, Recorder};

use crate::workshop::{Door, Job};

/// The program that was traced, working in its own directory.
fn program(flags: &[&str]) -> Option<PathBuf> {
    let source = seen_by_oz("train-t-input.c.txt")?.replace("/tmp/", "");
    let flags: Vec<&str> = flags
        .iter()
        .copied()
        .chain(["-D_GNU_SOURCE=", "-include", "signal.h"])
        .collect();
    Some(compile(&source, &flags))
}

/// Everything that a run does, from the reports of an audit that allows nothing.
fn seen(job: &Job) -> Observations {
    let report = job.file("report");
    let name = report.display().to_string();
    let options = "-q --audit --every --report-format json --allow= --report".split(' ');
    job.launched(options.chain([name.as_str()]))
        .outcome()
        .succeeded();
    let lines = fs::read_to_string(&report).expect("the report");
    let mut observations = Observations::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        if line["summary"].is_null() {
            observations.record(&call(&line));
        }
    }
    observations
}

fn call(line: &Value) -> Call {
    let register = |place: usize| {
        let text = line["arguments"][place].as_str().expect("an argument");
        u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("a number")
    };
    let number = |key: &str| line[key].as_i64().expect("a number");
    assert_eq!(line["arch"], Abi::NATIVE.name());
    Call {
        time: SystemTime::UNIX_EPOCH,
        process: i32::try_from(number("pid")).expect("a process"),
        thread: i32::try_from(number("tid")).expect("a thread"),
        audit: Abi::NATIVE.audit(),
        number: u32::try_from(number("number")).expect("a call"),
        arguments: std::array::from_fn(register),
        instruction: 0,
    }
}

fn trained(job: &Job) -> Learned {
    let options = Options {
        recorder: Recorder::Tracer,
        ..Options::default()
    };
    text(&seen(job), &options, Detail::Raw).expect("a policy")
}

fn policy(text: &str) -> Policy {
    let read = |_: &[u8]| Ok(text.as_bytes().to_vec());
    let request = Request::plain(Mode::AllowList, "test", b"/p", Action::KillProcess);
    let compiled = request.compile(Abi::NATIVE, &read);
    compiled
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .policy
}

/// The rules of a text, by call.
fn rules(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rules = lines.filter_map(|line| line.split_once(':'));
    rules.map(|(name, body)| (name, body.trim())).collect()
}

/// What Oz kept of the calls themselves: `# futex [2]:    arg1 == 133[…]` is a call with 133.
fn combinations(text: &str) -> Vec<(String, [u64; 6])> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
    let lines = lines.filter_map(|line| line.split_once("]:    "));
    let combination = |(head, values): (&str, &str)| {
        let (name, _) = head.split_once(" [").expect("a count");
        let mut registers = [0; 6];
        for one in values.split("   ") {
            let (place, value) = one.split_once(" == ").expect("a comparison");
            let place: usize = place.trim_start_matches("arg").parse().expect("a place");
            let (value, _) = value.split_once('[').expect("names");
            registers[place] = value.parse().expect("a value");
        }
        (name.to_owned(), registers)
    };
    lines.map(combination).collect()
}

fn allows(policy: &Policy, name: &str, registers: &[u64; 6]) -> bool {
    let number = syscalls::number(Abi::NATIVE, name).expect("a name");
    policy.decide(Abi::NATIVE.audit(), number, registers) == Action::Allow
}

/// What was wrong in Oz's rules, and what stands here: an alternative of each rule.
const CORRECT: [(&str, &str); 17] = [
    // SOCK_CLOEXEC and SOCK_NONBLOCK had been dropped and the rest compared, which denies what was seen.
    (
        "socket",
        "argL0 == AF_UNIX && argL1 == SOCK_STREAM|SOCK_NONBLOCK && argL2 == 0",
    ),
    (
        "socket",
        "argL0 == AF_INET && argL1 == SOCK_STREAM|SOCK_CLOEXEC && argL2 == 0",
    ),
    (
        "socket",
        "argL0 == AF_INET6 && argL1 == SOCK_DGRAM && argL2 == IPPROTO_UDP",
    ),
    // Protocols had the names of IPv4's in every family.
    (
        "socket",
        "argL0 == AF_NETLINK && argL1 == SOCK_RAW && argL2 == NETLINK_ROUTE",
    ),
    (
        "socket",
        "argL0 == 99 && argL1 == SOCK_STREAM && argL2 == 0",
    ),
    // Operations had been taken for flags; `&?` allowed any with these bits.
    ("futex", "argL1 == FUTEX_WAKE_PRIVATE"),
    ("futex", "argL1 == FUTEX_WAKE_OP_PRIVATE"),
    ("futex", "argL1 == FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME"),
    ("futex", "argL1 == FUTEX_WAIT"),
    // Options of one level had the names of another's.
    ("setsockopt", "argL1 == SOL_IP && argL2 == IP_TTL"),
    ("setsockopt", "argL1 == SOL_SOCKET && argL2 == SO_REUSEADDR"),
    ("setsockopt", "argL1 == SOL_TCP && argL2 == TCP_NODELAY"),
    // 2147767344
    ("ioctl", "argL1 == TIOCGPTN"),
    // PROT_READ had been dropped everywhere.
    ("mprotect", "arg2 == PROT_NONE"),
    ("mprotect", "arg2 == PROT_READ"),
    (
        "mmap",
        "arg2 == PROT_READ|PROT_WRITE && arg3 == MAP_PRIVATE|MAP_ANONYMOUS",
    ),
    // Any signal to anyone had been allowed.
    ("kill", "argL1 == 0"),
];

/// Calls of Oz's policy that the program did not make: they were its loader's.
const LOADER: [&str; 2] = ["nanosleep", "execve"];

#[test]
fn all_that_the_policy_of_oz_had_is_there_and_correct() {
    let (Some(program), Some(theirs)) = (program(&["-static"]), seen_by_oz("train-t.seccomp"))
    else {
        return;
    };
    let job = Job::new(program, &[]);
    let ours = trained(&job).text;
    let own = rules(&ours);
    for (name, _) in rules(&theirs) {
        let has = own.iter().any(|(own, _)| *own == name);
        assert_eq!(has, !LOADER.contains(&name), "{name}:\n{ours}");
    }
    for (name, alternative) in CORRECT {
        let (_, body) = own.iter().find(|(own, _)| *own == name).expect("a rule");
        let mut all = body.split(" || ").map(|one| one.trim_matches(['(', ')']));
        assert!(all.any(|one| one == alternative), "{name}: {body}");
    }
    let (ours, oz) = (policy(&ours), policy(&theirs));
    let calls = combinations(&theirs);
    assert_eq!(calls.len(), 27);
    let mut denied = Vec::new();
    for (name, registers) in &calls {
        assert!(allows(&ours, name, registers), "{name} {registers:?}");
        if !allows(&oz, name, registers) {
            denied.push(name.as_str());
        }
    }
    // So many of the calls that it was made of would have died by it.
    assert_eq!(denied, ["mmap", "mprotect", "socket", "socket"]);
}

#[test]
fn the_raw_data_is_that_of_oz() {
    let (Some(program), Some(theirs)) = (program(&["-static"]), seen_by_oz("train-t.seccomp"))
    else {
        return;
    };
    let ours = combinations(&trained(&Job::new(program, &[])).text);
    for one in combinations(&theirs) {
        assert!(ours.contains(&one), "{one:?} is not in {ours:#?}");
    }
}

#[test]
fn the_program_ends_under_its_policy_as_it_does_without() {
    let (Some(fixed), Some(dynamic)) = (program(&["-static"]), program(&[])) else {
        return;
    };
    for (program, doors) in [(fixed, &Door::STATIC[..]), (dynamic, &Door::STATIC[..])] {
        replays(&Job::new(program, &[]), doors);
    }
}

#[test]
fn real_programs_end_under_their_policies_as_they_do_without() {
    let script = "import threading\nsums=[]\n\
                  t=[threading.Thread(target=lambda: sums.append(sum(range(9999)))) for _ in range(4)]\n\
                  [one.start() for one in t]; [one.join() for one in t]; print(sums)";
    replays(
        &Job::new("/usr/bin/python3", &["-c", script]),
        &Door::STATIC,
    );
    let shell = "trap 'echo hup' HUP; kill -HUP $$; ls / | sort -r | head -n 3; echo $((6*7))";
    replays(&Job::new("/bin/bash", &["-c", shell]), &Door::STATIC);
}

/// Trains, and runs the same enforced, some times.
#[track_caller]
fn replays(job: &Job, doors: &[Door]) {
    let learned = trained(job);
    write(&job.policy(), &learned.text);
    for &door in doors {
        for round in 0..5 {
            let outcome = job.enforce(door, &job.policy());
            job.same(&format!("{door:?}, round {round}"), &outcome);
        }
    }
    // It was the policy that let it run: without one of its rules the program dies.
    let without: Vec<&str> = learned.text.lines().collect();
    let without: Vec<&str> = without
        .into_iter()
        .filter(|line| !line.starts_with("brk:"))
        .collect();
    write(&job.policy(), &(without.join("\n") + "\n"));
    job.enforce(Door::Launcher, &job.policy()).killed();
}

fn write(file: &Path, text: &str) {
    fs::write(file, text).expect("the policy");
}
