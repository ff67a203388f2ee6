//! However a learned program ends, its file is complete when the command comes back.

use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use sandbox_tests::{Outcome, Run, compile, rounds, sandboxify};

use crate::rules;
use crate::workshop::Job;

/// Says that it is ready, and then ends as its argument says.
const ENDING: &str = r#"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words)
{
	char *how = words[1];
	if (!strcmp(how, "child") && fork() == 0) {
		usleep(20000);
		syscall(SYS_getppid);
		_exit(0);
	}
	if (write(1, "ready\n", 6) != 6)
		return 9;
	if (!strcmp(how, "crash"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	if (!strcmp(how, "exit"))
		syscall(SYS_exit, 5);
	while (!strcmp(how, "wait"))
		pause();
	return 6;
}
"#;

fn job(how: &str) -> Job {
    Job::new(compile(ENDING, &[]), &[how])
}

/// Asserts that the file holds rules and that they are a policy.
#[track_caller]
fn complete(file: &Path, call: &str) {
    let text = fs::read_to_string(file).expect("the learned policy");
    assert!(text.ends_with('\n'), "{text}");
    assert_eq!(rules::count(&text, call), Some(1), "{text}");
    let show = Run::new(sandboxify())
        .args(["--print", "--policy"])
        .arg(file);
    show.outcome().succeeded();
    let directory = file.parent().expect("a directory");
    let left = fs::read_dir(directory).expect("the directory").flatten();
    let left = left.filter(|entry| entry.file_name().as_encoded_bytes().ends_with(b".new"));
    assert_eq!(left.count(), 0, "temporary files are left");
}

#[test]
fn by_its_own_signal_or_status() {
    let ends = [
        ("crash", 128 + 11, "write"),
        ("abort", 128 + 6, "tgkill"),
        ("exit", 5, "exit"),
        ("return", 6, "exit_group"),
        ("kill", 128 + 9, "write"),
    ];
    for (how, status, call) in ends {
        for place in ["exec", "main"] {
            let job = job(how);
            job.learn(place).status(status).stdout("ready\n");
            complete(&job.policy(), call);
        }
    }
}

/// Learns a program that waits, ends it from outside when it is ready, and looks at the file at once.
fn ended_from_outside(place: &str, end: fn(Pid)) -> (Job, Outcome) {
    let job = job("wait");
    let file = job.policy();
    let learn = [
        "--at".as_ref(),
        place.as_ref(),
        "--learn".as_ref(),
        file.as_os_str(),
    ];
    let mut run = job.launched(learn);
    run.command().process_group(0);
    let mut running = run.start();
    let mut ready = [0; 6];
    running.stdout().read_exact(&mut ready).expect("a word");
    end(Pid::from_raw(i32::try_from(running.pid()).expect("a pid")));
    let outcome = running.outcome_within(Duration::from_secs(20));
    (job, outcome)
}

#[test]
fn by_an_interrupt_of_the_whole_group() {
    for place in ["exec", "main"] {
        for _ in 0..rounds(20) {
            let (job, outcome) = ended_from_outside(place, |group| {
                killpg(group, Signal::SIGINT).expect("the group");
            });
            assert_eq!(outcome.status, 128 + 2, "{outcome:#?}");
            complete(&job.policy(), "write");
        }
    }
}

#[test]
fn by_a_polite_signal_to_the_program() {
    for place in ["exec", "main"] {
        for _ in 0..rounds(20) {
            let (job, outcome) = ended_from_outside(place, |program| {
                kill(program, Signal::SIGTERM).expect("the program");
            });
            assert_eq!(outcome.status, 128 + 15, "{outcome:#?}");
            complete(&job.policy(), "write");
        }
    }
}

#[test]
fn with_a_child_that_goes_on() {
    for place in ["exec", "main"] {
        let job = job("child");
        // The child holds standard output open, so this comes back when it has ended, too.
        job.learn(place).status(6).stdout("ready\n");
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while rules::count(&job.learned(), "getppid").is_none() {
            assert!(std::time::Instant::now() < deadline, "{}", job.learned());
            std::thread::sleep(Duration::from_millis(5));
        }
        let text = job.learned();
        assert!(
            text.contains("# learned: 1 run, "),
            "one run counts once: {text}"
        );
    }
}

#[test]
fn a_file_that_goes_bad_meanwhile_is_not_lost() {
    let job = job("wait");
    let file = job.policy();
    let mut running = job.launched(["--learn".as_ref(), file.as_os_str()]).start();
    let mut ready = [0; 6];
    running.stdout().read_exact(&mut ready).expect("a word");
    fs::write(&file, "no policy\n").expect("another text");
    let program = Pid::from_raw(i32::try_from(running.pid()).expect("a pid"));
    kill(program, Signal::SIGTERM).expect("the program");
    let outcome = running.outcome_within(Duration::from_secs(20));
    outcome
        .status(128 + 15)
        .stderr_has("what was learned is in");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "no policy\n");
    complete(&job.file("learned.seccomp.learned"), "write");
}
