//! ioctl(2): requests by name where they mean the same for every file, else by their parts.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named::IOCTL;
use super::prototype::argument;
use super::text;
use super::view::View;

/// Requests without an argument: FIOCLEX, FIONCLEX, TIOCNOTTY, TIOCEXCL, TIOCNXCL, TIOCSBRK,
/// TIOCCBRK, TIOCCONS and TIOCVHANGUP (ioctl_tty(2), ioctl_fioclex(2)).
const BARE: [u64; 9] = [
    0x5451, 0x5450, 0x5422, 0x540c, 0x540d, 0x5427, 0x5428, 0x541d, 0x5437,
];

/// Those that read an int: FIONBIO, FIOASYNC, TIOCSPGRP, TIOCSETD, TIOCSPTLCK, TIOCPKT, TIOCMBIS,
/// TIOCMBIC and TIOCMSET.
const READ_INT: [u64; 9] = [
    0x5421,
    0x5452,
    0x5410,
    0x5423,
    0x4004_5431,
    0x5420,
    0x5416,
    0x5417,
    0x5418,
];

/// Those that take a number: TIOCSCTTY, TCSBRK, TCSBRKP, TIOCSIG and FICLONE, which takes a
/// descriptor.
const NUMBER: [u64; 5] = [0x540e, 0x5409, 0x5425, 0x4004_5436, 0x4004_9409];

const TIOCSTI: u64 = 0x5412;
const TCFLSH: u64 = 0x540b;
const TIOCGPTPEER: u64 = 0x5441;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    if view.name != "ioctl" {
        return None;
    }
    let request = view.low(1);
    let name = IOCTL.name(request);
    let last = third(view, request, name.is_some());
    let name = name.unwrap_or_else(|| by_parts(request));
    let mut all = vec![argument(view, 0), name];
    all.extend(last);
    Some(all)
}

fn third(view: &View<'_>, request: u64, known: bool) -> Option<String> {
    let value = view.register(2);
    Some(match request {
        _ if BARE.contains(&request) => return None,
        _ if READ_INT.contains(&request) => view.pointed_int(value),
        _ if NUMBER.contains(&request) => format!("{}", view.int(2)),
        TIOCSTI => view.data(value, 1),
        TCFLSH => match value {
            0 => "TCIFLUSH".into(),
            1 => "TCOFLUSH".into(),
            2 => "TCIOFLUSH".into(),
            other => format!("{other:#x} /* TC???FLUSH */"),
        },
        TIOCGPTPEER => text::hex(value),
        _ if known => view.pointer(2),
        _ => text::hex(value),
    })
}

/// The parts of a request: direction, size, kind and number (include/uapi/asm-generic/ioctl.h).
pub(super) fn parts(request: u64) -> [u64; 4] {
    [
        request >> 30 & 3,
        request >> 16 & 0x3fff,
        request >> 8 & 0xff,
        request & 0xff,
    ]
}

fn by_parts(request: u64) -> String {
    let [direction, size, kind, number] = parts(request);
    let direction = match direction {
        0 => "_IOC_NONE",
        1 => "_IOC_WRITE",
        2 => "_IOC_READ",
        _ => "_IOC_READ|_IOC_WRITE",
    };
    let [kind, number, size] = [kind, number, size].map(text::hex);
    format!("_IOC({direction}, {kind}, {number}, {size})")
}
