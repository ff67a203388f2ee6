//! The two calls through which 32-bit programs reach many others (socketcall(2), ipc(2)): what they
//! reach is shown as it is where it has a number of its own.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::view::View;
use super::{named, text};

/// How many arguments each of socketcall's calls takes (net/socket.c), and its name.
const SOCKETS: [(&str, usize); 20] = [
    ("socket", 3),
    ("bind", 3),
    ("connect", 3),
    ("listen", 2),
    ("accept", 3),
    ("getsockname", 3),
    ("getpeername", 3),
    ("socketpair", 4),
    ("send", 4),
    ("recv", 4),
    ("sendto", 6),
    ("recvfrom", 6),
    ("shutdown", 2),
    ("setsockopt", 5),
    ("getsockopt", 5),
    ("sendmsg", 3),
    ("recvmsg", 3),
    ("accept4", 4),
    ("recvmmsg", 5),
    ("sendmmsg", 4),
];

/// The number of a call of ipc, its name, and in its order the registers that it takes (ipc/syscall.c).
/// Version 0 of msgrcv has two of its arguments in memory (`struct compat_ipc_kludge`).
const OBJECTS: [(u64, &str, &[usize]); 11] = [
    (1, "semop", &[1, 4, 2]),
    (2, "semget", &[1, 2, 3]),
    (4, "semtimedop", &[1, 4, 2, 5]),
    (11, "msgsnd", &[1, 4, 2, 3]),
    (13, "msgget", &[1, 2]),
    (14, "msgctl", &[1, 2, 4]),
    (21, "shmat", &[1, 4, 2]),
    (22, "shmdt", &[4]),
    (23, "shmget", &[1, 2, 3]),
    (24, "shmctl", &[1, 2, 4]),
    (12, "msgrcv", &[1, 4, 2, 5, 3]),
];

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    match view.name {
        "socketcall" => Some(socket(view)),
        "ipc" => Some(object(view)),
        "send" | "recv" => {
            let whole = ["sendto", "recvfrom"][usize::from(view.name == "recv")];
            let registers = [0, 1, 2, 3].map(|place| view.low(place));
            let [a, b, c, d] = registers;
            let mut all = super::plain(&view.reaching(whole, [a, b, c, d, 0, 0]));
            all.truncate(4);
            Some(all)
        }
        _ => None,
    }
}

fn socket(view: &View<'_>) -> Vec<String> {
    let call = named::SOCKET_CALL.choice(view.low(0));
    let place = view
        .low(0)
        .checked_sub(1)
        .and_then(|at| usize::try_from(at).ok());
    let Some((name, count)) = place.and_then(|place| SOCKETS.get(place)) else {
        return vec![call, view.pointer(1)];
    };
    let Some(bytes) = view.bytes(view.low(1), 4 * count) else {
        return vec![call, view.pointer(1)];
    };
    let registers = core::array::from_fn(|place| text::u32_in(&bytes, 4 * place).into());
    vec![call, inner(view, name, registers)]
}

fn object(view: &View<'_>) -> Vec<String> {
    // The upper half is a version of the call.
    let number = view.low(0) & 0xffff;
    let call = named::IPC_CALL.choice(number);
    let known = OBJECTS.iter().find(|(known, ..)| *known == number);
    let Some((_, name, places)) = known else {
        return registers_behind(view, call);
    };
    let mut registers = [0; 6];
    for (register, &place) in registers.iter_mut().zip(*places) {
        *register = view.low(place);
    }
    let version = view.low(0) >> 16;
    if (*name, version) == ("msgrcv", 0) {
        let Some([message, kind]) = view.longs(view.low(4)) else {
            return registers_behind(view, call);
        };
        [registers[1], registers[3]] = [message, kind];
    }
    vec![call, inner(view, name, registers)]
}

fn registers_behind(view: &View<'_>, call: String) -> Vec<String> {
    let rest = (1..6).map(|place| text::hex(view.low(place)));
    [call].into_iter().chain(rest).collect()
}

/// The call that is reached.
fn inner(view: &View<'_>, name: &'static str, registers: [u64; 6]) -> String {
    let reached = view.reaching(name, registers);
    format!("{name}({})", text::list(super::plain(&reached)))
}
