//! `.seccomp` files that we write, in the dialect that Oz has, too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod data;
mod decisions;
mod policies;
mod round_trip;

use decisions::{assert_same, compile, gets};
use formats::{Context, Format, mode, read, write};
use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

fn in_mode(mode: Mode, list: &str) -> Policy {
    let default = Action::parse("EPERM").unwrap();
    compile(&Request::plain(mode, "LIST", list.as_bytes(), default))
}

fn context(path: &str) -> Context<'_> {
    Context {
        path,
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    }
}

fn read_back(text: &str, like: &Policy) -> Policy {
    let reading = read(Format::Seccomp, text.as_bytes(), &context("/p.seccomp")).unwrap();
    assert_eq!(reading.mode, mode(like), "{text}");
    let request = Request {
        default: like.default_action(),
        whole_registers: false,
        ..reading.request("FILE")
    };
    let file = |_: &[u8]| Ok(text.as_bytes().to_vec());
    let compiled = request.compile(Abi::X86_64, &file);
    compiled
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .policy
}

/// The rules of a written file, without its defaults.
fn rules(policy: &Policy) -> String {
    let text = write(Format::Seccomp, policy, false).unwrap();
    assert_same(policy, &read_back(&text, policy), &text);
    let rules = text.lines().filter(|line| !line.starts_with("DEFAULT_"));
    rules.collect::<Vec<_>>().join("; ")
}

#[test]
fn a_file_says_its_defaults_itself() {
    for (kind, expected) in [
        (
            Mode::AllowList,
            "DEFAULT_POSITIVE = allow\nDEFAULT_NEGATIVE = EPERM\nDEFAULT_POLICY = EPERM\nread: 1\n",
        ),
        (
            Mode::DenyList,
            "DEFAULT_POSITIVE = EPERM\nDEFAULT_NEGATIVE = allow\nDEFAULT_POLICY = allow\nread: 1\n",
        ),
    ] {
        let policy = in_mode(kind, "read");
        assert_eq!(write(Format::Seccomp, &policy, false).unwrap(), expected);
        assert_same(&policy, &read_back(expected, &policy), expected);
    }
}

#[test]
fn rules_have_numbers_for_arguments_and_two_actions() {
    for (list, expected) in [
        (
            "read=ENOENT:write=kill",
            "read[+ENOENT]: 1; write[+kill]: 1",
        ),
        (
            "write(fd == 1):write(fd == 2)",
            "write: argL0 == 1 || argL0 == 2",
        ),
        (
            "lseek:lseek(arg1 == 5)=EACCES",
            "lseek[+EACCES,-allow]: arg1 == 5",
        ),
        (
            "read(arg1 & 0x100000006 == 2)",
            "read: (argL1 & 0x6) == 0x2 && (argH1 & 0x1) == 0x0",
        ),
        ("read(!(arg1 & 6 == 2))", "read: (argL1 & 0x6) != 0x2"),
        (
            "read(!(arg1 == 1 || arg2 < arg3))",
            "read: arg1 != 1 && arg2 >= arg3",
        ),
        // The second of three cases is an exception to the third.
        (
            "mremap(arg1 == 1):mremap(arg2 == 2)=EPERM",
            "mremap: arg2 != 2 && (arg1 == 1)",
        ),
    ] {
        assert_eq!(rules(&in_mode(Mode::AllowList, list)), expected, "{list}");
    }
}

#[test]
fn what_the_dialect_cannot_say_is_refused_with_the_rule() {
    for (list, problem) in [
        (
            "read(arg1 == 1):read(arg1 == 2)=trap",
            "read: seccomp cannot say this: a rule has two actions, and this would need trap, EPERM and allow",
        ),
        (
            "read=log",
            "read: seccomp cannot say this: log is no word of it",
        ),
        (
            "read=kill_thread",
            "read: seccomp cannot say this: kill_thread is no word of it",
        ),
        (
            "1000",
            "1000: seccomp cannot say this: the call has no name",
        ),
        (
            "read(arg1 ^ arg2 == 5)",
            "read: seccomp cannot say this: it calculates with a whole argument",
        ),
    ] {
        let policy = in_mode(Mode::AllowList, list);
        let error = write(Format::Seccomp, &policy, false).unwrap_err();
        assert!(error.to_string().starts_with(problem), "{error}");
        let lossy = write(Format::Seccomp, &policy, true).unwrap();
        assert!(lossy.starts_with(&format!("# lost: {problem}")), "{lossy}");
        read_back(&lossy, &policy);
    }
}

#[test]
fn an_abi_besides_is_a_loss() {
    let request = Request {
        besides: Some(Abi::X86),
        ..Request::plain(
            Mode::AllowList,
            "LIST",
            b"read:chown32:write(arg1 == 1)",
            Action::KillProcess,
        )
    };
    let both = compile(&request);
    assert_eq!(
        write(Format::Seccomp, &both, false)
            .unwrap_err()
            .to_string(),
        "the ABI besides: seccomp cannot say this: a file is for one ABI"
    );
    let lossy = write(Format::Seccomp, &both, true).unwrap();
    assert!(lossy.starts_with("# lost: the ABI besides: "), "{lossy}");
    assert!(!lossy.contains("chown32"), "{lossy}");
    let again = read_back(&lossy, &both);
    assert!(gets(&again, "read", &[]).runs());
    assert!(!gets(&again, "write", &[]).runs());
}

#[test]
fn a_file_is_read_by_its_path() {
    for (path, list) in [
        ("/etc/a.seccomp", "/etc/a.seccomp"),
        ("a.seccomp", "./a.seccomp"),
        ("../a.seccomp", "../a.seccomp"),
        (r"/a:b\c", r"/a\:b\\c"),
    ] {
        assert_eq!(
            read(Format::Seccomp, b"", &context(path)).unwrap().list,
            list
        );
    }
    let blacklist = read(
        Format::Seccomp,
        b"DEFAULT_POLICY=Allow # all\n",
        &context("/a"),
    )
    .unwrap();
    assert_eq!(blacklist.mode, Mode::DenyList);
}

#[test]
fn ozs_own_policies_come_back_the_same() {
    for path in data::files("oz/profiles", ".seccomp") {
        let text = std::fs::read(&path).unwrap();
        let files = |_: &[u8]| Ok(text.clone());
        let blacklist = path.to_string_lossy().contains("blacklist");
        let kind = if blacklist {
            Mode::DenyList
        } else {
            Mode::AllowList
        };
        let request = Request {
            whole_registers: true,
            ..Request::plain(kind, "FILE", b"/a.seccomp", Action::KillProcess)
        };
        let policy = request.compile(Abi::X86_64, &files).unwrap().policy;
        for format in [Format::Seccomp, Format::Oci, Format::List] {
            let written = write(format, &policy, false);
            let text = written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let reading = read(format, text.as_bytes(), &context("/p.seccomp")).unwrap();
            let again = Request {
                default: policy.default_action(),
                mode: kind,
                ..reading.request("AGAIN")
            };
            let file = |_: &[u8]| Ok(text.as_bytes().to_vec());
            let again = again.compile(Abi::X86_64, &file).unwrap().policy;
            assert_same(&policy, &again, &text);
        }
    }
}

#[test]
fn random_policies_come_back_the_same() {
    let read = |text: &str, policy: &Policy| read_back(text, policy);
    let (said, lost) = round_trip::come_back(Format::Seccomp, 400, read);
    assert!(said > 100, "{said} written, {lost} refused");
}
