//! Making processes, starting programs, and their limits.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named;
use super::prototype::{argument, with};
use super::signals::signal;
use super::text;
use super::view::View;
use crate::Abi;

/// How many variables of an environment are counted.
const MOST_VARIABLES: u64 = 1024;

/// Flags of clone (include/uapi/linux/sched.h).
const PIDFD: u64 = 0x1000;
const SETTLS: u64 = 0x8_0000;
const PARENT_SETTID: u64 = 0x10_0000;
const CHILD_CLEARTID: u64 = 0x20_0000;
const CHILD_SETTID: u64 = 0x100_0000;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "clone" => clone(view),
        "clone3" => vec![
            clone3(view).unwrap_or_else(|| view.pointer(0)),
            argument(view, 1),
        ],
        "execve" => vec![
            view.path(0),
            words(view, view.register(1)),
            variables(view, view.register(2)),
        ],
        "execveat" => vec![
            view.base(0),
            view.path(1),
            words(view, view.register(2)),
            variables(view, view.register(3)),
            named::EXEC_FLAGS.flags(view.low(4)),
        ],
        "arch_prctl" => architecture(view),
        "personality" => vec![personality(view.low(0))],
        "getrlimit" => vec![named::LIMIT.choice(view.low(0)), view.pointer(1)],
        "setrlimit" => vec![named::LIMIT.choice(view.low(0)), limits(view)],
        "prlimit64" => vec![
            argument(view, 0),
            named::LIMIT.choice(view.low(1)),
            wide_limits(view),
            view.pointer(3),
        ],
        "waitid" => waiting(view),
        "setgroups" => groups(view),
        "set_thread_area" | "get_thread_area" => vec![segment(view, view.register(0))],
        "modify_ldt" if is_segment(view) => with(view, [(1, segment(view, view.register(1)))]),
        _ => return None,
    })
}

fn flags_and_signal(flags: u64, last: u64) -> String {
    let last = (last != 0).then(|| signal(text::signed(last)));
    let named = (flags != 0).then(|| named::CLONE_FLAGS.flags(flags));
    match (named, last) {
        (None, None) => "0".into(),
        (named, last) => text::joined(named.into_iter().chain(last), "|"),
    }
}

/// clone(2): the signal stands in the lowest byte; the order of the last two arguments is x86_64's
/// or that of CONFIG_CLONE_BACKWARDS, which all others have.
fn clone(view: &View<'_>) -> Vec<String> {
    let flags = view.low(0) & !0xff;
    let (tls, child) = match view.abi {
        Abi::X86_64 | Abi::X32 => (4, 3),
        _ => (3, 4),
    };
    let mut all = vec![
        format!("child_stack={}", view.pointer(1)),
        format!("flags={}", flags_and_signal(flags, view.low(0) & 0xff)),
    ];
    for (wanted, name, place) in [
        (PARENT_SETTID | PIDFD, "parent_tid", 2),
        (SETTLS, "tls", tls),
        (CHILD_SETTID | CHILD_CLEARTID, "child_tidptr", child),
    ] {
        if flags & wanted != 0 {
            all.push(format!("{name}={}", view.pointer(place)));
        }
    }
    all
}

/// The part of `struct clone_args` that every version has (clone(2)).
fn clone3(view: &View<'_>) -> Option<String> {
    let size = view.register(1);
    let known = view.fixed::<64>(view.register(0)).filter(|_| size >= 64)?;
    let field = |place: usize| text::u64_in(&known, 8 * place);
    let flags = field(0);
    let mut all = vec![format!("flags={}", flags_and_signal(flags, 0))];
    for (wanted, name, place) in [
        (PIDFD, "pidfd", 1),
        (CHILD_SETTID | CHILD_CLEARTID, "child_tid", 2),
        (PARENT_SETTID, "parent_tid", 3),
    ] {
        if flags & wanted != 0 {
            all.push(format!("{name}={}", text::pointer(field(place))));
        }
    }
    let last = match field(4) {
        0 => "0".into(),
        last => i32::try_from(last).map_or_else(|_| format!("{last}"), signal),
    };
    all.push(format!("exit_signal={last}"));
    all.push(format!("stack={}", text::pointer(field(5))));
    all.push(format!("stack_size={}", text::hex(field(6))));
    if flags & SETTLS != 0 {
        all.push(format!("tls={}", text::pointer(field(7))));
    }
    Some(format!("{{{}}}", text::list(all)))
}

/// The pointers of a vector that ends with NULL, and whether all that were asked for could be read.
fn pointers(view: &View<'_>, address: u64) -> impl Iterator<Item = Option<u64>> {
    let size = view.word().unwrap_or(8) as u64;
    let places = (0..).map(move |place: u64| address.wrapping_add(size * place));
    let all = places.map(|at| view.longs(at).map(|[pointer]| pointer));
    all.take_while(|&pointer| pointer != Some(0))
}

