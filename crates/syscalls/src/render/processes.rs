//! Making processes, starting programs, and their limits.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named_processes as names;
use super::names::Names;
use super::prototype::argument;
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

const EXEC_FLAGS: Names = Names::new(
    "AT_",
    "AT_???",
    "0x100=SYMLINK_NOFOLLOW 0x1000=EMPTY_PATH 0x10000=EXECVE_CHECK",
);

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
            view.directory(0),
            view.path(1),
            words(view, view.register(2)),
            variables(view, view.register(3)),
            EXEC_FLAGS.flags(view.low(4)),
        ],
        "arch_prctl" => architecture(view),
        "personality" => vec![personality(view.low(0))],
        "getrlimit" => vec![names::LIMIT.choice(view.low(0)), view.pointer(1)],
        "setrlimit" => vec![
            names::LIMIT.choice(view.low(0)),
            limits(view, view.register(1), "RLIM_INFINITY"),
        ],
        "prlimit64" => vec![
            argument(view, 0),
            names::LIMIT.choice(view.low(1)),
            limits(view, view.register(2), "RLIM64_INFINITY"),
            view.pointer(3),
        ],
        "waitid" => waiting(view),
        _ => return None,
    })
}

fn flags_and_signal(flags: u64, last: u64) -> String {
    let last = (last != 0).then(|| signal(text::signed(last)));
    let named = (flags != 0).then(|| names::CLONE_FLAGS.flags(flags));
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
        last => signal(i32::try_from(last).unwrap_or(-1)),
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
    let places = (0..).map(move |place: u64| address.wrapping_add(8 * place));
    let all = places.map(|at| view.structure(at).map(u64::from_le_bytes));
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
    let name = names::ARCHITECTURE.choice(view.low(0));
    vec![name, text::hex(view.register(1))]
}

/// personality(2): a number for the kind below flags; all ones only asks.
fn personality(value: u64) -> String {
    if value == 0xffff_ffff {
        return text::hex(value);
    }
    if let Some(name) = names::PERSONALITY.name(value) {
        return name;
    }
    let (mut all, rest) = names::PERSONALITY_FLAGS.split(value & !0xff);
    all.insert(0, names::PERSONALITY.choice(value & 0xff));
    if rest != 0 {
        all.push(text::hex(rest));
    }
    text::joined(all, "|")
}

/// `struct rlimit` (getrlimit(2)).
fn limits(view: &View<'_>, address: u64, infinity: &str) -> String {
    let Some(limits) = view.structure::<16>(address) else {
        return text::pointer(address);
    };
    let [now, most] = [0, 8].map(|at| match text::u64_in(&limits, at) {
        u64::MAX => infinity.into(),
        size if size > 1024 && size % 1024 == 0 => format!("{}*1024", size / 1024),
        size => format!("{size}"),
    });
    format!("{{rlim_cur={now}, rlim_max={most}}}")
}

fn waiting(view: &View<'_>) -> Vec<String> {
    let kind = names::WAIT_KIND.choice(view.low(0));
    let rest = (1..5).map(|place| argument(view, place));
    [kind].into_iter().chain(rest).collect()
}
