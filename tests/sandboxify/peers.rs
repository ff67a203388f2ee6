//! What another process of the same user can do to a launcher and to the program, and how
//! `--isolate` keeps sandboxed programs apart.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fs, io};

use sandbox_tests::{Outcome, Run, compile, public_directory, publish, root, sandboxify, skip};

use crate::paused::Paused;
use crate::programs::{hello_static, may_suspend, text};

/// A directory with what an ordinary user is to run.
struct Place {
    directory: tempfile::TempDir,
    launcher: PathBuf,
    waiter: PathBuf,
}

impl Place {
    fn new() -> Place {
        let directory = public_directory();
        let waiter = "#include <unistd.h>\nint main(void) { for (;;) pause(); }\n";
        Place {
            launcher: publish(&sandboxify(), directory.path()),
            waiter: publish(&compile(waiter, &["-static"]), directory.path()),
            directory,
        }
    }

    /// A program under the launcher; as an ordinary user, but where only root can do it.
    fn launched(&self, options: &[&str], program: &Path) -> Run {
        let run = Run::new(&self.launcher).args(options).arg(program);
        if options.contains(&"suspend") {
            run
        } else {
            run.as_nobody()
        }
    }
}

/// Waits until a process executes a program.
fn wait_for_program(process: u32, program: &Path) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let running = || fs::read_link(format!("/proc/{process}/exe")).is_ok_and(|exe| exe == program);
    while !running() {
        assert!(Instant::now() < deadline, "{} never ran", program.display());
        sleep(Duration::from_millis(1));
    }
}

/// A script that looks into a process and signals it, and says what it could.
fn peep_and_poke(process: u32) -> String {
    format!(
        "(: <>/proc/{process}/mem) 2>&- && echo mem\n\
         (read line </proc/{process}/syscall) 2>&- && echo syscall\n\
         kill -0 {process} 2>&- && echo signal\n\
         true"
    )
}

fn as_a_peer(process: u32) -> Outcome {
    let script = peep_and_poke(process);
    Run::new("sh").args(["-c", &script]).as_nobody().outcome()
}

/// Whether processes of one user may look into each other at all.
fn yama_forbids() -> bool {
    match fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope") {
        Ok(scope) => scope.trim() != "0",
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// What these tests need, or why not.
fn missing() -> Option<&'static str> {
    if !root() {
        Some("only root can become another user")
    } else if yama_forbids() {
        Some("Yama keeps processes of one user apart")
    } else {
        None
    }
}

#[test]
fn a_peer_cannot_open_a_launcher_that_has_the_words() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    let place = Place::new();
    let options = ["--method", "ticket", "--deny", "acct"];
    let paused = Paused::start(place.launched(&options, &place.waiter));
    as_a_peer(paused.pid()).succeeded().stdout("signal\n");
    // The program is dumpable again, so an ordinary debugger works.
    let going = paused.go_on();
    wait_for_program(going.pid(), &place.waiter);
    let expected = "mem\nsyscall\nsignal\n";
    as_a_peer(going.pid()).succeeded().stdout(expected);
}

/// Starts a sandboxed waiter, lets a sandboxed shell look into it, and gives what that could.
fn sibling(place: &Place, method: &str, own: &[&str], others: &[&str]) -> String {
    let options = ["-q", "--method", method, "--deny", "acct"];
    let waiting = place.launched(&[&options[..], others].concat(), &place.waiter);
    let waiting = waiting.start();
    wait_for_program(waiting.pid(), &place.waiter);
    let shell = place.launched(&[&options[..], own].concat(), Path::new("sh"));
    let outcome = shell.args(["-c", &peep_and_poke(waiting.pid())]).outcome();
    outcome.succeeded().stderr("").stdout
}

/// Whether this kernel has Landlock with scopes; the launcher says what is missing.
fn isolation_is_missing() -> bool {
    let outcome = Run::launched(["-q", "--isolate", "--deny", "acct"], hello_static()).outcome();
    outcome.status == 125 && outcome.stderr.contains("needs Landlock ABI 6")
}

#[test]
fn isolated_siblings_can_neither_read_nor_signal_each_other() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    if isolation_is_missing() {
        return skip("--isolate needs Landlock ABI 6");
    }
    let place = Place::new();
    let mut methods = vec!["auto", "ticket"];
    if may_suspend() {
        methods.push("suspend");
    }
    for method in methods {
        let together = sibling(&place, method, &[], &[]);
        assert_eq!(together, "mem\nsyscall\nsignal\n", "{method}");
        let isolate = ["--isolate"];
        assert_eq!(sibling(&place, method, &isolate, &isolate), "", "{method}");
        // Nor an isolated one what is not.
        assert_eq!(sibling(&place, method, &isolate, &[]), "", "{method}");
    }
}

#[test]
fn a_preloaded_program_is_isolated_too() {
    if let Some(reason) = missing() {
        return skip(reason);
    }
    if isolation_is_missing() {
        return skip("--isolate needs Landlock ABI 6");
    }
    let place = Place::new();
    publish(&sandbox_tests::libsandbox(), place.directory.path());
    let waiting = Run::new(&place.waiter).as_nobody().start();
    wait_for_program(waiting.pid(), &place.waiter);
    for (options, expected) in [(&["--isolate"][..], ""), (&[], "mem\nsyscall\nsignal\n")] {
        let options = [&["-q", "--method", "preload", "--deny", "acct"], options].concat();
        let shell = place.launched(&options, Path::new("sh"));
        let outcome = shell.args(["-c", &peep_and_poke(waiting.pid())]).outcome();
        outcome.succeeded().stdout(expected);
    }
}

#[test]
fn an_isolated_program_rules_over_its_own_children() {
    if isolation_is_missing() {
        return skip("--isolate needs Landlock ABI 6");
    }
    let script = "sleep 60 & kill -TERM $! && wait $!; echo $?";
    let options = ["-q", "--isolate", "--deny", "acct"];
    let outcome = Run::launched(options, "sh").args(["-c", script]).outcome();
    outcome.succeeded().stdout("143\n");
    // And reads and writes files as ever.
    let directory = public_directory();
    let file = directory.path().join("file");
    let script = format!("echo kept >{0} && cat {0} /proc/self/comm", text(&file));
    let outcome = Run::launched(options, "sh").args(["-c", &script]).outcome();
    outcome.succeeded().stdout("kept\ncat\n");
}
