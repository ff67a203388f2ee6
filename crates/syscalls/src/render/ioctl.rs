//! ioctl(2): requests by name where they mean the same for every file, else by their parts.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::ioctl_values;
use super::named::{self, IOCTL, IOCTL_OF_DEVICES};
use super::prototype::argument;
use super::text;
use super::view::View;

/// The requests of input devices (EVIOCGBIT, include/uapi/linux/input.h).
const INPUT: u64 = 0x45;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    if view.name != "ioctl" {
        return None;
    }
    let request = view.low(1);
    let name = IOCTL.name(request);
    let is_terminal_or_network = name.is_some();
    let name = name
        .or_else(|| IOCTL_OF_DEVICES.name(request))
        .or_else(|| of_input(request));
    let last = match ioctl_values::bare(request) {
        true => None,
        false => Some(third(view, request, name.is_some(), is_terminal_or_network)),
    };
    let name = name.unwrap_or_else(|| by_parts(request));
    let mut all = vec![argument(view, 0), name];
    all.extend(last);
    Some(all)
}

fn third(view: &View<'_>, request: u64, is_known: bool, always_points: bool) -> String {
    let [direction, ..] = parts(request);
    ioctl_values::known(view, request).unwrap_or_else(|| match is_known {
        true if always_points || direction != 0 => view.pointer(2),
        _ => text::hex(view.register(2)),
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

/// Requests of input devices that hold a length or a place.
fn of_input(request: u64) -> Option<String> {
    const WRITE: u64 = 1;
    const READ: u64 = 2;
    let [direction, size, kind, number] = parts(request);
    Some(match (kind, direction, number) {
        (INPUT, READ, 0x06) => format!("EVIOCGNAME({size})"),
        (INPUT, READ, 0x07) => format!("EVIOCGPHYS({size})"),
        (INPUT, READ, 0x08) => format!("EVIOCGUNIQ({size})"),
        (INPUT, READ, 0x09) => format!("EVIOCGPROP({size})"),
        (INPUT, READ, 0x0a) => format!("EVIOCGMTSLOTS({size})"),
        (INPUT, READ, 0x18) => format!("EVIOCGKEY({size})"),
        (INPUT, READ, 0x19) => format!("EVIOCGLED({size})"),
        (INPUT, READ, 0x1a) => format!("EVIOCGSND({size})"),
        (INPUT, READ, 0x1b) => format!("EVIOCGSW({size})"),
        (INPUT, READ, 0x20..=0x3f) => {
            let event = named::INPUT_EVENT.choice(number - 0x20);
            format!("EVIOCGBIT({event}, {size})")
        }
        (INPUT, READ, 0x40..=0x7f) => {
            format!("EVIOCGABS({})", named::INPUT_AXIS.choice(number - 0x40))
        }
        (INPUT, WRITE, 0xc0..=0xff) => {
            format!("EVIOCSABS({})", named::INPUT_AXIS.choice(number - 0xc0))
        }
        _ => return None,
    })
}
