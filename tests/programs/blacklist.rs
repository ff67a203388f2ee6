//! The generic blacklist: the kernel denies each call that it names, and real programs do not notice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use policy::{Action, Answer, Mode, Policy, Request};
use sandbox_tests::{Outcome, Run, SIGSYS_STATUS, compile, repository, sandbox_policy, skip};
use syscalls::Abi;

use crate::nginx::Processes;
use crate::place::Place;
use crate::{bash, git, go, nginx, python, redis};

fn file() -> PathBuf {
    repository().join("profiles/blacklist-generic.seccomp")
}

fn text() -> String {
    fs::read_to_string(file()).expect("the blacklist")
}

fn compiled(text: &str) -> Policy {
    let read = |_: &[u8]| Ok(text.as_bytes().to_vec());
    let request = Request::plain(Mode::DenyList, "test", b"/p", Action::KillProcess);
    let compiled = request.compile(Abi::NATIVE, &read).expect("a policy");
    compiled.policy
}

/// The calls of a file, each with what it gets: an error's name, or the signal.
fn rules(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rules = lines.filter_map(|line| line.split_once(':'));
    let rules = rules.map(|(head, _)| match head.split_once("[+") {
        Some((name, action)) => (name.into(), action.trim_end_matches(']').into()),
        None => (head.into(), "SIGSYS".into()),
    });
    rules.collect()
}

/// The program's file under the blacklist, where every user can read it.
fn denied(place: &Place, program: impl AsRef<Path>) -> Run {
    let list = place.bring(&file()).display().to_string();
    place.deny(&list, program.as_ref())
}

#[test]
fn all_that_oz_denied_is_denied() {
    let theirs = repository().join("../shared/data/oz/etc/blacklist-generic.seccomp");
    let Ok(theirs) = fs::read_to_string(theirs) else {
        return skip("Oz's blacklist is not here");
    };
    let ours = compiled(&text());
    let theirs = rules(&theirs);
    assert_eq!(theirs.len(), 35);
    for name in theirs.keys() {
        let number = syscalls::number(Abi::NATIVE, name).expect(name);
        let answer = ours.native().answer(number);
        let allowed = Answer::Action(Action::Allow);
        assert!(
            matches!(answer, Answer::Action(_)) && answer != allowed,
            "{name}: {answer:?}"
        );
    }
}

/// What became of each call: `NAME USE: RESULT` by line.
fn results(run: Run) -> Vec<(String, String)> {
    let outcome = run.outcome().succeeded();
    let lines = outcome.stdout.lines();
    let results = lines.map(|line| line.split_once(": ").expect("a result"));
    results
        .map(|(call, result)| (call.into(), result.into()))
        .collect()
}

#[test]
fn the_kernel_denies_each_call_as_the_file_says() {
    let rules = rules(&text());
    let program = compile(
        &fs::read_to_string(repository().join("examples/blacklisted.c")).expect("the program"),
        &[],
    );
    for place in Place::all() {
        let program = place.bring(&program);
        let plain = results(place.plain(&program));
        let denied = results(denied(&place, &program));
        assert_eq!(plain.len(), denied.len());
        let mut tried = BTreeSet::new();
        for ((call, before), (_, result)) in plain.iter().zip(&denied) {
            let name = call.split(' ').next().expect("a name");
            assert_eq!(rules.get(name), Some(result), "{call}: {before} without");
            assert_ne!(before, result, "{call}: nobody can tell who denied it");
            tried.insert(name.to_owned());
        }
        assert_eq!(tried, rules.keys().cloned().collect());
    }
}

#[test]
fn harmless_uses_of_the_same_calls_run() {
    let policy = compiled(&text());
    let runs = |name: &str, arguments: &[u64]| {
        let mut registers = [0; 6];
        registers[..arguments.len()].copy_from_slice(arguments);
        let number = syscalls::number(Abi::NATIVE, name).expect(name);
        policy.decide(Abi::NATIVE.audit(), number, &registers) == Action::Allow
    };
    // fork, a thread of glibc, and vfork.
    for flags in [0x0120_0011, 0x003d_0f00, 0x4111] {
        assert!(runs("clone", &[flags]), "{flags:#x}");
    }
    for persona in [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff, u64::MAX] {
        assert!(runs("personality", &[persona]), "{persona:#x}");
    }
    for request in [0x5401, 0x5413, 0x541b] {
        assert!(runs("ioctl", &[0, request]), "{request:#x}");
    }
    for family in [1, 2, 10, 16, 17] {
        assert!(runs("socket", &[family]), "{family}");
    }
}

#[test]
fn the_policy_tool_knows_of_one_other_way() {
    let outcome = Run::new(sandbox_policy()).args(["check", "--mode", "blacklist"]);
    // A number for a file needs a right of root's, and names are what programs open files by.
    let other = "open_by_handle_at is denied, but open, openat, openat2, creat can do the same\n";
    outcome
        .arg(file())
        .outcome()
        .status(1)
        .stdout(other)
        .stderr("");
}

