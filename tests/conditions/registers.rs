//! The kernel reads fewer bits of most arguments than a register has. A rule by name compares those
//! bits, so garbage in the others neither passes a denial nor breaks what is allowed.

use sandbox_tests::Run;

use crate::{List, answers, call, caller, dies};

const GARBAGE: u64 = 0xdead_beef_0000_0000;
const EPERM: &str = "errno 1\n";

#[test]
fn a_socket_of_one_family_is_allowed_and_no_other() {
    let list = List::Allow("@system-service:!@network-io:socket(family == AF_UNIX)");
    let (unix, inet) = (1, 2);
    let good = [
        call("socket", &[unix, 1, 0]),
        call("socket", &[GARBAGE | unix, 1, 0]),
    ];
    answers(list, &good, "ran\nran\n");
    dies(list, call("socket", &[inet, 1, 0]));
    dies(list, call("socket", &[GARBAGE | inet, 1, 0]));
}

#[test]
fn memory_never_becomes_executable() {
    let list = List::Allow("@system-service:mprotect(prot &? PROT_EXEC)=EPERM");
    let calls = [
        call("mprotect", &[0, 0, 5]),
        call("mprotect", &[0, 0, 4]),
        call("mprotect", &[0, 0, 7]),
        call("mprotect", &[0, 0, 1]),
    ];
    answers(list, &calls, &[EPERM, EPERM, EPERM, "ran\n"].concat());
}

#[test]
fn no_input_is_pushed_into_a_terminal() {
    const TIOCSTI: u64 = 0x5412;
    const TCGETS: u64 = 0x5401;
    for list in [
        List::Allow("@system-service:ioctl(cmd == TIOCSTI)=kill"),
        List::Deny("ioctl(cmd == TIOCSTI)"),
    ] {
        dies(list, call("ioctl", &[0, TIOCSTI, 0]));
        dies(list, call("ioctl", &[0, GARBAGE | TIOCSTI, 0]));
        // EBADF: the kernel was asked.
        answers(list, &[call("ioctl", &[99, TCGETS, 0])], "errno 9\n");
    }
}

#[test]
fn a_mode_is_compared_on_the_sixteen_bits_that_count() {
    let list = List::Allow("@system-service:fchmod(mode == 04755)=EPERM");
    let calls = [
        call("fchmod", &[99, 0o4755]),
        call("fchmod", &[99, GARBAGE | 0o4755]),
        call("fchmod", &[99, 0xabcd_0000 | 0o4755]),
        call("fchmod", &[99, 0o755]),
    ];
    answers(list, &calls, &[EPERM, EPERM, EPERM, "errno 9\n"].concat());
}

#[test]
fn no_user_namespace_is_made() {
    const NEWUSER: u64 = 0x1000_0000;
    const INVALID: u64 = 0x0000_1000_0000_0000;
    let list = List::Allow("@system-service:clone(flags &? CLONE_NEWUSER)=EPERM");
    let (fs, newns) = (0x200, 0x2_0000);
    let calls = [
        call("clone", &[NEWUSER]),
        call("clone", &[GARBAGE | NEWUSER]),
        call("clone", &[INVALID | NEWUSER | fs]),
        // CLONE_FS with CLONE_NEWNS: the kernel itself refuses it (EINVAL).
        call("clone", &[fs | newns]),
    ];
    answers(list, &calls, &[EPERM, EPERM, EPERM, "errno 22\n"].concat());
}

#[test]
fn an_argument_by_number_cannot_carry_a_denial_that_garbage_passes() {
    for (list, name) in [
        ("ioctl(arg1 == TIOCSTI)=kill:@system-service", "ioctl"),
        ("@system-service:fchmod(argL1 == 04755)=EPERM", "fchmod"),
        (
            "@system-service:clone(arg0 &? CLONE_NEWUSER)=EPERM",
            "clone",
        ),
    ] {
        let outcome = Run::preloaded(caller(&[])).allow(list).outcome();
        let outcome = outcome.status(1).stdout("");
        outcome
            .stderr_has(name)
            .stderr_has("use the argument's name");
    }
}

#[test]
fn files_are_opened_for_reading_only() {
    let list =
        List::Allow("@system-service:!open:!creat:!openat2:openat(flags & O_ACCMODE == O_RDONLY)");
    let (at_cwd, cloexec) = (0xffff_ff9c, 0o2_000_000);
    let good = [
        call("openat", &[at_cwd, 0, cloexec]),
        call("openat", &[at_cwd, 0, GARBAGE]),
    ];
    answers(list, &good, "errno 14\nerrno 14\n");
    for flags in [1, 2, cloexec | 1, GARBAGE | 2] {
        dies(list, call("openat", &[at_cwd, 0, flags]));
    }
}

#[test]
fn the_type_of_a_socket_may_come_with_flags() {
    let list = List::Allow(
        "@system-service:socket(family == AF_UNIX && type & SOCK_TYPE_MASK == SOCK_STREAM)",
    );
    let (unix, stream, datagram, cloexec) = (1, 1, 2, 0o2_000_000);
    let good = [
        call("socket", &[unix, stream, 0]),
        call("socket", &[unix, stream | cloexec, 0]),
    ];
    answers(list, &good, "ran\nran\n");
    dies(list, call("socket", &[unix, datagram | cloexec, 0]));
}

#[test]
fn two_arguments_are_compared_with_each_other() {
    let list = List::Allow("@system-service:dup2(oldfd != newfd):dup3(oldfd > 9 && oldfd < newfd)");
    answers(list, &[call("dup3", &[90, 91, 0])], "errno 9\n");
    answers(list, &[call("dup3", &[GARBAGE | 90, 91, 0])], "errno 9\n");
    dies(list, call("dup3", &[91, 90, 0]));
    dies(list, call("dup3", &[5, 90, 0]));
    if syscalls::number(syscalls::Abi::NATIVE, "dup2").is_some() {
        answers(list, &[call("dup2", &[90, 91])], "errno 9\n");
        dies(list, call("dup2", &[90, 90]));
        dies(list, call("dup2", &[90, GARBAGE | 90]));
    }
}

#[test]
fn ranges_and_long_lists_hold_at_their_ends() {
    let list = List::Allow("@system-service:lseek(offset >= 0x100000000 && offset <= 0x1ffffffff)");
    for inside in [0x1_0000_0000, 0x1_ffff_ffff] {
        answers(list, &[call("lseek", &[99, inside, 0])], "errno 9\n");
    }
    for outside in [0, 0xffff_ffff, 0x2_0000_0000, u64::MAX] {
        dies(list, call("lseek", &[99, outside, 0]));
    }
    let values: Vec<String> = (0..40).map(|value| (100 + 3 * value).to_string()).collect();
    let list = format!("@system-service:close(notIn(fd, {}))", values.join(", "));
    let list = List::Allow(&list);
    for open in [101, 99, 220, 4000] {
        answers(list, &[call("close", &[open])], "errno 9\n");
    }
    for shut in [100, 103, 217, GARBAGE | 160] {
        dies(list, call("close", &[shut]));
    }
}
