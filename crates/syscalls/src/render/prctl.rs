//! prctl(2): what its arguments are depends on the option.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::filters::{self, Purpose};
use super::named;
use super::signals::signal;
use super::text;
use super::view::View;

/// The longest name of a thread, without its zero byte (TASK_COMM_LEN, include/linux/sched.h).
const LONGEST_NAME: usize = 15;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    if view.name != "prctl" {
        return None;
    }
    let option = named::PRCTL.choice(view.low(0));
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
        // SET_KEEPCAPS, SET_TIMING, SET_TIMERSLACK, SET_CHILD_SUBREAPER, SET_FPEMU, SET_FPEXC and
        // SET_ENDIAN.
        8 | 10 | 12 | 14 | 20 | 29 | 36 => vec![number()],
        6 => vec![named::UNALIGNED.choice(value)],
        54 => with_rest(view, vec![named::AUTHENTICATION_KEYS.flags(value)]),
        55 => with_rest(view, vec![tagging(value)]),
        62 => core_scheduling(view),
        65 => with_rest(view, vec![named::DENY_WRITE_EXECUTE.flags(value)]),
        1 => vec![signal(view.int(1))],
        4 => vec![named::DUMPABLE.choice(value)],
        15 => vec![view.string(value, LONGEST_NAME)],
        22 => seccomp(view),
        23 | 24 => vec![named::CAPABILITY.choice(value)],
        26 => vec![named::TIME_STAMP_COUNTER.choice(value)],
        28 => vec![named::SECURE_BITS.flags(value)],
        33 => machine_check(view),
        59 => with_rest(view, vec![named::DISPATCH.choice(value)]),
        35 => memory_map(view),
        // SET_NO_NEW_PRIVS, SET_THP_DISABLE and SET_IO_FLUSHER.
        38 | 41 | 57 => with_rest(view, vec![number()]),
        47 => ambient(view),
        52 => vec![named::SPECULATION.choice(value)],
        53 => speculation(view).into(),
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
    let mode = named::SECCOMP_MODE.choice(view.register(1));
    match view.register(1) {
        1 => vec![mode],
        2 => vec![
            mode,
            filters::program(view, view.register(2), Purpose::Seccomp),
        ],
        _ => with_rest(view, vec![mode]),
    }
}

fn speculation(view: &View<'_>) -> [String; 2] {
    let [feature, control] = [1, 2].map(|place| view.register(place));
    let feature = named::SPECULATION.choice(feature);
    [feature, named::SPECULATION_CONTROL.choice(control)]
}

/// PR_SET_MM: one of the things to set is a descriptor.
fn memory_map(view: &View<'_>) -> Vec<String> {
    const FILE: u64 = 13;
    let mut known = vec![named::MEMORY_MAP.choice(view.register(1))];
    if view.register(1) == FILE {
        known.push(view.descriptor(view.int(2)));
    }
    with_rest(view, known)
}

fn machine_check(view: &View<'_>) -> Vec<String> {
    let mut known = vec![named::MACHINE_CHECK.choice(view.register(1))];
    if view.register(1) == 1 {
        known.push(named::MACHINE_CHECK_POLICY.choice(view.register(2)));
    }
    with_rest(view, known)
}

/// Flags around a mode (PR_SET_TAGGED_ADDR_CTRL(2const)).
fn tagging(value: u64) -> String {
    const CHECK: u64 = 6;
    let check = named::TAG_CHECK.choice(value & CHECK);
    match value & !CHECK {
        0 => check,
        rest => format!("{}|{check}", named::TAGGED_ADDRESSES.flags(rest)),
    }
}

fn core_scheduling(view: &View<'_>) -> Vec<String> {
    let scope = named::CORE_SCHEDULING_SCOPE.name(view.register(3));
    let scope = scope.as_deref().unwrap_or("PIDTYPE_???");
    vec![
        named::CORE_SCHEDULING.choice(view.register(1)),
        format!("{}", view.int(2)),
        format!("{} /* {scope} */", view.register(3)),
        view.pointer(4),
    ]
}

fn ambient(view: &View<'_>) -> Vec<String> {
    let mut known = vec![named::AMBIENT.choice(view.register(1))];
    if (1..=3).contains(&view.register(1)) {
        known.push(named::CAPABILITY.choice(view.register(2)));
    }
    with_rest(view, known)
}

/// The kernel compares an int (security/yama/yama_lsm.c).
fn ptracer(process: u64) -> String {
    match text::signed(process) {
        -1 => "PR_SET_PTRACER_ANY".into(),
        _ => format!("{process}"),
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
