//! Calls: whether an address is one that a call returns to, which what an overwritten stack holds rarely
//! is, and who has called a function that has no table and has not used the stack yet.

use super::context::{Context, Machine};
use super::reader::Reader;
use super::{Found, Step};

/// Whether the instruction before an address is a call.
pub(super) fn is_before(machine: Machine, reader: &Reader<'_>, address: u64) -> bool {
    match machine {
        Machine::X86_64 => {
            let start = address.wrapping_sub(LONGEST as u64);
            let code = reader.bytes::<LONGEST>(start);
            code.is_some_and(|code| ends_in_call(&code))
        }
        Machine::Aarch64 => {
            let code = reader.bytes(address.wrapping_sub(4));
            address % 4 == 0
                && code.is_some_and(|code| is_branch_with_link(u32::from_le_bytes(code)))
        }
    }
}

/// The caller of the innermost function, which begins at an address: what a call has just left is a return
/// address behind a call of that very function. Nothing where it is not there.
pub(super) fn into(context: &Context, start: u64, reader: &Reader<'_>) -> Option<Step> {
    let machine = context.machine;
    let pointer = context.get(machine.stack_pointer())?;
    let (back, above) = match machine.link() {
        Some(link) => (machine.stripped(context.get(link)?), pointer),
        None => (reader.word(pointer)?, pointer.checked_add(8)?),
    };
    if target(machine, reader, back)? != start {
        return None;
    }
    let mut caller = context.caller(back, above);
    for column in Context::columns().filter(|&column| machine.keeps(column)) {
        caller.set(column, context.get(column));
    }
    caller.set(machine.stack_pointer(), Some(above));
    Some(Step::To(Box::new(caller), Found::Call))
}

/// Where the direct call before an address leads to.
fn target(machine: Machine, reader: &Reader<'_>, address: u64) -> Option<u64> {
    match machine {
        Machine::X86_64 => {
            let [0xe8, distance @ ..] = reader.bytes::<5>(address.wrapping_sub(5))? else {
                return None;
            };
            Some(address.wrapping_add_signed(i32::from_le_bytes(distance).into()))
        }
        Machine::Aarch64 => {
            let call = address.wrapping_sub(4);
            let code = u32::from_le_bytes(reader.bytes(call)?);
            // 26 bits with a sign, in instructions.
            let distance = i32::from_le_bytes((code << 6).to_le_bytes()) >> 4;
            is_direct(code).then(|| call.wrapping_add_signed(distance.into()))
        }
    }
}

/// The bytes of the longest call, without prefixes.
const LONGEST: usize = 7;

/// Whether x86_64 code can end in a call: `E8` with a distance, or `FF /2` with a register or an address
/// (Intel SDM volume 2, CALL and table 2-2).
fn ends_in_call(code: &[u8; LONGEST]) -> bool {
    let relative = code[LONGEST - 5] == 0xe8;
    relative || (2..=LONGEST).any(|length| code.get(LONGEST - length..).is_some_and(is_indirect))
}

/// Whether bytes are exactly one `FF /2`.
fn is_indirect(code: &[u8]) -> bool {
    let &[0xff, form, ref rest @ ..] = code else {
        return false;
    };
    let (mode, operation, register) = (form >> 6, form >> 3 & 7, form & 7);
    let index = usize::from(mode != 3 && register == 4);
    let is_absolute =
        register == 5 || register == 4 && rest.first().is_some_and(|one| one & 7 == 5);
    let distance = match mode {
        0 if is_absolute => 4,
        1 => 1,
        2 => 4,
        _ => 0,
    };
    operation == 2 && rest.len() == index + distance
}

/// BL, or BLR in any of its forms (Arm Architecture Reference Manual, C4.1 "Branches").
fn is_branch_with_link(instruction: u32) -> bool {
    is_direct(instruction) || instruction & 0xfeff_f000 == 0xd63f_0000
}

/// BL.
fn is_direct(instruction: u32) -> bool {
    instruction & 0xfc00_0000 == 0x9400_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_call(bytes: &[u8]) -> bool {
        let mut code = [0x90; LONGEST];
        code[LONGEST - bytes.len()..].copy_from_slice(bytes);
        ends_in_call(&code)
    }

    #[test]
    fn each_form_of_a_call_is_one() {
        let calls: [&[u8]; 11] = [
            &[0xe8, 1, 2, 3, 4],
            &[0xff, 0xd0],
            &[0x41, 0xff, 0xd7],
            &[0xff, 0x10],
            &[0xff, 0x50, 8],
            &[0xff, 0x14, 0x24],
            &[0xff, 0x54, 0x24, 8],
            &[0xff, 0x15, 1, 2, 3, 4],
            &[0xff, 0x92, 1, 2, 3, 4],
            &[0xff, 0x94, 0x24, 1, 2, 3, 4],
            &[0xff, 0x14, 0x25, 1, 2, 3, 4],
        ];
        for call in calls {
            assert!(is_call(call), "{call:x?}");
        }
    }

    #[test]
    fn what_is_no_call_is_none() {
        let others: [&[u8]; 7] = [
            &[0x90],
            &[0x0f, 0x05],
            &[0xff, 0xe0],
            &[0xff, 0x25, 1, 2, 3, 4],
            &[0xe9, 1, 2, 3, 4],
            &[0xff, 0x50],
            &[0xff, 0x15, 1],
        ];
        for other in others {
            assert!(!is_call(other), "{other:x?}");
        }
    }

    #[test]
    fn branches_with_link_are_told_from_others() {
        for call in [
            0x9400_0001,
            0x97ff_ffff,
            0xd63f_0020,
            0xd63f_0a9f,
            0xd73f_0a30,
        ] {
            assert!(is_branch_with_link(call), "{call:x}");
        }
        for other in [0x1400_0001, 0xd61f_0020, 0xd65f_03c0, 0xd503_201f, 0] {
            assert!(!is_branch_with_link(other), "{other:x}");
        }
    }
}
