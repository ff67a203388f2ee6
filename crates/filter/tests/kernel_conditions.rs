//! The kernel decides on conditions as the policy and our interpreter do: random policies are loaded
//! in processes of their own, and a call that nobody implements is made with all kinds of arguments.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod generators;
#[path = "../../../tests/support/report.rs"]
mod report;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use filter::{Call, Checked, Program, action_value};
use generators::{boundaries, condition};
use policy::{Action, Answer, Mode, Policy, Request};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use syscalls::Abi;

/// For each policy on standard input: a child loads the filter and makes the calls; their answers go
/// to standard output.
const SERVER: &str = r#"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static long call(long number, const uint64_t *a) {
  register uint64_t r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
  long answer;
  __asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]),
                   "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return answer;
}
int main(void) {
  uint32_t size[2];
  int64_t *answers = mmap(0, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  while (fread(size, sizeof size, 1, stdin) == 1) {
    struct sock_filter *filter = calloc(size[0], sizeof *filter);
    uint64_t (*calls)[6] = calloc(size[1], sizeof *calls);
    if (fread(filter, sizeof *filter, size[0], stdin) != size[0]) return 2;
    if (fread(calls, sizeof *calls, size[1], stdin) != size[1]) return 2;
    pid_t child = fork();
    if (!child) {
      struct sock_fprog program = { size[0], filter };
      if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) _exit(3);
      if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) _exit(4);
      for (uint32_t i = 0; i < size[1]; i++) answers[i] = call(1000, calls[i]);
      _exit(0);
    }
    int status = -1;
    if (waitpid(child, &status, 0) != child || status) return 5;
    fwrite(answers, sizeof *answers, size[1], stdout);
    fflush(stdout);
    free(filter);
    free(calls);
  }
  return 0;
}
"#;

/// No call has this number, so nothing gives its arguments a meaning, and the kernel answers ENOSYS
/// where the filter lets it.
const NUMBER: u32 = 1000;
const ENOSYS: i64 = -38;

/// As many calls as the server's mapping has room for answers to.
const MOST_CALLS: usize = 4096;

struct Kernel {
    child: Child,
    requests: ChildStdin,
    answers: ChildStdout,
}

impl Kernel {
    fn start(directory: &Path) -> Kernel {
        let mut child = Command::new(server(directory))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Kernel {
            requests: child.stdin.take().unwrap(),
            answers: child.stdout.take().unwrap(),
            child,
        }
    }

    /// What the kernel answers to the call with each of these arguments.
    fn ask(&mut self, program: &Checked, calls: &[[u64; 6]]) -> Vec<i64> {
        let mut request = Vec::new();
        for size in [program.instructions().len(), calls.len()] {
            request.extend(u32::try_from(size).unwrap().to_ne_bytes());
        }
        for i in program.instructions() {
            request.extend(i.code.to_ne_bytes());
            request.extend([i.jt, i.jf]);
            request.extend(i.k.to_ne_bytes());
        }
        request.extend(calls.iter().flatten().flat_map(|value| value.to_ne_bytes()));
        self.requests.write_all(&request).unwrap();
        let mut bytes = vec![0; 8 * calls.len()];
        self.answers.read_exact(&mut bytes).unwrap();
        let answer = |bytes: &[u8]| i64::from_ne_bytes(bytes.try_into().unwrap());
        bytes.chunks_exact(8).map(answer).collect()
    }

    fn stop(mut self) {
        drop(self.requests);
        assert!(self.child.wait().unwrap().success());
    }
}

fn server(directory: &Path) -> PathBuf {
    let (source, server) = (directory.join("server.c"), directory.join("server"));
    std::fs::write(&source, SERVER).unwrap();
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-o"])
        .arg(&server)
        .arg(&source)
        .status();
    assert!(built.unwrap().success());
    server
}

