//! What a request of ioctl(2) reads: numbers, descriptors, and the structures that many programs pass
//! (ioctl_tty(2), netdevice(7)).

use alloc::format;
use alloc::string::String;

use super::view::View;
use super::{named, text};

/// Requests without an argument: FIOCLEX, FIONCLEX, TIOCNOTTY, TIOCEXCL, TIOCNXCL, TIOCSBRK, TIOCCBRK,
/// TIOCCONS, TIOCVHANGUP, BLKRRPART, LOOP_CLR_FD, NS_GET_USERNS, NS_GET_PARENT and NS_GET_NSTYPE.
const BARE: [u64; 14] = [
    0x5451, 0x5450, 0x5422, 0x540c, 0x540d, 0x5427, 0x5428, 0x541d, 0x5437, 0x125f, 0x4c01, 0xb701,
    0xb702, 0xb703,
];

/// Those that read an int: FIONBIO, FIOASYNC, TIOCSPGRP, TIOCSETD, TIOCSPTLCK, TIOCPKT and BLKROSET.
const READ_INT: [u64; 7] = [0x5421, 0x5452, 0x5410, 0x5423, 0x4004_5431, 0x5420, 0x125d];

/// Those that take a number: TIOCSCTTY, TCSBRK, TCSBRKP, TIOCSIG and EVIOCGRAB.
const NUMBER: [u64; 5] = [0x540e, 0x5409, 0x5425, 0x4004_5436, 0x4004_4590];

/// Those that take a descriptor: FICLONE, LOOP_SET_FD and LOOP_CHANGE_FD.
const DESCRIPTOR: [u64; 3] = [0x4004_9409, 0x4c00, 0x4c06];

/// Those of a network interface, which its name tells: all between SIOCGIFFLAGS and SIOCSIFMAP that
/// take a `struct ifreq`, and the requests of bridges and bonds (include/uapi/linux/sockios.h).
const INTERFACE: [u64; 14] = [
    0x8913, 0x8915, 0x8917, 0x8919, 0x891b, 0x891d, 0x891f, 0x8921, 0x8927, 0x8933, 0x8942, 0x8970,
    0x8929, 0x8935,
];

const TIOCSTI: u64 = 0x5412;
const TCXONC: u64 = 0x540a;
const TCFLSH: u64 = 0x540b;
const TIOCGPTPEER: u64 = 0x5441;
const TIOCSWINSZ: u64 = 0x5414;
const KDSETMODE: u64 = 0x4b3a;
const BLKDISCARD: u64 = 0x1277;
const BLKZEROOUT: u64 = 0x127f;
const BLKSECDISCARD: u64 = 0x127d;

/// Does a request go without an argument?
pub(super) fn bare(request: u64) -> bool {
    BARE.contains(&request)
}

/// The argument of a request that is known; nothing where it leads to memory that is not looked at.
pub(super) fn known(view: &View<'_>, request: u64) -> Option<String> {
    let value = view.register(2);
    Some(match request {
        _ if READ_INT.contains(&request) => view.pointed_int(value),
        _ if NUMBER.contains(&request) => format!("{}", view.int(2)),
        _ if DESCRIPTOR.contains(&request) => view.descriptor(view.int(2)),
        _ if INTERFACE.contains(&request) => interface(view, value),
        TIOCSTI => view.data(value, 1),
        TCFLSH => named::FLUSH.choice(value),
        TCXONC => named::FLOW.choice(value),
        KDSETMODE => named::CONSOLE_MODE.choice(value),
        TIOCGPTPEER => text::hex(value),
        TIOCSWINSZ => window(view, value),
        // TIOCMBIS, TIOCMBIC and TIOCMSET.
        0x5416..=0x5418 => match view.fixed(value).map(u32::from_le_bytes) {
            Some(lines) => format!("[{}]", named::MODEM.flags(lines.into())),
            None => text::pointer(value),
        },
        // TCSETS, TCSETSW and TCSETSF.
        0x5402..=0x5404 => terminal(view, value),
        BLKDISCARD | BLKZEROOUT | BLKSECDISCARD => match view.fixed::<16>(value) {
            Some(range) => format!("[{}, {}]", text::u64_in(&range, 0), text::u64_in(&range, 8)),
            None => text::pointer(value),
        },
        _ => return None,
    })
}

/// The name in a `struct ifreq` (netdevice(7)); the rest is what comes back.
fn interface(view: &View<'_>, address: u64) -> String {
    let Some(name) = view.fixed::<16>(address) else {
        return text::pointer(address);
    };
    let end = name
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(name.len());
    let name = text::quoted(name.get(..end).unwrap_or_default());
    format!("{{ifr_name={name}}}")
}

/// `struct winsize` (TIOCSWINSZ(2const)).
fn window(view: &View<'_>, address: u64) -> String {
    let Some(window) = view.fixed::<8>(address) else {
        return text::pointer(address);
    };
    let field = |at| format!("{}", text::u16_in(&window, at));
    text::fields([
        ("ws_row", field(0)),
        ("ws_col", field(2)),
        ("ws_xpixel", field(4)),
        ("ws_ypixel", field(6)),
    ])
}

/// The flags of the kernel's `struct termios` (include/uapi/asm-generic/termbits.h), the same on every
/// ABI.
fn terminal(view: &View<'_>, address: u64) -> String {
    let Some(known) = view.fixed::<36>(address) else {
        return text::pointer(address);
    };
    let [input, output, control, local] =
        [0, 4, 8, 12].map(|at| u64::from(text::u32_in(&known, at)));
    format!(
        "{{c_iflag={}, c_oflag={}, c_cflag={}, c_lflag={}, ...}}",
        named::TERMINAL_INPUT.flags(input),
        delays(output),
        speed(control),
        named::TERMINAL_LOCAL.flags(local)
    )
}

/// Output flags with the delays in front of them, each of which has a value without a name for none.
fn delays(flags: u64) -> String {
    const DELAYS: [(&str, u64, u32); 6] = [
        ("NL", 1, 8),
        ("CR", 3, 9),
        ("TAB", 3, 11),
        ("BS", 1, 13),
        ("VT", 1, 14),
        ("FF", 1, 15),
    ];
    let delays = DELAYS.map(|(name, mask, at)| format!("{name}{}", flags >> at & mask));
    let rest = named::TERMINAL_OUTPUT.flags(flags & !0xff00);
    let rest = (flags & !0xff00 != 0).then_some(rest);
    text::joined(delays.into_iter().chain(rest), "|")
}

/// Control flags with the speed and the size of a character in front of them.
fn speed(flags: u64) -> String {
    const SPEED: u64 = 0x100f;
    const SIZE: u64 = 0x30;
    let speed = named::TERMINAL_SPEED.choice(flags & SPEED);
    let size = format!("CS{}", 5 + (flags & SIZE) / 16);
    let rest = flags & !SPEED & !SIZE;
    let rest = (rest != 0).then(|| named::TERMINAL_CONTROL.flags(rest));
    text::joined([speed, size].into_iter().chain(rest), "|")
}
