//! The check before the load: does the program say what the policy says?
//!
//! Compilers have had bugs that weakened filters, libseccomp's among them. So each program is run
//! before it is loaded: at both ends of every range of numbers on every ABI, with each comparison made
//! true and false, and for the calls that a ticket opens with the right words and with each half wrong.
//! One difference, and nothing is loaded.

use policy::{Action, Answer, MINUS_ONE, Policy};
use syscalls::Abi;

use crate::compile::{Checked, Program};
use crate::error::Error;
use crate::instruction::{Instruction, action_value};
use crate::interpret::{Call, run};
use crate::ticket::Ticket;
use crate::vectors;

impl Program {
    /// Compares the program with its policy.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the first call on which they differ.
    pub fn check(self, policy: &Policy, ticket: Option<&Ticket>) -> Result<Checked, Error> {
        let program = &self.instructions[..];
        for (audit, number) in points(policy) {
            expect_policy(program, policy, audit, number, &[0; 6])?;
        }
        for table in policy.tables() {
            let audit = table.abi().audit();
            for rule in table.rules() {
                if let Answer::Decision(decision) = &rule.answer {
                    vectors::each(policy, decision, |arguments| {
                        let action = policy.settle(decision, arguments);
                        expect(program, audit, rule.number, arguments, action)
                    })?;
                }
            }
        }
        if let Some(ticket) = ticket {
            check_ticket(program, policy, ticket)?;
        }
        Ok(Checked {
            instructions: self.instructions,
        })
    }
}

/// With the words, the calls that the ticket opens are allowed and all others get what they get
/// without; with one half of one word wrong, nothing is opened.
fn check_ticket(program: &[Instruction], policy: &Policy, ticket: &Ticket) -> Result<(), Error> {
    let native = policy.native().abi().audit();
    let opened = ticket.opened(policy.native().abi());
    let [first, second, third] = ticket.words();
    let words = [0, 0, 0, first, second, third];
    let neighbours = opened
        .iter()
        .flat_map(|&number| [number.wrapping_sub(1), number, number + 1]);
    let elsewhere = opened
        .iter()
        .flat_map(|&number| [(Abi::X86.audit(), number), (native, number | Abi::X32_BIT)]);
    let here = neighbours.map(|number| (native, number));
    for (audit, number) in points(policy).chain(here).chain(elsewhere) {
        let held = audit == native && opened.contains(&number);
        let expected = if held {
            Action::Allow
        } else {
            policy.decide(audit, number, &words)
        };
        expect(program, audit, number, &words, expected)?;
    }
    for &number in &opened {
        let words = refused(policy, number, words);
        expect(program, native, number, &words, Action::Allow)?;
        for half in 0..6 {
            let mut wrong = words;
            wrong[3 + half / 2] ^= 1 << (32 * (half % 2));
            expect_policy(program, policy, native, number, &wrong)?;
        }
    }
    Ok(())
}

/// The words beside arguments with which the policy itself does not allow the call, if there are any:
/// with others, a ticket that opens nothing or everything would go unnoticed.
fn refused(policy: &Policy, number: u32, words: [u64; 6]) -> [u64; 6] {
    let mut found = words;
    let audit = policy.native().abi().audit();
    if let Answer::Decision(decision) = policy.native().answer(number) {
        // The first that is refused ends the search.
        let _ = vectors::each(policy, &decision, |arguments| {
            let mut beside = words;
            beside[..3].copy_from_slice(&arguments[..3]);
            match policy.decide(audit, number, &beside) {
                Action::Allow => Ok(()),
                _ => {
                    found = beside;
                    Err(())
                }
            }
        });
    }
    found
}

/// Both ends of every range on the native ABI, and the edges of what other ABIs can present.
fn points(policy: &Policy) -> impl Iterator<Item = (u32, u32)> {
    const FOREIGN: [Abi; 3] = [Abi::X86, Abi::Arm, Abi::Aarch64];
    const BIT_31: u32 = 1 << 31;
    const EDGES: [u32; 9] = [
        0,
        Abi::X32_BIT - 1,
        Abi::X32_BIT,
        Abi::X32_BIT | 1023,
        BIT_31 - 1,
        BIT_31,
        BIT_31 | (Abi::X32_BIT - 1),
        MINUS_ONE - 1,
        MINUS_ONE,
    ];
    let native = policy.native().abi().audit();
    let ranges = policy.tables().iter().flat_map(|table| {
        let audit = table.abi().audit();
        let ends = table.ranges().iter().flat_map(|range| {
            let last = Some(range.last).filter(|&last| last != range.first);
            [Some(range.first), last].into_iter().flatten()
        });
        ends.map(move |number| (audit, number))
    });
    let no_abi = 0;
    let audits = FOREIGN.into_iter().map(Abi::audit).chain([native, no_abi]);
    let edges = audits.flat_map(|audit| EDGES.map(|number| (audit, number)));
    ranges.chain(edges)
}

fn expect_policy(
    program: &[Instruction],
    policy: &Policy,
    audit: u32,
    number: u32,
    arguments: &[u64; 6],
) -> Result<(), Error> {
    let action = policy.decide(audit, number, arguments);
    expect(program, audit, number, arguments, action)
}

fn expect(
    program: &[Instruction],
    audit: u32,
    number: u32,
    arguments: &[u64; 6],
    action: Action,
) -> Result<(), Error> {
    let expected = action_value(action);
    match run(
        program,
        &Call {
            audit,
            number,
            arguments: *arguments,
        },
    ) {
        Ok(answer) if answer == expected => Ok(()),
        answer => {
            let answer = answer.unwrap_or_default();
            Err(Error::Mismatch {
                audit,
                number,
                expected,
                answer,
            })
        }
    }
}
