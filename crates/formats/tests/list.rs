//! Lists that we write: our own reader takes them, and they mean the same.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod data;
mod decisions;
mod policies;
mod round_trip;

use std::process::Command;

use decisions::{assert_same, compile};
use formats::{Context, Error, Format, Reading, detect, mode, read, shell_quoted, write};
use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

fn request<'a>(policy: &Policy, list: &'a str) -> Request<'a> {
    Request {
        besides: policy.tables().get(1).map(policy::Table::abi),
        ..Request::plain(
            mode(policy),
            "LIST",
            list.as_bytes(),
            policy.default_action(),
        )
    }
}

fn in_mode(mode: Mode, list: &str) -> Policy {
    let default = Action::parse("EPERM").unwrap();
    compile(&Request::plain(mode, "LIST", list.as_bytes(), default))
}

#[test]
fn a_list_comes_back_in_the_order_of_the_numbers() {
    for (kind, list, written) in [
        (Mode::AllowList, "", ""),
        (Mode::AllowList, "write:read:!open", "read:write"),
        (Mode::AllowList, "nanosleep", "nanosleep"),
        (Mode::AllowList, "1000:read=EACCES", "read=EACCES:1000"),
        (
            Mode::AllowList,
            "write(fd == 1):write(fd == 2)",
            "write(fd == 1):write(fd == 2)",
        ),
        (
            Mode::AllowList,
            "mprotect:mprotect(prot &? PROT_EXEC)=EPERM:mprotect(prot &? 2)=trap",
            "mprotect:mprotect(prot & 4 == 4)=EPERM:mprotect(prot & 2 == 2)=trap",
        ),
        (
            Mode::DenyList,
            "mount:ptrace=kill",
            "ptrace=kill_process:mount",
        ),
        (
            Mode::DenyList,
            "ioctl(cmd == TIOCSTI)",
            "ioctl(cmd == 0x5412)",
        ),
    ] {
        let policy = in_mode(kind, list);
        assert_eq!(mode(&policy), kind);
        assert_eq!(
            write(Format::List, &policy, false).unwrap(),
            written,
            "{list}"
        );
        assert_same(&policy, &compile(&request(&policy, written)), written);
    }
}

#[test]
fn what_our_own_reader_would_refuse_is_refused() {
    let text = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["personality"],
        "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]}"#;
    let context = Context {
        path: "p.json",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let reading = read(Format::Oci, text.as_bytes(), &context).unwrap();
    let policy = compile(&reading.request("PROFILE"));
    let error = write(Format::List, &policy, false).unwrap_err().to_string();
    assert!(
        error.starts_with("personality: list cannot say this: the kernel reads fewer bits"),
        "{error}"
    );
    assert_eq!(write(Format::List, &policy, true).unwrap(), "personality");
}

#[test]
fn a_default_that_a_list_cannot_have_is_refused() {
    let file = |_: &[u8]| Ok(b"DEFAULT_POLICY = ENOSYS\nread: 1\n".to_vec());
    let request = Request::plain(Mode::AllowList, "LIST", b"/a.seccomp", Action::KillProcess);
    let policy = request.compile(Abi::X86_64, &file).unwrap().policy;
    assert_eq!(
        write(Format::List, &policy, false).unwrap_err().to_string(),
        "the default action: list cannot say this: kill_process for violations, but ENOSYS for calls without a rule"
    );
}

#[test]
fn a_shell_takes_a_quoted_list_as_it_is() {
    let list = r#"read(arg0 == 1):!@mount:$HOME:`id`:"x\":it's"#;
    let script = format!("printf %s {}", shell_quoted(list));
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), list);
    assert_eq!(shell_quoted("it's"), r"'it'\''s'");
}

