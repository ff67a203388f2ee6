//! bash: loops, pipes, command substitution, and children that inherit the filter.

use sandbox_tests::Outcome;

use crate::lists::{allow_list, assert_close_to_minimal, without};
use crate::place::{Door, Place, User};

/// For bash and for busybox's sh.
pub const JOB: &str = r#"
for word in pear apple fig; do echo "$word"; done | sort > sorted
echo "lines $(cat sorted | wc -l)"
echo "first $(head -n 1 < sorted)"
(exit 7) || echo "status $?"
"#;

/// What [`JOB`] prints.
pub const DONE: &str = "lines 3\nfirst apple\nstatus 7\n";

/// Runs [`JOB`] under a list.
pub fn job(place: &Place, list: &str) -> Outcome {
    script(place, list, JOB)
}

fn script(place: &Place, list: &str, script: &str) -> Outcome {
    let bash = place.allow(list, "bash").args(["-c", script]);
    bash.outcome()
}

fn list() -> String {
    allow_list("bash")
}

#[test]
fn pipes_and_children_work_under_the_list() {
    for place in Place::all() {
        let outcome = job(&place, &list()).succeeded();
        outcome.stdout(DONE).stderr("");
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::all() {
        for name in ["clone", "pipe2", "read", "rt_sigprocmask"] {
            job(&place, &without(&list(), name)).killed();
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Preload, User::Own);
    assert_close_to_minimal(&list(), DONE, |list| job(&place, list));
}

#[test]
fn a_wrong_call_of_the_shell_itself_kills_it() {
    for place in Place::all() {
        // bash's own way to a socket.
        let outcome = script(
            &place,
            &list(),
            "echo before; : > /dev/tcp/127.0.0.1/1; echo after",
        );
        outcome.killed().stdout("before\n");
    }
}

#[test]
fn a_wrong_call_of_a_child_kills_the_child_and_the_shell_sees_it() {
    for place in Place::all() {
        let outcome = script(
            &place,
            &list(),
            "mkdir new; echo \"mkdir $?\"; ls; echo \"ls $?\"",
        );
        // ls is not among the children that the list is made for either: it asks statx.
        outcome.succeeded().stdout("mkdir 159\nls 159\n");
        assert!(!place.work().join("new").exists());
    }
}

#[test]
fn children_under_a_deny_list_get_its_errors() {
    for place in Place::all() {
        let run = place.deny("mkdir=EROFS:mkdirat=EROFS:socket=EACCES", "bash");
        run.args(["-c", &format!("{JOB}mkdir new || : > /dev/tcp/127.0.0.1/1")])
            .outcome()
            .status(1)
            .stdout(DONE)
            .stderr_has("mkdir: cannot create directory")
            .stderr_has("Read-only file system")
            .stderr_has("/dev/tcp/127.0.0.1/1: Permission denied");
    }
}

#[test]
fn every_process_of_a_pipeline_is_filtered() {
    for place in Place::all() {
        let run = place.deny("reboot", "bash").args([
            "-c",
            "grep -h ^Seccomp: /proc/self/status | cat - /proc/self/status | grep ^Seccomp:; \
             ( grep ^Seccomp: /proc/self/status; echo $(grep ^Seccomp: /proc/self/status) )",
        ]);
        let outcome = run.outcome().succeeded();
        outcome.stdout("Seccomp:\t2\nSeccomp:\t2\nSeccomp:\t2\nSeccomp: 2\n");
    }
}
