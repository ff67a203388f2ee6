//! What an allowed call costs: without condition under a short and a long list, and with one
//! comparison under the filters of both compilers.

use std::process::Command;

/// The cost of one call under a list.
pub struct Cost {
    pub name: &'static str,
    pub nanoseconds: f64,
}

pub const LOOP: &str = r#"
#include <stdio.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
static uint64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ull + t.tv_nsec; }
int main(void) {
	double best = 1e9;
	for (int round = 0; round < 5; round++) {
		uint64_t start = now();
		for (int i = 0; i < 200000; i++) syscall(SYS_getppid);
		double each = (now() - start) / 200000.0;
		if (each < best) best = each;
	}
	printf("%f\n", best);
}
"#;

/// The same with a call that the list allows for one value of its first argument.
const CONDITIONAL: (&str, &str) = ("SYS_getppid", "SYS_getpriority, 0, 0");

/// Whether one comparison costs more under our filter than under libseccomp's, beyond what two
/// measurements of the same differ by.
pub fn costs_more_than_libseccomp(costs: &[Cost]) -> bool {
    let [.., native, libseccomp] = costs else {
        return true;
    };
    let (native, libseccomp) = (native.nanoseconds, libseccomp.nanoseconds);
    native > libseccomp * 1.05 && native - libseccomp > 10.0
}

/// Whether the long list costs over 10 ns more than the short one: then the kernel runs the filter
/// for a call that it should know the answer of.
pub fn grows_with_the_list(costs: &[Cost]) -> bool {
    costs[2].nanoseconds - costs[1].nanoseconds > 10.0
}

/// Medians over nine runs of each, in turn; a run is the best of five loops.
pub fn measure() -> Vec<Cost> {
    let program = sandbox_tests::compile(LOOP, &[]);
    let long: Vec<&str> = syscalls::names(syscalls::Abi::NATIVE)
        .map(|(name, _)| name)
        .take(300)
        .collect();
    let needed = "write:newfstatat:exit_group:clock_gettime:brk";
    let cases = [
        ("no filter", None),
        (
            "a list of one name, and what the loop needs",
            Some(format!("getppid:{needed}")),
        ),
        (
            "a list of 300 names, and what the loop needs",
            Some(format!("{}:{needed}", long.join(":"))),
        ),
    ];
    let mut times = cases.each_ref().map(|_| Vec::new());
    for _ in 0..9 {
        for ((_, list), times) in cases.iter().zip(&mut times) {
            times.push(once(&program, list.as_deref()));
        }
    }
    let costs = cases.iter().zip(times);
    let mut costs: Vec<Cost> = costs
        .map(|((name, _), times)| Cost {
            name,
            nanoseconds: crate::median(times),
        })
        .collect();
    costs.extend(with_one_comparison());
    costs
}

/// The same loop under both compilers' filters, in turn.
fn with_one_comparison() -> [Cost; 2] {
    let program = sandbox_tests::compile(&LOOP.replace(CONDITIONAL.0, CONDITIONAL.1), &["-static"]);
    let list = format!("@basic-io:@default:getpriority(which == 0):{STATIC}");
    let cases = [
        ("one comparison", "native"),
        ("one comparison, by libseccomp", "libseccomp"),
    ];
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..9 {
        for ((_, compiler), times) in cases.iter().zip(&mut times) {
            let mut command = Command::new(sandbox_tests::sandboxify());
            command.args(["--quiet", "--compiler", compiler, "--allow", &list]);
            times.push(printed(command.env_clear().arg(&program)));
        }
    }
    let [ours, theirs] = times;
    [(cases[0], ours), (cases[1], theirs)].map(|((name, _), times)| Cost {
        name,
        nanoseconds: crate::median(times),
    })
}

/// What a static program calls at its start and to print.
const STATIC: &str = "readlink:readlinkat:prlimit64:mprotect:newfstatat:fstat";

fn once(program: &std::path::Path, list: Option<&str>) -> f64 {
    let mut command = Command::new(program);
    command.env_clear();
    if let Some(list) = list {
        command
            .env("LD_PRELOAD", sandbox_tests::libsandbox())
            .env("SECCOMP_SYSCALL_ALLOW", list);
    }
    printed(&mut command)
}

fn printed(command: &mut Command) -> f64 {
    let output = command.output().expect("run the loop");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("a number from the loop")
}
