//! Servers that are learned while they serve, and then serve under what was learned.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use sandbox_tests::{Outcome, Run, libsandbox, nginx_configuration, public_directory};

#[path = "../programs/server.rs"]
mod server;

use server::{Server, free_port};

/// How a server is started: learning, or under the policy.
const LEARN: &[&str] = &["--learn"];
const ENFORCE: [&[&str]; 3] = [
    &["-q", "--policy"],
    &["-q", "--method", "ticket", "--policy"],
    &["-q", "--method", "preload", "--policy"],
];

fn client(port: u16, words: &[&str]) -> String {
    let port = port.to_string();
    let run = Run::new("redis-cli").args(["-p", &port]).args(words);
    run.start().outcome_within(Duration::from_secs(20)).stdout
}

/// What clients see of redis, and how it ends.
fn redis(work: &Path, run: Run) -> Outcome {
    let port = free_port();
    let run = run
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(work);
    let server = Server::start(run, port);
    let mut seen = String::new();
    if !server.ended() {
        for n in 0..20 {
            seen += &client(port, &["SET", &format!("key{n}"), "kept words"]);
        }
        seen += &client(port, &["GET", "key7"]);
        client(port, &["SHUTDOWN", "NOSAVE"]);
    }
    let mut outcome = server.outcome();
    outcome.stdout = seen;
    outcome
}

/// What a client sees of nginx, and how it ends after a polite signal.
fn nginx(work: &Path, run: Run) -> Outcome {
    let port = free_port();
    let file = work.join("nginx.conf");
    fs::write(&file, nginx_configuration(work, port, "")).expect("the configuration");
    fs::write(work.join("page.txt"), "a line of the page\n".repeat(500)).expect("the page");
    let run = run.args(["-e", "stderr", "-p"]).arg(work);
    let server = Server::start(run.arg("-c").arg(file), port);
    let died = || {
        let log = fs::read_to_string(work.join("error.log"));
        log.unwrap_or_default().contains("signal 31")
    };
    let request = "GET /page.txt HTTP/1.0\r\n\r\n";
    let answered = (0..20).map_while(|_| server.ask(request, died).ok());
    let bytes: Vec<usize> = answered
        .filter_map(|answer| answer.split_once("\r\n\r\n").map(|(_, body)| body.len()))
        .collect();
    server.signal(Signal::SIGQUIT);
    let mut outcome = server.outcome();
    outcome.stdout = format!("{bytes:?}");
    outcome
}

/// Learns a server, and runs it under what was learned, by every method and by the user's own preload.
fn replays(program: &str, serve: fn(&Path, Run) -> Outcome) {
    let directory = public_directory();
    let policy = directory.path().join("learned.seccomp");
    let run = |options: &[&str]| {
        let launched = Run::new(sandbox_tests::sandboxify()).args(options);
        launched.arg(&policy).arg(program)
    };
    let work = || {
        let work = directory.path().join("work");
        let _ = fs::remove_dir_all(&work);
        fs::create_dir(&work).expect("a directory for the work");
        work
    };
    let plain = serve(&work(), Run::new(program)).succeeded();
    let learned = serve(&work(), run(LEARN)).stdout(&plain.stdout);
    assert_eq!(learned.status, plain.status, "{learned:#?}");
    for options in ENFORCE {
        let outcome = serve(&work(), run(options)).stdout(&plain.stdout);
        assert_eq!(outcome.status, plain.status, "{options:?}: {outcome:#?}");
    }
    let preloaded = Run::new(program).env("LD_PRELOAD", libsandbox());
    let preloaded = preloaded.env("SECCOMP_QUIET", "1").allow(&policy);
    serve(&work(), preloaded).succeeded().stdout(&plain.stdout);
}

#[test]
fn redis_replays() {
    replays("redis-server", redis);
}

#[test]
fn nginx_replays() {
    replays("nginx", nginx);
}
