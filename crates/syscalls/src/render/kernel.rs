//! Calls that steer the kernel: filters, rules, its log, its modules, its restart.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::filters::{self, Purpose};
use super::prototype::{argument, with};
use super::view::View;
use super::{named, text};

/// LINUX_REBOOT_CMD_RESTART2 (include/uapi/linux/reboot.h).
const RESTART2: u64 = 0xa1b2_c3d4;

/// What of kexec_load's flags is a machine (KEXEC_ARCH_MASK, include/uapi/linux/kexec.h).
const MACHINE: u64 = 0xffff_0000;

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "reboot" => reboot(view),
        "seccomp" => seccomp(view),
        "landlock_create_ruleset" => with(
            view,
            [(0, ruleset(view)), (1, format!("{}", view.register(1)))],
        ),
        "landlock_add_rule" => with(view, [(2, rule(view))]),
        "syslog" => log(view),
        "delete_module" => vec![view.path(0), named::MODULE_REMOVAL.flags(view.low(1))],
        "kexec_load" => vec![
            view.pointer(0),
            argument(view, 1),
            segments(view),
            machine(view.register(3)),
        ],
        "kexec_file_load" => {
            let words = view.data(view.register(3), view.register(2));
            with(view, [(3, words)])
        }
        "lsm_set_self_attr" => with(view, [(1, security(view))]),
        "ioperm" => {
            let [from, count] = [0, 1].map(|place| text::hex(view.register(place)));
            vec![from, count, argument(view, 2)]
        }
        "sysfs" => file_system(view),
        _ => return None,
    })
}

fn seccomp(view: &View<'_>) -> Vec<String> {
    let (flags, last) = match view.low(0) {
        1 => (
            named::SECCOMP_FLAGS.flags(view.low(1)),
            filters::program(view, view.register(2), Purpose::Seccomp),
        ),
        2 => (text::hex(view.low(1)), action(view)),
        _ => (text::hex(view.low(1)), view.pointer(2)),
    };
    vec![argument(view, 0), flags, last]
}

/// The action that SECCOMP_GET_ACTION_AVAIL asks for.
fn action(view: &View<'_>) -> String {
    match view.fixed(view.register(2)).map(u32::from_le_bytes) {
        Some(action) => format!("[{}]", named::SECCOMP_ACTION.choice(action.into())),
        None => view.pointer(2),
    }
}

/// reboot(2): only one command has an argument.
fn reboot(view: &View<'_>) -> Vec<String> {
    let magic = [0, 1].map(|place| named::REBOOT_MAGIC.choice(view.low(place)));
    let command = named::REBOOT.choice(view.low(2));
    let argument = (view.low(2) == RESTART2).then(|| view.path(3));
    magic.into_iter().chain([command]).chain(argument).collect()
}

/// `struct landlock_ruleset_attr`, as much of it as there is (landlock_create_ruleset(2)).
fn ruleset(view: &View<'_>) -> String {
    let address = view.register(0);
    let size = usize::try_from(view.register(1)).unwrap_or(0).min(24);
    let Some(known) = view.bytes(address, size).filter(|_| size >= 8) else {
        return text::pointer(address);
    };
    let long = |at| text::u64_in(&known, at);
    let mut all = vec![("handled_access_fs", named::LANDLOCK_FILES.flags(long(0)))];
    if size >= 16 {
        all.push(("handled_access_net", named::LANDLOCK_NETWORK.flags(long(8))));
    }
    if size >= 24 {
        all.push(("scoped", named::LANDLOCK_SCOPE.flags(long(16))));
    }
    text::fields(all)
}

/// `struct landlock_path_beneath_attr`, which is packed, or `struct landlock_net_port_attr`.
fn rule(view: &View<'_>) -> String {
    let address = view.register(2);
    let beneath = view.fixed::<12>(address).filter(|_| view.low(1) == 1);
    let port = view.fixed::<16>(address).filter(|_| view.low(1) == 2);
    match (beneath, port) {
        (Some(rule), _) => text::fields([
            (
                "allowed_access",
                named::LANDLOCK_FILES.flags(text::u64_in(&rule, 0)),
            ),
            ("parent_fd", view.base_of(text::i32_in(&rule, 8))),
        ]),
        (_, Some(rule)) => text::fields([
            (
                "allowed_access",
                named::LANDLOCK_NETWORK.flags(text::u64_in(&rule, 0)),
            ),
            ("port", format!("{}", text::u64_in(&rule, 8))),
        ]),
        _ => text::pointer(address),
    }
}

/// syslog(2): only some actions fill a buffer or take a level.
fn log(view: &View<'_>) -> Vec<String> {
    let action = view.low(0);
    let name = named::SYSTEM_LOG.name(action);
    let name = name.as_deref().unwrap_or("SYSLOG_ACTION_???");
    let action_shown = format!("{} /* {name} */", view.int(0));
    match action {
        0 | 1 | 5..=7 | 9 | 10 => vec![action_shown],
        _ => vec![action_shown, view.pointer(1), argument(view, 2)],
    }
}

/// `struct kexec_segment` (kexec_load(2)), of which the kernel takes sixteen.
fn segments(view: &View<'_>) -> String {
    const MOST: u64 = 16;
    let (address, count) = (view.register(2), view.register(1));
    let size = 4 * view.word().unwrap_or(8) as u64;
    if count > MOST {
        return text::pointer(address);
    }
    let mut all = Vec::new();
    for place in 0..count {
        let Some([buffer, length, memory, room]) = view.longs(address.wrapping_add(size * place))
        else {
            break;
        };
        all.push(text::fields([
            ("buf", text::pointer(buffer)),
            ("bufsz", format!("{length}")),
            ("mem", text::pointer(memory)),
            ("memsz", format!("{room}")),
        ]));
    }
    match all.is_empty() {
        true => text::pointer(address),
        false => format!("[{}]", text::list(all)),
    }
}

fn machine(flags: u64) -> String {
    let name = named::KEXEC_MACHINE.choice(flags & MACHINE);
    match flags & !MACHINE {
        0 => name,
        rest => format!("{name}|{}", named::KEXEC_FLAGS.flags(rest)),
    }
}

/// `struct lsm_ctx` (include/uapi/linux/lsm.h).
fn security(view: &View<'_>) -> String {
    let known = view.fixed::<32>(view.register(1));
    let Some(known) = known.filter(|_| view.low(2) >= 32) else {
        return view.pointer(1);
    };
    let context = view.register(1).wrapping_add(32);
    text::fields([
        ("id", format!("{}", text::u64_in(&known, 0))),
        ("flags", text::hex(text::u64_in(&known, 8))),
        ("len", format!("{}", text::u64_in(&known, 16))),
        ("ctx", view.data(context, text::u64_in(&known, 24))),
    ])
}

/// sysfs(2): one option takes the name of a file system, one a number and room for its name.
fn file_system(view: &View<'_>) -> Vec<String> {
    let option = argument(view, 0);
    match view.low(0) {
        1 => vec![option, view.path(1)],
        2 => vec![option, format!("{}", view.low(1)), view.pointer(2)],
        3 => vec![option],
        _ => {
            let rest = (1..3).map(|place| text::hex(view.register(place)));
            [option].into_iter().chain(rest).collect()
        }
    }
}
