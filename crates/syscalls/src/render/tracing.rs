//! Tracing other processes (ptrace(2)), comparing them (kcmp(2)), and measuring (perf_event_open(2)).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::{argument, with};
use super::signals::{information, set_behind, signal};
use super::view::View;
use super::{named, text};

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "ptrace" => tracing(view),
        "kcmp" => comparison(view),
        "perf_event_open" => with(
            view,
            [
                (0, counter(view)),
                (4, named::PERF_FLAGS.flags(view.register(4))),
            ],
        ),
        _ => return None,
    })
}

/// Requests by what their arguments are (include/uapi/linux/ptrace.h): TRACEME, ATTACH, KILL,
/// INTERRUPT and LISTEN have none.
const BARE: [u64; 5] = [0, 8, 16, 0x4207, 0x4208];
/// DETACH, CONT, SYSCALL, SINGLESTEP, SINGLEBLOCK, SYSEMU and SYSEMU_SINGLESTEP take a signal.
const RESUMING: [u64; 7] = [7, 9, 17, 24, 31, 32, 33];
/// GETREGS, SETREGS, GETFPREGS, SETFPREGS, GETFPXREGS and SETFPXREGS.
const REGISTERS: [u64; 6] = [12, 13, 14, 15, 18, 19];
const TRACEME: u64 = 0;
const SETOPTIONS: u64 = 0x4200;
const SEIZE: u64 = 0x4206;
const SETSIGINFO: u64 = 0x4203;
const GETREGSET: u64 = 0x4204;
const SETREGSET: u64 = 0x4205;
const SETSIGMASK: u64 = 0x420b;
const GET_SYSCALL_INFO: u64 = 0x420e;

fn tracing(view: &View<'_>) -> Vec<String> {
    let request = view.low(0);
    let mut all = vec![named::PTRACE.choice(request)];
    if request == TRACEME {
        return all;
    }
    all.push(format!("{}", view.int(1)));
    let (address, data) = (view.register(2), view.register(3));
    let known = named::PTRACE.name(request).is_some();
    all.extend(match request {
        _ if BARE.contains(&request) => vec![],
        _ if RESUMING.contains(&request) => {
            vec![text::pointer(address), signal(text::signed(data))]
        }
        _ if REGISTERS.contains(&request) => vec![text::pointer(data)],
        SETOPTIONS | SEIZE => vec![text::pointer(address), named::PTRACE_OPTIONS.flags(data)],
        GETREGSET | SETREGSET => vec![named::REGISTER_SET.choice(address), area(view, data)],
        SETSIGINFO => vec![text::pointer(address), information(view, data)],
        SETSIGMASK => vec![format!("{address}"), set_behind(view, data, address)],
        GET_SYSCALL_INFO => vec![format!("{address}"), text::pointer(data)],
        _ if known => [address, data].map(text::pointer).into(),
        _ => [address, data].map(text::hex).into(),
    });
    all
}

/// A `struct iovec` for registers.
fn area(view: &View<'_>, address: u64) -> String {
    match view.longs(address) {
        Some([base, size]) => format!("{{iov_base={}, iov_len={size}}}", text::pointer(base)),
        None => text::pointer(address),
    }
}

/// kcmp(2): there are things to compare for files, and for what epoll watches.
fn comparison(view: &View<'_>) -> Vec<String> {
    let mut all: Vec<String> = (0..3).map(|place| argument(view, place)).collect();
    let number = |place| format!("{}", view.int(place));
    all.extend(match view.low(2) {
        0 => vec![number(3), number(4)],
        1..=6 => vec![],
        7 => vec![number(3), slot(view)],
        _ => [3, 4].map(|place| text::hex(view.register(place))).into(),
    });
    all
}

/// `struct kcmp_epoll_slot`.
fn slot(view: &View<'_>) -> String {
    match view.fixed::<12>(view.register(4)) {
        Some(slot) => text::fields([
            ("efd", format!("{}", text::u32_in(&slot, 0))),
            ("tfd", format!("{}", text::u32_in(&slot, 4))),
            ("toff", format!("{}", text::u32_in(&slot, 8))),
        ]),
        None => view.pointer(4),
    }
}

/// Bits behind `read_format` in `struct perf_event_attr`, in their order, for those that say who is
/// measured.
const BITS: [&str; 20] = [
    "disabled",
    "inherit",
    "pinned",
    "exclusive",
    "exclude_user",
    "exclude_kernel",
    "exclude_hv",
    "exclude_idle",
    "mmap",
    "comm",
    "freq",
    "inherit_stat",
    "enable_on_exec",
    "task",
    "watermark",
    "precise_ip",
    "",
    "mmap_data",
    "sample_id_all",
    "exclude_host",
];

/// The part of `struct perf_event_attr` that its first version had.
fn counter(view: &View<'_>) -> String {
    let Some(known) = view.fixed::<64>(view.register(0)) else {
        return view.pointer(0);
    };
    let kind = u64::from(text::u32_in(&known, 0));
    let long = |at| text::u64_in(&known, at);
    let config = match kind {
        0 => named::PERF_HARDWARE.choice(long(8)),
        1 => named::PERF_SOFTWARE.choice(long(8)),
        _ => text::hex(long(8)),
    };
    let bits = long(40);
    let period = match bits >> 10 & 1 {
        0 => "sample_period",
        _ => "sample_freq",
    };
    let mut all = vec![
        ("type", named::PERF_KIND.choice(kind)),
        ("size", size(text::u32_in(&known, 4))),
        ("config", config),
        (period, format!("{}", long(16))),
        ("sample_type", named::PERF_SAMPLE.flags(long(24))),
        ("read_format", named::PERF_FORMAT.flags(long(32))),
    ];
    let named = BITS.iter().enumerate();
    let set =
        named.filter(|(at, name)| bits >> at & 1 != 0 && !matches!(**name, "" | "precise_ip"));
    all.extend(set.map(|(_, name)| (*name, "1".into())));
    all.push(("precise_ip", precision(bits >> 15 & 3)));
    let text = text::fields(all);
    format!("{}, ...}}", text.trim_end_matches('}'))
}

/// Sizes that the structure has had (include/uapi/linux/perf_event.h).
fn size(size: u32) -> String {
    let name = named::PERF_SIZE.name(size.into());
    name.unwrap_or_else(|| format!("{size}"))
}

fn precision(value: u64) -> String {
    let meaning = match value {
        0 => "arbitrary skid",
        1 => "constant skid",
        2 => "requested to have 0 skid",
        _ => "must have 0 skid",
    };
    format!("{value} /* {meaning} */")
}
