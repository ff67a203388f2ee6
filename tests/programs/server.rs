//! A server that runs during a test, with all its processes, and never longer.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use sandbox_tests::{Outcome, Run, Running};

const LIMIT: Duration = Duration::from_secs(60);

/// A server on a TCP port of 127.0.0.1; dropped, its whole process group is killed.
pub struct Server {
    running: Option<Running>,
    pid: Pid,
    port: u16,
}

impl Server {
    /// Starts a server and waits until it listens, or has ended.
    pub fn start(mut run: Run, port: u16) -> Server {
        run.command().process_group(0);
        let running = run.start();
        let server = Server {
            pid: Pid::from_raw(i32::try_from(running.pid()).expect("a pid")),
            running: Some(running),
            port,
        };
        server.wait_until(|server| server.connect().is_ok() || server.ended());
        server
    }

    fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect(("127.0.0.1", self.port))
    }

    /// Everything that the server answers to a request until it closes the connection, unless it
    /// turns out to be hopeless, or takes a minute.
    pub fn ask(&self, request: &str, hopeless: impl Fn() -> bool) -> io::Result<String> {
        let mut stream = self.connect()?;
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        stream.write_all(request.as_bytes())?;
        let (deadline, mut answer) = (Instant::now() + LIMIT, Vec::new());
        while let Err(error) = stream.read_to_end(&mut answer) {
            let goes_on = error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline;
            if !goes_on || hopeless() {
                return Err(error);
            }
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Sends a signal to the server's first process.
    pub fn signal(&self, signal: Signal) {
        // It may have died of its filter already; its status will say so.
        let _ = kill(self.pid, signal);
    }

    /// Waits for something to come true; fails after a minute.
    #[track_caller]
    pub fn wait_until(&self, condition: impl Fn(&Server) -> bool) {
        let deadline = Instant::now() + LIMIT;
        while !condition(self) {
            assert!(Instant::now() < deadline, "nothing after {LIMIT:?}");
            sleep(Duration::from_millis(5));
        }
    }

    /// Whether the first process has ended; it is not reaped here.
    pub fn ended(&self) -> bool {
        self.pid.as_raw().try_into().is_ok_and(has_ended)
    }

    /// Waits for the end of the first process.
    #[track_caller]
    pub fn outcome(mut self) -> Outcome {
        let running = self.running.take().expect("a running server");
        self.wait_until(Server::ended);
        // Before its pid is free for others: what is left of the group.
        let _ = killpg(self.pid, Signal::SIGKILL);
        running.outcome()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.running.is_some() {
            let _ = killpg(self.pid, Signal::SIGKILL);
        }
    }
}

/// Whether a process has ended and waits to be reaped.
pub fn has_ended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| stat.contains(") Z "))
}

/// A port that nobody listens on, below those that the kernel gives to connections.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20000;
    const COUNT: u16 = 10000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests that run side by side as processes begin at different places.
    let own = u16::try_from(std::process::id() % 1000).expect("below 1000") * 10;
    let mut candidates = (0..COUNT).map(|_| {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        FIRST + own.wrapping_add(next) % COUNT
    });
    candidates
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free port")
}
