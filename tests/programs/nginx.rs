//! nginx: a hundred pages, from workers that inherit the filter and from a single process.

use std::fs;

use nix::sys::signal::Signal;
use sandbox_tests::{Outcome, Run, root};

use crate::lists::{allow_list, assert_close_to_minimal, without};
use crate::place::{Door, Place, User};
use crate::server::{Server, free_port};

const REQUESTS: usize = 100;
const REQUEST: &str = "GET /page.txt HTTP/1.0\r\n\r\n";

/// What a client of [`job`] sees.
pub const DONE: &str = "100 pages";

/// How nginx divides its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processes {
    /// A master and one worker.
    Two,
    One,
}

fn list() -> String {
    allow_list("nginx")
}

fn page() -> String {
    "a line of the page\n".repeat(500)
}

/// Everything within the directory, so that an ordinary user can run it too.
fn configuration(place: &Place, processes: Processes, port: u16) -> String {
    let directory = place.work();
    let directory = directory.display();
    let master = match processes {
        Processes::Two => "on",
        Processes::One => "off",
    };
    // Only root's workers can become somebody else.
    let user = match place.user == User::Own && root() {
        true => "user nobody nogroup;",
        false => "",
    };
    format!(
        "daemon off; master_process {master}; worker_processes 1; {user}\n\
         error_log {directory}/error.log notice; pid {directory}/pid;\n\
         events {{}}\n\
         http {{\n\
           access_log off; sendfile on; default_type text/plain;\n\
           client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;\n\
           fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;\n\
           scgi_temp_path {directory}/scgi;\n\
           server {{\n\
             listen 127.0.0.1:{port}; root {directory};\n\
             add_header Process $pid;\n\
           }}\n\
         }}\n"
    )
}

fn started(place: &Place, processes: Processes, run: Run) -> Server {
    let port = free_port();
    let file = place.work().join("nginx.conf");
    fs::write(&file, configuration(place, processes, port)).expect("the configuration");
    fs::write(place.work().join("page.txt"), page()).expect("the page");
    let run = run.args(["-e", "stderr", "-p"]).arg(place.work());
    Server::start(run.arg("-c").arg(file), port)
}

/// What a client sees of a hundred requests, and how the server ends after a polite signal.
pub fn job(place: &Place, processes: Processes, run: Run) -> Outcome {
    let server = started(place, processes, run);
    let answered = (0..REQUESTS).take_while(|_| page_of(place, &server).is_some());
    let seen = format!("{} pages", answered.count());
    server.signal(Signal::SIGQUIT);
    let mut outcome = server.outcome();
    outcome.stdout = seen;
    outcome
}

/// The process that sent the page, if the page is right.
fn page_of(place: &Place, server: &Server) -> Option<u32> {
    let a_process_died = || log(place).contains("signal 31");
    let answer = server.ask(REQUEST, a_process_died).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let process = head
        .lines()
        .find_map(|line| line.strip_prefix("Process: "))?;
    let right = head.starts_with("HTTP/1.1 200 OK") && body == page();
    right.then(|| process.parse().expect("a pid"))
}

pub fn log(place: &Place) -> String {
    fs::read_to_string(place.work().join("error.log")).unwrap_or_default()
}

fn lists_and_places() -> impl Iterator<Item = (Place, Processes)> {
    let kinds = [Processes::Two, Processes::One].into_iter();
    kinds.flat_map(|kind| Place::all().map(move |place| (place, kind)))
}

#[test]
fn a_hundred_pages_are_served_under_the_list() {
    for (place, processes) in lists_and_places() {
        let outcome = job(&place, processes, place.allow(&list(), "nginx"));
        outcome.succeeded().stdout(DONE).stderr("");
        let log = log(&place);
        assert!(!log.contains("signal 31"), "{processes:?}: {log}");
    }
}

#[test]
fn a_hundred_pages_are_served_under_a_deny_list() {
    for (place, processes) in lists_and_places() {
        let run = place.deny("execve:execveat:ptrace:mount:bpf", "nginx");
        job(&place, processes, run).succeeded().stdout(DONE);
    }
}

#[test]
fn the_worker_has_the_masters_filter() {
    for place in Place::all() {
        let server = started(&place, Processes::Two, place.allow(&list(), "nginx"));
        let worker = page_of(&place, &server).expect("a page");
        let status = fs::read_to_string(format!("/proc/{worker}/status")).expect("the worker");
        assert!(status.contains("\nSeccomp:\t2\n"), "{status}");
        server.signal(Signal::SIGQUIT);
        server.outcome().succeeded();
    }
}

#[test]
fn without_an_essential_name_the_single_process_dies() {
    for place in Place::all() {
        for name in ["epoll_wait", "accept4", "recvfrom", "writev", "sendfile"] {
            let run = place.allow(&without(&list(), name), "nginx");
            let outcome = job(&place, Processes::One, run).killed();
            assert_eq!(outcome.stdout, "0 pages", "{name}");
        }
    }
}

#[test]
fn a_wrong_call_of_a_worker_kills_the_worker_and_the_master_says_so() {
    for place in Place::all() {
        for run in [
            place.allow(&without(&list(), "sendfile"), "nginx"),
            place.deny("sendfile", "nginx"),
        ] {
            let server = started(&place, Processes::Two, run);
            assert_eq!(page_of(&place, &server), None);
            server.wait_until(|_| log(&place).contains("exited on signal 31"));
            server.signal(Signal::SIGQUIT);
            server.outcome().succeeded();
            fs::remove_file(place.work().join("error.log")).expect("the log");
        }
    }
}

#[test]
fn an_error_instead_of_a_call_lets_nginx_fall_back() {
    for (place, processes) in lists_and_places() {
        let run = place.deny("accept4=ENOSYS", "nginx");
        job(&place, processes, run).succeeded().stdout(DONE);
        let log = log(&place);
        assert!(
            log.contains("accept4() failed (38: Function not implemented)"),
            "{log}"
        );
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Preload, User::Own);
    if !root() {
        return sandbox_tests::skip("only root's workers change their user");
    }
    assert_close_to_minimal(&list(), DONE, |list| {
        job(&place, Processes::Two, place.allow(list, "nginx"))
    });
}
