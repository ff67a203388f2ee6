//! Conditions on arguments, in both doors and against the kernel: what a rule says of a call is what
//! the call gets, whatever stands in the register's other bits.

mod abis;
mod files;
mod formats;
mod programs;
mod registers;

use std::path::PathBuf;

use sandbox_tests::{Outcome, Run, compile, root};

/// Makes calls with exactly the registers that its arguments say: `NUMBER,A0,A1,…` each, and prints
/// what each answers. Results of its own are only printed with write.
const CALLER: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long call(long number, unsigned long *a)
{
#ifdef __x86_64__
	register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	long answer;
	__asm__ volatile("syscall" : "=a"(answer)
		: "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return answer;
#else
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a[0], x1 __asm__("x1") = a[1];
	register long x2 __asm__("x2") = a[2], x3 __asm__("x3") = a[3], x4 __asm__("x4") = a[4];
	register long x5 __asm__("x5") = a[5];
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#endif
}

int main(int count, char **words)
{
	char text[64];
	for (int i = 1; i < count; i++) {
		unsigned long a[7] = {0};
		char *word = words[i];
		for (int n = 0; n < 7 && word; n++) {
			a[n] = strtoul(word, &word, 0);
			word = *word == ',' ? word + 1 : NULL;
		}
		long answer = call((long)a[0], a + 1);
		int length = answer < 0 ? snprintf(text, sizeof text, "errno %ld\n", -answer)
			: snprintf(text, sizeof text, "ran\n");
		if (write(1, text, length) != length)
			return 1;
	}
	return 0;
}
"#;

/// The caller, dynamic or static.
fn caller(flags: &[&str]) -> PathBuf {
    compile(CALLER, flags)
}

/// A call as the caller reads it.
fn call(name: &str, arguments: &[u64]) -> String {
    let number = syscalls::number(syscalls::Abi::NATIVE, name);
    let number = number.unwrap_or_else(|| panic!("{name} has no number"));
    let mut words = vec![number.to_string()];
    words.extend(arguments.iter().map(|argument| format!("{argument:#x}")));
    words.join(",")
}

/// A list in force, by variable or by option.
#[derive(Clone, Copy)]
enum List<'a> {
    Allow(&'a str),
    Deny(&'a str),
}

/// The caller in every door: preloaded, and launched static by each method, as whoever can.
fn in_every_door(list: List<'_>, calls: &[String]) -> Vec<(String, Outcome)> {
    let mut outcomes = Vec::new();
    let preloaded = Run::preloaded(caller(&[])).args(calls);
    let preloaded = match list {
        List::Allow(list) => preloaded.allow(list),
        List::Deny(list) => preloaded.deny(list),
    };
    outcomes.push(("preload".to_string(), preloaded.outcome()));
    let (option, list) = match list {
        List::Allow(list) => ("--allow", list),
        List::Deny(list) => ("--deny", list),
    };
    let methods = if root() {
        &["ticket", "suspend"][..]
    } else {
        &["ticket"]
    };
    for method in methods {
        let options = ["--method", method, option, list];
        let launched = Run::launched(options, caller(&["-static"])).args(calls);
        outcomes.push((format!("--method {method}"), launched.outcome()));
    }
    outcomes
}

/// Asserts what the calls answer in every door.
fn answers(list: List<'_>, calls: &[String], expected: &str) {
    for (door, outcome) in in_every_door(list, calls) {
        assert_eq!(outcome.stdout, expected, "{door}: {outcome:#?}");
    }
}

/// Asserts that a call ends the program in every door.
fn dies(list: List<'_>, call: String) {
    for (_, outcome) in in_every_door(list, &[call]) {
        outcome.killed().stdout("");
    }
}
