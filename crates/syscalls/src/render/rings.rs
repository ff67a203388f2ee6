//! io_uring(7), and the asynchronous input and output before it (aio(7), io_submit(2)).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::with;
use super::signals::set_behind;
use super::vectors::{Contents, vector};
use super::view::View;
use super::{events, named, text, time};

/// IORING_SETUP_CQSIZE and ATTACH_WQ, and IORING_ENTER_EXT_ARG (include/uapi/linux/io_uring.h).
const COMPLETIONS: u64 = 8;
const ATTACHED: u64 = 32;
const EXTENDED: u64 = 8;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let context = || view.pointer(0);
    Some(match view.name {
        "io_uring_setup" => with(view, [(1, parameters(view))]),
        "io_uring_enter" => with(view, [(4, waited_for(view))]),
        "io_uring_register" => with(view, [(2, registered(view))]),
        "io_submit" => with(
            view,
            [
                (0, context()),
                (1, format!("{}", view.long(1))),
                (2, submitted(view)),
            ],
        ),
        "io_destroy" => vec![context()],
        "io_cancel" => with(view, [(0, context()), (1, cancelled(view))]),
        "io_getevents" => with(
            view,
            [(0, context()), (4, time::timespec(view, view.register(4)))],
        ),
        "io_pgetevents" => {
            let timeout = time::timespec(view, view.register(4));
            let signals = events::signals_with_size(view, view.register(5));
            with(view, [(0, context()), (4, timeout), (5, signals)])
        }
        _ => return None,
    })
}

/// `struct io_uring_params`: what the kernel reads of it.
fn parameters(view: &View<'_>) -> String {
    let Some(known) = view.fixed::<40>(view.register(1)) else {
        return view.pointer(1);
    };
    let number = |at| u64::from(text::u32_in(&known, at));
    let flags = number(8);
    let entries = format!("cq_entries={}, ", number(4));
    let entries = if flags & COMPLETIONS != 0 {
        entries
    } else {
        String::new()
    };
    let worker = match flags & ATTACHED {
        0 => String::new(),
        _ => format!(", wq_fd={}", view.descriptor(text::i32_in(&known, 24))),
    };
    format!(
        "{{{entries}flags={}, sq_thread_cpu={}, sq_thread_idle={}{worker}}}",
        named::RING_SETUP.flags(flags),
        text::hex(number(12)),
        number(16)
    )
}

/// A set of signals, or a structure with one and a timeout.
fn waited_for(view: &View<'_>) -> String {
    let address = view.register(4);
    if view.low(3) & EXTENDED == 0 {
        return set_behind(view, address, view.register(5));
    }
    let Some(known) = view.fixed::<24>(address) else {
        return text::pointer(address);
    };
    let size = u64::from(text::u32_in(&known, 8));
    format!(
        "{{sigmask={}, sigmask_sz={size}, ts={}}}",
        set_behind(view, text::u64_in(&known, 0), size),
        time::timespec(view, text::u64_in(&known, 16))
    )
}

/// What is registered depends on the operation.
fn registered(view: &View<'_>) -> String {
    let (address, count) = (view.register(2), view.low(3));
    match view.low(1) {
        0 => vector(view, address, count, Contents::Elsewhere),
        2 | 4 | 7 => view.list(address, count, 4, |one| {
            view.descriptor(text::i32_in(one, 0))
        }),
        6 => match view.fixed::<16>(address) {
            Some(update) => format!(
                "{{offset={}, fds={}}}",
                text::u32_in(&update, 0),
                view.list(text::u64_in(&update, 8), count, 4, |one| {
                    view.descriptor(text::i32_in(one, 0))
                })
            ),
            None => text::pointer(address),
        },
        19 => view.list(address, count, 4, |one| format!("{}", text::u32_in(one, 0))),
        _ => text::pointer(address),
    }
}

/// The blocks that an array leads to.
fn submitted(view: &View<'_>) -> String {
    let Some(word) = view.word() else {
        return view.pointer(2);
    };
    let count = u64::try_from(view.long(1)).unwrap_or(0);
    view.list(view.register(2), count, word, |one| {
        let address = match word {
            4 => text::u32_in(one, 0).into(),
            _ => text::u64_in(one, 0),
        };
        block(view, address)
    })
}

fn cancelled(view: &View<'_>) -> String {
    block(view, view.register(1))
}

/// `struct iocb` (include/uapi/linux/aio_abi.h).
fn block(view: &View<'_>, address: u64) -> String {
    let Some(known) = view.fixed::<64>(address) else {
        return text::pointer(address);
    };
    let long = |at| text::u64_in(&known, at);
    let operation = u64::from(text::u16_in(&known, 16));
    let mut all = vec![
        format!("aio_data={}", text::hex(long(0))),
        format!("aio_lio_opcode={}", named::ASYNCHRONOUS.choice(operation)),
    ];
    match text::u16_in(&known, 18) {
        0 => {}
        priority => all.push(format!("aio_reqprio={priority}")),
    }
    all.push(format!(
        "aio_fildes={}",
        view.descriptor(text::i32_in(&known, 20))
    ));
    let (buffer, size) = (long(24), long(32));
    let contents = match operation {
        0 => Some(text::pointer(buffer)),
        1 => Some(view.data(buffer, size)),
        7 => Some(vector(view, buffer, size, Contents::Elsewhere)),
        8 => Some(vector(view, buffer, size, Contents::There)),
        _ => None,
    };
    if let Some(contents) = contents {
        let offset = text::i64_in(&known, 40);
        all.push(format!(
            "aio_buf={contents}, aio_nbytes={size}, aio_offset={offset}"
        ));
    }
    format!("{{{}}}", text::list(all))
}
