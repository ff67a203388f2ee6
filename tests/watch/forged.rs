//! Programs that spoil what their callers are found by: the report comes, soon, and tells nothing false.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use sandbox_tests::{Run, compile, public_directory, publish, sandboxify, skip};

use crate::stacks::callers;

/// Spoils its stack as its argument says, and calls mkdir. `never` is called by nobody.
const SPOILING: &str = r#"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FUNCTION __attribute__((noinline)) int
static volatile int done;

FUNCTION never(int n) { done += n; return getpid() + n; }

/// Makes the call with a stack pointer and a frame pointer of its own.
static void call_with(void *stack, void *frame)
{
	__asm__ volatile("mov %0, %%rax; mov %1, %%rsp; mov %2, %%rbp; syscall; hlt"
		: : "i"(SYS_mkdir), "r"(stack), "r"(frame), "D"("/nonexistent/d"), "S"(0700)
		: "rax", "rcx", "r11", "memory");
}

FUNCTION spoil(const char *how)
{
	static unsigned long circle[64] __attribute__((aligned(16)));
	unsigned long *frame = __builtin_frame_address(0);
	unsigned long word = 0;
	if (!strcmp(how, "garbage"))
		word = 0x4141414141414141;
	if (!strcmp(how, "beginning"))
		word = (unsigned long)never;
	if (!strcmp(how, "inside"))
		word = (unsigned long)never + 2;
	if (!strcmp(how, "data"))
		word = (unsigned long)circle;
	if (!strcmp(how, "circle")) {
		for (int n = 0; n < 62; n += 2) {
			circle[n] = (unsigned long)(circle + (n + 2) % 60);
			circle[n + 1] = (unsigned long)never;
		}
		call_with(circle, circle);
	}
	if (!strcmp(how, "unmapped"))
		call_with((void *)0xdead0000, (void *)0xdead0000);
	if (!strcmp(how, "zero"))
		call_with(0, 0);
	if (!strcmp(how, "highest"))
		call_with((void *)-8l, (void *)-8l);
	if (!strcmp(how, "end")) {
		char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		call_with(page + 4096, page + 4088);
	}
	for (int n = 0; n < 12; n++)
		frame[n] = word;
	mkdir("/nonexistent/d", 0700);
	done++;
	return done;
}

int main(int count, char **words)
{
	int n = spoil(words[count - 1]);
	done++;
	return n;
}
"#;

const WAYS: [&str; 10] = [
    "nothing",
    "garbage",
    "beginning",
    "inside",
    "data",
    "circle",
    "unmapped",
    "zero",
    "highest",
    "end",
];

#[test]
fn a_spoilt_stack_delays_no_report_and_shows_no_false_callers() {
    if !cfg!(target_arch = "x86_64") {
        return skip("the program is written for x86_64");
    }
    for kind in ["-fno-plt", "-fno-asynchronous-unwind-tables", "-static"] {
        let flags = ["-fno-omit-frame-pointer", "-fno-stack-protector", kind];
        let program = compile(SPOILING, &flags);
        for how in WAYS {
            let options = ["-q", "--explain", "--deny", "mkdir"];
            let start = Instant::now();
            let outcome = Run::launched(options, &program).arg(how).outcome().killed();
            assert!(start.elapsed() < Duration::from_secs(5), "{how}");
            let outcome = outcome
                .stderr_has("sandboxify: killed by the filter: mkdir(\"/nonexistent/d\", 0700)")
                .stderr_has("  to allow it: --deny '…:!mkdir'\n");
            assert!(!outcome.stderr.contains("never+"), "{how}: {outcome:#?}");
            let shown = callers(&outcome);
            let allowed = |line: &&str| line.contains(" spoil+0x") || line.starts_with('…');
            assert!(shown.iter().all(allowed), "{how}: {shown:#?}");
            assert_eq!(
                shown.last(),
                Some(&"… who called that is not known"),
                "{how}"
            );
        }
    }
}

/// Names its function by a macro, so that two builds differ in nothing else.
const NAMED: &str = r#"
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int done;
__attribute__((noinline)) int NAME(int n) { done = mkdir("/nonexistent/d", 0700); return done + n; }

int main(int count, char **words)
{
	char deleted[4096];
	snprintf(deleted, sizeof deleted, "%s (deleted)", words[1]);
	if (rename(words[2], words[1]) || rename(words[3], deleted))
		return 9;
	return NAME(1) + done;
}
"#;

#[test]
fn a_file_that_was_put_in_the_programs_place_gives_no_names() {
    for nobody in [false, true] {
        if nobody && !sandbox_tests::root() {
            return skip("needs root to be somebody else");
        }
        let directory = public_directory();
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(directory.path(), open).expect("chmod");
        let launcher = publish(&sandboxify(), directory.path());
        let builds: [&[&str]; 3] = [
            &["-DNAME=truly"],
            &["-DNAME=false"],
            &["-DNAME=false", "-DTWO"],
        ];
        let [right, wrong, other] = builds.map(|flags| {
            let flags: Vec<&str> = flags.iter().copied().chain(["-O2"]).collect();
            publish(&compile(NAMED, &flags), directory.path())
        });
        let run = Run::new(&launcher).args(["-q", "--explain", "--deny", "mkdir"]);
        let run = run.arg(&right).args([&right, &wrong, &other]);
        let run = if nobody { run.as_nobody() } else { run };
        let outcome = run.outcome().killed();
        assert!(!outcome.stderr.contains("false+"), "{outcome:#?}");
        // Who may open a mapping itself has the true names all the same.
        let has_names = outcome.stderr.contains("#1 truly+0x");
        assert_eq!(has_names, sandbox_tests::root() && !nobody, "{outcome:#?}");
    }
}
