//! Mounting, by the old call and by the new ones (mount(2), fsopen(2), mount_setattr(2)), quotas, and
//! areas to swap to.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::prototype::{argument, with};
use super::view::View;
use super::{named, text};

/// What old programs put into the upper half of mount's flags (MS_MGC_VAL, include/uapi/linux/mount.h).
const MAGIC: u64 = 0xc0ed_0000;
const MAGIC_MASK: u64 = 0xffff_0000;

/// SWAP_FLAG_PREFER and the priority that then stands below it (include/linux/swap.h).
const PREFER: u64 = 0x8000;
const PRIORITY: u64 = 0x7fff;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "mount" => with(view, [(3, flags(view.register(3)))]),
        "fsconfig" => configuration(view),
        "mount_setattr" => with(view, [(3, attributes(view, 3, 4))]),
        "open_tree_attr" => with(view, [(3, attributes(view, 3, 4))]),
        "statmount" | "listmount" => with(view, [(0, wanted(view))]),
        "listns" => with(view, [(0, namespaces(view))]),
        "quotactl" => quota(view, 0, vec![view.path(1)]),
        "quotactl_fd" => quota(view, 1, vec![]),
        "swapon" => vec![view.path(0), swapping(view.low(1))],
        _ => return None,
    })
}

fn flags(flags: u64) -> String {
    if flags & MAGIC_MASK != MAGIC {
        return named::MOUNT_FLAGS.flags(flags);
    }
    match flags & !MAGIC_MASK {
        0 => "MS_MGC_VAL".into(),
        rest => format!("MS_MGC_VAL|{}", named::MOUNT_FLAGS.flags(rest)),
    }
}

/// fsconfig(2): what key, value and the last argument are depends on the command.
fn configuration(view: &View<'_>) -> Vec<String> {
    let size = u64::try_from(view.int(4)).unwrap_or(0);
    let (value, last) = match view.low(1) {
        // SET_STRING.
        1 => (view.path(3), format!("{}", view.int(4))),
        // SET_BINARY.
        2 => (
            view.data(view.register(3), size),
            format!("{}", view.int(4)),
        ),
        // SET_PATH and SET_PATH_EMPTY.
        3 | 4 => (view.path(3), view.base(4)),
        // SET_FD.
        5 => (view.pointer(3), view.base(4)),
        _ => (view.pointer(3), format!("{}", view.int(4))),
    };
    let key = match view.low(1) {
        0..=8 => view.path(2),
        _ => view.pointer(2),
    };
    vec![argument(view, 0), argument(view, 1), key, value, last]
}

/// `struct mount_attr` (mount_setattr(2)).
fn attributes(view: &View<'_>, place: usize, size: usize) -> String {
    let known = view.fixed::<32>(view.register(place));
    let Some(known) = known.filter(|_| view.register(size) >= 32) else {
        return view.pointer(place);
    };
    let long = |at| text::u64_in(&known, at);
    text::fields([
        ("attr_set", named::MOUNT_ATTRIBUTE.flags(long(0))),
        ("attr_clr", named::MOUNT_ATTRIBUTE.flags(long(8))),
        ("propagation", named::PROPAGATION.flags(long(16))),
        ("userns_fd", format!("{}", long(24))),
    ])
}

/// `struct mnt_id_req` (statmount(2), listmount(2)).
fn wanted(view: &View<'_>) -> String {
    let Some(known) = view.fixed::<24>(view.register(0)) else {
        return view.pointer(0);
    };
    let parameter = text::u64_in(&known, 16);
    let parameter = match view.name {
        "statmount" => named::STATMOUNT_MASK.flags(parameter),
        _ => format!("{parameter}"),
    };
    text::fields([
        ("size", format!("{}", text::u32_in(&known, 0))),
        ("mnt_id", text::hex(text::u64_in(&known, 8))),
        ("param", parameter),
    ])
}

/// `struct ns_id_req` (include/uapi/linux/nsfs.h).
fn namespaces(view: &View<'_>) -> String {
    let Some(known) = view.fixed::<32>(view.register(0)) else {
        return view.pointer(0);
    };
    let kinds = text::u32_in(&known, 16);
    text::fields([
        ("size", format!("{}", text::u32_in(&known, 0))),
        ("ns_id", format!("{}", text::u64_in(&known, 8))),
        ("ns_type", named::CLONE_FLAGS.flags(kinds.into())),
        ("user_ns_id", format!("{}", text::u64_in(&known, 24))),
    ])
}

/// quotactl(2): the command stands above the kind of quota.
fn quota(view: &View<'_>, place: usize, special: Vec<String>) -> Vec<String> {
    let command = view.low(place) >> 8;
    let kind = named::QUOTA_TYPE.choice(view.low(place) & 0xff);
    let command_name = named::QUOTA_COMMAND.choice(command);
    let mut all = vec![format!("QCMD({command_name}, {kind})")];
    match place {
        0 => all.extend(special),
        _ => all.insert(0, argument(view, 0)),
    }
    let (identity, address) = (view.low(2), view.pointer(3));
    all.extend(match command {
        // Q_SYNC, Q_QUOTAOFF and Q_XQUOTASYNC.
        0x80_0001 | 0x80_0003 | 0x5807 => vec![],
        // Q_QUOTAON.
        0x80_0002 => vec![named::QUOTA_FORMAT.choice(identity), view.path(3)],
        // Q_GETFMT, Q_GETINFO, Q_SETINFO, Q_XGETQSTAT and Q_XGETQSTATV.
        0x80_0004..=0x80_0006 | 0x5805 | 0x5808 => vec![address],
        // Q_XQUOTAON, Q_XQUOTAOFF and Q_XQUOTARM.
        0x5801 | 0x5802 | 0x5806 => vec![view.pointed_int(view.register(3))],
        _ => vec![text::identity(identity), address],
    });
    all
}

fn swapping(flags: u64) -> String {
    let (mut all, rest) = named::SWAP_FLAGS.split(flags);
    let (priority, rest) = match flags & PREFER {
        0 => (None, rest),
        _ => (Some(rest & PRIORITY), rest & !PRIORITY),
    };
    if rest != 0 {
        all.push(text::hex(rest));
    }
    all.extend(priority.map(|priority| format!("{priority}")));
    match all.is_empty() {
        true => "0".into(),
        false => text::joined(all, "|"),
    }
}
