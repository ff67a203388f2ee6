//! `convert`: the same policy in the words of other tools.

use std::fs;

use sandbox_tests::{Run, sandbox_policy};

use crate::Files;

/// Formats that are read, too.
const READ: [&str; 5] = ["list", "seccomp", "oci", "systemd", "minijail"];

/// Lists that every format can say.
const PLAIN: [&str; 3] = [
    "read:write:exit_group",
    "@basic-io:!writev",
    "@system-service:mount=EPERM:bpf=ENOSYS",
];

/// Lists with conditions, which systemd has no words for.
const CONDITIONAL: [&str; 4] = [
    "read:write(fd == 1 || fd == 2)",
    "mprotect:mprotect(prot &? PROT_EXEC)=EPERM",
    "lseek(offset == 0x100000000):read",
    "socket(family == AF_UNIX && type & 0xf == SOCK_STREAM):openat(flags & O_ACCMODE != O_RDONLY)",
];

/// Asserts that the policy of one file is that of another.
#[track_caller]
fn same(files: &Files, a: &str, b: &str) {
    let outcome = files.tool(["diff", a, b]).outcome();
    outcome
        .succeeded()
        .stdout("the two policies mean the same\n");
}

/// Writes a policy in a format, in a file of its own.
#[track_caller]
fn convert(files: &Files, from: &str, format: &str) -> String {
    let to = format!("{from}.{format}");
    let run = files.tool(["convert", "--to", format, from, "--output", &to]);
    run.outcome().succeeded().stdout("").stderr("");
    to
}

#[test]
fn every_format_says_the_same_and_is_read_back() {
    for list in PLAIN {
        let files = Files::new(&[("policy", list)]);
        for format in READ {
            let written = convert(&files, "policy", format);
            same(&files, "policy", &written);
        }
    }
}

#[test]
fn conditions_are_kept_by_every_format_that_has_them() {
    for list in CONDITIONAL {
        let files = Files::new(&[("policy", list)]);
        for format in READ.into_iter().filter(|format| *format != "systemd") {
            let written = convert(&files, "policy", format);
            same(&files, "policy", &written);
        }
    }
}

#[test]
fn every_format_is_written_as_every_other() {
    let files = Files::new(&[("policy", "read:write=EPERM:mkdir")]);
    for first in READ {
        let once = convert(&files, "policy", first);
        for second in READ {
            let twice = convert(&files, &once, second);
            same(&files, "policy", &twice);
        }
    }
}

#[test]
fn a_deny_list_stays_one() {
    // Of actions, a deny-list of minijail's has errors alone.
    let default = ["--default-action", "EACCES"];
    let files = Files::new(&[("policy", "execve:execveat=EPERM")]);
    for format in ["oci", "systemd", "minijail"] {
        let run = files.tool(["convert", "--mode", "blacklist", "--to", format, "policy"]);
        let text = run.args(default).outcome().succeeded().stdout;
        fs::write(files.path().join(format), text).expect("a policy");
        let test = |call: &str| files.tool(["test", format, call]).outcome();
        test("execve").status(1).stdout_has("execve: EACCES (");
        test("execveat").status(1).stdout_has("execveat: EPERM (");
        test("read").succeeded();
    }
}

#[test]
fn a_policy_that_allows_nothing_is_written_in_every_format() {
    let files = Files::new(&[("policy", "")]);
    for format in READ {
        let written = convert(&files, "policy", format);
        let outcome = files
            .tool(["test", "--from", format, &written, "read"])
            .outcome();
        outcome.status(1).stdout_has("read: kill_process (");
    }
}

