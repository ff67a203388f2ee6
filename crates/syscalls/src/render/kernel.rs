//! Calls that steer the kernel or another process: filters, tracing, keys, reboot.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::named_processes as names;
use super::names::Names;
use super::paths;
use super::prototype::argument;
use super::text;
use super::view::View;

const PTRACE_OPTIONS: Names = Names::new(
    "PTRACE_O_",
    "PTRACE_O_???",
    "1=TRACESYSGOOD 2=TRACEFORK 4=TRACEVFORK 8=TRACECLONE 16=TRACEEXEC 32=TRACEVFORKDONE \
     64=TRACEEXIT 128=TRACESECCOMP 0x100000=EXITKILL 0x200000=SUSPEND_SECCOMP",
);

pub(super) fn arguments(view: &View<'_>) -> Option<Vec<String>> {
    Some(match view.name {
        "add_key" => paths::with(view, 2, view.data(view.register(2), view.register(3))),
        "ptrace" => tracing(view),
        "reboot" => reboot(view),
        "seccomp" => seccomp(view),
        _ => return None,
    })
}

fn seccomp(view: &View<'_>) -> Vec<String> {
    let flags = match view.low(0) {
        1 => names::SECCOMP_FLAGS.flags(view.low(1)),
        _ => text::hex(view.low(1)),
    };
    vec![argument(view, 0), flags, view.pointer(2)]
}

/// reboot(2): only one command has an argument.
fn reboot(view: &View<'_>) -> Vec<String> {
    let magic = [0, 1].map(|place| names::REBOOT_MAGIC.choice(view.low(place)));
    let command = names::REBOOT.choice(view.low(2));
    let argument = (view.low(2) == RESTART2).then(|| view.path(3));
    magic.into_iter().chain([command]).chain(argument).collect()
}

/// LINUX_REBOOT_CMD_RESTART2 (include/uapi/linux/reboot.h).
const RESTART2: u64 = 0xa1b2_c3d4;

/// ptrace(2): the requests that set options take them last.
fn tracing(view: &View<'_>) -> Vec<String> {
    let request = view.low(0);
    let known = names::PTRACE.name(request).is_some();
    let address = match known {
        true => view.pointer(2),
        false => text::hex(view.register(2)),
    };
    let data = match request {
        0x4200 | 0x4206 => PTRACE_OPTIONS.flags(view.register(3)),
        _ if known => view.pointer(3),
        _ => text::hex(view.register(3)),
    };
    let process = format!("{}", view.int(1));
    vec![names::PTRACE.choice(request), process, address, data]
}
