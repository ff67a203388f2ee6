//! The kernel takes what libseccomp made, and answers real calls as the policy says.
//!
//! Each test runs itself again in a process of its own, which loads the filter and makes the calls.
#![allow(clippy::unwrap_used, clippy::panic, clippy::exit)]

use std::fs::{self, File};
use std::io;
use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use filter::Logging;
use policy::{Action, Mode, Request};
use syscalls::Abi;

const EPERM: i32 = 1;
const EACCES: i32 = 13;
const SIGSYS: i32 = 31;
/// Set in the process that gets the filter.
const INSIDE: &str = "ORACLE_TEST_INSIDE";

/// Loads a deny-list into this process.
fn load(list: &str) {
    let default = Action::parse("kill_process").unwrap();
    let request = Request::plain(Mode::DenyList, "LIST", list.as_bytes(), default);
    let policy = request.compile(Abi::NATIVE, &policy::no_files);
    let policy = policy.unwrap_or_else(|error| panic!("{error}")).policy;
    let program = oracle::compile(&policy, None).unwrap_or_else(|error| panic!("{error}"));
    let program = program.check(&policy, None);
    let program = program.unwrap_or_else(|error| panic!("{error}"));
    filter::forgo_new_privileges().unwrap();
    filter::load(&program, Logging::Default).unwrap();
}

/// Runs `inside` in a process of its own that runs this test alone.
fn in_a_process(test: &str, inside: fn()) -> ExitStatus {
    if std::env::var_os(INSIDE).is_some() {
        inside();
        std::process::exit(0);
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1");
    command.status().unwrap()
}

fn errno<T>(result: io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}

#[test]
fn a_condition_refuses_some_arguments_and_no_others() {
    let status = in_a_process("a_condition_refuses_some_arguments_and_no_others", || {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "text").unwrap();
        load(
            "socket(family == AF_INET || family == AF_INET6)=EACCES:openat(flags &? O_CREAT)=EPERM",
        );
        assert_eq!(errno(UdpSocket::bind("127.0.0.1:0")), Some(EACCES));
        assert_eq!(errno(UdpSocket::bind("[::1]:0")), Some(EACCES));
        assert!(UnixDatagram::unbound().is_ok());
        assert_eq!(errno(File::create(&file)), Some(EPERM));
        assert_eq!(fs::read(&file).unwrap(), b"text");
    });
    assert!(status.success(), "{status}");
}

#[test]
fn an_earlier_case_goes_before_a_later_one() {
    let status = in_a_process("an_earlier_case_goes_before_a_later_one", || {
        // The latest exception is tried first.
        load("socket(family > 1)=EPERM:socket(family == AF_INET)=EACCES");
        assert_eq!(errno(UdpSocket::bind("127.0.0.1:0")), Some(EACCES));
        assert_eq!(errno(UdpSocket::bind("[::1]:0")), Some(EPERM));
        assert!(UnixDatagram::unbound().is_ok());
    });
    assert!(status.success(), "{status}");
}

#[test]
fn a_violation_kills() {
    let status = in_a_process("a_violation_kills", || {
        load("socket(family == AF_INET)");
        assert!(UnixDatagram::unbound().is_ok());
        let _ = UdpSocket::bind("127.0.0.1:0");
    });
    assert_eq!(status.signal(), Some(SIGSYS), "{status}");
}
