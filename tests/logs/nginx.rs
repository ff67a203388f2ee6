//! A whole service, recorded while a short list logs and denies nothing, then confined by what was
//! learned.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use sandbox_tests::{Run, installed, nginx_configuration, public_directory, publish, rounds, skip};
use tempfile::TempDir;

use crate::recorder::{Recorder, can_follow, from_log};

#[path = "../programs/server.rs"]
mod server;

use server::{Server, free_port};

/// What is allowed while the rest is logged.
const SHORT: &str = "read:write:close:epoll_wait";
const REQUEST: &str = "GET /page.txt HTTP/1.0\r\n\r\n";

/// An nginx that no other test has: its records are told by its path.
struct Nginx {
    directory: TempDir,
    program: PathBuf,
}

impl Nginx {
    fn new() -> Nginx {
        let directory = public_directory();
        let nginx = installed("nginx").expect("nginx; `make test` installs it");
        let program = publish(&nginx, directory.path());
        Nginx { directory, program }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("work/error.log")).unwrap_or_default()
    }

    fn start(&self, run: Run) -> Server {
        let (work, port) = (self.path("work"), free_port());
        let _ = fs::remove_dir_all(&work);
        fs::create_dir(&work).expect("a directory for the work");
        fs::write(work.join("page.txt"), "a line of the page\n".repeat(500)).expect("the page");
        let file = work.join("nginx.conf");
        let text = nginx_configuration(&work, port, "add_header Process $pid;");
        fs::write(&file, text).expect("the configuration");
        let run = run.args(["-e", "stderr", "-p"]).arg(&work);
        Server::start(run.arg("-c").arg(file), port)
    }

    /// The worker that answered with 200, if it did.
    fn worker(&self, server: &Server) -> Option<u32> {
        let died = || self.log().contains("signal 31");
        let answer = server.ask(REQUEST, died).ok()?;
        let right = answer.starts_with("HTTP/1.1 200 OK") && answer.len() > 500 * 19;
        let worker = answer
            .lines()
            .find_map(|line| line.strip_prefix("Process: "));
        worker.filter(|_| right)?.parse().ok()
    }

    /// Pages, new workers, pages again, and a polite end.
    fn job(&self, run: Run, requests: u32) {
        let server = self.start(run);
        let before = self.worker(&server).expect("a first page");
        for number in 1..requests / 2 {
            assert!(
                self.worker(&server).is_some(),
                "page {number}: {}",
                self.log()
            );
        }
        server.signal(Signal::SIGHUP);
        server.wait_until(|server| self.worker(server).is_some_and(|worker| worker != before));
        for number in requests / 2..requests {
            assert!(
                self.worker(&server).is_some(),
                "page {number}: {}",
                self.log()
            );
        }
        server.signal(Signal::SIGQUIT);
        server.outcome().succeeded();
        assert!(!self.log().contains("signal 31"), "{}", self.log());
    }
}

/// Asserts that a policy has what was allowed, what was logged, and the reason for what is wide.
fn has_learned(policy: &Path) {
    let text = fs::read_to_string(policy).expect("the policy");
    for line in [
        "read: ",
        "epoll_wait: ",
        "accept4: ",
        "sendfile: ",
        "clone: ",
    ] {
        assert!(
            text.lines().any(|one| one.starts_with(line)),
            "{line}{text}"
        );
    }
    assert!(text.contains("arguments unknown"), "{text}");
}

#[test]
fn a_service_that_was_recorded_serves_under_what_was_learned() {
    if !can_follow() {
        return skip("audit records arrive for root in the initial network namespace");
    }
    let nginx = Nginx::new();
    let policy = nginx.path("learned.seccomp");
    let words = ["--follow", "--list-allow", SHORT, "--learn"].map(Into::into);
    let run = from_log(words.into_iter().chain([policy.clone().into_os_string()]));
    let run = run.arg("--exe").arg(&nginx.program);
    let recorder = Recorder::start(nginx.directory.path(), run);
    let logged = Run::preloaded(&nginx.program).allow(SHORT);
    let logged = logged.default_action("log").env("SECCOMP_QUIET", "1");
    nginx.job(logged, 20);
    let outcome = recorder.stop(Signal::SIGTERM).succeeded();
    let outcome = outcome.stderr_has(": learned ");
    assert!(!outcome.stderr.contains("INCOMPLETE"), "{outcome:#?}");

    has_learned(&policy);
    let enforced = Run::preloaded(&nginx.program).allow(&policy);
    nginx.job(enforced.env("SECCOMP_QUIET", "1"), rounds(10_000));

    // The short list alone is too little.
    let short = Run::preloaded(&nginx.program).allow(SHORT);
    nginx
        .start(short.env("SECCOMP_QUIET", "1"))
        .outcome()
        .killed();
}
