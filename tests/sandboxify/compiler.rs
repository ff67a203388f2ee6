//! `--compiler libseccomp`: real programs under the filter that the second compiler makes.

use sandbox_tests::{Outcome, Run, installed, public_directory, publish, root, sandboxify, skip};

/// Everything, but some calls with some arguments: an error for the Internet's sockets, death for
/// priorities of process groups.
const CONDITIONS: &str =
    "socket(family == AF_INET || family == AF_INET6)=EACCES:getpriority(which == 1)";

/// Runs a program under the second compiler by both ways, and as root also as an ordinary user.
fn each_launch(options: &[&str], program: &[&str], test: impl Fn(Outcome)) {
    // Where an ordinary user can read it.
    let directory = public_directory();
    let launcher = publish(&sandboxify(), directory.path());
    let run = |method| {
        let run = Run::new(&launcher).args(["--quiet", "--compiler", "libseccomp"]);
        run.args(["--method", method]).args(options).args(program)
    };
    test(run("auto").outcome());
    test(run("ticket").outcome());
    if root() {
        test(run("auto").as_nobody().outcome());
    }
}

#[test]
fn a_static_program_runs_and_a_refused_call_kills_it() {
    let Some(busybox) = installed("busybox") else {
        return skip("busybox is not installed");
    };
    let busybox = busybox.to_str().expect("a path");
    let shell = [busybox, "sh", "-c", "echo shell; exit 3"];
    each_launch(&["--deny", CONDITIONS], &shell, |outcome| {
        outcome.status(3).stdout("shell\n");
    });
    // The complaint goes to standard error.
    let list = "write(fd > 1 && fd < 0x80000000)";
    let shell = [busybox, "sh", "-c", "echo out; cd /nowhere"];
    each_launch(&["--deny", list], &shell, |outcome| {
        outcome.killed().stdout("out\n").stderr("");
    });
}

#[test]
fn python_gets_the_answers_that_the_list_gives() {
    let Some(_) = installed("python3") else {
        return skip("python3 is not installed");
    };
    const PROGRAM: &str = "
import os, socket
for family in socket.AF_UNIX, socket.AF_INET, socket.AF_INET6:
    try:
        socket.socket(family)
        print('socket')
    except OSError as error:
        print(error.errno)
print(os.getpriority(os.PRIO_PROCESS, 0) in range(-20, 20), flush=True)
os.getpriority(os.PRIO_PGRP, 0)
print('not stopped')
";
    let python = ["/usr/bin/python3", "-c", PROGRAM];
    each_launch(&["--deny", CONDITIONS], &python, |outcome| {
        outcome.killed().stdout("socket\n13\n13\nTrue\n");
    });
}

#[test]
fn what_it_cannot_express_is_refused_and_the_native_compiler_is_named() {
    for (list, why) in [
        (
            "mmap(arg0 == arg1)",
            "arguments are compared with constants alone, not with each other",
        ),
        (
            "mmap(argL1 + 1 == 2)",
            "it does not calculate with arguments",
        ),
    ] {
        let outcome = Run::launched(["--compiler", "libseccomp", "--allow", list], "/bin/true")
            .outcome()
            .status(125);
        outcome.stdout("").stderr(&format!(
            "sandboxify: libseccomp cannot express the conditions of mmap: {why}; \
             use --compiler native; the program was not started\n"
        ));
    }
    let options = [
        "--compiler",
        "libseccomp",
        "--method",
        "preload",
        "--deny",
        "ptrace",
    ];
    let outcome = Run::launched(options, "/bin/true").outcome().status(125);
    outcome.stderr_has("use --compiler native");
    let outcome = Run::launched(["--compiler", "gcc", "--deny", "ptrace"], "/bin/true").outcome();
    outcome
        .status(125)
        .stderr_has("--compiler: \"gcc\" is none of native, libseccomp\n");
}

#[test]
fn print_says_the_same_for_both_compilers() {
    let printed = |compiler| {
        let run = Run::new(sandboxify()).args(["--compiler", compiler, "--print"]);
        let list = "@basic-io:socket(family == AF_UNIX):ptrace=EPERM";
        run.args(["--allow", list]).outcome().succeeded().stdout
    };
    assert_eq!(printed("native"), printed("libseccomp"));
}
