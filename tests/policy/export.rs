//! `export`: the compiled filter for others to load.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use filter::Program;
use policy::Mode;
use sandbox_tests::{Outcome, Run, installed, public_directory, sandbox_policy, skip};

use crate::{compiled, tool};

/// The bytes of `struct sock_filter[]` for a list.
fn bytes(mode: Mode, list: &str) -> Vec<u8> {
    let program = Program::compile(&compiled(mode, list).policy, None).expect("a program");
    let instructions = program.instructions().iter();
    let bytes = instructions.flat_map(|instruction| {
        let mut bytes = instruction.code.to_ne_bytes().to_vec();
        bytes.extend([instruction.jt, instruction.jf]);
        bytes.extend(instruction.k.to_ne_bytes());
        bytes
    });
    bytes.collect()
}

/// What the tool writes to a pipe.
fn written(arguments: &[&str]) -> Vec<u8> {
    let mut run = tool(["export"]).args(arguments);
    let output = run.command().output().expect("sandbox-policy");
    assert!(output.status.success() && output.stderr.is_empty());
    output.stdout
}

#[test]
fn the_bytes_are_those_of_the_compiled_policy() {
    for (mode, option, list) in [
        (Mode::AllowList, "--list-allow", "@system-service:!@mount"),
        (Mode::DenyList, "--list-deny", "execve:@mount=log"),
        (Mode::AllowList, "--list-allow", ""),
    ] {
        let expected = bytes(mode, list);
        assert_eq!(written(&[option, list]), expected, "{list}");
        let form = ["--bpf", option, list];
        assert_eq!(written(&form), expected, "{list}");
    }
}

#[test]
fn the_disassembly_has_a_line_for_each_instruction() {
    let list = "read:write=EPERM:mkdir=log:rmdir=trap:chdir=kill_thread";
    let count = bytes(Mode::AllowList, list).len() / 8;
    let outcome = tool(["export", "--disasm", "--list-allow", list])
        .outcome()
        .succeeded();
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), count);
    for (at, line) in lines.iter().enumerate() {
        let (number, words) = line.split_once(": ").expect("a number");
        assert_eq!(number.trim(), at.to_string());
        assert!(!words.starts_with("code "), "not in words: {line}");
    }
    assert_eq!(lines[0], "   0: A = arch");
    for answer in [
        "allow",
        "errno EPERM",
        "log",
        "trap",
        "kill_thread",
        "kill_process",
    ] {
        let line = format!(": return {answer}");
        assert!(lines.iter().any(|found| found.ends_with(&line)), "{answer}");
    }
}

#[test]
fn a_jump_in_the_disassembly_leads_to_the_instruction_that_answers() {
    let arguments = ["export", "--disasm", "--list-deny", "execve=EPERM"];
    let outcome = tool(arguments).outcome().succeeded();
    let number = syscalls::number(syscalls::Abi::NATIVE, "execve").expect("a number");
    let condition = format!("if A == {number:#x} goto ");
    let (_, rest) = outcome
        .stdout
        .split_once(&condition)
        .expect("a comparison with execve");
    let goal = rest.split_whitespace().next().expect("a goal");
    let line = format!("{goal:>4}: return errno EPERM\n");
    outcome.stdout_has(&line);
}

/// A command under bwrap with a filter file; nothing where bwrap cannot run.
fn under_bwrap(filter: &Path, command: &[&str]) -> Option<Outcome> {
    let bwrap = installed("bwrap")?;
    let plain = Run::new(&bwrap).args(["--bind", "/", "/", "true"]);
    if plain.outcome().status != 0 {
        return None;
    }
    let script = "exec \"$1\" --bind / / --seccomp 9 \"${@:2}\" 9<\"$0\"";
    let run = Run::new("bash").args(["-c", script]).arg(filter).arg(bwrap);
    Some(run.args(command).outcome())
}

#[test]
fn bwrap_takes_the_file_and_the_filter_holds_there() {
    let directory = public_directory();
    let filter = directory.path().join("filter");
    let made = directory.path().join("made");
    let made_name = made.to_str().expect("text");
    for (action, status) in [("EPERM", 1), ("kill_process", 159)] {
        tool(["export", "--list-deny", "mkdir:mkdirat"])
            .args(["--default-action", action, "--output"])
            .arg(&filter)
            .outcome()
            .succeeded();
        let Some(allowed) = under_bwrap(&filter, &["true"]) else {
            return skip("bwrap is not installed, or may not make namespaces");
        };
        allowed.succeeded();
        let denied = under_bwrap(&filter, &["mkdir", made_name]).expect("bwrap");
        denied.status(status);
        assert!(!made.exists(), "{action}");
    }
    Run::new("mkdir").arg(&made).outcome().succeeded();
}

