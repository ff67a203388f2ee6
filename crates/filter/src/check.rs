//! The check before the load: does the program say what the policy says?
//!
//! Compilers have had bugs that weakened filters, libseccomp's among them. So each program is run
//! before it is loaded: at both ends of every range of numbers, on every ABI, and for the calls that
//! a ticket opens with the right words and with each half wrong. One difference, and nothing is loaded.

use alloc::vec::Vec;

use policy::{Action, MINUS_ONE, Policy};
use syscalls::Abi;

use crate::compile::{Checked, Program};
use crate::error::Error;
use crate::instruction::{Instruction, action_value};
use crate::interpret::{Call, run};
use crate::ticket::Ticket;

impl Program {
    /// Compares the program with its policy.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the first call on which they differ.
    pub fn check(self, policy: &Policy, ticket: Option<&Ticket>) -> Result<Checked, Error> {
        let opened = if ticket.is_some() {
            Ticket::opened(policy.abi())
        } else {
            Vec::new()
        };
        for (audit, number) in points(policy) {
            let expected = policy.decide(audit, number);
            expect(
                &self.instructions,
                &Call {
                    audit,
                    number,
                    arguments: [0; 6],
                },
                expected,
            )?;
        }
        if let Some(ticket) = ticket {
            for &number in &opened {
                check_ticket(&self.instructions, policy, ticket, number)?;
            }
        }
        Ok(Checked {
            instructions: self.instructions,
        })
    }
}

/// Both ends of every range on the native ABI, and the edges of what other ABIs can present.
fn points(policy: &Policy) -> impl Iterator<Item = (u32, u32)> {
    const FOREIGN: [Abi; 3] = [Abi::X86, Abi::Arm, Abi::Aarch64];
    const EDGES: [u32; 7] = [
        0,
        Abi::X32_BIT - 1,
        Abi::X32_BIT,
        Abi::X32_BIT | 1023,
        u32::MAX >> 1,
        MINUS_ONE - 1,
        MINUS_ONE,
    ];
    let native = policy.abi().audit();
    let ranges = policy
        .ranges()
        .iter()
        .flat_map(|range| [range.first, range.last]);
    let no_abi = 0;
    let audits = FOREIGN.into_iter().map(Abi::audit).chain([native, no_abi]);
    let edges = audits.flat_map(|audit| EDGES.map(|number| (audit, number)));
    ranges.map(move |number| (native, number)).chain(edges)
}

/// With the words the call is allowed; with one half of one word wrong, or on another ABI, it is not.
fn check_ticket(
    program: &[Instruction],
    policy: &Policy,
    ticket: &Ticket,
    number: u32,
) -> Result<(), Error> {
    let audit = policy.abi().audit();
    let decided = policy.decide(audit, number);
    let [first, second, third] = ticket.words();
    let right = Call {
        audit,
        number,
        arguments: [0, 0, 0, first, second, third],
    };
    expect(program, &right, Action::Allow)?;
    for half in 0..6 {
        let mut wrong = right;
        wrong.arguments[3 + half / 2] ^= 1 << (32 * (half % 2));
        expect(program, &wrong, decided)?;
    }
    for elsewhere in [
        Call {
            audit: Abi::X86.audit(),
            ..right
        },
        Call {
            number: number | Abi::X32_BIT,
            ..right
        },
        Call {
            number: number + 1,
            ..right
        },
    ] {
        let opened =
            elsewhere.audit == audit && Ticket::opened(policy.abi()).contains(&elsewhere.number);
        if !opened {
            expect(
                program,
                &elsewhere,
                policy.decide(elsewhere.audit, elsewhere.number),
            )?;
        }
    }
    Ok(())
}

fn expect(program: &[Instruction], call: &Call, action: Action) -> Result<(), Error> {
    let expected = action_value(action);
    match run(program, call) {
        Ok(answer) if answer == expected => Ok(()),
        answer => {
            let answer = answer.unwrap_or_default();
            Err(Error::Mismatch {
                audit: call.audit,
                number: call.number,
                expected,
                answer,
            })
        }
    }
}
