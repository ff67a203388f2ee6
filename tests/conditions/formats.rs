//! Other tools' policies by `sandboxify --policy`: real programs run under them, and the kernel
//! refuses what their manuals say.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sandbox_tests::{
    Run, installed, public_directory, publish, repository, sandbox_policy, sandboxify, skip,
};

use crate::{call, caller};

/// Docker's default profile, where the data is beside the repository.
fn moby() -> Option<PathBuf> {
    let profile = repository().join("../shared/data/formats/oci/moby-default.json");
    if !profile.exists() {
        skip("Docker's default profile is not beside the repository");
        return None;
    }
    Some(profile)
}

/// A program that is there, or the reason to do without it is printed.
fn program(name: &str) -> Option<PathBuf> {
    let found = installed(name);
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

/// A program under Docker's default profile, by each method. Launcher and profile are in a directory
/// that an ordinary user can read.
fn under(profile: &Path, program: &Path, directory: &Path) -> [Run; 2] {
    let launcher = publish(&sandboxify(), directory);
    let profile = publish(profile, directory).display().to_string();
    ["ticket", "auto"].map(|method| {
        let options = ["--quiet", "--method", method, "--policy", &profile];
        Run::new(&launcher).args(options).arg(program)
    })
}

#[test]
fn dockers_profile_written_back_means_the_same() {
    let Some(profile) = moby() else { return };
    let directory = public_directory();
    for capabilities in ["", "CAP_SYS_ADMIN,CAP_SYS_PTRACE,CAP_BPF"] {
        let options = ["--capabilities", capabilities];
        let tool = |words: &[&str]| Run::new(sandbox_policy()).args(words).args(options);
        let profile = profile.display().to_string();
        let written = directory.path().join("written.json");
        let written = written.display().to_string();
        let convert = ["convert", "--to", "oci", "--output", &written, &profile];
        tool(&convert).outcome().succeeded();
        let outcome = tool(&["diff", &profile, &written]).outcome();
        outcome
            .succeeded()
            .stdout("the two policies mean the same\n");
    }
}

#[test]
fn python_works_under_dockers_profile() {
    let (Some(profile), Some(python)) = (moby(), program("python3")) else {
        return;
    };
    let keyctl = call("keyctl", &[]);
    let script = "
import sys, ctypes, json, os, socket, subprocess, threading
thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
print(json.dumps(sorted(os.listdir('/'))[:1]) != '', subprocess.check_output(['echo', 'child']).decode().strip())
socket.socket(socket.AF_INET)
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(int(sys.argv[1]), 0, 0, 0, 0, 0), ctypes.get_errno())
";
    let directory = public_directory();
    for run in under(&profile, &python, directory.path()) {
        let outcome = run.args(["-c", script, &keyctl]).as_nobody().outcome();
        outcome.succeeded().stdout("True child\n-1 1\n");
    }
}

#[test]
fn git_works_under_dockers_profile() {
    let (Some(profile), Some(_)) = (moby(), program("git")) else {
        return;
    };
    let script = "git init -q . && echo one >file && git add file && git -c user.name=A -c user.email=a@b commit -q -m first && git clone -q . copy && git -C copy log --format=%s";
    let programs = public_directory();
    for run in under(&profile, Path::new("/bin/sh"), programs.path()) {
        let directory = public_directory();
        let run = run.env("HOME", directory.path()).args(["-c", script]);
        let outcome = run.directory(directory.path()).outcome();
        outcome.succeeded().stdout("first\n");
    }
}

