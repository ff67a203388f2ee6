//! Sandboxes inside a filter such as the one that container runtimes put around everything.

use crate::lists::allow_list;
use crate::place::Place;
use crate::{bash, busybox, python};

/// Docker's default profile in substance: ordinary calls, everything else is EPERM, and clone3 does
/// not exist, so that libcs fall back to clone, whose flags a filter can see.
const OUTER_ALLOW: [&str; 4] = [
    "--allow",
    "@system-service:seccomp:prctl:landlock_create_ruleset:landlock_restrict_self:!@keyring:clone3=ENOSYS",
    "--default-action",
    "EPERM",
];

/// The calls that Docker's documentation names as blocked.
const OUTER_DENY: [&str; 2] = [
    "--deny",
    "acct=EPERM:add_key=EPERM:bpf=EPERM:clock_adjtime=EPERM:clock_settime=EPERM:clone3=ENOSYS:\
     delete_module=EPERM:finit_module=EPERM:get_mempolicy=EPERM:init_module=EPERM:ioperm=EPERM:\
     iopl=EPERM:kcmp=EPERM:kexec_file_load=EPERM:kexec_load=EPERM:keyctl=EPERM:mbind=EPERM:\
     mount=EPERM:move_pages=EPERM:name_to_handle_at=EPERM:open_by_handle_at=EPERM:\
     perf_event_open=EPERM:personality=EPERM:pivot_root=EPERM:process_vm_readv=EPERM:\
     process_vm_writev=EPERM:ptrace=EPERM:quotactl=EPERM:reboot=EPERM:request_key=EPERM:\
     set_mempolicy=EPERM:setns=EPERM:settimeofday=EPERM:swapon=EPERM:swapoff=EPERM:sysfs=EPERM:\
     umount2=EPERM:unshare=EPERM:uselib=EPERM:userfaultfd=EPERM:ustat=EPERM",
];

/// Prints the number of filters, then what becomes of a call that only the outer filter stops and of
/// one that only the inner filter stops.
const PROBE: &str = r#"
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("Seccomp_filters")))
print("outer", libc.umount2(b"/nowhere", 0), ctypes.get_errno())
try:
    os.mkdir("new")
except OSError as error:
    print("inner", error.errno)
"#;

/// Places within an outer filter.
fn nested<'a>(
    places: impl Iterator<Item = Place> + 'a,
    outer: &'a [&'a str],
) -> impl Iterator<Item = Place> + 'a {
    places.map(move |place| {
        let words = [place.launcher().into_os_string(), "-q".into()].into_iter();
        let words: Vec<_> = words.chain(outer.iter().map(|word| word.into())).collect();
        place.around(words)
    })
}

#[test]
fn dynamic_programs_work_and_die_as_without_it() {
    for outer in [&OUTER_ALLOW[..], &OUTER_DENY[..]] {
        for place in nested(Place::all(), outer) {
            let list = allow_list("python3");
            python::job(&place, &list)
                .succeeded()
                .stdout(python::DONE)
                .stderr("");
            python::job(&place, &format!("{list}:!socket")).killed();
            let list = allow_list("bash");
            bash::job(&place, &list)
                .succeeded()
                .stdout(bash::DONE)
                .stderr("");
            bash::job(&place, &format!("{list}:!clone")).killed();
        }
    }
}

#[test]
fn static_programs_work_and_die_as_without_it() {
    for outer in [&OUTER_ALLOW[..], &OUTER_DENY[..]] {
        for place in nested(Place::launchers(), outer) {
            let list = allow_list("busybox");
            let outcome = busybox::script(&place, &list, bash::JOB).succeeded();
            outcome.stdout(bash::DONE).stderr("");
            busybox::script(&place, &list, "mkdir new").killed();
            busybox::script(&place, &format!("{list}:!wait4"), bash::JOB).killed();
        }
    }
}

#[test]
fn both_filters_hold() {
    for outer in [&OUTER_ALLOW[..], &OUTER_DENY[..]] {
        for place in nested(Place::all(), outer) {
            let run = place.deny("mkdir=EROFS:mkdirat=EROFS", "python3");
            run.args(["-I", "-c", PROBE])
                .outcome()
                .succeeded()
                .stdout("2\nouter -1 1\ninner 30\n");
        }
    }
}

#[test]
fn suspend_says_why_it_cannot() {
    for place in nested(Place::launchers(), &OUTER_DENY) {
        place
            .plain(place.launcher())
            .args(["--method", "suspend", "--deny", "reboot", "true"])
            .outcome()
            .status(125)
            .stderr_has("use --method ticket");
    }
}
