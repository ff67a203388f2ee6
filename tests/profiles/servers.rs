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
    let directory = bench.emptied("redis");
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

/// What is asked for: by itself, a part, what is not there, without its content, and what is no request.
const REQUESTS: [&str; 6] = [
    "GET / HTTP/1.0\r\n\r\n",
    "GET /page.txt HTTP/1.0\r\nRange: bytes=5-20\r\n\r\n",
    "GET /nothing HTTP/1.0\r\n\r\n",
    "HEAD /page.txt HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n",
    "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
    "nonsense\r\n\r\n",
];

/// Asks a server for pages in ~/www.
pub fn nginx(bench: &Bench<'_>, input: usize) -> String {
    let port = free_port();
    for directory in ["www", "www/html", "scratch"] {
        bench.emptied(directory);
    }
    let configuration = configuration(bench, input, port);
    bench.house.file("www/nginx.conf", configuration);
    let page = "a line of the page\n".repeat([500, 5, 100_000][input]);
    bench.house.file("www/html/index.html", &page);
    bench.house.file("www/html/page.txt", &page);
    let server = Server::start(bench.run::<&str>([]), port);
    let mut seen = String::new();
    for request in REQUESTS {
        let answer = server.ask(request, || server.ended());
        seen += &undated(&answer.unwrap_or_else(|error| error.to_string()));
    }
    server.signal(Signal::SIGTERM);
    let outcome = server.outcome();
    let died = outcome.stderr.contains("exited on signal");
    seen + &format!("{} {died}\n", outcome.status)
}

/// A server of one page, and the page.
pub fn one_page(bench: &Bench<'_>) -> (Server, String) {
    let port = free_port();
    for directory in ["www", "www/html"] {
        bench.emptied(directory);
    }
    let configuration = configuration(bench, 0, port).replace("auto", "1");
    bench.house.file("www/nginx.conf", configuration);
    let page = "a page\n".to_string();
    bench.house.file("www/html/index.html", &page);
    (Server::start(bench.run::<&str>([]), port), page)
}

/// What a server sends for a path.
pub fn body(server: &Server, path: &str) -> Option<String> {
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    let answer = server.ask(&request, || server.ended()).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some(body.into())
}

/// The one that is shipped, at another port; with one input it does more.
fn configuration(bench: &Bench<'_>, input: usize, port: u16) -> String {
    let shipped = fs::read_to_string(crate::paper::directory().join("nginx.conf"));
    let shipped = shipped.expect("nginx.conf");
    assert!(shipped.contains("listen 8080;"));
    let here = shipped
        .replace("/tmp/", &bench.scratch())
        .replace("listen 8080;", &format!("listen 127.0.0.1:{port};"));
    match input {
        1 => here.replace(
            "sendfile on;",
            "sendfile on; gzip on; gzip_types *; autoindex on; aio threads;",
        ),
        _ => here,
    }
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
