//! Watching files (fanotify(7)), handles of files, and their attributes by structure.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::{argument, with};
use super::view::View;
use super::{files, named, text};

/// The bits of fanotify_init's flags that hold a class, and those of fanotify_mark's that hold what is
/// marked (include/uapi/linux/fanotify.h).
const CLASS: u64 = 12;
const MARKED: u64 = 0x110;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "fanotify_init" => vec![start(view.low(0)), files::open_flags(view, view.low(1))],
        "fanotify_mark" => vec![
            argument(view, 0),
            marking(view.low(1)),
            named::FANOTIFY_EVENTS.flags(view.register(2)),
            place(view),
            view.path(4),
        ],
        "name_to_handle_at" => with(view, [(2, room(view))]),
        "open_by_handle_at" => {
            let flags = files::open_flags(view, view.low(2));
            vec![view.base(0), handle(view, view.register(1)), flags]
        }
        "setxattrat" | "getxattrat" => with(view, [(4, extended(view))]),
        "file_setattr" => with(view, [(2, attributes(view))]),
        _ => return None,
    })
}

fn start(flags: u64) -> String {
    let class = named::FANOTIFY_CLASS.choice(flags & CLASS);
    let (names, rest) = named::FANOTIFY_FLAGS.split(flags & !CLASS);
    let unknown = match (rest, names.is_empty()) {
        (0, _) => None,
        (rest, true) => Some(named::FANOTIFY_FLAGS.unknown(rest)),
        (rest, false) => Some(text::hex(rest)),
    };
    text::joined([class].into_iter().chain(names).chain(unknown), "|")
}

fn marking(flags: u64) -> String {
    let (mut all, rest) = named::FANOTIFY_MARK.split(flags & !MARKED);
    let kind = named::FANOTIFY_MARK_TYPE.name(flags & MARKED);
    all.extend(kind.filter(|_| flags & MARKED != 0));
    match (rest, all.is_empty()) {
        (0, true) => return "0".into(),
        (0, false) => {}
        (rest, true) => all.push(named::FANOTIFY_MARK.unknown(rest)),
        (rest, false) => all.push(text::hex(rest)),
    }
    text::joined(all, "|")
}

fn place(view: &View<'_>) -> String {
    match view.int(3) {
        -1 => "FAN_NOFD".into(),
        _ => view.base(3),
    }
}

/// What there is room for in a `struct file_handle`, which the call fills (name_to_handle_at(2)).
fn room(view: &View<'_>) -> String {
    match view.fixed(view.register(2)).map(u32::from_le_bytes) {
        Some(size) => format!("{{handle_bytes={size}}}"),
        None => view.pointer(2),
    }
}

/// `struct file_handle` as it is given back.
fn handle(view: &View<'_>, address: u64) -> String {
    /// MAX_HANDLE_SZ (include/uapi/linux/fcntl.h).
    const LONGEST: usize = 128;
    let Some(head) = view.fixed::<8>(address) else {
        return text::pointer(address);
    };
    let size = text::u32_in(&head, 0);
    let count = usize::try_from(size).unwrap_or(LONGEST).min(LONGEST);
    let bytes = view.some(address.wrapping_add(8), count);
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text::fields([
        ("handle_bytes", format!("{size}")),
        ("handle_type", text::hex(text::u32_in(&head, 4).into())),
        ("f_handle", format!("0x{}", digits.concat())),
    ])
}

/// `struct xattr_args` (include/uapi/linux/xattr.h).
fn extended(view: &View<'_>) -> String {
    let known = view.fixed::<16>(view.register(4));
    let Some(known) = known.filter(|_| view.register(5) >= 16) else {
        return view.pointer(4);
    };
    let (address, size) = (text::u64_in(&known, 0), text::u32_in(&known, 8));
    let value = match view.name {
        "setxattrat" => view.data(address, size.into()),
        _ => text::pointer(address),
    };
    let flags = named::ATTRIBUTE_FLAGS.flags(text::u32_in(&known, 12).into());
    text::fields([
        ("value", value),
        ("size", format!("{size}")),
        ("flags", flags),
    ])
}

/// `struct file_attr` (include/uapi/linux/fs.h).
fn attributes(view: &View<'_>) -> String {
    let known = view.fixed::<24>(view.register(2));
    let Some(known) = known.filter(|_| view.register(3) >= 24) else {
        return view.pointer(2);
    };
    text::fields([
        ("fa_xflags", text::hex(text::u64_in(&known, 0))),
        ("fa_extsize", format!("{}", text::u32_in(&known, 8))),
        ("fa_nextents", format!("{}", text::u32_in(&known, 12))),
        ("fa_projid", format!("{}", text::u32_in(&known, 16))),
        ("fa_cowextsize", format!("{}", text::u32_in(&known, 20))),
    ])
}
