//! Allowed calls are answered from the kernel's constant-action bitmap.
//!
//! The kernel runs a filter once per call number in an emulator that knows the number and the
//! audit architecture and nothing else (seccomp_is_const_allow, kernel/seccomp.c). Numbers that it
//! sees allowed that way never run the filter again. This is the same emulator.
#![allow(clippy::unwrap_used)]

use filter::{Instruction, Program, Ticket, action_value};
use policy::{Action, Mode, Policy, Request};
use syscalls::Abi;

const LOAD_WORD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_GREATER_EQUAL: u16 = 0x35;
const JUMP_SET: u16 = 0x45;
const RETURN: u16 = 0x06;

/// What a program answers by number and architecture alone; nothing when it asks for more.
fn constant(program: &[Instruction], audit: u32, number: u32) -> Option<u32> {
    let mut register = 0;
    let mut at = 0;
    loop {
        let Instruction { code, jt, jf, k } = *program.get(at)?;
        at += 1;
        let holds = match code {
            LOAD_WORD => {
                register = match k {
                    0 => number,
                    4 => audit,
                    _ => return None,
                };
                continue;
            }
            AND => {
                register &= k;
                continue;
            }
            JUMP => {
                at += k as usize;
                continue;
            }
            RETURN => return Some(k),
            JUMP_EQUAL => register == k,
            JUMP_GREATER => register > k,
            JUMP_GREATER_EQUAL => register >= k,
            JUMP_SET => register & k != 0,
            _ => return None,
        };
        at += usize::from(if holds { jt } else { jf });
    }
}

fn policies() -> impl Iterator<Item = (Policy, String)> {
    let scattered: Vec<String> = (0..syscalls::newest(Abi::X86_64))
        .step_by(2)
        .map(|number| number.to_string())
        .collect();
    let lists = [
        "".to_string(),
        "newfstatat:write:exit_group".to_string(),
        "execve:write=EPERM:exit_group=log".to_string(),
        "@system-service".to_string(),
        "@known:!execve".to_string(),
        "@mount:@swap=EPERM".to_string(),
        scattered.join(":"),
    ];
    lists.into_iter().flat_map(|list| {
        let modes = [Mode::AllowList, Mode::DenyList];
        let settings = modes
            .into_iter()
            .flat_map(|mode| ["kill_process", "log", "EPERM"].map(|default| (mode, default)));
        settings.flat_map(move |(mode, default)| {
            let list = list.clone();
            [Abi::X86_64, Abi::Aarch64].map(move |abi| {
                let request = Request::plain(
                    mode,
                    "LIST",
                    list.as_bytes(),
                    Action::parse(default).unwrap(),
                );
                (
                    request.compile(abi, &policy::no_files).unwrap().policy,
                    format!("{mode:?} {default} {abi} {list:.60}"),
                )
            })
        })
    })
}

#[test]
fn without_a_ticket_every_answer_is_constant() {
    for (policy, title) in policies() {
        let program = Program::compile(&policy, None).unwrap();
        for audit in [policy.abi().audit(), Abi::X86.audit(), Abi::Arm.audit()] {
            for number in 0..1024 {
                let decided = action_value(policy.decide(audit, number, &[0; 6]));
                let answer = constant(program.instructions(), audit, number);
                assert_eq!(answer, Some(decided), "{number} on {audit:#x}, {title}");
            }
        }
    }
}

#[test]
fn with_a_ticket_only_the_calls_that_it_opens_are_not_constant() {
    let ticket = Ticket::new([1, 2, 3]);
    for (policy, title) in policies() {
        let program = Program::compile(&policy, Some(&ticket)).unwrap();
        let audit = policy.abi().audit();
        let opened = ["execve", "write", "exit_group"];
        let opened = opened.map(|name| syscalls::number(policy.abi(), name).unwrap());
        for number in 0..1024 {
            let decided = policy.decide(audit, number, &[0; 6]);
            let answer = constant(program.instructions(), audit, number);
            if opened.contains(&number) && decided != Action::Allow {
                assert_eq!(answer, None, "{number} depends on its arguments, {title}");
            } else {
                assert_eq!(answer, Some(action_value(decided)), "{number}, {title}");
            }
        }
    }
}

#[test]
fn the_emulator_gives_up_where_the_kernels_does() {
    let plain = |code, k| Instruction {
        code,
        jt: 0,
        jf: 0,
        k,
    };
    let allow = plain(RETURN, 0x7fff_0000);
    for known in [
        plain(LOAD_WORD, 0),
        plain(LOAD_WORD, 4),
        plain(AND, 1),
        plain(JUMP, 0),
        plain(JUMP_SET, 1),
    ] {
        assert_eq!(
            constant(&[known, allow], 1, 2),
            Some(0x7fff_0000),
            "{known:?}"
        );
    }
    // An argument, the instruction pointer, or, xor, subtract, a scratch word, X, and the program's end.
    for unknown in [
        plain(LOAD_WORD, 16),
        plain(LOAD_WORD, 8),
        plain(0x44, 0),
        plain(0xa4, 0),
        plain(0x14, 0),
        plain(0x60, 0),
        plain(0x07, 0),
        plain(JUMP, 1),
    ] {
        assert_eq!(constant(&[unknown, allow], 1, 2), None, "{unknown:?}");
    }
}
