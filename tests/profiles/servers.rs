//! Servers: what clients outside see of them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use sandbox_tests::Run;

use crate::bench::Bench;
use crate::house::{SOON, await_some, signal};
use crate::server::{Server, free_port};

/// Fills and asks a store in ~/redis, lets it end, and asks another one for what it kept.
pub fn redis(bench: &Bench<'_>, input: usize) -> String {
    let directory = bench.house.home().join("redis");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).expect("a directory");
    bench.house.give(&directory);
    let options: &[&str] = match input {
        1 => &["--appendonly", "yes"],
        _ => &[],
    };
    let mut seen = String::new();
    for round in 0..2 {
        let running = bench.run(options).start();
        let socket = directory.join("socket");
        let ask = |words: &[&str]| asked(&socket, words);
        // It answers others only when it has read what it kept.
        let is_up = || socket.exists() && ask(&["PING"]) == "PONG\n";
        await_some("answer", || is_up().then_some(()));
        if round == 0 {
            seen += &ask(&["SET", "key", "kept words"]);
            seen += &ask(&["RPUSH", "list", "a", "b", "c"]);
            seen += &ask(&["EVAL", "return redis.call('LRANGE', 'list', 0, -1)", "0"]);
        }
        seen += &ask(&["GET", "key"]);
        seen += &ask(&["SORT", "list", "ALPHA", "DESC"]);
        seen += &ask(&["NONSENSE"]);
        match input {
            0 => seen += &ask(&["SAVE"]),
            1 => seen += &ask(&["BGREWRITEAOF"]),
            _ => seen += &ask(&["BGSAVE"]),
        }
        // A child that writes would be killed with it.
        await_some("end of writing", || is_idle(&socket).then_some(()));
        match round {
            0 => signal(running.pid(), Signal::SIGTERM),
            _ => drop(ask(&["SHUTDOWN"])),
        }
        let outcome = running.outcome_within(SOON);
        seen += &format!("{}\n", outcome.status);
        assert!(!outcome.stdout.contains("crashed"), "{outcome:#?}");
    }
    seen
}

fn asked(socket: &Path, words: &[&str]) -> String {
    let run = Run::new("redis-cli").arg("-s").arg(socket).args(words);
    run.start().outcome_within(Duration::from_secs(60)).stdout
}

fn is_idle(socket: &Path) -> bool {
    let state = asked(socket, &["INFO", "persistence"]);
    [
        "rdb_bgsave_in_progress:0",
        "aof_rewrite_in_progress:0",
        "aof_rewrite_scheduled:0",
    ]
    .iter()
    .all(|line| state.contains(line))
}

/// Asks a server for pages in ~/www.
pub fn nginx(bench: &Bench<'_>, input: usize) -> String {
    let port = free_port();
    let house = bench.house;
    for directory in ["www", "www/html", "scratch"] {
        let path = house.home().join(directory);
        fs::create_dir_all(&path).expect("a directory");
        house.give(&path);
    }
    let shipped = fs::read_to_string(crate::paper::directory().join("nginx.conf"));
    let shipped = shipped
        .expect("nginx.conf")
        .replace("/tmp/", &bench.scratch());
    let listen = format!("listen 127.0.0.1:{port};");
    assert!(shipped.contains("listen 8080;"));
    let mut configuration = shipped.replace("listen 8080;", &listen);
    if input == 1 {
        let more = "gzip on; gzip_types *; autoindex on; aio threads;";
        configuration = configuration.replace("sendfile on;", &format!("sendfile on; {more}"));
    }
    house.file("www/nginx.conf", configuration);
    let page = "a line of the page\n".repeat([500, 5, 100_000][input]);
    house.file("www/html/index.html", &page);
    house.file("www/html/page.txt", &page);
    let server = Server::start(bench.run::<&str>([]), port);
    let mut seen = String::new();
    let requests = [
        "GET / HTTP/1.0\r\n\r\n",
        "GET /page.txt HTTP/1.0\r\nRange: bytes=5-20\r\n\r\n",
        "GET /nothing HTTP/1.0\r\n\r\n",
        "HEAD /page.txt HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
        "nonsense\r\n\r\n",
    ];
    for request in requests {
        let ended = || server.ended();
        let answer = server
            .ask(request, ended)
            .unwrap_or_else(|error| error.to_string());
        seen += &undated(&answer);
    }
    server.signal(Signal::SIGTERM);
    let outcome = server.outcome();
    let died = outcome.stderr.contains("exited on signal");
    seen + &format!("{} {died}\n", outcome.status)
}

/// Without what differs from one second to the next.
fn undated(answer: &str) -> String {
    let differs = ["Date: ", "Last-Modified: ", "ETag: "];
    let stays = |line: &&str| !differs.iter().any(|start| line.starts_with(start));
    answer
        .lines()
        .filter(stays)
        .map(|line| format!("{line}\n"))
        .collect()
}
