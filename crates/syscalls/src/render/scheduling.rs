//! Who runs where and when (sched(7), ioprio_set(2), membarrier(2)), and where memory lies (numa(7)).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::{argument, with};
use super::view::View;
use super::{named, text};

/// How many bytes of a set of processors or nodes are looked at.
const MOST: u64 = 128;

/// The flags among the modes of a memory policy (MPOL_MODE_FLAGS, include/uapi/linux/mempolicy.h).
const MODE_FLAGS: u64 = 0xe000;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let parameter = |place| view.pointed_int(view.register(place));
    let nodes = |place, count| nodes(view, view.register(place), view.register(count));
    Some(match view.name {
        "sched_setparam" => with(view, [(1, parameter(1))]),
        "sched_setscheduler" => with(view, [(2, parameter(2))]),
        "sched_setattr" => with(view, [(1, attributes(view))]),
        "sched_setaffinity" => with(view, [(2, processors(view))]),
        "ioprio_set" => with(view, [(2, priority(view.low(2)))]),
        "membarrier" => barrier(view),
        "mbind" => with(view, [(2, policy(view.low(2))), (3, nodes(3, 4))]),
        "set_mempolicy" => with(view, [(0, policy(view.low(0))), (1, nodes(1, 2))]),
        "migrate_pages" => with(view, [(2, nodes(2, 1)), (3, nodes(3, 1))]),
        "move_pages" => moved(view),
        _ => return None,
    })
}

/// `struct sched_attr`, as much of it as its size says there is (sched_setattr(2)).
fn attributes(view: &View<'_>) -> String {
    let address = view.register(1);
    let Some(size) = view.fixed(address).map(u32::from_le_bytes) else {
        return text::pointer(address);
    };
    let Some(known) = view.fixed::<48>(address).filter(|_| size >= 48) else {
        return format!("{{size={size}}}");
    };
    let [number, long] = [
        |bytes: &[u8], at| format!("{}", text::u32_in(bytes, at)),
        |bytes: &[u8], at| format!("{}", text::u64_in(bytes, at)),
    ];
    let mut all = vec![
        ("size", format!("{size}")),
        (
            "sched_policy",
            named::SCHEDULER.choice(text::u32_in(&known, 4).into()),
        ),
        (
            "sched_flags",
            named::SCHEDULER_FLAGS.flags(text::u64_in(&known, 8)),
        ),
        ("sched_nice", format!("{}", text::i32_in(&known, 16))),
        ("sched_priority", number(&known, 20)),
        ("sched_runtime", long(&known, 24)),
        ("sched_deadline", long(&known, 32)),
        ("sched_period", long(&known, 40)),
    ];
    if let Some(clamps) = view.fixed::<56>(address).filter(|_| size >= 56) {
        all.push(("sched_util_min", number(&clamps, 48)));
        all.push(("sched_util_max", number(&clamps, 52)));
    }
    text::fields(all)
}

/// A set of processors: the numbers of those that are in it.
fn processors(view: &View<'_>) -> String {
    let address = view.register(2);
    let size = usize::try_from(view.low(1).min(MOST)).unwrap_or(0);
    let Some(bytes) = view.bytes(address, size).filter(|_| size > 0) else {
        return text::pointer(address);
    };
    let bits = bytes.iter().enumerate().flat_map(|(place, byte)| {
        let set = (0..8).filter(move |bit| byte >> bit & 1 != 0);
        set.map(move |bit| 8 * place + bit)
    });
    let all: Vec<usize> = bits.take(text::LONGEST_DATA + 1).collect();
    let shown = all.iter().take(text::LONGEST_DATA);
    let more = (all.len() > text::LONGEST_DATA).then(|| "...".into());
    let shown = shown.map(|number| format!("{number}")).chain(more);
    format!("[{}]", text::joined(shown, " "))
}

/// A class above a level (include/uapi/linux/ioprio.h).
fn priority(value: u64) -> String {
    let class = named::IO_PRIORITY_CLASS.choice(value >> 13 & 7);
    format!("IOPRIO_PRIO_VALUE({class}, {})", value & 0x1fff)
}

/// membarrier(2): there is a processor only with the flag for one.
fn barrier(view: &View<'_>) -> Vec<String> {
    let mut all = vec![
        named::MEMBARRIER.choice(view.low(0)),
        named::MEMBARRIER_FLAGS.flags(view.low(1)),
    ];
    if view.low(1) & 1 != 0 {
        all.push(argument(view, 2));
    }
    all
}

fn policy(value: u64) -> String {
    let mode = named::MEMORY_POLICY.choice(value & !MODE_FLAGS);
    match value & MODE_FLAGS {
        0 => mode,
        flags => format!("{mode}|{}", named::MEMORY_POLICY_FLAGS.flags(flags)),
    }
}

/// A set of memory nodes, in words as the kernel takes it.
fn nodes(view: &View<'_>, address: u64, count: u64) -> String {
    let Some(word) = view.word() else {
        return text::pointer(address);
    };
    // The kernel takes one off (get_nodes(), mm/mempolicy.c).
    let words = count.saturating_sub(1).div_ceil(8 * word as u64);
    if words == 0 || words > MOST / word as u64 {
        return text::pointer(address);
    }
    view.list(address, words, word, |one| match word {
        4 => format!("{:#08x}", text::u32_in(one, 0)),
        _ => format!("{:#016x}", text::u64_in(one, 0)),
    })
}

/// move_pages(2): addresses, and the nodes that they go to.
fn moved(view: &View<'_>) -> Vec<String> {
    let count = view.register(1);
    let pages = match view.word() {
        Some(word) => view.list(view.register(2), count, word, |one| {
            text::pointer(match word {
                4 => text::u32_in(one, 0).into(),
                _ => text::u64_in(one, 0),
            })
        }),
        None => view.pointer(2),
    };
    let nodes = view.list(view.register(3), count, 4, |one| {
        format!("{}", text::i32_in(one, 0))
    });
    with(view, [(2, pages), (3, nodes)])
}
