//! The kernel agrees: programs loaded by a small C program answer real calls as their policies do.
//!
//! Only harmless calls are allowed, and a violation gets an error that no call returns by itself,
//! so that every number can be tried with six zero arguments in an ordinary process.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use filter::{Instruction, Program, Ticket};
use policy::{Action, MINUS_ONE, Mode, Policy, Request};
use syscalls::Abi;

/// Loads the filter in the first file and makes the calls in the second one, whose last ends it.
/// The answers go into a shared mapping, so that nothing but those calls is made under the filter.
const CALLER: &str = r#"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
struct call { uint32_t door, number; uint64_t arguments[6]; int64_t answer; };
static void *map(const char *path, size_t *size) {
  int fd = open(path, O_RDWR);
  struct stat s;
  if (fd < 0 || fstat(fd, &s)) return MAP_FAILED;
  *size = s.st_size;
  return mmap(0, s.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}
static int64_t native(const struct call *c) {
  register uint64_t r10 __asm__("r10") = c->arguments[3], r8 __asm__("r8") = c->arguments[4],
                    r9 __asm__("r9") = c->arguments[5];
  int64_t answer = (uint64_t)c->number;
  __asm__ volatile("syscall" : "+a"(answer) : "D"(c->arguments[0]), "S"(c->arguments[1]),
                   "d"(c->arguments[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return answer;
}
static int64_t i386(const struct call *c) {
  int64_t answer = c->number;
  __asm__ volatile("int $0x80" : "+a"(answer) : "b"(0), "c"(0), "d"(0), "S"(0), "D"(0)
                   : "r8", "r9", "r10", "r11", "memory");
  return (int32_t)answer;
}
int main(int argc, char **argv) {
  size_t filter_size, calls_size;
  struct sock_filter *filter = map(argv[1], &filter_size);
  struct call *calls = map(argv[2], &calls_size);
  if (argc != 3 || filter == MAP_FAILED || calls == MAP_FAILED) return 2;
  struct sock_fprog program = { filter_size / sizeof *filter, filter };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 3;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) { perror("seccomp"); return 4; }
  for (size_t i = 0; i < calls_size / sizeof *calls; i++)
    calls[i].answer = calls[i].door ? i386(calls + i) : native(calls + i);
  return 5;
}
"#;

/// The two ways into the kernel that a 64-bit program has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    Syscall,
    Interrupt80,
}

#[derive(Clone, Copy)]
struct RealCall {
    door: Door,
    number: u32,
    arguments: [u64; 6],
}

const VIOLATION: i64 = -1234;
const ENOSYS: i64 = -38;
const EBADF: i64 = -9;
const SIGSEGV: i32 = 11;
/// What stands in the place of an answer before the call.
const NO_ANSWER: i64 = i64::MIN;
/// Calls that the kernel runs before it asks any filter.
const NEVER_FILTERED: [u32; 2] = [335, 336];

fn plain(door: Door, number: u32) -> RealCall {
    RealCall {
        door,
        number,
        arguments: [0; 6],
    }
}

fn number(name: &str) -> u32 {
    syscalls::number(Abi::X86_64, name).unwrap()
}

fn compile(mode: Mode, list: &str) -> Policy {
    let request = Request::plain(
        mode,
        "LIST",
        list.as_bytes(),
        Action::parse("errno(1234)").unwrap(),
    );
    request
        .compile(Abi::X86_64, &policy::no_files)
        .unwrap()
        .policy
}

fn program(policy: &Policy, ticket: Option<&Ticket>) -> Vec<Instruction> {
    let program = Program::compile(policy, ticket).unwrap();
    program
        .check(policy, ticket)
        .unwrap()
        .instructions()
        .to_vec()
}

fn caller(directory: &Path) -> PathBuf {
    let (source, caller) = (directory.join("caller.c"), directory.join("caller"));
    fs::write(&source, CALLER).unwrap();
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-o"])
        .arg(&caller)
        .arg(&source)
        .status();
    assert!(built.unwrap().success());
    caller
}

fn instruction_bytes(program: &[Instruction]) -> Vec<u8> {
    let bytes = |i: &Instruction| {
        let [a, b] = i.code.to_ne_bytes();
        let [c, d, e, f] = i.k.to_ne_bytes();
        [a, b, i.jt, i.jf, c, d, e, f]
    };
    program.iter().flat_map(bytes).collect()
}

fn call_bytes(calls: &[RealCall]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for call in calls {
        bytes.extend(u32::from(call.door == Door::Interrupt80).to_ne_bytes());
        bytes.extend(call.number.to_ne_bytes());
        bytes.extend(
            call.arguments
                .iter()
                .flat_map(|argument| argument.to_ne_bytes()),
        );
        bytes.extend(NO_ANSWER.to_ne_bytes());
    }
    bytes
}

/// How the process ended that made `calls` and `last`, and the kernel's answers to `calls`.
fn run(program: &[Instruction], calls: &[RealCall], last: RealCall) -> (ExitStatus, Vec<i64>) {
    const CALL_SIZE: usize = 64;
    let directory = tempfile::tempdir().unwrap();
    let (filter_file, call_file) = (
        directory.path().join("filter"),
        directory.path().join("calls"),
    );
    fs::write(&filter_file, instruction_bytes(program)).unwrap();
    fs::write(&call_file, call_bytes(&[calls, &[last]].concat())).unwrap();
    let status = Command::new(caller(directory.path()))
        .args([&filter_file, &call_file])
        .status()
        .unwrap();
    let bytes = fs::read(&call_file).unwrap();
    let answer = |call: &[u8]| i64::from_ne_bytes(call[CALL_SIZE - 8..].try_into().unwrap());
    (
        status,
        bytes
            .chunks_exact(CALL_SIZE)
            .map(answer)
            .take(calls.len())
            .collect(),
    )
}

/// The kernel's answers to `calls`; `last` must end the process with status 0.
fn answers(program: &[Instruction], calls: &[RealCall], last: RealCall) -> Vec<i64> {
    let (status, answers) = run(program, calls, last);
    assert!(status.success(), "{status}");
    answers
}

/// What the policy says of a call that it does not allow, as the register shows it.
fn refusal(policy: &Policy, call: &RealCall) -> Option<i64> {
    let audit = match call.door {
        Door::Syscall => Abi::X86_64.audit(),
        Door::Interrupt80 => Abi::X86.audit(),
    };
    match policy.decide(audit, call.number, &[0; 6]) {
        Action::Allow => None,
        Action::Errno(errno) => Some(-i64::from(errno.number())),
        other => panic!("{other}"),
    }
}

#[test]
fn every_number_gets_what_the_policy_says() {
    const HARMLESS: &str = "getpid:getppid:getuid:geteuid:getgid:getegid:gettid:sched_yield";
    let policy = compile(
        Mode::AllowList,
        &format!("{HARMLESS}:exit_group:mseal=EPERM:1000=EACCES"),
    );
    let exit = number("exit_group");
    let native = (0..1024).filter(|number| *number != exit && !NEVER_FILTERED.contains(number));
    let x32 = (0..1024)
        .chain([0x1fff_ffff, 0x3fff_fffe])
        .map(|number| number | Abi::X32_BIT);
    let far = [
        0x3fff_ffff,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fffe,
        MINUS_ONE,
    ];
    let numbers = native.chain(x32).chain(far);
    let calls: Vec<RealCall> = numbers.map(|number| plain(Door::Syscall, number)).collect();
    let answers = answers(&program(&policy, None), &calls, plain(Door::Syscall, exit));
    let mut ran = 0;
    for (call, answer) in calls.iter().zip(&answers) {
        match refusal(&policy, call) {
            Some(refused) => assert_eq!(*answer, refused, "call {:#x}", call.number),
            None if call.number == MINUS_ONE => assert_eq!(*answer, ENOSYS, "it does nothing"),
            None => {
                assert!(*answer >= 0, "call {:#x}: {answer}", call.number);
                ran += 1;
            }
        }
    }
    assert_eq!(ran, 8, "the harmless ones");
    let refused = answers.iter().filter(|answer| **answer == VIOLATION);
    assert!(refused.count() > 1000);
}

#[test]
fn i386_calls_are_violations_in_both_modes() {
    // In a deny-list every native call is allowed, and still none of these may run.
    for policy in [
        compile(Mode::AllowList, "@known"),
        compile(Mode::DenyList, ""),
    ] {
        let numbers = (0..1024).chain([0x4000_0000, 0x7fff_ffff, 0xffff_fffe]);
        let calls: Vec<RealCall> = numbers
            .map(|number| plain(Door::Interrupt80, number))
            .collect();
        let last = plain(Door::Syscall, number("exit_group"));
        let (status, answers) = run(&program(&policy, None), &calls, last);
        if status.signal() == Some(SIGSEGV) {
            // A kernel without i386 calls: the first int 0x80 already was an error of the processor.
            assert!(answers.iter().all(|answer| *answer == NO_ANSWER));
            continue;
        }
        assert!(status.success(), "{status}");
        for (call, answer) in calls.iter().zip(answers) {
            assert_eq!(answer, VIOLATION, "i386 call {:#x}", call.number);
        }
    }
}

#[test]
fn a_deny_list_denies_what_it_names_and_x32() {
    let harmless = ["getpid", "getuid", "gettid"].map(number);
    let policy = compile(Mode::DenyList, "getppid:getgid=EPERM:1000");
    let denied = [
        (number("getppid"), VIOLATION),
        (number("getgid"), -1),
        (1000, VIOLATION),
        (0x4000_0027, VIOLATION),
    ];
    let absent = [(1001, ENOSYS), (MINUS_ONE, ENOSYS)];
    let numbers = harmless
        .into_iter()
        .chain(denied.iter().chain(&absent).map(|(number, _)| *number));
    let calls: Vec<RealCall> = numbers.map(|number| plain(Door::Syscall, number)).collect();
    let answers = answers(
        &program(&policy, None),
        &calls,
        plain(Door::Syscall, number("exit_group")),
    );
    let (allowed, rest) = answers.split_at(harmless.len());
    assert!(allowed.iter().all(|answer| *answer >= 0), "{allowed:?}");
    for ((number, expected), answer) in denied.iter().chain(&absent).zip(rest) {
        assert_eq!(answer, expected, "call {number:#x}");
    }
}

#[test]
fn a_ticket_opens_write_and_exit_to_its_holder() {
    const WORDS: [u64; 3] = [0x0123_4567_89ab_cdef, u64::MAX, 0x8000_0000_0000_0001];
    const NO_DESCRIPTOR: u64 = u64::MAX;
    let ticket = Ticket::new(WORDS);
    let policy = compile(Mode::AllowList, "");
    let with = |name: &str, [a, b, c]: [u64; 3]| RealCall {
        door: Door::Syscall,
        number: number(name),
        arguments: [
            if name == "exit_group" {
                0
            } else {
                NO_DESCRIPTOR
            },
            0,
            0,
            a,
            b,
            c,
        ],
    };
    let wrong = (0..192).map(|bit| {
        let mut words = WORDS;
        words[bit / 64] ^= 1 << (bit % 64);
        with("write", words)
    });
    let held = ["read", "close", "write"].map(|name| with(name, WORDS));
    let calls: Vec<RealCall> = wrong.chain(held).collect();
    let answers = answers(
        &program(&policy, Some(&ticket)),
        &calls,
        with("exit_group", WORDS),
    );
    let (opened, refused) = answers.split_last().unwrap();
    assert_eq!(*opened, EBADF, "write itself answered");
    assert!(
        refused.iter().all(|answer| *answer == VIOLATION),
        "{refused:?}"
    );
}
