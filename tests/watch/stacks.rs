//! The callers on the card of a death: their names, their order, and that what is not known is not shown.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sandbox_tests::{
    Outcome, Run, assemble_free_standing, build_go, compile, compile_with, installed,
    public_directory, publish, sandboxify, skip,
};
use serde_json::Value;

use crate::workshop::Job;

/// Calls mkdir at the end of a chain of functions: at once, or as its argument says.
const CHAIN: &str = r#"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUNCTION __attribute__((noinline)) int
static volatile int done;

FUNCTION inner(int n) { done = mkdir("/nonexistent/d", 0700); return done + n; }
FUNCTION middle(int n) { int r = inner(n + 1); done++; return r; }
FUNCTION outer(int n) { int r = middle(n + 1); done++; return r; }
FUNCTION down(int n) { int r = n ? down(n - 1) : outer(n); done++; return r; }
FUNCTION interrupted(int n) { kill(getpid(), SIGUSR1); done++; return n; }
static void handler(int n) { outer(n); done++; }
static void *work(void *nothing) { outer(1); done++; return nothing; }

int main(int count, char **words)
{
	const char *how = count > 1 ? words[1] : "";
	struct sigaction action = { .sa_handler = handler };
	stack_t other = { .ss_sp = malloc(1 << 16), .ss_size = 1 << 16 };
	pthread_t thread;
	if (!strcmp(how, "thread")) {
		pthread_create(&thread, 0, work, 0);
		pthread_join(thread, 0);
	} else if (!strcmp(how, "deep")) {
		down(200);
	} else if (!strcmp(how, "signal") || !strcmp(how, "other stack")) {
		sigaltstack(&other, 0);
		action.sa_flags = how[0] == 'o' ? SA_ONSTACK : 0;
		sigaction(SIGUSR1, &action, 0);
		interrupted(1);
	} else {
		outer(1);
	}
	done++;
	return done;
}
"#;

/// Compilers' flags for code without tables, with frame pointers and without.
const POINTERS: [&str; 3] = [
    "-O2",
    "-fno-omit-frame-pointer",
    "-fno-asynchronous-unwind-tables",
];
const NOTHING: [&str; 3] = [
    "-O2",
    "-fomit-frame-pointer",
    "-fno-asynchronous-unwind-tables",
];
/// What the card has behind callers where it does not know more.
const UNKNOWN: &str = "… who called that is not known";

fn died(program: &Path, how: &str, options: &[&str]) -> Outcome {
    let arguments: Vec<&str> = how.split('/').filter(|word| !word.is_empty()).collect();
    let job = Job::new(program, &arguments);
    let deny = ["-q", "--explain", "--deny", "mkdir"];
    job.launched(deny.iter().chain(options)).outcome().killed()
}

/// The lines of callers, without their indent.
pub fn callers(outcome: &Outcome) -> Vec<&str> {
    let lines = outcome.stderr.lines().skip(2);
    let lines = lines.take_while(|line| line.starts_with("  #") || line.starts_with("  …"));
    lines.map(str::trim_start).collect()
}

/// The function's name and the distance in it, of a line of a caller.
fn function(line: &str) -> (&str, u64) {
    let (_, place) = line.split_once(' ').expect("a place");
    let place = place.split([' ', ',']).next().expect("a place");
    let (name, distance) = place.split_once("+0x").expect("a distance");
    (name, u64::from_str_radix(distance, 16).expect("a number"))
}

fn names<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let known = lines.iter().filter(|line| line.starts_with('#'));
    known.map(|line| function(line).0).collect()
}

/// The address and size of each function, as nm(1) has them.
fn functions(program: &Path) -> HashMap<String, (u64, u64)> {
    let output = Command::new("nm")
        .arg("-S")
        .arg(program)
        .output()
        .expect("nm");
    let text = String::from_utf8(output.stdout).expect("text");
    let number = |word| u64::from_str_radix(word, 16).expect("a number");
    let known = text.lines().filter_map(|line| {
        let [start, size, _, name] = line.split(' ').collect::<Vec<_>>()[..] else {
            return None;
        };
        Some((name.to_owned(), (number(start), number(size))))
    });
    known.collect()
}

