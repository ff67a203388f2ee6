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
    let operand = match code & WITH_X {
        0 => format!("{k:#x}"),
        _ => "X".to_string(),
    };
    let operation = |sign: &str| format!("A {sign}= {operand}");
    let condition = |sign: &str| format!("if A {sign} {operand} goto {yes} else {no}");
    match code {
        0x20 => return format!("A = {}", field(k)),
        0x00 => return format!("A = {k:#x}"),
        0x60 => return format!("A = M[{k}]"),
        0x61 => return format!("X = M[{k}]"),
        0x02 => return format!("M[{k}] = A"),
        0x07 => return "X = A".to_string(),
        0x05 => return format!("goto {}", at + 1 + usize::try_from(k).unwrap_or(0)),
        0x06 => return format!("return {}", answer(k)),
        _ => {}
    }
    match code & !WITH_X {
        0x04 => operation("+"),
        0x14 => operation("-"),
        0x24 => operation("*"),
        0x34 => operation("/"),
        0x44 => operation("|"),
        0x54 => operation("&"),
        0x64 => operation("<<"),
        0x74 => operation(">>"),
        0xa4 => operation("^"),
        0x15 => condition("=="),
        0x25 => condition(">"),
        0x35 => condition(">="),
        0x45 => condition("&"),
        _ => format!("code {code:#x}, jt {jt}, jf {jf}, k {k:#x}"),
    }
}

/// X is the operand, not k (BPF_X, include/uapi/linux/bpf_common.h).
const WITH_X: u16 = 0x08;

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
        0x7ff0_0000 => "trace".to_string(),
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
