//! prctl(2): what its arguments are depends on the option.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named_processes as names;
use super::signals::signal;
use super::text;
use super::view::View;

/// The longest name of a thread (TASK_COMM_LEN, include/linux/sched.h).
const LONGEST_NAME: usize = 16;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    if view.name != "prctl" {
        return None;
    }
    let option = names::PRCTL.choice(view.low(0));
    let mut all = vec![option];
    all.extend(others(view));
    Some(all)
}

/// include/uapi/linux/prctl.h.
fn others(view: &View<'_>) -> Vec<String> {
    let value = view.register(1);
    let number = || format!("{value}");
    match view.low(0) {
        // GET_DUMPABLE, GET_KEEPCAPS, GET_TIMING, GET_SECCOMP, GET_SECUREBITS, GET_TIMERSLACK and
        // the two for performance counters.
        3 | 7 | 13 | 21 | 27 | 30 | 31 | 32 => vec![],
        // GET_PDEATHSIG, the GETs of floating point, alignment and endianness, GET_NAME, GET_TSC,
        // GET_CHILD_SUBREAPER and GET_TID_ADDRESS write to memory.
        2 | 5 | 9 | 11 | 16 | 19 | 25 | 37 | 40 => vec![view.pointer(1)],
        // SET_KEEPCAPS, SET_TIMING, SET_TIMERSLACK and SET_CHILD_SUBREAPER.
        8 | 14 | 29 | 36 => vec![number()],
        1 => vec![signal(view.int(1))],
        4 => vec![names::DUMPABLE.choice(value)],
        15 => vec![view.string(value, LONGEST_NAME)],
        22 => seccomp(view),
        23 | 24 => vec![names::CAPABILITY.choice(value)],
        26 => vec![names::TIME_STAMP_COUNTER.choice(value)],
        28 => vec![names::SECURE_BITS.flags(value)],
        33 => with_rest(view, vec![names::MACHINE_CHECK.choice(value)]),
        59 => with_rest(view, vec![names::DISPATCH.choice(value)]),
        35 => with_rest(view, vec![names::MEMORY_MAP.choice(value)]),
        // SET_NO_NEW_PRIVS and SET_THP_DISABLE.
        38 | 41 => with_rest(view, vec![number()]),
        47 => ambient(view),
        52 => vec![names::SPECULATION.choice(value)],
        53 => vec![
            names::SPECULATION.choice(value),
            names::SPECULATION_CONTROL.choice(view.register(2)),
        ],
        PTRACER => vec![ptracer(value)],
        VMA => memory_name(view),
        _ => with_rest(view, vec![]),
    }
}

/// PR_SET_PTRACER and PR_SET_VMA.
const PTRACER: u64 = 0x5961_6d61;
const VMA: u64 = 0x5356_4d41;

/// The arguments behind those that are known, as numbers.
fn with_rest(view: &View<'_>, mut known: Vec<String>) -> Vec<String> {
    let places = known.len() + 1..5;
    known.extend(places.map(|place| text::hex(view.register(place))));
    known
}

fn seccomp(view: &View<'_>) -> Vec<String> {
    let mode = names::SECCOMP_MODE.choice(view.register(1));
    match view.register(1) {
        1 => vec![mode],
        2 => vec![mode, view.pointer(2)],
        _ => with_rest(view, vec![mode]),
    }
}

fn ambient(view: &View<'_>) -> Vec<String> {
    let mut known = vec![names::AMBIENT.choice(view.register(1))];
    if (1..=3).contains(&view.register(1)) {
        known.push(names::CAPABILITY.choice(view.register(2)));
    }
    with_rest(view, known)
}

fn ptracer(process: u64) -> String {
    match process {
        u64::MAX => "PR_SET_PTRACER_ANY".into(),
        process => format!("{process}"),
    }
}

/// PR_SET_VMA has one thing to set, a name for anonymous memory.
fn memory_name(view: &View<'_>) -> Vec<String> {
    if view.register(1) != 0 {
        return with_rest(view, vec![]);
    }
    vec![
        "PR_SET_VMA_ANON_NAME".into(),
        view.pointer(2),
        format!("{}", view.register(3)),
        view.string(view.register(4), 80),
    ]
}