/// Asserts that these functions come first, each with a place inside it and behind its beginning.
#[track_caller]
fn begins(program: &Path, outcome: &Outcome, expected: &[&str]) {
    let lines = callers(outcome);
    assert!(lines.len() >= expected.len(), "{outcome:#?}");
    assert_eq!(names(&lines[..expected.len()]), expected, "{outcome:#?}");
    let known = functions(program);
    for (number, line) in lines.iter().take(expected.len()).enumerate() {
        assert!(line.starts_with(&format!("#{} ", number + 1)), "{line}");
        let (name, distance) = function(line);
        let (_, size) = known[name];
        assert!(distance > 0 && distance <= size, "{line}: of {size:#x}");
    }
}

const EXPECTED: [&str; 4] = ["inner", "middle", "outer", "main"];

#[test]
fn every_kind_of_program_shows_its_callers_in_order() {
    let kinds: [&[&str]; 5] = [
        &["-O2", "-pthread"],
        &["-O2", "-pthread", "-no-pie"],
        &["-O2", "-pthread", "-static"],
        &["-O2", "-pthread", "-static-pie"],
        &["-O2", "-pthread", "-fno-omit-frame-pointer"],
    ];
    for flags in kinds {
        let program = compile(CHAIN, flags);
        for options in [&["--method", "ticket"][..], &["--at", "main"]] {
            let outcome = died(&program, "", options);
            begins(&program, &outcome, &EXPECTED);
            let lines = callers(&outcome);
            assert_eq!(
                names(&lines).last(),
                Some(&"_start"),
                "{flags:?}: {lines:#?}"
            );
            assert!(!outcome.stderr.contains("frame pointer"), "{outcome:#?}");
            assert!(!outcome.stderr.contains('…') || !outcome.stderr.contains(UNKNOWN));
        }
    }
}

#[test]
fn frame_pointers_lead_on_where_tables_are_missing_and_are_marked() {
    let flags: Vec<&str> = POINTERS.into_iter().chain(["-pthread"]).collect();
    let program = compile(CHAIN, &flags);
    let outcome = died(&program, "", &[]);
    begins(&program, &outcome, &EXPECTED);
    for line in &callers(&outcome)[1..4] {
        assert!(line.ends_with(", by a frame pointer"), "{line}");
    }
}

#[test]
fn without_either_nothing_is_shown_that_is_not_known() {
    let flags: Vec<&str> = NOTHING.into_iter().chain(["-pthread"]).collect();
    let outcome = died(&compile(CHAIN, &flags), "", &[]);
    let lines = callers(&outcome);
    assert_eq!(names(&lines), ["inner"], "{lines:#?}");
    assert_eq!(lines.last(), Some(&UNKNOWN));
    if installed("musl-gcc").is_none() {
        return skip("musl-gcc is missing");
    }
    let program = compile_with("musl-gcc", CHAIN, &["-O2", "-static"]);
    for how in ["", "thread", "signal"] {
        let outcome = died(&program, how, &[]);
        let lines = callers(&outcome);
        let allowed = [
            "inner",
            "middle",
            "outer",
            "handler",
            "interrupted",
            "main",
            "work",
            "kill",
        ];
        assert!(
            names(&lines).iter().all(|name| allowed.contains(name)),
            "{lines:#?}"
        );
        assert_eq!(lines.last(), Some(&UNKNOWN));
    }
}

#[test]
fn a_stripped_program_shows_where_in_its_file() {
    let flags = ["-O2", "-pthread", "-static-pie"];
    let whole = compile(CHAIN, &flags);
    let program = compile(CHAIN, &[&flags[..], &["-s"]].concat());
    let outcome = died(&program, "", &[]);
    let name = program.file_name().expect("a name").to_string_lossy();
    let known = functions(&whole);
    for (line, expected) in callers(&outcome).iter().zip(EXPECTED) {
        let (module, offset) = function(line);
        let (start, size) = known[expected];
        assert_eq!(module, name, "{outcome:#?}");
        assert!(
            offset > start && offset <= start + size,
            "{line}: {start:#x}"
        );
    }
    assert!(callers(&outcome).len() > EXPECTED.len());
}

