//! What processes share by a name: objects of System V (sysvipc(7)) and queues of messages
//! (mq_overview(7)).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::{argument, with};
use super::view::View;
use super::{files, named, text, time};

/// What newer programs put beside a command (IPC_64, include/uapi/linux/ipc.h).
const NEW_STRUCTURES: u64 = 0x100;
/// Above this stands the logarithm of the size of huge pages (include/uapi/asm-generic/hugetlb_encode.h).
const HUGE_SHIFT: u32 = 26;
const HUGE: u64 = 0x800;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let command = |place, names| command(view.low(place), names);
    Some(match view.name {
        "semop" => with(view, [(1, operations(view))]),
        "semtimedop" => {
            let timeout = time::timespec(view, view.register(3));
            with(view, [(1, operations(view)), (3, timeout)])
        }
        "semctl" => {
            let value = match view.low(2) & !NEW_STRUCTURES {
                // SETVAL takes a number.
                16 => text::hex(view.register(3)),
                known if named::SEMAPHORE_COMMAND.name(known).is_some() => view.pointer(3),
                _ => text::hex(view.register(3)),
            };
            let command = command(2, &named::SEMAPHORE_COMMAND);
            with(view, [(2, command), (3, value)])
        }
        "shmctl" => with(view, [(1, command(1, &named::SHARED_MEMORY_COMMAND))]),
        "msgctl" => with(view, [(1, command(1, &named::MESSAGE_QUEUE_COMMAND))]),
        "shmget" => with(view, [(2, room(view.low(2)))]),
        "msgsnd" => with(view, [(1, message(view))]),
        "msgrcv" => with(view, [(3, format!("{}", view.long(3)))]),
        "mq_open" => opening(view),
        "mq_getsetattr" => with(view, [(1, settings(view))]),
        "mq_notify" => with(view, [(1, time::event(view, view.register(1)))]),
        "mq_timedsend" => {
            let data = view.data(view.register(1), view.register(2));
            with(
                view,
                [(1, data), (4, time::timespec(view, view.register(4)))],
            )
        }
        "mq_timedreceive" => with(view, [(4, time::timespec(view, view.register(4)))]),
        _ => return None,
    })
}

fn command(value: u64, names: &super::names::Names) -> String {
    match value & NEW_STRUCTURES {
        0 => names.choice(value),
        _ => format!("IPC_64|{}", names.choice(value & !NEW_STRUCTURES)),
    }
}

/// The flags of shmget(2) above the mode, with the size of huge pages.
fn room(value: u64) -> String {
    let huge = value >> HUGE_SHIFT;
    let (mut all, rest) = named::SHARING.split(value & !0o777 & ((1 << HUGE_SHIFT) - 1));
    if rest != 0 {
        all.push(text::hex(rest));
    }
    match (huge, value & HUGE) {
        (0, _) => {}
        (_, 0) => all.push(text::hex(huge << HUGE_SHIFT)),
        _ => all.push(format!("{huge}<<SHM_HUGE_SHIFT")),
    }
    all.push(text::octal(value & 0o777));
    text::joined(all, "|")
}

/// An array of `struct sembuf` (semop(2)).
fn operations(view: &View<'_>) -> String {
    view.list(view.register(1), view.low(2), 6, |one| {
        let change = i16::from_le_bytes(text::field(one, 2).unwrap_or([0; 2]));
        text::fields([
            ("sem_num", format!("{}", text::u16_in(one, 0))),
            ("sem_op", format!("{change}")),
            (
                "sem_flg",
                named::SEMAPHORE_FLAGS.flags(text::u16_in(one, 4).into()),
            ),
        ])
    })
}

/// `struct msgbuf` (msgop(2)).
fn message(view: &View<'_>) -> String {
    let address = view.register(1);
    match (view.signed_longs(address), view.word()) {
        (Some([kind]), Some(word)) => {
            let data = view.data(address.wrapping_add(word as u64), view.register(2));
            format!("{{mtype={kind}, mtext={data}}}")
        }
        _ => text::pointer(address),
    }
}

/// mq_open(3): mode and attributes count only where a queue may be made.
fn opening(view: &View<'_>) -> Vec<String> {
    let flags = view.low(1);
    let mut all = vec![view.path(0), files::open_flags(view, flags)];
    if files::creates(flags) {
        all.push(argument(view, 2));
        all.push(attributes(view, view.register(3), text::hex));
    }
    all
}

fn settings(view: &View<'_>) -> String {
    attributes(view, view.register(1), |flags| {
        files::flags_alone(view, flags)
    })
}

/// `struct mq_attr`.
fn attributes(view: &View<'_>, address: u64, flags: impl Fn(u64) -> String) -> String {
    let (Some([bits, ..]), Some([_, messages, size, now])) =
        (view.longs::<4>(address), view.signed_longs::<4>(address))
    else {
        return text::pointer(address);
    };
    text::fields([
        ("mq_flags", flags(bits)),
        ("mq_maxmsg", format!("{messages}")),
        ("mq_msgsize", format!("{size}")),
        ("mq_curmsgs", format!("{now}")),
    ])
}
