//! Calls of 32-bit programs as 64-bit kernels would be given them: 64-bit values in one register,
//! calls that came later under the name of the older one that does the same, and structures of
//! arguments taken apart (arch/x86/entry/syscalls/syscall_32.tbl, arch/arm/tools/syscall.tbl).

use super::view::View;
use crate::Abi;

/// How a 32-bit call was passed on.
pub(super) struct Wide {
    /// The call of 64-bit kernels that does the same.
    pub name: &'static str,
    pub registers: [u64; 6],
    /// Its times have 64 bits (include/linux/time64.h).
    pub has_wide_times: bool,
    /// The arguments that have 64 bits.
    pub whole: &'static [usize],
}

/// Names of 32-bit kernels alone, and the call that does the same.
const SAME: [(&str, &str); 38] = [
    ("_newselect", "select"),
    ("arm_fadvise64_64", "fadvise64"),
    ("arm_sync_file_range", "sync_file_range"),
    ("chown32", "chown"),
    ("fadvise64_64", "fadvise64"),
    ("fchown32", "fchown"),
    ("fcntl64", "fcntl"),
    ("fstat64", "fstat"),
    ("fstatat64", "newfstatat"),
    ("ftruncate64", "ftruncate"),
    ("getegid32", "getegid"),
    ("geteuid32", "geteuid"),
    ("getgid32", "getgid"),
    ("getgroups32", "getgroups"),
    ("getresgid32", "getresgid"),
    ("getresuid32", "getresuid"),
    ("getuid32", "getuid"),
    ("lchown32", "lchown"),
    ("lstat64", "lstat"),
    ("mmap2", "mmap"),
    ("oldfstat", "fstat"),
    ("oldlstat", "lstat"),
    ("oldolduname", "uname"),
    ("oldstat", "stat"),
    ("olduname", "uname"),
    ("sendfile64", "sendfile"),
    ("setfsgid32", "setfsgid"),
    ("setfsuid32", "setfsuid"),
    ("setgid32", "setgid"),
    ("setgroups32", "setgroups"),
    ("setregid32", "setregid"),
    ("setresgid32", "setresgid"),
    ("setresuid32", "setresuid"),
    ("setreuid32", "setreuid"),
    ("setuid32", "setuid"),
    ("stat64", "stat"),
    ("truncate64", "truncate"),
    ("ugetrlimit", "getrlimit"),
];

/// Calls with times of 64 bits: the name of the older one, and what was put behind it.
const WIDE_TIMES: [(&str, &str); 20] = [
    ("clock_adjtime", "64"),
    ("clock_getres", "_time64"),
    ("clock_gettime", "64"),
    ("clock_nanosleep", "_time64"),
    ("clock_settime", "64"),
    ("futex", "_time64"),
    ("io_pgetevents", "_time64"),
    ("mq_timedreceive", "_time64"),
    ("mq_timedsend", "_time64"),
    ("ppoll", "_time64"),
    ("pselect6", "_time64"),
    ("recvmmsg", "_time64"),
    ("rt_sigtimedwait", "_time64"),
    ("sched_rr_get_interval", "_time64"),
    ("semtimedop", "_time64"),
    ("timer_gettime", "64"),
    ("timer_settime", "64"),
    ("timerfd_gettime", "64"),
    ("timerfd_settime", "64"),
    ("utimensat", "_time64"),
];

/// Calls younger than those, which never had other times.
const YOUNG: [&str; 3] = ["epoll_pwait2", "futex_wait", "futex_waitv"];

/// Where the argument stands that a 64-bit value takes two registers for, least half first. On Arm the
/// first of them is an even one (aapcs32, section 6.5).
const PAIRS: [(&str, &[usize]); 13] = [
    ("arm_fadvise64_64", &[2, 3]),
    ("arm_sync_file_range", &[2, 3]),
    ("fadvise64", &[1]),
    ("fadvise64_64", &[1, 2]),
    ("fallocate", &[2, 3]),
    ("fanotify_mark", &[2]),
    ("ftruncate64", &[1]),
    ("lookup_dcookie", &[0]),
    ("pread64", &[3]),
    ("pwrite64", &[3]),
    ("readahead", &[1]),
    ("sync_file_range", &[1, 2]),
    ("truncate64", &[1]),
];

/// Calls on users and groups that read 16 bits (kernel/uid16.c), from which argument on.
const SHORT_IDENTITIES: [(&str, usize); 11] = [
    ("chown", 1),
    ("fchown", 1),
    ("lchown", 1),
    ("setfsgid", 0),
    ("setfsuid", 0),
    ("setgid", 0),
    ("setregid", 0),
    ("setresgid", 0),
    ("setresuid", 0),
    ("setreuid", 0),
    ("setuid", 0),
];

/// What 64-bit kernels would have been given; nothing for a call that is the same there, or unknown.
pub(super) fn widened(view: &View<'_>) -> Option<Wide> {
    if !matches!(view.abi, Abi::X86 | Abi::Arm) {
        return None;
    }
    let later = |(old, ending): &&(&str, &str)| view.name.strip_prefix(*old) == Some(*ending);
    let timed = WIDE_TIMES.iter().find(later);
    let same = SAME.iter().find(|(narrow, _)| *narrow == view.name);
    let name = match (timed, same) {
        (Some((old, _)), _) => old,
        (None, Some((_, wide))) => wide,
        (None, None) => view.name,
    };
    let registers = moved(view);
    let is_young = YOUNG.contains(&view.name);
    if name == view.name && registers.is_none() && !is_young {
        return None;
    }
    Some(Wide {
        name,
        registers: registers.unwrap_or_else(|| all(view)),
        has_wide_times: timed.is_some() || is_young,
        whole: whole(view.name),
    })
}