#[test]
fn a_thread_shows_what_it_runs() {
    for flags in [&["-O2", "-pthread"][..], &["-O2", "-pthread", "-static"]] {
        let program = compile(CHAIN, flags);
        let outcome = died(&program, "thread", &[]);
        begins(&program, &outcome, &["inner", "middle", "outer", "work"]);
        assert!(!outcome.stderr.contains(UNKNOWN), "{outcome:#?}");
        assert!(!outcome.stderr.contains("main+"), "{outcome:#?}");
    }
}

#[test]
fn a_signal_handler_shows_what_it_has_interrupted() {
    for how in ["signal", "other stack"] {
        for flags in [&["-O2", "-pthread"][..], &["-O2", "-pthread", "-static"]] {
            let program = compile(CHAIN, flags);
            let outcome = died(&program, how, &[]);
            begins(&program, &outcome, &["inner", "middle", "outer", "handler"]);
            let lines = callers(&outcome);
            assert!(
                lines[5].ends_with(", interrupted by a signal"),
                "{lines:#?}"
            );
            assert!(lines[5].contains("kill+0x"), "{lines:#?}");
            assert_eq!(names(&lines[6..8]), ["interrupted", "main"]);
            assert_eq!(names(&lines).last(), Some(&"_start"));
        }
    }
}

fn report(program: &Path, how: &str, deny: &str) -> Value {
    let arguments: Vec<&str> = how.split('/').filter(|word| !word.is_empty()).collect();
    let job = Job::new(program, &arguments);
    let report = job.file("report").display().to_string();
    let format = ["-q", "--explain", "--report-format", "json", "--report"];
    job.launched(format.iter().chain(&[&*report, "--deny", deny]))
        .outcome();
    let text = std::fs::read_to_string(report).expect("a report");
    let line = text.lines().next().expect("a line");
    serde_json::from_str(line).expect("JSON")
}

#[test]
fn a_long_chain_is_cut_on_the_card_and_in_the_report() {
    let program = compile(CHAIN, &["-O2", "-pthread"]);
    let outcome = died(&program, "deep", &[]);
    let lines = callers(&outcome);
    assert_eq!(names(&lines)[..3], ["inner", "middle", "outer"]);
    assert!(names(&lines)[3..].iter().all(|name| *name == "down"));
    assert_eq!(lines.len(), 17, "{lines:#?}");
    assert_eq!(lines[16], "… 47 more at least");
    let violation = report(&program, "deep", "mkdir");
    assert_eq!(violation["stack"].as_array().map(Vec::len), Some(64));
    assert_eq!(violation["stack_end"], "limit");
}

#[test]
fn a_report_has_the_stack_from_the_call_outwards() {
    let program = compile(CHAIN, &["-O2", "-pthread"]);
    for deny in ["mkdir", "mkdir=trap", "mkdir=kill_thread"] {
        let violation = report(&program, "", deny);
        let stack = violation["stack"].as_array().expect("a stack");
        assert_eq!(stack[0]["address"], violation["instruction"], "{deny}");
        assert_eq!(stack[0]["symbol"], violation["symbol"]);
        let symbols: Vec<&str> = stack[1..5]
            .iter()
            .map(|frame| frame["symbol"].as_str().expect("a symbol"))
            .map(|symbol| symbol.split('+').next().expect("a name"))
            .collect();
        assert_eq!(symbols, EXPECTED, "{deny}");
        assert_eq!(stack[1]["module"], program.display().to_string());
        assert!(
            stack.iter().all(|frame| frame["found"] == "table"),
            "{stack:#?}"
        );
        assert_eq!(violation["stack_end"], "outermost");
    }
    let violation = report(&program, "", "mkdir=EPERM");
    assert_eq!(violation["outcome"], "EPERM");
    assert_eq!(violation["stack"], Value::Null, "nobody has its registers");
    assert_eq!(violation["stack_end"], Value::Null);
}

#[test]
fn python_and_git_lead_down_to_the_c_librarys_start() {
    let code = "import os; os.mkdir('/nonexistent/d')";
    for (program, arguments) in [("python3", &["-c", code][..]), ("git", &["init", "new"])] {
        let Some(path) = installed(program) else {
            skip(&format!("{program} is missing"));
            continue;
        };
        let job = Job::new(path, arguments);
        let outcome = job
            .launched(["-q", "--explain", "--deny", "mkdir"])
            .outcome();
        let outcome = outcome.killed();
        let lines = callers(&outcome);
        let [.., start, first] = &lines[..] else {
            panic!("{outcome:#?}");
        };
        assert!(
            start.contains("__libc_start_main+0x"),
            "{program}: {lines:#?}"
        );
        assert!(
            first.contains(program) || first.contains("_start+0x"),
            "{lines:#?}"
        );
        assert!(
            lines.len() > 4 && !outcome.stderr.contains(UNKNOWN),
            "{lines:#?}"
        );
    }
}

