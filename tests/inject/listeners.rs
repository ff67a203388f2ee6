//! `--explain` enforces also against a program that goes for the watcher: it gets no listener, neither
//! its own nor the watcher's, and denied calls do not run when the watcher is gone.

use std::fs;

use nix::sys::signal::Signal;
use sandbox_tests::{Run, compile, public_directory, publish, root, skip};

use crate::programs::{
    LIMIT, ended, everybodys_directory, others_of, own_launcher, send, status_of, wait_until,
};

/// Attempts of a program: `own` installs a listener, `steal` copies the watcher's, `outlive` leaves a
/// process that no tracer knows and installs one when the file argv[2] is there.
const ATTACKER: &str = r#"
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int listener = -1;

static void *answer(void *nothing)
{
	for (;;) {
		struct seccomp_notif call = {0};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
			return 0;
		struct seccomp_notif_resp go = {.id = call.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go);
	}
}

static void own(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {4, code};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
	dprintf(1, "listener %s\n", listener >= 0 ? "installed" : errno == EBUSY ? "EBUSY" : "refused");
}

static void steal(void)
{
	for (int process = 2; process < 4194304 && listener < 0; process++) {
		char path[64];
		sprintf(path, "/proc/%d", process);
		if (process == getpid() || access(path, F_OK))
			continue;
		int handle = syscall(SYS_pidfd_open, process, 0);
		for (int number = 3; number < 30 && handle >= 0 && listener < 0; number++) {
			int copy = syscall(SYS_pidfd_getfd, handle, number, 0);
			char link[64], target[64] = "";
			sprintf(link, "/proc/self/fd/%d", copy);
			if (copy >= 0 && readlink(link, target, 63) > 0 && strstr(target, "seccomp"))
				listener = copy;
			else if (copy >= 0)
				close(copy);
		}
		close(handle);
	}
	dprintf(1, "listener %s\n", listener >= 0 ? "stolen" : "not to be had");
}

static void attempt(const char *directory)
{
	pthread_t thread;
	for (int i = 0; i < 3; i++)
		pthread_create(&thread, 0, answer, 0);
	for (int i = 0; i < 20; i++)
		if (syscall(SYS_mkdirat, -100, directory, 0700) == 0)
			dprintf(1, "RAN\n");
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "outlive")) {
		if (syscall(SYS_clone, CLONE_UNTRACED, 0, 0, 0, 0)) {
			for (;;)
				pause();
		}
		prctl(PR_SET_PDEATHSIG, 0);
		while (access(argv[2], F_OK))
			usleep(1000);
		own();
	} else if (!strcmp(argv[1], "own"))
		own();
	else
		steal();
	attempt(argv[3]);
	dprintf(1, "end\n");
	_exit(0);
}
"#;

const POLICY: [&str; 4] = ["-q", "--explain", "--deny", "mkdirat=EPERM"];

#[test]
fn a_program_gets_no_listener_of_its_own_while_it_is_watched() {
    let directory = public_directory();
    let made = directory.path().join("made");
    for method in ["ticket", "inject"] {
        let run = Run::launched(["--method", method], "-q").args(&POLICY[1..]);
        let run = run.arg(compile(ATTACKER, &["-pthread"]));
        let outcome = ended(run.args(["own", "-"]).arg(&made)).succeeded();
        outcome.stdout("listener EBUSY\nend\n");
        assert!(!made.exists());
    }
}

#[test]
fn an_ordinary_user_cannot_take_the_watchers_listener() {
    if !root() {
        return skip("only root can become another user");
    }
    let directory = everybodys_directory();
    let place = directory.path();
    let launcher = own_launcher(place);
    let program = publish(&compile(ATTACKER, &["-pthread", "-static"]), place);
    let made = place.join("made");
    for method in ["ticket", "inject"] {
        let run = Run::new(&launcher).args(POLICY).args(["--method", method]);
        let run = run.arg(&program).args(["steal", "-"]).arg(&made);
        let outcome = ended(run.as_nobody()).succeeded();
        outcome.stdout("listener not to be had\nend\n");
        assert!(!made.exists());
    }
}

#[test]
fn a_denied_call_does_not_run_when_watcher_and_guard_are_gone() {
    // A process made with CLONE_UNTRACED survives its watcher.
    let directory = public_directory();
    let launcher = own_launcher(directory.path());
    let (made, go) = (directory.path().join("made"), directory.path().join("go"));
    for method in ["ticket", "inject"] {
        let run = Run::new(&launcher).args(POLICY).args(["--method", method]);
        let run = run.arg(compile(ATTACKER, &["-pthread", "-static"]));
        let running = run.arg("outlive").arg(&go).arg(&made).start();
        let mut companions = Vec::new();
        wait_until("watcher and guard", || {
            companions = others_of(&launcher, running.pid());
            companions.len() == 2 && status_of(running.pid(), "Name") != "sandboxify"
        });
        std::thread::sleep(std::time::Duration::from_millis(100));
        companions.sort_unstable_by(|one, other| other.cmp(one));
        for companion in companions {
            send(companion, Signal::SIGKILL);
        }
        wait_until("they end", || others_of(&launcher, 0).is_empty());
        fs::write(&go, "").expect("a file");
        let outcome = running.outcome_within(LIMIT).status(128 + 9);
        outcome.stdout("listener EBUSY\nend\n");
        assert!(!made.exists());
        fs::remove_file(&go).expect("the file");
    }
}