/// A policy on the call with conditions that answer in several ways, and its program.
fn policy(conditions: &[String], deny: bool) -> Option<(String, Policy, Checked)> {
    let actions = match deny {
        false => ["", "=EPERM", "=EACCES", "=allow"],
        true => ["=EPERM", "=allow", "", "=EACCES"],
    };
    let rules = conditions.iter().zip(actions);
    let items = rules.map(|(condition, action)| format!("{NUMBER}({condition}){action}"));
    let mut items: Vec<String> = items.collect();
    let mode = match deny {
        true => Mode::DenyList,
        false => {
            items.push("exit_group".to_string());
            Mode::AllowList
        }
    };
    let list = items.join(":");
    let default = Action::parse("errno(1234)").unwrap();
    let request = Request::plain(mode, "LIST", list.as_bytes(), default);
    let compiled = match request.compile(Abi::X86_64, &policy::no_files) {
        Ok(compiled) => compiled.policy,
        Err(policy::Error::Item {
            problem: policy::Problem::TooLarge,
            ..
        }) => return None,
        Err(error) => panic!("{error}"),
    };
    let program = match Program::compile(&compiled, None) {
        Ok(program) => program,
        Err(filter::Error::TooLong { .. } | filter::Error::TooComplicated { .. }) => return None,
        Err(error) => panic!("{list}: {error}"),
    };
    let program = program.check(&compiled, None);
    let program = program.unwrap_or_else(|error| panic!("{list}: {error}"));
    Some((list, compiled, program))
}

/// Arguments around the numbers of the conditions.
fn vectors(policy: &Policy, number: u32) -> Vec<[u64; 6]> {
    let mut values = vec![0, 1, u64::MAX, 1 << 32, 0xffff_ffff];
    if let Answer::Decision(decision) = policy.native().answer(number) {
        for case in policy.cases(&decision) {
            boundaries(policy.conditions(), case.condition, &mut values);
        }
    }
    values.sort_unstable();
    values.dedup();
    let at = |place: usize| values[place % values.len()];
    let steps = [(0, 0), (1, 3), (5, 7)];
    let pairs = (0..values.len()).flat_map(|place| steps.map(move |step| (place, step)));
    let vector = |(place, (second, third)): (usize, (usize, usize))| {
        let second = at(place * 5 + second);
        [
            at(place),
            second,
            at(place * 11 + third),
            at(place + 1),
            at(place + 2),
            second,
        ]
    };
    pairs.map(vector).take(MOST_CALLS).collect()
}

/// Asserts that policy, interpreter and kernel agree on every vector.
fn agree(kernel: &mut Kernel, conditions: &[String], deny: bool) -> bool {
    let Some((list, policy, program)) = policy(conditions, deny) else {
        return false;
    };
    let calls = vectors(&policy, NUMBER);
    let answers = kernel.ask(&program, &calls);
    for (arguments, answer) in calls.into_iter().zip(answers) {
        let audit = Abi::X86_64.audit();
        let decided = policy.decide(audit, NUMBER, &arguments);
        let call = Call {
            audit,
            number: NUMBER,
            arguments,
        };
        let interpreted = filter::run(program.instructions(), &call);
        assert_eq!(
            interpreted,
            Ok(action_value(decided)),
            "{list} on {arguments:x?}"
        );
        match decided {
            Action::Errno(errno) => {
                assert_eq!(
                    answer,
                    -i64::from(errno.number()),
                    "{list} on {arguments:x?}"
                );
            }
            _ => assert_eq!(answer, ENOSYS, "{list} on {arguments:x?}"),
        }
    }
    true
}

#[test]
fn policy_interpreter_and_kernel_agree_on_random_policies() {
    let wanted = match std::env::var_os("SANDBOX_FULL_TESTS") {
        Some(_) => 10_000,
        None => 300,
    };
    let directory = tempfile::tempdir().unwrap();
    let mut kernel = Kernel::start(directory.path());
    let mut runner = TestRunner::new(Config::default());
    let strategy = (prop::collection::vec(condition(), 1..5), any::<bool>());
    let (mut compared, mut skipped) = (0, 0);
    while compared < wanted {
        let (conditions, deny) = strategy.new_tree(&mut runner).unwrap().current();
        match agree(&mut kernel, &conditions, deny) {
            true => compared += 1,
            false => skipped += 1,
        }
        assert!(skipped < 2 * wanted, "most policies are refused");
    }
    kernel.stop();
    report::measured(&format!(
        "{compared} policies compared with the kernel, \
         {skipped} that the language refuses"
    ));
}