#[test]
fn redis_serves_under_dockers_profile() {
    let (Some(profile), Some(redis)) = (moby(), program("redis-server")) else {
        return;
    };
    let directory = public_directory();
    for run in under(&profile, &redis, directory.path()) {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("its number").port().to_string();
        drop(free);
        let running = run.args(["--port", &port, "--save", ""]).start();
        let client = |words: &[&str]| {
            let client = Run::new("redis-cli").args(["-p", &port]).args(words);
            client
                .start()
                .outcome_within(Duration::from_secs(20))
                .stdout
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while client(&["PING"]) != "PONG\n" && Instant::now() < deadline {}
        assert_eq!(client(&["SET", "key", "value"]), "OK\n");
        assert_eq!(client(&["GET", "key"]), "value\n");
        client(&["SHUTDOWN", "NOSAVE"]);
        running.outcome_within(Duration::from_secs(20)).succeeded();
    }
}

/// A unit of a real service, as administrators write them.
const UNIT: &str = "[Unit]
Description=A service

[Service]
ExecStart=/usr/bin/true
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=~ptrace:EACCES
SystemCallErrorNumber=EPERM
SystemCallArchitectures=native
";

#[test]
fn a_units_lines_refuse_what_its_manual_says() {
    let directory = public_directory();
    let unit = directory.path().join("some.service");
    fs::write(&unit, UNIT).expect("a unit");
    let policy = unit.display().to_string();
    let calls = [
        call("getppid", &[]),
        // Of @privileged.
        call("chroot", &[0]),
        // Of @resources.
        call("setpriority", &[0, 0, 0]),
        call("ptrace", &[0, 0, 0]),
        // In no group of the first line.
        call("mount", &[0]),
        // EFAULT, by the kernel itself.
        call("uname", &[0]),
    ];
    for method in ["ticket", "auto"] {
        let options = ["--method", method, "--policy", &policy];
        let run = Run::launched(options, caller(&["-static"])).args(&calls);
        let expected = "ran\nerrno 1\nerrno 1\nerrno 13\nerrno 1\nerrno 14\n";
        run.outcome().succeeded().stdout(expected);
    }
}

const MINIJAIL: &str = "# a small program
@frequency ./none.frequency
read: 1
write: arg0 in 0x3 && arg2 < 4096
exit_group: 1
brk: 1
mprotect: 1
arch_prctl: 1
set_tid_address: 1
set_robust_list: 1
rseq: 1
prlimit64: 1
readlink: 1
readlinkat: 1
getrandom: 1
newfstatat: 1
fstat: 1
futex: 1
getppid: return EACCES
socket: arg0 == 1
";

#[test]
fn a_minijail_policy_holds() {
    let directory = public_directory();
    let file = directory.path().join("small.policy");
    fs::write(&file, MINIJAIL).expect("a policy");
    let policy = file.display().to_string();
    let run = |calls: &[String]| {
        let options = ["--policy", &policy];
        Run::launched(options, caller(&["-static"]))
            .args(calls)
            .outcome()
    };
    let good = [call("getppid", &[]), call("socket", &[1, 1, 0])];
    run(&good).succeeded().stdout("errno 13\nran\n");
    run(&[call("socket", &[2, 1, 0])]).killed();
    run(&[call("write", &[4, 0, 0])]).killed();
    run(&[call("getpid", &[])]).killed();
}

#[test]
fn an_environment_file_is_a_policy_too() {
    let directory = public_directory();
    let file = directory.path().join("service.env");
    let text = "# for a service\nSECCOMP_SYSCALL_DENY='getppid:socket(family == AF_INET)=EACCES'\nSECCOMP_DEFAULT_ACTION=EPERM\n";
    fs::write(&file, text).expect("a policy");
    let policy = file.display().to_string();
    let calls = [
        call("getppid", &[]),
        call("socket", &[1, 1, 0]),
        call("socket", &[2, 1, 0]),
    ];
    let run = Run::launched(["--policy", &policy], caller(&["-static"])).args(&calls);
    run.outcome().succeeded().stdout("errno 1\nran\nerrno 13\n");
}

#[test]
fn the_examples_are_policies_as_they_are() {
    let examples = fs::read_dir(repository().join("examples")).expect("examples");
    let paths = examples.map(|example| example.expect("an example").path());
    // One of them only has names for the others.
    let sets = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("an example");
        text.contains("SECCOMP_SYSCALL_ALLOW='")
    };
    let lists: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "env"))
        .filter(sets)
        .collect();
    assert!(lists.len() > 5, "{lists:?}");
    for list in lists {
        let shown = Run::new(sandbox_policy()).arg("show").arg(&list).outcome();
        shown
            .succeeded()
            .stdout_has("exit_group                       allow\n");
    }
}