/// Where the arguments of 64 bits stand once their halves are together.
fn whole(name: &str) -> &'static [usize] {
    match name {
        "preadv" | "pwritev" | "preadv2" | "pwritev2" => &[3],
        "_llseek" => &[1],
        name if name.starts_with("arm_") => &[1, 2],
        name => PAIRS
            .iter()
            .find(|(call, _)| *call == name)
            .map_or(&[], |(_, places)| places),
    }
}

/// Whether a call has one argument, which leads to those that the prototype names (mmap(2), select(2)).
pub(super) fn is_by_structure(view: &View<'_>) -> bool {
    view.abi == Abi::X86 && matches!(view.name, "mmap" | "select")
}

fn all(view: &View<'_>) -> [u64; 6] {
    [0, 1, 2, 3, 4, 5].map(|place| view.low(place))
}

/// The registers, where the name alone does not tell.
fn moved(view: &View<'_>) -> Option<[u64; 6]> {
    let [a, b, c, d, e, f] = all(view);
    Some(match view.name {
        _ if is_by_structure(view) => structure(view)?,
        // The offset is in units of 4096 bytes.
        "mmap2" => [a, b, c, d, e, f << 12],
        "preadv" | "pwritev" | "preadv2" | "pwritev2" => [a, b, c, d | e << 32, 0, f],
        // The upper half of the offset stands in front.
        "_llseek" => [a, c | b << 32, d, e, 0, 0],
        name => match SHORT_IDENTITIES.iter().find(|(call, _)| *call == name) {
            Some((_, first)) => short_identities(all(view), *first),
            None => paired(view)?,
        },
    })
}

/// The arguments that the first one leads to.
fn structure(view: &View<'_>) -> Option<[u64; 6]> {
    let count = match view.name {
        "select" => 5,
        _ => 6,
    };
    let bytes = view.bytes(view.low(0), 4 * count)?;
    let long = |place: usize| super::text::u32_in(&bytes, 4 * place).into();
    Some([0, 1, 2, 3, 4, 5].map(long))
}

/// 16 bits, all of which set stand for none.
fn short_identities(registers: [u64; 6], first: usize) -> [u64; 6] {
    let mut place = 0..;
    registers.map(|register| match (place.next(), register & 0xffff) {
        (Some(place), _) if place < first => register,
        (_, 0xffff) => 0xffff_ffff,
        (_, identity) => identity,
    })
}

/// Registers with the two halves of each long value put together.
fn paired(view: &View<'_>) -> Option<[u64; 6]> {
    let (name, long) = PAIRS.iter().find(|(call, _)| *call == view.name)?;
    let mut from = 0;
    let mut wide = [0; 6];
    for (place, register) in wide.iter_mut().enumerate() {
        if !long.contains(&place) {
            *register = view.low(from);
            from += 1;
            continue;
        }
        if view.abi == Abi::Arm {
            from += from % 2;
        }
        *register = view.low(from) | view.low(from + 1) << 32;
        from += 2;
    }
    let [descriptor, second, third, fourth, ..] = wide;
    // Arm has what is last elsewhere behind the descriptor, so that no register is left out.
    if name.starts_with("arm_") {
        wide = [descriptor, third, fourth, second, 0, 0];
    }
    Some(wide)
}

#[cfg(test)]
mod tests {
    use super::super::NoMemory;
    use super::*;
    use crate::{arguments, exists};

    #[test]
    fn every_call_has_a_number_somewhere_and_its_double_a_prototype() {
        for (narrow, wide) in SAME {
            assert!(exists(narrow) && arguments(wide).is_some(), "{narrow}");
        }
        for (old, ending) in WIDE_TIMES {
            let later = alloc::format!("{old}{ending}");
            assert!(exists(&later) && arguments(old).is_some(), "{later}");
        }
        for (call, _) in PAIRS {
            assert!(exists(call), "{call}");
        }
    }

    #[test]
    fn the_halves_of_a_long_value_come_together() {
        for (abi, name, registers, wide) in [
            (
                Abi::X86,
                "pread64",
                [3, 8, 5, 1, 2, 9],
                [3, 8, 5, 1 | 2 << 32, 9, 0],
            ),
            (
                Abi::Arm,
                "pread64",
                [3, 8, 5, 9, 1, 2],
                [3, 8, 5, 1 | 2 << 32, 0, 0],
            ),
            (
                Abi::X86,
                "fallocate",
                [3, 1, 4, 5, 6, 7],
                [3, 1, 4 | 5 << 32, 6 | 7 << 32, 0, 0],
            ),
            (
                Abi::Arm,
                "arm_sync_file_range",
                [3, 7, 4, 0, 6, 0],
                [3, 4, 6, 7, 0, 0],
            ),
            (
                Abi::X86,
                "chown",
                [8, 0xffff, 0x1_0005, 0, 0, 0],
                [8, 0xffff_ffff, 5, 0, 0, 0],
            ),
        ] {
            let view = View::new(abi, name, &registers, &NoMemory);
            assert_eq!(widened(&view).unwrap().registers, wide, "{name} on {abi}");
        }
    }
}
