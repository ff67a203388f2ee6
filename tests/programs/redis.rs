//! redis-server: thousands of requests, and children that it may not have.

use std::time::Duration;

use sandbox_tests::{Outcome, Run, SIGSYS_STATUS};

use crate::lists::{allow_list, assert_close_to_minimal, names, without};
use crate::place::{Door, Place, User};
use crate::server::{Server, free_port, has_ended};

/// What the clients of [`job`] see.
pub const DONE: &str = "benchmark true\nOK\nkept words\n";

fn list() -> String {
    allow_list("redis")
}

/// A server that keeps everything in memory, so that only BGSAVE would start a child.
fn started(place: &Place, run: Run) -> (Server, u16) {
    let port = free_port();
    let run = run
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(place.work());
    (Server::start(run, port), port)
}

fn client(port: u16, words: &[&str]) -> Outcome {
    Run::new("redis-cli")
        .args(["-p", &port.to_string()])
        .args(words)
        .start()
        .outcome_within(Duration::from_secs(20))
}

/// Whether the benchmark's requests were answered.
fn benchmark(server: &Server, port: u16, requests: u32) -> bool {
    let running = Run::new("redis-benchmark")
        .args(["-p", &port.to_string(), "-n", &requests.to_string()])
        .args(["-q", "-t", "set,get"])
        .start();
    let ended = || has_ended(running.pid());
    server.wait_until(|server| server.ended() || ended());
    // Without a server it never ends, unless it is dropped.
    ended() && running.outcome().status == 0
}

/// What clients see of a server, and how it ends after SHUTDOWN.
pub fn job(place: &Place, run: Run, requests: u32) -> Outcome {
    let (server, port) = started(place, run);
    let mut seen = String::new();
    if !server.ended() {
        seen += &format!("benchmark {}\n", benchmark(&server, port, requests));
        seen += &client(port, &["SET", "key", "kept words"]).stdout;
        seen += &client(port, &["GET", "key"]).stdout;
        client(port, &["SHUTDOWN", "NOSAVE"]);
    }
    let mut outcome = server.outcome();
    outcome.stdout = seen;
    outcome
}

#[test]
fn ten_thousand_requests_are_served_under_the_list() {
    for place in Place::all() {
        let run = place.allow(&list(), "redis-server");
        job(&place, run, 10_000).succeeded().stdout(DONE).stderr("");
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::all() {
        for name in ["epoll_wait", "accept4", "read", "write", "clone3"] {
            let run = place.allow(&without(&list(), name), "redis-server");
            let outcome = job(&place, run, 100).killed();
            assert_ne!(outcome.stdout, DONE, "{name}");
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Preload, User::Own);
    assert_close_to_minimal(&list(), DONE, |list| {
        job(&place, place.allow(list, "redis-server"), 100)
    });
}

#[test]
fn a_snapshot_in_the_background_kills_where_the_list_has_no_fork() {
    assert!(names(&list()).all(|name| !["fork", "vfork", "clone"].contains(&name)));
    for place in Place::all() {
        let (server, port) = started(&place, place.allow(&list(), "redis-server"));
        client(port, &["SET", "key", "kept words"]).stdout("OK\n");
        client(port, &["BGSAVE"]);
        let outcome = server.outcome();
        assert_eq!(outcome.status, SIGSYS_STATUS, "{outcome:#?}");
        assert!(!place.work().join("dump.rdb").exists());
    }
}

#[test]
fn a_fork_that_is_denied_with_an_error_is_reported_and_the_server_goes_on() {
    for place in Place::all() {
        let allowed = format!("{}:clone=EAGAIN", list());
        for run in [
            place.deny("clone=EAGAIN:fork=EAGAIN:vfork=EAGAIN", "redis-server"),
            place.allow(&allowed, "redis-server"),
        ] {
            let (server, port) = started(&place, run);
            client(port, &["BGSAVE"]).stdout("ERR\n\n");
            client(port, &["PING"]).stdout("PONG\n");
            client(port, &["SHUTDOWN", "NOSAVE"]);
            let outcome = server.outcome().succeeded();
            outcome.stdout_has("fork: Resource temporarily unavailable");
        }
    }
}

#[test]
fn thousands_of_requests_are_served_under_a_deny_list() {
    for place in Place::all() {
        let run = place.deny("execve:execveat:ptrace:clone:fork:vfork", "redis-server");
        job(&place, run, 10_000).succeeded().stdout(DONE);
    }
}