#[test]
fn a_list_is_read_as_it_stands() {
    let context = Context {
        path: "l",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    assert_eq!(
        read(Format::List, b"read:write\n", &context).unwrap().list,
        "read:write"
    );
    let error = read(Format::List, b"read:\nwr\xffte", &context).unwrap_err();
    assert_eq!(error.to_string(), "l:2:3: not UTF-8");
}

fn read_variables(text: &str) -> Result<Reading, Error> {
    let context = Context {
        path: "v",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    assert_eq!(detect("policy", text.as_bytes()), Format::List, "{text}");
    read(Format::List, text.as_bytes(), &context)
}

#[test]
fn assignments_of_variables_are_a_list() {
    for (text, list) in [
        ("SECCOMP_SYSCALL_ALLOW=read:write", "read:write"),
        ("  SECCOMP_SYSCALL_ALLOW= read \r\n", "read"),
        ("export SECCOMP_SYSCALL_ALLOW='read'\n", "read"),
        ("export  SECCOMP_SYSCALL_ALLOW=read", "read"),
        ("\texport \t SECCOMP_SYSCALL_ALLOW=\"read\"", "read"),
        ("SECCOMP_SYSCALL_ALLOW=", ""),
        (
            "SECCOMP_SYSCALL_ALLOW=read\nSECCOMP_SYSCALL_ALLOW=write",
            "write",
        ),
        ("# a\n\n  # b\nSECCOMP_SYSCALL_ALLOW=read\n \n", "read"),
        (
            "PATH=/bin\nexport LANG='C'\nexport=1\nSECCOMP_SYSCALL_ALLOW=read",
            "read",
        ),
        (
            "SECCOMP_LOG=0\nSECCOMP_LOG=\nSECCOMP_QUIET=yes\nSECCOMP_SYSCALL_ALLOW=read",
            "read",
        ),
        (r"SECCOMP_SYSCALL_ALLOW='it'\''s\'", r"it's\"),
        (r#"SECCOMP_SYSCALL_ALLOW="a\"b\:\\'c'""#, r#"a"b\:\'c'"#),
        (
            r#"SECCOMP_SYSCALL_ALLOW=re'a'"d"'(fd == 1)'"#,
            "read(fd == 1)",
        ),
    ] {
        assert_eq!(read_variables(text).unwrap().list, list, "{text}");
    }
    let text = "SECCOMP_SYSCALL_DENY=mount\nSECCOMP_DEFAULT_ACTION='EPERM'\nSECCOMP_ARCH=x86\n";
    let reading = read_variables(text).unwrap();
    let eperm = Action::parse("EPERM").unwrap();
    assert_eq!(
        (reading.mode, reading.default, reading.besides),
        (Mode::DenyList, eperm, Some(Abi::X86))
    );
}

#[test]
fn a_line_that_assigns_nothing_is_refused() {
    for (line, place, problem) in [
        (":kexec_load", "1", "not an assignment (NAME=value)"),
        ("  read:write", "3", "not an assignment (NAME=value)"),
        ("; comment", "1", "not an assignment (NAME=value)"),
        ("SECCOMP_ARCH = x86", "1", "not an assignment (NAME=value)"),
        ("export A B=c", "1", "not an assignment (NAME=value)"),
        ("=x", "1", "not an assignment (NAME=value)"),
        ("1A=x", "1", "not an assignment (NAME=value)"),
        ("LANG='C", "6", "the quote does not end on this line"),
        (
            "SECCOMP_ARCH= 'x86\"  ",
            "15",
            "the quote does not end on this line",
        ),
        ("A=it's", "5", "the quote does not end on this line"),
        ("A=\"a\\\"", "3", "the quote does not end on this line"),
        ("SECCOMP_ARCH=x86\\", "17", "a line cannot be continued"),
        (
            "export SECCOMP_LOG=1",
            "8",
            "logging is no part of a policy; use --log",
        ),
        (
            " SECCOMP_SYSCALL_ALOW=read",
            "2",
            "unknown variable; there are SECCOMP_SYSCALL_ALLOW, SECCOMP_SYSCALL_DENY, SECCOMP_DEFAULT_ACTION, SECCOMP_ARCH, SECCOMP_LOG, SECCOMP_QUIET",
        ),
    ] {
        let text = format!("SECCOMP_SYSCALL_DENY=mount\n{line}\n");
        let error = read_variables(&text).unwrap_err();
        assert!(matches!(error, Error::Line { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("v:2:{place}: {problem}"),
            "{text}"
        );
    }
}

#[test]
fn variables_without_a_list_are_refused() {
    let error = read_variables("SECCOMP_DEFAULT_ACTION=EPERM\n").unwrap_err();
    assert_eq!(error.to_string(), "v: variables: no list");
}

#[test]
fn dockers_profile_as_a_list_is_the_same() {
    let Some(text) = data::text("formats/oci/moby-default.json") else {
        return;
    };
    let context = Context {
        path: "moby.json",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let reading = read(Format::Oci, text.as_bytes(), &context).unwrap();
    let policy = compile(&reading.request("PROFILE"));
    let list = write(Format::List, &policy, false).unwrap();
    assert_same(&policy, &compile(&request(&policy, &list)), &list);
}

#[test]
fn random_policies_come_back_the_same() {
    let read = |text: &str, policy: &Policy| compile(&request(policy, text));
    let (said, lost) = round_trip::come_back(Format::List, 400, read);
    assert!(said > lost, "{said} written, {lost} refused");
}
