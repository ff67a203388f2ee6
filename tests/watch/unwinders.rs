//! The same callers that the program finds of itself: backtrace(3) is another unwinder, on the same stack.

use sandbox_tests::compile;
use serde_json::Value;

use crate::workshop::Job;

/// Prints the addresses of its callers and makes a call that is denied, in a place that is hard to walk
/// from: below functions of the C library, in handlers, with arrays whose size is not known before.
const OWN: &str = r#"
#include <alloca.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUNCTION __attribute__((noinline))
static volatile int done;
static const char *how;

FUNCTION static int inner(int n)
{
	void *callers[64];
	int count = backtrace(callers, 64);
	for (int i = 0; i < count; i++)
		printf("%p\n", callers[i]);
	fflush(stdout);
	done = mkdir("/nonexistent/d", 0700);
	return done + n;
}
FUNCTION static int sized(int n)
{
	char *room = alloca(n * 16);
	memset(room, 1, n);
	int r = inner(room[n / 2]);
	done += room[n - 1];
	return r;
}
FUNCTION static int aligned(int n)
{
	volatile char room[64] __attribute__((aligned(64))) = { 0 };
	room[n & 63] = 1;
	int r = sized(n + room[0] + 9);
	done += room[1];
	return r;
}
static int compare(const void *one, const void *other)
{
	if (!done++)
		aligned(*(const int *)one);
	return *(const int *)one - *(const int *)other;
}
FUNCTION static int sort(int n)
{
	int numbers[8] = { 3, 1, 2, n };
	qsort(numbers, 8, sizeof *numbers, compare);
	return numbers[1];
}
static void once(void) { sort(1); done++; }
static void at_end(void) { sort(2); done++; }
static void handler(int n) { sort(n); done++; }
static void *work(void *nothing)
{
	static pthread_once_t control = PTHREAD_ONCE_INIT;
	pthread_once(&control, once);
	return nothing;
}

int main(int count, char **words)
{
	pthread_t thread;
	how = words[count - 1];
	if (!strcmp(how, "sort"))
		sort(count);
	if (!strcmp(how, "end"))
		atexit(at_end);
	if (!strcmp(how, "handler")) {
		signal(SIGUSR1, handler);
		raise(SIGUSR1);
	}
	if (!strcmp(how, "fault")) {
		signal(SIGSEGV, handler);
		done = *(volatile int *)8;
	}
	if (!strcmp(how, "thread")) {
		pthread_create(&thread, 0, work, 0);
		pthread_join(thread, 0);
	}
	return 0;
}
"#;

/// The addresses of the frames of a report.
fn reported(job: &Job) -> (Vec<String>, Vec<String>, Value) {
    let report = job.file("report").display().to_string();
    let format = ["-q", "--explain", "--report-format", "json"];
    let options = ["--deny", "mkdir", "--report", &report];
    let options = format.iter().chain(&options);
    let outcome = job.launched(options).outcome().killed();
    let text = std::fs::read_to_string(&report).expect("a report");
    let line = text.lines().next().expect("a line");
    let violation: Value = serde_json::from_str(line).expect("JSON");
    let frames = violation["stack"].as_array().expect("a stack");
    let addresses = frames
        .iter()
        .map(|frame| frame["address"].as_str().expect("an address"));
    let found = addresses.map(str::to_owned).collect();
    let own = outcome.stdout.lines().map(str::to_owned).collect();
    (found, own, violation)
}

#[test]
fn a_program_finds_the_same_callers_itself() {
    let kinds: [&[&str]; 4] = [
        &["-O2"],
        &["-O0"],
        &["-O2", "-static"],
        &["-O3", "-fno-omit-frame-pointer", "-no-pie"],
    ];
    for flags in kinds {
        let flags: Vec<&str> = flags.iter().copied().chain(["-pthread"]).collect();
        let program = compile(OWN, &flags);
        for how in ["sort", "end", "handler", "fault", "thread"] {
            let (found, own, violation) = reported(&Job::new(&program, &[how]));
            // The call and its caller, which goes on somewhere else than behind backtrace(3).
            assert!(own.len() > 6, "{flags:?} {how}: {own:?}");
            assert_eq!(found[2..], own[1..], "{flags:?} {how}: {violation:#}");
            assert_eq!(violation["stack_end"], "outermost", "{flags:?} {how}");
        }
    }
}
