//! Who runs it and under what: users, outer filters, no_new_privs, and a kernel that refuses the filter.

use sandbox_tests::{Run, compile, root, skip};

use crate::workshop::{KINDS, Kind, Workshop, verify};

const STATUS: &str = "#include <stdio.h>\nint main(void) { char line[256]; FILE *file = \
    fopen(\"/proc/self/status\", \"r\"); while (fgets(line, sizeof line, file)) { int value; \
    if (sscanf(line, \"Seccomp: %d\", &value) == 1) printf(\"mode %d\\n\", value); \
    if (sscanf(line, \"Seccomp_filters: %d\", &value) == 1) printf(\"filters %d\\n\", value); \
    if (sscanf(line, \"NoNewPrivs: %d\", &value) == 1) printf(\"no_new_privs %d\\n\", value); } return 0; }\n";

const REFUSED: &str = "sandbox: the filter in this program cannot be loaded; it was not started\n";

/// What it says of itself with this number of filters.
fn said(filters: u32) -> String {
    format!("no_new_privs 1\nmode 2\nfilters {filters}\n")
}

/// How many filters this test runs under itself.
fn outer() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Seccomp_filters:"));
    line.and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

#[test]
fn root_and_ordinary_users_get_one_filter() {
    let workshop = Workshop::new();
    let program = compile(STATUS, &["-static"]);
    let sealed = workshop.embed(&program, &["--deny", "mkdir"], "status");
    Run::new(&sealed)
        .outcome()
        .succeeded()
        .stdout(&said(1 + outer()));
    if !root() {
        return skip("only root can run it as another user");
    }
    let outcome = Run::new(&sealed).as_nobody().outcome();
    outcome.succeeded().stdout(&said(1 + outer())).stderr("");
    let run = Run::new("setpriv").arg("--no-new-privs").arg(&sealed);
    run.outcome().succeeded().stdout(&said(1 + outer()));
}

#[test]
fn under_an_outer_filter_both_hold() {
    let workshop = Workshop::new();
    let program = compile(STATUS, &["-static"]);
    let sealed = workshop.embed(&program, &["--deny", "mkdir"], "status");
    let options = ["--quiet", "--method", "ticket", "--deny", "@mount"];
    let outcome = Run::launched(options, &sealed).outcome();
    outcome.succeeded().stdout(&said(2 + outer()));
    let sealed = workshop.embed(&program, &["--deny", "write"], "mute");
    Run::launched(options, &sealed).outcome().killed();
}

#[test]
fn where_the_filter_is_refused_the_program_never_runs() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let sealed = workshop.hello(kind);
        for denied in [
            "seccomp=EPERM",
            "prctl=EPERM",
            "seccomp=errno(4095)",
            "seccomp=ENOSYS",
        ] {
            let options = ["--quiet", "--method", "ticket", "--deny", denied];
            let outcome = Run::launched(options, &sealed).outcome();
            outcome.status(126).stdout("").stderr(REFUSED);
        }
    }
}

#[test]
fn where_it_cannot_even_end_it_still_does_not_run() {
    let workshop = Workshop::new();
    let sealed = workshop.hello(Kind::Glibc);
    let denied = "seccomp=EPERM:exit_group=EPERM:write=EPERM";
    let options = ["--quiet", "--method", "ticket", "--deny", denied];
    const SIGSEGV: i32 = 11;
    let outcome = Run::launched(options, &sealed).outcome();
    outcome.status(128 + SIGSEGV).stdout("").stderr("");
}

#[test]
fn a_program_for_aarch64_runs_its_stub_in_an_emulator() {
    // The emulator knows no seccomp(2), so what can be seen there is the refusal.
    let Some(emulator) = sandbox_tests::installed("qemu-aarch64") else {
        return skip("qemu-aarch64 is not installed");
    };
    let Some(program) = aarch64_program() else {
        return skip("binutils-aarch64-linux-gnu is not installed");
    };
    let workshop = Workshop::new();
    let program = workshop.bring(&program);
    let run = Run::new(&emulator).arg(&program);
    run.outcome().succeeded().stdout("Hello\n");
    let sealed = workshop.embed(&program, &["--allow", "write:exit_group"], "sealed");
    verify(&sealed).succeeded().stdout_has("(aarch64, ");
    let outcome = Run::new(&emulator).arg(&sealed).outcome();
    outcome.status(126).stdout("").stderr(REFUSED);

    // Without the branch behind seccomp(2), the rest of the stub leads to the program.
    const BRANCH: usize = 0x40;
    const NOP: [u8; 4] = [0x1f, 0x20, 0x03, 0xd5];
    let mut bytes = std::fs::read(&sealed).expect("a program");
    let magic = bytes.windows(8).position(|eight| eight == b"SANDBOX\0");
    let branch = magic.expect("a magic number") - 256 + BRANCH;
    assert_eq!(bytes[branch..branch + 4], [0xc0, 0, 0, 0xb5]);
    bytes[branch..branch + 4].copy_from_slice(&NOP);
    let open = workshop.path("open");
    // With the mode of a program.
    std::fs::copy(&sealed, &open).expect("a copy");
    std::fs::write(&open, bytes).expect("a file");
    let outcome = Run::new(&emulator).arg(&open).outcome();
    outcome.succeeded().stdout("Hello\n").stderr("");
    verify(&open).status(1);
}

/// A program without a C library, by the cross assembler and linker.
fn aarch64_program() -> Option<std::path::PathBuf> {
    const SOURCE: &str = "
        .globl _start
        _start: mov x8, #64
        mov x0, #1
        adr x1, hello
        mov x2, #6
        svc #0
        mov x8, #94
        mov x0, #0
        svc #0
        hello: .ascii \"Hello\\n\"
        .data
        .quad 0\n";
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("s.s"), SOURCE).expect("the source");
    let done = |tool: &str, input: &str, output: &str| {
        let mut command = std::process::Command::new(tool);
        command.arg("-o").args([path(output), path(input)]).status()
    };
    done("aarch64-linux-gnu-as", "s.s", "o").ok()?;
    assert!(done("aarch64-linux-gnu-ld", "o", "program").ok()?.success());
    let kept = sandbox_tests::repository().join("target/test-programs/hello-aarch64");
    std::fs::copy(path("program"), &kept).expect("a copy");
    Some(kept)
}
