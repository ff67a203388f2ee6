//! What libseccomp is asked and what comes of it: refusals, the prologue, tickets, pseudo code.
#![allow(clippy::unwrap_used, clippy::panic)]

use filter::{Call, Program, Ticket, action_value};
use oracle::{Error, Why};
use policy::{Action, MINUS_ONE, Mode, Policy, Request};
use syscalls::Abi;

const ABI: Abi = Abi::NATIVE;

fn policy(mode: Mode, list: &str, default: &str, besides: Option<Abi>) -> Policy {
    let default = Action::parse(default).unwrap();
    let request = Request::plain(mode, "LIST", list.as_bytes(), default);
    let request = Request { besides, ..request };
    let compiled = request.compile(ABI, &policy::no_files);
    compiled.unwrap_or_else(|error| panic!("{error}")).policy
}

fn allow_list(list: &str) -> Policy {
    policy(Mode::AllowList, list, "kill_process", None)
}

#[test]
fn what_libseccomp_cannot_express_is_refused_with_the_call_and_the_reason() {
    for (list, why) in [
        ("read(arg0 == arg1)", Why::TwoArguments),
        ("read(arg0 & arg1 == 0)", Why::TwoArguments),
        ("read(argL0 + 1 == 2)", Why::Arithmetic),
        ("read(argL0 * 3 < 7)", Why::Arithmetic),
        (
            "read(argL0 != 1 && argL1 != 3 && arg2 == 1)",
            Why::TooManyRules,
        ),
    ] {
        let call = "read".to_string();
        let refused = Some(Error::Inexpressible { call, why });
        assert_eq!(
            oracle::compile(&allow_list(list), None).err(),
            refused,
            "{list}"
        );
    }
    let error = oracle::compile(&allow_list("read(arg0 == arg1)"), None).err();
    assert_eq!(
        error.unwrap().to_string(),
        "libseccomp cannot express the conditions of read: arguments are compared with constants alone, not with each other"
    );
}

#[test]
fn an_argument_may_occur_twice_and_in_parts() {
    for list in [
        "read(arg0 > 5 && arg0 < 9)",
        "read(arg0 != 5 && arg0 != 6)",
        "read(argL0 < 3):write(argH1 >= 7)",
        "fchmod(mode == 04755)=EPERM:fchmod",
        "read(arg0 &? 0x100000001 || arg0 == 3)",
        "write(fd == 1)=EPERM:write(fd == 2)=EACCES:write(count > 4096)=log",
    ] {
        let policy = allow_list(list);
        let program =
            oracle::compile(&policy, None).unwrap_or_else(|error| panic!("{list}: {error}"));
        program
            .check(&policy, None)
            .unwrap_or_else(|error| panic!("{list}: {error}"));
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn another_abi_is_refused() {
    let policy = policy(Mode::AllowList, "read", "kill_process", Some(Abi::X86));
    let refused = Some(Error::OtherAbi { abi: Abi::X86 });
    assert_eq!(oracle::compile(&policy, None).err(), refused);
}

#[test]
fn our_answers_hold_where_libseccomp_has_others() {
    for (mode, default) in [
        (Mode::AllowList, "kill_process"),
        (Mode::AllowList, "EPERM"),
        (Mode::AllowList, "log"),
        (Mode::DenyList, "kill_process"),
        (Mode::DenyList, "EACCES"),
    ] {
        // Names that libseccomp 2.5 does not have, and numbers that nobody has.
        let list = "read:file_setattr:mseal=EACCES:1000=EPERM:2000(arg0 == 1)";
        let policy = policy(mode, list, default, None);
        let program = oracle::compile(&policy, None).unwrap();
        let program = program.check(&policy, None).unwrap();
        let far = [
            1000,
            1001,
            2000,
            2001,
            Abi::X32_BIT,
            Abi::X32_BIT | 1,
            1 << 31,
            MINUS_ONE,
        ];
        for number in (0..600).chain(far) {
            for audit in [Abi::X86_64, Abi::X86, Abi::Aarch64, Abi::Arm].map(Abi::audit) {
                for first in [0, 1] {
                    let arguments = [first; 6];
                    let call = Call {
                        audit,
                        number,
                        arguments,
                    };
                    let decided = action_value(policy.decide(audit, number, &arguments));
                    let answer = filter::run(program.instructions(), &call);
                    assert_eq!(answer, Ok(decided), "{default} {number:#x} on {audit:#x}");
                }
            }
        }
    }
}

#[test]
fn a_ticket_comes_first() {
    let words = [0x0123_4567_89ab_cdef, u64::MAX, 0x8000_0000_0000_0001];
    let ticket = Ticket::new(words);
    for list in [
        "",
        "write(fd == 1):read",
        "@known",
        "execve=EPERM:exit_group",
    ] {
        let policy = allow_list(list);
        let program = oracle::compile(&policy, Some(&ticket)).unwrap();
        // The check tries the words, and each half of them wrong.
        assert!(program.check(&policy, Some(&ticket)).is_ok(), "{list}");
    }
}

#[test]
fn a_body_that_does_something_else_does_not_pass_the_check() {
    let policy = allow_list("read:write(fd == 1)");
    let other = oracle::compile(&allow_list("read:write"), None).unwrap();
    let body = other.instructions().to_vec();
    let program = Program::behind_prologue(&policy, None, body).unwrap();
    assert!(program.check(&policy, None).is_err());
    let empty = Program::behind_prologue(&policy, None, Vec::new()).unwrap();
    assert!(empty.check(&policy, None).is_err());
}

#[test]
fn the_pseudo_code_is_libseccomps() {
    let code = oracle::pseudo_code(&allow_list("read:write(fd == 1)")).unwrap();
    for part in [
        "# filter for syscall \"read\"",
        "action ALLOW;",
        "action KILL_PROCESS;",
        "$a0",
    ] {
        assert!(code.contains(part), "{part} in {code}");
    }
}