#[test]
fn a_file_is_written_whole_in_place_of_an_older_one() {
    let directory = public_directory();
    let file = directory.path().join("filter");
    fs::write(&file, vec![b'x'; 100_000]).expect("an older file");
    tool(["export", "--list-deny", "execve", "-o"])
        .arg(&file)
        .outcome()
        .succeeded()
        .stdout("")
        .stderr("");
    let expected = bytes(Mode::DenyList, "execve");
    assert_eq!(fs::read(&file).expect("the file"), expected);
    let entries = fs::read_dir(directory.path()).expect("a directory");
    assert_eq!(entries.count(), 1);
}

#[test]
fn a_place_that_cannot_be_written_to_is_an_error() {
    let directory = public_directory();
    for (place, reason) in [
        ("", "Is a directory"),
        ("missing/filter", "No such file or directory"),
    ] {
        let place = directory.path().join(place);
        tool(["export", "--list-deny", "execve", "--output"])
            .arg(&place)
            .outcome()
            .status(2)
            .stdout("")
            .stderr_has(&format!("sandbox-policy: {}: {reason}", place.display()));
        let left: Vec<_> = fs::read_dir(directory.path())
            .expect("a directory")
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_write_that_fails_leaves_the_older_file_and_no_draft() {
    let directory = public_directory();
    let file = directory.path().join("filter");
    fs::write(&file, "older").expect("an older file");
    // No file may grow: the draft can be made, but nothing can be written into it.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" export --list-deny execve --output \"$1\"";
    Run::new("bash")
        .args(["-c", script])
        .arg(sandbox_policy())
        .arg(&file)
        .outcome()
        .status(2)
        .stderr_has("filter: File too large");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "older");
    let entries = fs::read_dir(directory.path()).expect("a directory");
    assert_eq!(entries.count(), 1);
}

#[test]
fn a_pipe_is_written_to_and_not_replaced() {
    let directory = public_directory();
    let script = "mkfifo pipe && { timeout 10 cat pipe & } && \"$0\" export --list-deny execve -o pipe && wait && test -p pipe";
    let mut run = Run::new("bash")
        .args(["-c", script])
        .arg(sandbox_policy())
        .directory(directory.path());
    let output = run.command().output().expect("bash");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, bytes(Mode::DenyList, "execve"));
}

#[test]
fn a_directory_that_may_not_be_written_to_is_an_error() {
    if !sandbox_tests::root() {
        return skip("only root can become another user");
    }
    let directory = public_directory();
    let program = sandbox_tests::publish(&sandbox_policy(), directory.path());
    Run::new(program)
        .args(["export", "--list-deny", "execve", "--output"])
        .arg(directory.path().join("filter"))
        .as_nobody()
        .outcome()
        .status(2)
        .stderr_has("filter: Permission denied");
    let entries = fs::read_dir(directory.path()).expect("a directory");
    assert_eq!(entries.count(), 1);
}

/// The tool with a terminal as its standard output.
fn at_a_terminal(arguments: &str) -> Outcome {
    let command = format!("{} {arguments}", sandbox_policy().display());
    Run::new("script")
        .args(["-q", "-e", "-c", &command, "/dev/null"])
        .outcome()
}

#[test]
fn a_terminal_gets_no_bytes_but_may_have_the_disassembly() {
    at_a_terminal("export --list-deny execve")
        .status(2)
        .stdout("sandbox-policy: the filter is no text; use --output FILE, redirect it, or use --disasm\r\n");
    at_a_terminal("export --list-deny execve --disasm")
        .succeeded()
        .stdout_has("   0: A = arch\r\n");
}

#[test]
fn a_full_disk_is_an_error() {
    let full = || fs::File::create("/dev/full").expect("/dev/full");
    // Bytes may have no newline at their end: all of them must have got out.
    for arguments in [
        &["export", "--list-deny", "mkdir"][..],
        &["export", "--list-deny", "mkdir", "--disasm"],
        &["groups"],
    ] {
        let mut run = tool(arguments);
        let command = run.command().stdout(full()).stderr(Stdio::piped());
        let outcome = Outcome::of(command.output().expect("sandbox-policy"));
        outcome
            .status(2)
            .stderr_has("sandbox-policy: standard output: No space left on device");
    }
}

/// It was written through a link that somebody had put where the new file was begun.
#[test]
fn no_link_beside_the_file_is_followed_and_any_name_will_do() {
    let directory = public_directory();
    let other = directory.path().join("other");
    fs::write(&other, "mine").expect("a file");
    let long = "n".repeat(255);
    for name in ["out", &long] {
        // The shell's own number is the tool's.
        let script = "ln -s other .sandbox-policy.$$.new; ln -s other \"${1%n*}.$$.new\"; \
                      exec \"$2\" export --list-allow read -o \"$1\"";
        let run = Run::new("sh").args(["-c", script, "sh", name]);
        let run = run.arg(sandbox_policy()).directory(directory.path());
        run.outcome();
        assert_eq!(fs::read_to_string(&other).expect("it"), "mine", "{name}");
    }
    for name in ["out", &long] {
        let path = directory.path().join(name);
        tool(["export", "--list-allow", "read", "-o"])
            .arg(&path)
            .outcome()
            .succeeded();
        assert!(fs::metadata(&path).expect("it").len() > 8, "{name}");
    }
}
