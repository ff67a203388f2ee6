//! bpf(2): which part of `union bpf_attr` is meant depends on the command
//! (include/uapi/linux/bpf.h).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::argument;
use super::view::View;
use super::{named, text};

/// The kernel takes no more of it that we know.
const MOST: u64 = 152;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    if view.name != "bpf" {
        return None;
    }
    Some(vec![
        argument(view, 0),
        attributes(view).unwrap_or_else(|| view.pointer(1)),
        argument(view, 2),
    ])
}

/// What a field holds.
enum Kind {
    Number,
    Descriptor,
    /// An address of 64 bits, on every ABI.
    Address,
    Text,
    /// A name within the structure, of 16 bytes.
    Name,
    Choice(&'static super::names::Names),
    Flags(&'static super::names::Names),
    Hexadecimal,
}

use Kind::{Address, Choice, Descriptor, Flags, Hexadecimal, Name, Number, Text};

/// Where a field begins, its name and what it holds.
type Field = (usize, &'static str, Kind);

const MAP: [Field; 12] = [
    (0, "map_type", Choice(&named::BPF_MAP)),
    (4, "key_size", Number),
    (8, "value_size", Number),
    (12, "max_entries", Number),
    (16, "map_flags", Flags(&named::BPF_MAP_FLAGS)),
    (20, "inner_map_fd", Descriptor),
    (28, "map_name", Name),
    (44, "map_ifindex", Number),
    (48, "btf_fd", Descriptor),
    (52, "btf_key_type_id", Number),
    (56, "btf_value_type_id", Number),
    (60, "btf_vmlinux_value_type_id", Number),
];
const ELEMENT: [Field; 4] = [
    (0, "map_fd", Descriptor),
    (8, "key", Address),
    (16, "value", Address),
    (24, "flags", Flags(&named::BPF_UPDATE)),
];
const SOUGHT: [Field; 4] = [
    (0, "map_fd", Descriptor),
    (8, "key", Address),
    (16, "value", Address),
    (24, "flags", Flags(&named::BPF_LOOKUP)),
];
const NEXT_KEY: [Field; 3] = [
    (0, "map_fd", Descriptor),
    (8, "key", Address),
    (16, "next_key", Address),
];
const PROGRAM: [Field; 14] = [
    (0, "prog_type", Choice(&named::BPF_PROGRAM)),
    (4, "insn_cnt", Number),
    (8, "insns", Address),
    (16, "license", Text),
    (24, "log_level", Number),
    (28, "log_size", Number),
    (32, "log_buf", Address),
    (40, "kern_version", Hexadecimal),
    (44, "prog_flags", Flags(&named::BPF_PROGRAM_FLAGS)),
    (48, "prog_name", Name),
    (64, "prog_ifindex", Number),
    (68, "expected_attach_type", Choice(&named::BPF_ATTACH)),
    (72, "prog_btf_fd", Descriptor),
    (108, "attach_btf_id", Number),
];
const PINNED: [Field; 3] = [
    (0, "pathname", Text),
    (8, "bpf_fd", Descriptor),
    (12, "file_flags", Flags(&named::BPF_MAP_FLAGS)),
];
const ATTACHED: [Field; 5] = [
    (0, "target_fd", Descriptor),
    (4, "attach_bpf_fd", Descriptor),
    (8, "attach_type", Choice(&named::BPF_ATTACH)),
    (12, "attach_flags", Flags(&named::BPF_ATTACH_FLAGS)),
    (16, "replace_bpf_fd", Descriptor),
];
const NEXT: [Field; 2] = [(0, "start_id", Number), (4, "next_id", Number)];
const PROGRAM_BY_NUMBER: [Field; 3] = [
    (0, "prog_id", Number),
    (4, "next_id", Number),
    (8, "open_flags", Flags(&named::BPF_MAP_FLAGS)),
];
const MAP_BY_NUMBER: [Field; 3] = [
    (0, "map_id", Number),
    (4, "next_id", Number),
    (8, "open_flags", Flags(&named::BPF_MAP_FLAGS)),
];
const TRACEPOINT: [Field; 2] = [(0, "name", Text), (8, "prog_fd", Descriptor)];
const INFORMATION: [Field; 3] = [
    (0, "bpf_fd", Descriptor),
    (4, "info_len", Number),
    (8, "info", Address),
];
const TYPES: [Field; 5] = [
    (0, "btf", Address),
    (8, "btf_log_buf", Address),
    (16, "btf_size", Number),
    (20, "btf_log_size", Number),
    (24, "btf_log_level", Number),
];
const LINK: [Field; 4] = [
    (0, "prog_fd", Descriptor),
    (4, "target_fd", Descriptor),
    (8, "attach_type", Choice(&named::BPF_ATTACH)),
    (12, "flags", Hexadecimal),
];
const BATCH: [Field; 7] = [
    (0, "in_batch", Address),
    (8, "out_batch", Address),
    (16, "keys", Address),
    (24, "values", Address),
    (32, "count", Number),
    (36, "map_fd", Descriptor),
    (40, "elem_flags", Hexadecimal),
];

/// The fields of a command; nothing for one whose structure is not known.
fn fields(command: u64) -> Option<&'static [Field]> {
    Some(match command {
        0 => &MAP,
        1 | 21 => &SOUGHT,
        2 => &ELEMENT,
        3 => &ELEMENT[..2],
        4 => &NEXT_KEY,
        5 => &PROGRAM,
        6 => &PINNED,
        7 => &PINNED,
        8 => &ATTACHED,
        9 => &ATTACHED[..3],
        11 | 12 | 23 | 31 => &NEXT,
        13 => &PROGRAM_BY_NUMBER,
        14 => &MAP_BY_NUMBER,
        15 => &INFORMATION,
        17 => &TRACEPOINT,
        18 => &TYPES,
        22 => &ELEMENT[..1],
        24..=27 => &BATCH,
        28 => &LINK,
        _ => return None,
    })
}

fn attributes(view: &View<'_>) -> Option<String> {
    const DETACH: u64 = 9;
    const TRACEPOINT_OPEN: u64 = 17;
    let command = view.low(0);
    let fields = fields(command)?;
    let size = usize::try_from(view.low(2).min(MOST)).ok()?;
    let bytes = view.bytes(view.register(1), size).filter(|_| size > 0)?;
    let shown = fields.iter().filter(|(at, _, _)| *at < bytes.len());
    let shown = shown.filter(|(_, name, _)| command != DETACH || *name != "attach_bpf_fd");
    let mut all: Vec<String> = shown
        .map(|(at, name, kind)| format!("{name}={}", value(view, &bytes, *at, kind)))
        .collect();
    if matches!(command, 3 | 4 | DETACH) && bytes.len() > end(fields) {
        all.push("...".into());
    }
    let text = format!("{{{}}}", text::list(all));
    Some(match command {
        TRACEPOINT_OPEN => format!("{{raw_tracepoint={text}}}"),
        _ => text,
    })
}

/// Where the last field ends.
fn end(fields: &[Field]) -> usize {
    let last = fields.last();
    last.map_or(0, |(at, _, kind)| {
        at + match kind {
            Address | Text => 8,
            Name => 16,
            _ => 4,
        }
    })
}

fn value(view: &View<'_>, bytes: &[u8], at: usize, kind: &Kind) -> String {
    let number = u64::from(text::u32_in(bytes, at));
    match kind {
        Number => format!("{number}"),
        Descriptor => view.descriptor(text::signed(number)),
        Address => text::pointer(text::u64_in(bytes, at)),
        Text => view.string(text::u64_in(bytes, at), text::LONGEST_PATH),
        Name => {
            let name = bytes.get(at..).unwrap_or_default();
            let name = name.get(..16).unwrap_or(name);
            let end = name.iter().position(|&byte| byte == 0);
            text::quoted(name.get(..end.unwrap_or(name.len())).unwrap_or_default())
        }
        Choice(names) => names.choice(number),
        Flags(names) => names.flags(number),
        Hexadecimal => text::hex(number),
    }
}