#[test]
fn a_go_program_shows_its_main() {
    let source = "package main\nimport \"os\"\n\
        //go:noinline\n\
        func deep(n int) error {\n\
        \terr := os.Mkdir(\"/nonexistent/d\", 0700)\n\
        \tif n == 0 {\n\t\treturn nil\n\t}\n\treturn err\n}\n\
        func main() {\n\tif deep(1) != nil {\n\t\tos.Exit(3)\n\t}\n}\n";
    let job = Job::new(build_go(source), &[]);
    let options = ["-q", "--explain", "--deny", "mkdir:mkdirat"];
    let outcome = job.launched(options).outcome().killed();
    let lines = callers(&outcome);
    let names = names(&lines);
    let at = |name| names.iter().position(|other| *other == name);
    let (deep, main) = (at("main.deep"), at("main.main"));
    assert!(
        deep.is_some() && main == deep.map(|deep| deep + 1),
        "{lines:#?}"
    );
    assert_eq!(names[main.expect("main") + 1], "runtime.main", "{lines:#?}");
}

#[test]
fn an_ordinary_user_sees_the_same() {
    if !sandbox_tests::root() {
        return skip("needs root to be somebody else");
    }
    let directory = public_directory();
    let launcher = publish(&sandboxify(), directory.path());
    let program = publish(&compile(CHAIN, &["-O2", "-pthread"]), directory.path());
    let run = || {
        let run = Run::new(&launcher).args(["-q", "--explain", "--deny", "mkdir"]);
        run.arg(&program).arg("signal")
    };
    let (mine, theirs) = (
        run().outcome().killed(),
        run().as_nobody().outcome().killed(),
    );
    begins(&program, &theirs, &["inner", "middle", "outer", "handler"]);
    assert_eq!(callers(&mine), callers(&theirs));
}

/// Dies in code of a file that it holds a lease on, so that who opens it waits for `lease-break-time`.
const LEASE: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **words)
{
	static const unsigned char code[] = { 0xb8, 83, 0, 0, 0, 0x0f, 0x05, 0xc3 };
	int file = open(words[1], O_CREAT | O_RDWR, 0600);
	write(file, code, sizeof code);
	close(file);
	file = open(words[1], O_RDONLY);
	int (*call)(const char *, int) = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
	if (fcntl(file, F_SETLEASE, F_WRLCK))
		return 3;
	return call("/nonexistent/d", 0700);
}
"#;

#[test]
fn a_program_with_a_lease_on_its_file_is_not_waited_for() {
    if !cfg!(target_arch = "x86_64") {
        return skip("code of x86_64");
    }
    let directory = public_directory();
    let file = directory.path().join("leased").display().to_string();
    let job = Job::new(compile(LEASE, &[]), &[&file]);
    let began = Instant::now();
    let outcome = job
        .launched(["-q", "--explain", "--deny", "mkdir"])
        .outcome();
    let outcome = outcome.killed().stderr_has("called from leased+0x7");
    assert!(began.elapsed() < Duration::from_secs(10), "{outcome:#?}");
}

#[test]
fn a_32_bit_program_has_no_stack_and_still_a_card() {
    let source = ".globl _start\n_start: mov $20, %eax\nint $0x80\nmov $1, %eax\nint $0x80\n";
    if !cfg!(target_arch = "x86_64") {
        return skip("32-bit programs of x86");
    }
    let job = Job::new(assemble_free_standing(source, &["-m32", "-static"]), &[]);
    let options = ["-q", "--explain", "--arch", "x86", "--deny", "getpid"];
    let outcome = job.launched(options).outcome().killed();
    let outcome = outcome.stderr_has("killed by the filter: getpid()");
    assert!(callers(&outcome).is_empty(), "{outcome:#?}");
    assert!(!outcome.stderr.contains(UNKNOWN), "{outcome:#?}");
}