/// Asserts that nothing is different.
#[track_caller]
fn same(place: &Place, without: &Outcome, under: &Outcome) {
    let place = (place.door, place.user);
    assert_eq!(without.status, under.status, "{place:?}: {under:#?}");
    assert_eq!(without.stdout, under.stdout, "{place:?}: {under:#?}");
    assert_eq!(without.stderr, under.stderr, "{place:?}: {under:#?}");
}

#[test]
fn bash_and_what_it_starts_work_as_without() {
    for place in Place::all() {
        let words = ["-c", bash::JOB];
        let without = place.plain("bash").args(words).outcome();
        assert_eq!(without.stdout, bash::DONE);
        same(
            &place,
            &without,
            &denied(&place, "bash").args(words).outcome(),
        );
        let shell = denied(&place, "bash").args(["-c", "unshare -U true; echo $?"]);
        let outcome = shell.outcome();
        assert_eq!(outcome.stdout, format!("{SIGSYS_STATUS}\n"), "{outcome:#?}");
    }
}

#[test]
fn python_and_its_threads_work_as_without() {
    let script = format!(
        "{}\nfrom concurrent.futures import ThreadPoolExecutor\n\
         with ThreadPoolExecutor(8) as pool: print(sum(pool.map(lambda n: n * n, range(1000))))",
        python::JOB
    );
    for place in Place::all() {
        let words = ["-I", "-c", &script];
        let without = place.plain(python::PYTHON).args(words).outcome();
        assert_eq!(without.stdout, format!("{}332833500\n", python::DONE));
        same(
            &place,
            &without,
            &denied(&place, python::PYTHON).args(words).outcome(),
        );
    }
}

#[test]
fn git_works_as_without() {
    for place in Place::all() {
        let source = git::repository(&place);
        let without = git::cloned(&place, &source, || place.plain("git")).succeeded();
        let under = git::cloned(&place, &source, || denied(&place, "git"));
        same(&place, &without, &under);
    }
}

#[test]
fn redis_works_as_without() {
    for place in Place::all() {
        let outcome = redis::job(&place, denied(&place, "redis-server"), 1000);
        outcome.succeeded().stdout(redis::DONE).stderr("");
    }
}

#[test]
fn nginx_works_as_without() {
    for processes in [Processes::One, Processes::Two] {
        for place in Place::all() {
            let outcome = nginx::job(&place, processes, denied(&place, "nginx"));
            outcome.succeeded().stdout(nginx::DONE).stderr("");
            let log = nginx::log(&place);
            assert!(
                !log.contains("signal 31") && !log.contains("[alert]"),
                "{log}"
            );
        }
    }
}

#[test]
fn gcc_makes_the_same_program() {
    for place in Place::all() {
        let source = repository().join("examples/helloworld.c");
        let made = |compiler: Run| {
            let program = place.work().join("hello");
            let _ = fs::remove_file(&program);
            // The name of a temporary file would else be in the program.
            let source = place.bring(&source);
            let outcome = compiler
                .args(["-O2", "-pipe", "-o", "hello"])
                .arg(source)
                .outcome();
            (
                outcome.succeeded().stderr(""),
                fs::read(program).expect("a program"),
            )
        };
        let (_, without) = made(place.plain("gcc"));
        let (_, under) = made(denied(&place, "gcc"));
        assert!(without == under, "{place:?}");
        let hello = denied(&place, place.work().join("hello")).outcome();
        hello.succeeded().stdout("Hello, world!\n").stderr("");
    }
}

#[test]
fn a_go_program_works_as_without() {
    for place in Place::launchers() {
        let program = go::program(&place);
        let without = place.plain(&program).outcome().succeeded();
        same(&place, &without, &denied(&place, &program).outcome());
        let without = place.plain(&program).arg("start a program").outcome();
        assert_eq!(without.stdout, "executed\n");
        same(
            &place,
            &without,
            &denied(&place, &program).arg("start a program").outcome(),
        );
    }
}

#[test]
fn programs_that_try_io_uring_go_on_without() {
    let script = "require('fs').promises.readFile('/etc/passwd').then(text => console.log(text.length > 0));\
                  new (require('worker_threads').Worker)('console.log(6 * 7)', {eval: true});";
    if Run::new("sh")
        .args(["-c", "command -v node"])
        .outcome()
        .status
        != 0
    {
        return skip("no node here");
    }
    for place in Place::all() {
        let sorted = |run: Run| {
            let outcome = run
                .env("UV_USE_IO_URING", "1")
                .args(["-e", script])
                .outcome()
                .succeeded();
            let mut lines: Vec<String> = outcome.stdout.lines().map(String::from).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(place.plain("node")), ["42", "true"]);
        assert_eq!(sorted(denied(&place, "node")), ["42", "true"]);
    }
}
