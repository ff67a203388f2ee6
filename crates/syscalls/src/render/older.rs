//! Calls that only kernels of 32 bits have, which came before those of today and have no prototype in
//! the table (section 2 of the manual has a page for each, but for Arm's own).

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::signals::{self, signal};
use super::view::View;
use super::{named, text};

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    let number = |place| format!("{}", view.int(place));
    Some(match view.name {
        "waitpid" => {
            let options = named::WAIT_FLAGS.flags(view.low(2));
            vec![number(0), view.pointer(1), options]
        }
        "umount" => vec![view.path(0)],
        "nice" => vec![number(0)],
        "stime" => vec![view.pointed_int(view.register(0))],
        "statfs64" => vec![view.path(0), number(1), view.pointer(2)],
        "fstatfs64" => vec![view.descriptor(view.int(0)), number(1), view.pointer(2)],
        "readdir" => vec![view.descriptor(view.int(0)), view.pointer(1), number(2)],
        "signal" => vec![signal(view.int(0)), signals::handler(view.low(1))],
        "sigaction" => vec![signal(view.int(0)), action(view), view.pointer(2)],
        "sigprocmask" => vec![
            named::SIGNAL_MASK.choice(view.low(0)),
            set(view, view.register(1)),
            view.pointer(2),
        ],
        "sigpending" | "set_tls" | "olduname" | "oldolduname" => vec![view.pointer(0)],
        // Two older arguments stand in front of the set.
        "sigsuspend" => vec![signals::set(view.low(2))],
        "ssetmask" => vec![signals::set(view.low(0))],
        "sgetmask" | "sigreturn" => vec![],
        "cacheflush" => vec![view.pointer(0), view.pointer(1), text::hex(view.low(2))],
        _ => return None,
    })
}

/// A set of 32 signals.
fn set(view: &View<'_>, address: u64) -> String {
    match view.fixed(address).map(u32::from_le_bytes) {
        Some(bits) => signals::set(bits.into()),
        None => text::pointer(address),
    }
}

/// `struct old_sigaction` (include/linux/signal_types.h).
fn action(view: &View<'_>) -> String {
    let Some([handler, mask, flags, _]) = view.longs(view.register(1)) else {
        return view.pointer(1);
    };
    text::fields([
        ("sa_handler", signals::handler(handler)),
        ("sa_mask", signals::set(mask)),
        ("sa_flags", named::ACTION_FLAGS.flags(flags)),
    ])
}
