//! Sandboxed programs as the first process of a PID namespace, and where orphans come back to.

use std::time::Duration;

use sandbox_tests::{compile, root, skip};

use crate::busybox;
use crate::lists::allow_list;
use crate::place::{Door, Place, User};
use crate::python;

const NOT_ROOT: &str = "a PID namespace needs root";

/// The program gets pid 1, because each word before it executes the next.
const UNSHARE: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Becomes a child subreaper, then runs its arguments in its place.
const SUBREAPER: &str = r#"
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return 1;
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
"#;

/// Prints the own pid and what children there are: none, if nobody left one.
const CHILDREN: &str = r#"
import os, time
time.sleep(0.2)
print(os.getpid())
try:
    print("child", os.waitpid(-1, os.WNOHANG))
except ChildProcessError:
    print("no child")
"#;

/// Becomes a child subreaper, starts its arguments as a child and waits for everything it has then.
const ADOPTER: &str = r#"
import ctypes, os, sys
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0
child = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
while True:
    try:
        pid, status = os.wait()
    except ChildProcessError:
        break
    if pid == child:
        print(os.waitstatus_to_exitcode(status))
print("nobody left")
"#;

/// A shell that has its pid, a pipe and a child's status.
const SHELL: &str = "echo $$; echo child $(echo of a pipe | cat); (exit 5); echo $?";

fn first_processes() -> Option<impl Iterator<Item = Place>> {
    let doors = Door::ALL.into_iter();
    let places = doors.map(|door| Place::new(door, User::Own).around(UNSHARE));
    root().then_some(places)
}

#[test]
fn a_dynamic_program_works_and_dies_as_pid_1() {
    let Some(places) = first_processes() else {
        return skip(NOT_ROOT);
    };
    for place in places {
        let list = allow_list("python3");
        python::job(&place, &list)
            .succeeded()
            .stdout(python::DONE)
            .stderr("");
        // unshare ends the way its child did.
        python::job(&place, &format!("{list}:!socket")).killed();
    }
}

#[test]
fn a_static_program_works_and_dies_as_pid_1() {
    if !root() {
        return skip(NOT_ROOT);
    }
    let place = Place::new(Door::Launcher, User::Own).around(UNSHARE);
    let list = allow_list("busybox");
    let outcome = busybox::script(&place, &list, SHELL).succeeded();
    outcome.stdout("1\nchild of a pipe\n5\n").stderr("");
    busybox::script(&place, &list, "mkdir new").killed();
}

#[test]
fn pid_1_has_no_child_that_it_did_not_start() {
    let Some(places) = first_processes() else {
        return skip(NOT_ROOT);
    };
    for place in places {
        let run = place.deny("reboot", "python3").args(["-I", "-c", CHILDREN]);
        run.outcome().succeeded().stdout("1\nno child\n");
    }
}

#[test]
fn a_subreaper_has_no_child_that_it_did_not_start() {
    let subreaper = compile(SUBREAPER, &[]);
    for place in Place::all() {
        let words = [place.bring(&subreaper)];
        let place = place.around(words);
        let run = place.deny("reboot", "python3").args(["-I", "-c", CHILDREN]);
        run.outcome().succeeded().stdout_has("\nno child\n");
        let list = allow_list("python3");
        python::job(&place, &list).succeeded().stdout(python::DONE);
        python::job(&place, &format!("{list}:!socket")).killed();
    }
}

/// The parent adopts what the launcher leaves behind: that must end, and soon.
#[test]
fn under_a_subreaper_the_program_keeps_its_status_and_nothing_stays() {
    for place in Place::launchers() {
        let launcher = place.launcher();
        let run = place
            .plain("python3")
            .args(["-I", "-c", ADOPTER])
            .arg(&launcher);
        let run = run.args(["-q", "--deny", "reboot", "sh", "-c", "exit 7"]);
        run.start()
            .outcome_within(Duration::from_secs(20))
            .succeeded()
            .stdout("7\nnobody left\n");
    }
}