#[test]
fn what_a_format_cannot_say_is_an_error_that_names_the_call() {
    let files = Files::new(&[("policy", "read:write(fd == 1)")]);
    let convert = |more: &[&str]| {
        let run = files.tool(["convert", "--to", "systemd", "policy"]);
        run.args(more).outcome()
    };
    let loss = "write: systemd cannot say this: conditions on arguments";
    convert(&[])
        .status(2)
        .stdout("")
        .stderr(&format!("sandbox-policy: {loss}\n"));
    convert(&["-o", "unit"]).status(2);
    assert!(!files.path().join("unit").exists());
    // What is written anyway says what is missing, and allows no more than the policy.
    let text = convert(&["--lossy"]).succeeded().stdout;
    assert!(text.contains(&format!("# {loss}\n")), "{text}");
    fs::write(files.path().join("unit"), text).expect("a unit");
    files
        .tool(["subset", "unit", "policy"])
        .outcome()
        .succeeded();
    files.tool(["test", "unit", "write(1)"]).outcome().status(1);
}

#[test]
fn nothing_is_lost_where_nothing_has_to_be() {
    let files = Files::new(&[("policy", "read:write=EPERM")]);
    for format in READ {
        let convert = |more: &[&str]| {
            let run = files.tool(["convert", "--to", format, "policy"]);
            run.args(more).outcome().succeeded().stdout
        };
        assert_eq!(convert(&[]), convert(&["--lossy"]), "{format}");
    }
}

#[test]
fn a_profile_for_clusters_is_written_and_not_read() {
    let files = Files::new(&[("policy", "read:write=EACCES:socket(family == AF_UNIX)")]);
    let written = convert(&files, "policy", "crd");
    let text = fs::read_to_string(files.path().join(&written)).expect("a profile");
    for line in [
        "kind: SeccompProfile",
        "  defaultAction: SCMP_ACT_KILL_PROCESS",
        "  - action: SCMP_ACT_ALLOW",
        "    - read",
        "    errnoRet: 13",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no {line:?} in {text}"
        );
    }
    let outcome = files.tool(["test", &written, "read"]).outcome();
    outcome
        .status(2)
        .stderr_has("crd can be written but not read");
}

#[test]
fn lists_options_and_variables_are_converted_as_files_are() {
    let files = Files::new(&[("policy", "read:write")]);
    let list = |run: Run| run.outcome().succeeded().stdout;
    let of_file = list(files.tool(["convert", "--to", "oci", "policy"]));
    let of_option = ["convert", "--to", "oci", "--list-allow", "read:write"];
    assert_eq!(list(files.tool(of_option)), of_file);
    assert_eq!(
        list(files.tool(["convert", "--to", "oci"]).allow("read:write")),
        of_file
    );
    let outcome = files.tool([
        "convert",
        "--to",
        "list",
        "--list-allow",
        "write:read(fd == 1)",
    ]);
    outcome
        .outcome()
        .succeeded()
        .stdout("SECCOMP_SYSCALL_ALLOW='read(fd == 1):write'\n");
}

#[test]
fn a_list_is_written_as_the_variables_that_make_the_policy() {
    let files = Files::new(&[]);
    let convert = |arguments: &[&str]| {
        let run = files.tool(["convert", "--to", "list"]).args(arguments);
        run.outcome().succeeded().stdout
    };
    let denied = convert(&[
        "--list-deny",
        "execve:mkdir=EPERM",
        "--default-action",
        "trap",
    ]);
    assert_eq!(
        denied,
        "SECCOMP_SYSCALL_DENY='execve:mkdir=EPERM'\nSECCOMP_DEFAULT_ACTION='trap'\n"
    );
    let added = convert(&["--list-allow", "read", "--add-arch", "x86"]);
    assert_eq!(added, "SECCOMP_SYSCALL_ALLOW='read'\nSECCOMP_ARCH='x86'\n");
    // A shell and this tool read them alike.
    fs::write(files.path().join("variables"), &denied).expect("variables");
    let script = "set -a; . ./variables; exec \"$0\" test execve";
    let run = Run::new("sh").args(["-c", script]).directory(files.path());
    run.arg(sandbox_policy())
        .outcome()
        .status(1)
        .stdout("execve: trap (execve)\n");
    let outcome = files
        .tool(["test", "variables", "execve", "mkdir"])
        .outcome();
    outcome
        .status(1)
        .stdout("execve: trap (execve)\nmkdir: EPERM (mkdir=EPERM)\n");
    files
        .tool(["test", "variables", "read"])
        .outcome()
        .succeeded();
}