/// The arguments of a program.
fn words(view: &View<'_>, address: u64) -> String {
    let mut all = Vec::new();
    for (place, word) in pointers(view, address).enumerate() {
        match word {
            None if place == 0 => return text::pointer(address),
            Some(word) if place < text::LONGEST_DATA => {
                all.push(view.string(word, text::LONGEST_DATA));
            }
            _ => {
                all.push("...".into());
                break;
            }
        }
    }
    format!("[{}]", text::list(all))
}

/// The environment of a program: only how many variables there are.
fn variables(view: &View<'_>, address: u64) -> String {
    let mut count: u64 = 0;
    for variable in pointers(view, address) {
        match variable {
            None if count == 0 => return text::pointer(address),
            None => return format!("{address:#x} /* {count} vars, unterminated */"),
            Some(_) if count == MOST_VARIABLES => {
                return format!("{address:#x} /* over {count} vars */");
            }
            Some(_) => count += 1,
        }
    }
    let plural = ["s", ""][usize::from(count == 1)];
    format!("{address:#x} /* {count} var{plural} */")
}

fn architecture(view: &View<'_>) -> Vec<String> {
    let name = named::ARCHITECTURE.choice(view.low(0));
    vec![name, text::hex(view.register(1))]
}

/// personality(2): a number for the kind below flags; all ones only asks.
fn personality(value: u64) -> String {
    if value == 0xffff_ffff {
        return text::hex(value);
    }
    if let Some(name) = named::PERSONALITY.name(value) {
        return name;
    }
    let (mut all, rest) = named::PERSONALITY_FLAGS.split(value & !0xff);
    all.insert(0, named::PERSONALITY.choice(value & 0xff));
    if rest != 0 {
        all.push(text::hex(rest));
    }
    text::joined(all, "|")
}

/// `struct rlimit` (getrlimit(2)), in which all bits set stand for no limit.
fn limits(view: &View<'_>) -> String {
    let none = match view.word() {
        Some(4) => u64::from(u32::MAX),
        _ => u64::MAX,
    };
    match view.longs(view.register(1)) {
        Some(limits) => pair(limits, none, "RLIM_INFINITY"),
        None => view.pointer(1),
    }
}

/// `struct rlimit64`, which is the same on every ABI.
fn wide_limits(view: &View<'_>) -> String {
    match view.fixed::<16>(view.register(2)) {
        Some(known) => pair(
            [0, 8].map(|at| text::u64_in(&known, at)),
            u64::MAX,
            "RLIM64_INFINITY",
        ),
        None => view.pointer(2),
    }
}

fn pair(limits: [u64; 2], none: u64, infinity: &str) -> String {
    let [now, most] = limits.map(|limit| match limit {
        limit if limit == none => infinity.into(),
        size if size > 1024 && size % 1024 == 0 => format!("{}*1024", size / 1024),
        size => format!("{size}"),
    });
    format!("{{rlim_cur={now}, rlim_max={most}}}")
}

/// setgroups(2); more than the kernel takes are not looked at (NGROUPS_MAX).
fn groups(view: &View<'_>) -> Vec<String> {
    const MOST: u64 = 65536;
    // Those of the older call have 16 bits (kernel/uid16.c).
    let size = if view.is_older_double() { 2 } else { 4 };
    let group = |one: &[u8]| match (size, text::u16_in(one, 0)) {
        (2, u16::MAX) => text::identity(u64::MAX),
        (2, group) => text::identity(group.into()),
        _ => text::identity(text::u32_in(one, 0).into()),
    };
    let list = match view.low(0) {
        count @ 0..=MOST => view.list(view.register(1), count, size, group),
        _ => view.pointer(1),
    };
    vec![argument(view, 0), list]
}

/// modify_ldt(2) writes an entry by two of its functions.
fn is_segment(view: &View<'_>) -> bool {
    matches!(view.low(0), 1 | 0x11) && view.register(2) >= 16
}

/// `struct user_desc` (set_thread_area(2)).
fn segment(view: &View<'_>, address: u64) -> String {
    const BITS: [(&str, u32); 6] = [
        ("seg_32bit", 0),
        ("read_exec_only", 3),
        ("limit_in_pages", 4),
        ("seg_not_present", 5),
        ("useable", 6),
        ("lm", 7),
    ];
    let Some(known) = view.fixed::<16>(address) else {
        return text::pointer(address);
    };
    let bits = text::u32_in(&known, 12);
    let mut all = vec![
        ("entry_number", format!("{}", text::i32_in(&known, 0))),
        ("base_addr", text::hex(text::u32_in(&known, 4).into())),
        ("limit", text::hex(text::u32_in(&known, 8).into())),
        ("contents", format!("{}", bits >> 1 & 3)),
    ];
    all.extend(BITS.map(|(name, at)| (name, format!("{}", bits >> at & 1))));
    text::fields(all)
}

fn waiting(view: &View<'_>) -> Vec<String> {
    let kind = named::WAIT_KIND.choice(view.low(0));
    let rest = (1..5).map(|place| argument(view, place));
    [kind].into_iter().chain(rest).collect()
}
