//! How much of its throughput redis keeps while it is learnt from.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The least that it may keep.
pub const LEAST: f64 = 0.45;

const ROUNDS: usize = 5;

/// The throughput while learning as a share of the bare one: the median over rounds of both.
pub fn kept() -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let rounds = (0..ROUNDS).map(|_| {
        let bare = throughput(directory.path(), false);
        throughput(directory.path(), true) / bare
    });
    crate::median(rounds.collect())
}

/// SETs a second.
fn throughput(directory: &Path, learning: bool) -> f64 {
    let socket = directory.join("socket");
    let mut server = start(directory, &socket, learning);
    let text = benchmark(&socket);
    let _ = client(&socket, &["shutdown", "nosave"]).status();
    let _ = server.wait();
    let line = text.lines().find(|line| line.starts_with("\"SET\""));
    let number = line.and_then(|line| line.split('"').nth(3)?.parse().ok());
    number.unwrap_or_else(|| panic!("redis-benchmark said {text:?}"))
}

fn start(directory: &Path, socket: &Path, learning: bool) -> Child {
    let mut command = match learning {
        true => Command::new(sandbox_tests::sandboxify()),
        false => Command::new("redis-server"),
    };
    if learning {
        command
            .arg("--learn")
            .arg(directory.join("redis.seccomp"))
            .arg("redis-server");
    }
    let mut child = command
        .args(["--port", "0", "--save", "", "--unixsocket"])
        .arg(socket)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server");
    for _ in 0..500 {
        if client(socket, &["ping"])
            .output()
            .is_ok_and(|pong| pong.stdout == b"PONG\n")
        {
            return child;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("redis-server does not answer");
}

fn client(socket: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("redis-cli");
    command.arg("-s").arg(socket).args(words);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn benchmark(socket: &Path) -> String {
    let output = Command::new("redis-benchmark")
        .arg("-s")
        .arg(socket)
        .args(["-t", "set", "-n", "50000", "--csv"])
        .stdin(Stdio::null())
        .output()
        .expect("redis-benchmark");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
