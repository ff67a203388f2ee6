//! Whole programs: they do what they did, under the filter that they carry.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use sandbox_tests::{Run, build_go, installed};

use crate::workshop::{HELLO, KINDS, Kind, Workshop, run, verify};

const EVERYTHING: &str = include_str!("everything.c");
const SERVER: &str = include_str!("server.go");

#[test]
fn a_line_is_printed_by_programs_of_every_kind_with_the_few_names_that_they_need() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let program = workshop.hello(kind);
        let outcome = run(&program).succeeded();
        outcome.stdout("Hello, world!\n").stderr("");
        verify(&program).succeeded();
    }
}

#[test]
fn what_is_not_on_the_list_ends_programs_of_every_kind() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let options = ["--deny", "write:writev"];
        let program = workshop.embed(&kind.hello(), &options, &format!("{kind:?}"));
        run(&program).killed().stdout("").stderr("");
        let options = ["--deny", "write:writev", "--default-action", "EBADF"];
        let program = workshop.embed(&kind.hello(), &options, &format!("{kind:?}"));
        run(&program).stdout("");
    }
}

#[test]
fn the_filter_holds_from_the_first_instruction_on() {
    let workshop = Workshop::new();
    // The first call of glibc, long before main.
    let list = HELLO.replace("brk:", "");
    let program = workshop.embed(&Kind::Glibc.hello(), &["--allow", &list], "early");
    run(&program).killed().stdout("");
}

/// What this program prints, with the number of filters taken out.
fn everything(program: &Path) -> String {
    let run = Run::new(program).args(["one", "", "three words"]);
    run.env("KEY", "value").outcome().succeeded().stdout
}

#[test]
fn constructors_thread_local_storage_threads_and_memory_work_and_each_thread_is_filtered() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let program = kind.compile(EVERYTHING);
        let list = ["--deny", "mkdir:mkdirat"];
        let sealed = workshop.embed(&program, &list, &format!("{kind:?}"));
        let copy = workshop.bring(&program);
        let (bare, filtered) = (everything(&copy), everything(&sealed));
        assert!(bare.contains("filtered: 0 0\n"), "{bare}");
        let wanted = bare.replace("filtered: 0 0\n", "filtered: 2 2\n");
        let path = |program: &Path| format!("executable: {}\n", program.display());
        let wanted = wanted.replace(&path(&copy), &path(&sealed));
        assert_eq!(filtered, wanted, "{kind:?}");
        assert!(filtered.contains(&path(&sealed)), "{filtered}");
        Run::new(&sealed).arg("die").outcome().killed();
        Run::new(&copy).arg("die").outcome().succeeded();
    }
}

#[test]
fn busybox_runs_a_script_with_many_applets() {
    let Some(busybox) = installed("busybox") else {
        panic!("busybox-static is not installed; `make test` installs it");
    };
    let workshop = Workshop::new();
    let program = workshop.embed(&busybox, &["--deny", "mkdir=EPERM:@mount"], "busybox");
    let script = "
        set -e
        PATH= ; for tool in ls cat sort wc sed awk grep head tr cut rm touch seq mkdir; do
            eval \"$tool() { $PWD/busybox $tool \\\"\\$@\\\"; }\"; done
        seq 1 100 >numbers; sort -rn numbers | head -n 3 | tr '\\n' ' '
        sed -n 's/^9\\(.\\)$/\\1/p' numbers | wc -l
        awk '{ sum += $1 } END { print sum }' numbers
        grep -c 7 numbers; cut -c1 numbers | sort -u | wc -l
        rm numbers; touch kept; ls
        mkdir denied 2>&1 || echo status $?";
    let run = Run::new(&program).args(["sh", "-c", script]);
    let outcome = run.directory(workshop.directory()).outcome().succeeded();
    let wanted = "100 99 98 10\n5050\n19\n9\nbusybox\nkept\n\
                  mkdir: can't create directory 'denied': Operation not permitted\nstatus 1\n";
    outcome.stdout(wanted).stderr("");
}

#[test]
fn a_go_server_answers_requests_and_dies_of_a_call_that_is_denied() {
    let workshop = Workshop::new();
    let program = workshop.embed(&build_go(SERVER), &["--deny", "mkdirat:mkdir"], "server");
    let mut server = Run::new(&program).start();
    let mut line = String::new();
    let mut stdout = BufReader::new(server.stdout());
    stdout.read_line(&mut line).expect("its address");
    let get = |path: &str| {
        let mut stream = TcpStream::connect(line.trim()).expect("a server");
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        // Where the server dies there is none.
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    for request in 0..50 {
        let answer = get(&format!("/{request}"));
        assert!(answer.ends_with(&format!("path /{request}\n")), "{answer}");
    }
    assert_eq!(get("/directory"), "");
    server.outcome().killed();
}
