//! An assembler that works from the end of a program to its beginning.
//!
//! BPF jumps go forward only, so everything that an instruction jumps to is already there when it
//! is written, its distance known. A conditional jump reaches 255 instructions; where a target is
//! farther, a copy of it (a return) or a long jump to it is put within reach.

use alloc::vec::Vec;

use crate::instruction::{Instruction, JUMP, JUMP_EQUAL, RETURN};

/// A place in the program, counted from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label(usize);

#[derive(Default)]
pub(crate) struct Assembler {
    /// The program, last instruction first.
    backward: Vec<Instruction>,
    /// The latest return of each value.
    returns: Vec<(u32, Label)>,
}

impl Assembler {
    /// Puts an instruction before all others. It runs into what was written before it.
    pub(crate) fn put(&mut self, instruction: Instruction) -> Label {
        self.backward.push(instruction);
        Label(self.backward.len() - 1)
    }

    /// Returns `value`: an existing return that a conditional jump will reach, or a new one.
    pub(crate) fn answer(&mut self, value: u32) -> Label {
        const NEAR: usize = 128;
        let known = self.returns.iter().position(|known| known.0 == value);
        if let Some(at) = known.filter(|&at| self.distance(self.returns[at].1) < NEAR) {
            return self.returns[at].1;
        }
        let label = self.put(Instruction::plain(RETURN, value));
        match known {
            Some(at) => self.returns[at].1 = label,
            None => self.returns.push((value, label)),
        }
        label
    }

    /// A conditional jump to two places already written.
    pub(crate) fn branch(&mut self, code: u16, k: u32, yes: Label, no: Label) -> Label {
        let mut yes = yes;
        let mut no = no;
        // Bringing one target near moves the other one away by an instruction.
        loop {
            match (
                u8::try_from(self.distance(yes)),
                u8::try_from(self.distance(no)),
            ) {
                (Ok(jt), Ok(jf)) => return self.put(Instruction { code, jt, jf, k }),
                (Err(_), _) => yes = self.bring_near(yes),
                (_, Err(_)) => no = self.bring_near(no),
            }
        }
    }

    /// A test of what `prefix` leaves in A. A way that begins with the same prefix goes on behind it:
    /// what it would compute is there already.
    pub(crate) fn test(
        &mut self,
        prefix: &[Instruction],
        code: u16,
        k: u32,
        yes: Label,
        no: Label,
    ) -> Label {
        let yes = self.behind(yes, prefix);
        let no = self.behind(no, prefix);
        let mut label = self.branch(code, k, yes, no);
        for instruction in prefix.iter().rev() {
            label = self.put(*instruction);
        }
        label
    }

    /// Whether what `prefix` leaves in A is one of the values.
    pub(crate) fn test_any(
        &mut self,
        prefix: &[Instruction],
        values: &[u32],
        yes: Label,
        no: Label,
    ) -> Label {
        let yes = self.behind(yes, prefix);
        let mut label = self.behind(no, prefix);
        for &value in values.iter().rev() {
            label = self.branch(JUMP_EQUAL, value, yes, label);
        }
        for instruction in prefix.iter().rev() {
            label = self.put(*instruction);
        }
        label
    }

    fn behind(&self, label: Label, prefix: &[Instruction]) -> Label {
        let Some(after) = label.0.checked_sub(prefix.len()) else {
            return label;
        };
        let begins = self.backward[after + 1..=label.0].iter().rev();
        match begins.eq(prefix) {
            true => Label(after),
            false => label,
        }
    }

    /// How many instructions were written.
    pub(crate) fn length(&self) -> usize {
        self.backward.len()
    }

    /// Makes sure that what is written next runs into `label`.
    pub(crate) fn continue_at(&mut self, label: Label) {
        if self.distance(label) > 0 {
            self.bring_near(label);
        }
    }

    /// Instructions between the next one to be written and `label`.
    fn distance(&self, label: Label) -> usize {
        self.backward.len() - 1 - label.0
    }

    /// A stand-in for `label` right before everything else.
    fn bring_near(&mut self, label: Label) -> Label {
        let target = self.backward[label.0];
        if target.code == RETURN {
            return self.put(target);
        }
        // A program has at most 4096 instructions, so the distance fits.
        let distance = u32::try_from(self.distance(label)).unwrap_or(u32::MAX);
        self.put(Instruction::plain(JUMP, distance))
    }

    /// The program in running order.
    pub(crate) fn finish(mut self) -> Vec<Instruction> {
        self.backward.reverse();
        self.backward
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_targets_are_reached_by_copies_and_long_jumps() {
        let mut assembler = Assembler::default();
        let far_return = assembler.answer(7);
        let far_block = assembler.put(Instruction::plain(0x20, 0));
        for _ in 0..300 {
            assembler.put(Instruction::plain(0x20, 0));
        }
        assembler.branch(JUMP_EQUAL, 1, far_return, far_block);
        let program = assembler.finish();
        let branch = program[0];
        let yes = program[1 + usize::from(branch.jt)];
        let no_at = 1 + usize::from(branch.jf);
        assert_eq!((yes.code, yes.k), (RETURN, 7));
        assert_eq!(program[no_at].code, JUMP);
        let landed = no_at + 1 + usize::try_from(program[no_at].k).unwrap();
        assert_eq!(
            landed,
            program.len() - 2,
            "the block before the last return"
        );
    }
}
