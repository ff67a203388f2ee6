//! BPF in words: one instruction a line, with where it jumps to.

use std::fmt::Write as _;

use filter::Instruction;

/// All instructions, numbered from 0.
pub(crate) fn disassemble(program: &[Instruction]) -> String {
    let mut text = String::new();
    for (at, instruction) in program.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{at:4}: {}", line(at, instruction));
    }
    text
}

fn line(at: usize, instruction: &Instruction) -> String {
    let Instruction { code, jt, jf, k } = *instruction;
    let (yes, no) = (at + 1 + usize::from(jt), at + 1 + usize::from(jf));
    match code {
        0x20 => format!("A = {}", field(k)),
        0x07 => "X = A".to_string(),
        0xa4 => format!("A ^= {k:#x}"),
        0x4c => "A |= X".to_string(),
        0x05 => format!("goto {}", at + 1 + usize::try_from(k).unwrap_or(0)),
        0x15 => format!("if A == {k:#x} goto {yes} else {no}"),
        0x25 => format!("if A > {k:#x} goto {yes} else {no}"),
        0x35 => format!("if A >= {k:#x} goto {yes} else {no}"),
        0x45 => format!("if A & {k:#x} goto {yes} else {no}"),
        0x06 => format!("return {}", answer(k)),
        other => format!("code {other:#x}, jt {jt}, jf {jf}, k {k:#x}"),
    }
}

/// A part of `struct seccomp_data` (include/uapi/linux/seccomp.h).
fn field(offset: u32) -> String {
    match offset {
        0 => "number".to_string(),
        4 => "arch".to_string(),
        16..64 if offset % 8 == 0 => format!("arg{}, lower half", (offset - 16) / 8),
        16..64 => format!("arg{}, upper half", (offset - 16) / 8),
        other => format!("data[{other}]"),
    }
}

/// A `SECCOMP_RET_*` value.
fn answer(value: u32) -> String {
    let data = value & 0xffff;
    match value & 0xffff_0000 {
        0x7fff_0000 => "allow".to_string(),
        0x7ffc_0000 => "log".to_string(),
        0x8000_0000 => "kill_process".to_string(),
        0x0000_0000 => "kill_thread".to_string(),
        0x0003_0000 => "trap".to_string(),
        0x0005_0000 => {
            let name = u16::try_from(data).ok().and_then(syscalls::errno::name);
            format!(
                "errno {}",
                name.map_or_else(|| data.to_string(), str::to_string)
            )
        }
        other => format!("{other:#x}"),
    }
}
