//! Programs of the classic Berkeley packet filter, which seccomp(2) and sockets take
//! (Documentation/networking/filter.rst; include/uapi/linux/bpf_common.h, filter.h).

use alloc::format;
use alloc::string::String;

use super::named;
use super::text;
use super::view::View;

/// What a program is for, which says what it returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Seccomp,
    Socket,
}

/// `struct sock_fprog`: the length and the instructions, shortened like any list.
pub(super) fn program(view: &View<'_>, address: u64, purpose: Purpose) -> String {
    // The length is followed by what fills up a word.
    let Some([count, instructions]) = view.longs(address) else {
        return text::pointer(address);
    };
    let count = count & 0xffff;
    let list = view.list(instructions, count, 8, |one| instruction(one, purpose));
    format!("{{len={count}, filter={list}}}")
}

/// `struct sock_filter`.
fn instruction(bytes: &[u8], purpose: Purpose) -> String {
    let code = text::u16_in(bytes, 0);
    let byte = |at| u64::from(bytes.get(at).copied().unwrap_or(0));
    let [hit, missed] = [byte(2), byte(3)];
    let value = u64::from(text::u32_in(bytes, 4));
    let is_action = purpose == Purpose::Seccomp && code & 7 == 6 && code & 0x10 == 0;
    let value = match is_action && hit == 0 && missed == 0 {
        true => action(value),
        false => text::hex(value),
    };
    let code = operation(code.into());
    match (hit, missed) {
        (0, 0) => format!("BPF_STMT({code}, {value})"),
        _ => {
            let [hit, missed] = [hit, missed].map(text::hex);
            format!("BPF_JUMP({code}, {value}, {hit}, {missed})")
        }
    }
}

/// The parts of an operation code as they are put together in programs: class, source or size, and
/// what is done.
fn operation(code: u64) -> String {
    let class = code & 7;
    let kind = named::FILTER_CLASS.choice(class);
    let known = match class {
        0 | 1 => {
            let size = named::FILTER_SIZE.choice(code & 0x18);
            format!("{kind}|{size}|{}", named::FILTER_MODE.choice(code & 0xe0))
        }
        2 | 3 => with_rest(kind, code & 0xf8),
        4 => computed(kind, code, named::FILTER_COMPUTATION.choice(code & 0xf0)),
        5 => computed(kind, code, named::FILTER_JUMP.choice(code & 0xf0)),
        6 => {
            let source = named::FILTER_RESULT.choice(code & 0x18);
            with_rest(format!("{kind}|{source}"), code & 0xe0)
        }
        _ => format!("{kind}|{}", named::FILTER_TRANSFER.choice(code & 0xf8)),
    };
    match code & !0xff {
        0 => known,
        rest => format!("{known}|{rest:#x} /* BPF_??? */"),
    }
}

fn computed(kind: String, code: u64, operation: String) -> String {
    let source = ["BPF_K", "BPF_X"][usize::from(code & 8 != 0)];
    format!("{kind}|{source}|{operation}")
}

fn with_rest(known: String, rest: u64) -> String {
    match rest {
        0 => known,
        rest => format!("{known}|{rest:#x} /* BPF_??? */"),
    }
}

/// What a filter of seccomp returns: the action, and data in its lower half.
pub(super) fn action(value: u64) -> String {
    let action = named::SECCOMP_ACTION.choice(value & 0xffff_0000);
    match value & 0xffff {
        0 => action,
        data => format!("{action}|{data:#x}"),
    }
}
