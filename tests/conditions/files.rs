//! Policy files in lists: `.seccomp` files as Oz has them, by path.

use std::fs;

use sandbox_tests::{Run, public_directory};

use crate::{call, caller};

const POLICY: &str = "# what a small program needs
LOCAL = AF_UNIX
local(x) = x == LOCAL   # a macro

include \"startup.inc\"
write: arg0 == 1 || arg0 == 2
socket[-EACCES]: local(arg0)
exit_group: 1
";

#[test]
fn a_policy_file_is_the_whole_list_or_a_part_of_one() {
    let directory = public_directory();
    let file = directory.path().join("a:b.seccomp");
    fs::write(&file, POLICY).expect("a policy");
    let included = "@default: 1\nmmap: 1\nmunmap: 1\nfstat: 1\nioctl: 1\n";
    fs::write(directory.path().join("startup.inc"), included).expect("a part of it");
    let path = file.display().to_string().replace(':', "\\:");
    let calls = [call("socket", &[1, 1, 0]), call("socket", &[2, 1, 0])];
    let alone = Run::preloaded(caller(&[])).allow(&path).args(&calls);
    let announced = format!("adding {} (", file.display());
    let outcome = alone.outcome().succeeded().stdout("ran\nerrno 13\n");
    outcome.stderr_has(&announced);
    let sysinfo = [call("sysinfo", &[0])];
    let alone = Run::preloaded(caller(&[])).allow(&path).args(&sysinfo);
    alone.outcome().killed();
    let more = format!("{path}:sysinfo");
    let with_more = Run::preloaded(caller(&[])).allow(more).args(&sysinfo);
    with_more.outcome().succeeded().stdout("errno 14\n");
}

#[test]
fn a_blacklist_file_works_in_a_deny_list() {
    let directory = public_directory();
    let file = directory.path().join("no.seccomp");
    fs::write(&file, "getppid: 1\nsocket[+EACCES]: argL0 == AF_INET\n").expect("a policy");
    let run = |calls: &[String]| Run::preloaded(caller(&[])).deny(&file).args(calls);
    let sockets = [call("socket", &[1, 1, 0]), call("socket", &[2, 1, 0])];
    run(&sockets)
        .outcome()
        .succeeded()
        .stdout("ran\nerrno 13\n");
    run(&[call("getppid", &[])]).outcome().killed();
}

#[test]
fn what_is_wrong_in_a_file_is_shown_in_its_line() {
    let directory = public_directory();
    let file = directory.path().join("wrong.seccomp");
    fs::write(&file, "read: 1\nsocket: arg0 == AF_UNXI\n").expect("a policy");
    let outcome = Run::preloaded(caller(&[])).allow(&file).outcome();
    let message = format!(
        "libsandbox: {}:2:17: unknown word; did you mean \"AF_UNIX\"?\n  socket: arg0 == AF_UNXI\n                  ^\n",
        file.display()
    );
    outcome.status(1).stdout("").stderr(&message);
    let missing = directory.path().join("missing.seccomp");
    let outcome = Run::preloaded(caller(&[])).allow(&missing).outcome();
    let outcome = outcome
        .status(1)
        .stdout("")
        .stderr_has("SECCOMP_SYSCALL_ALLOW: item ");
    outcome.stderr_has("cannot be read: ENOENT");
}

#[test]
fn a_launcher_takes_a_policy_file_by_option() {
    let directory = public_directory();
    let file = directory.path().join("static.seccomp");
    fs::write(
        &file,
        "@system-service: 1\nsocket[-EACCES]: argL0 == AF_UNIX\n",
    )
    .expect("a policy");
    let calls = [call("socket", &[1, 1, 0]), call("socket", &[2, 1, 0])];
    let program = caller(&["-static"]);
    let path = file.display().to_string();
    for method in ["ticket", "auto"] {
        let options = ["--method", method, "--policy", &path];
        let launched = Run::launched(options, &program).args(&calls);
        launched.outcome().succeeded().stdout("ran\nerrno 13\n");
    }
    let relative = Run::launched(["--policy", "static.seccomp"], &program);
    let relative = relative.directory(directory.path()).args(&calls);
    relative.outcome().succeeded().stdout("ran\nerrno 13\n");
}

/// A pipe is empty when it is read again, and a deny-list of nothing would allow everything; one that
/// nobody writes to would never be read to its end.
#[test]
fn a_policy_that_is_no_regular_file_is_refused_and_not_waited_for() {
    let directory = public_directory();
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let pipe = pipe.display().to_string();
    let program = caller(&["-static"]);
    for path in [pipe.as_str(), "/dev/zero", "/dev/null"] {
        let preloaded = Run::preloaded(caller(&[])).deny(path).outcome();
        let preloaded = preloaded.status(1).stdout("");
        preloaded.stderr_has("not a regular file");
        for options in [["--policy", path], ["--deny", path]] {
            let launched = Run::launched(options, &program).outcome();
            launched
                .status(125)
                .stdout("")
                .stderr_has("not a regular file");
        }
    }
    let shell = "exec \"$0\" --policy <(printf 'DEFAULT_POLICY = allow\\nuname: 1\\n') \"$1\"";
    let piped = Run::new("bash").args(["-c", shell]);
    let piped = piped.arg(sandbox_tests::sandboxify()).arg(&program);
    piped.outcome().status(125).stderr_has("not a regular file");
}
