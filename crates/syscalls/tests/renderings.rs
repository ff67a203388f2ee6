//! Lines that this machine's strace cannot be asked for: calls that are younger than it, programs of 32
//! bits, hostile names, and descriptors whose files are known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use support::Pieces;
use syscalls::render::{Memory, Style, call};
use syscalls::{Abi, number};

#[path = "renderings/narrow.rs"]
mod narrow;
mod support;

fn line(abi: Abi, name: &str, registers: &[u64], memory: &dyn Memory) -> String {
    let mut all = [0; 6];
    all[..registers.len()].copy_from_slice(registers);
    let number = number(abi, name).unwrap_or_else(|| panic!("{name} on {abi}"));
    call(abi, number, &all, memory, Style::Plain)
}

/// Ints, one behind the other.
fn ints(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

#[test]
fn a_descriptor_is_shown_with_its_file_wherever_it_stands() {
    let mut memory = Pieces::default();
    memory.descriptors = vec![(3, "/etc/passwd"), (4, "socket:[77]"), (5, "/tmp")];
    let text = memory.text("x");
    let polled = memory.put(ints(&[3, 1, 9, 4]));
    let set = memory.longs(&[0b11_1000]);
    for (name, registers, expected) in [
        ("close", &[3][..], "close(3</etc/passwd>)"),
        ("close", &[9], "close(9)"),
        ("close", &[0xffff_ffff], "close(-1)"),
        ("dup2", &[3, 4], "dup2(3</etc/passwd>, 4<socket:[77]>)"),
        ("openat", &[5, text, 0], "openat(5</tmp>, \"x\", O_RDONLY)"),
        ("listen", &[4, 5], "listen(4<socket:[77]>, 5)"),
        (
            "ioctl",
            &[3, 0x4004_9409, 5],
            "ioctl(3</etc/passwd>, FICLONE, 5</tmp>)",
        ),
        (
            "mmap",
            &[0, 4096, 1, 2, 3, 0],
            "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</etc/passwd>, 0)",
        ),
        (
            "poll",
            &[polled, 2, 0],
            "poll([{fd=3</etc/passwd>, events=POLLIN}, {fd=9, events=POLLOUT}], 2, 0)",
        ),
        (
            "select",
            &[6, set, 0, 0, 0],
            "select(6, [3</etc/passwd> 4<socket:[77]> 5</tmp>], NULL, NULL, NULL)",
        ),
        ("close_range", &[3, 5, 0], "close_range(3, 5, 0)"),
        ("kill", &[3, 9], "kill(3, SIGKILL)"),
    ] {
        assert_eq!(line(Abi::X86_64, name, registers, &memory), expected);
    }
}

#[test]
fn the_name_of_a_file_cannot_end_its_brackets() {
    let mut memory = Pieces::default();
    memory.descriptors = vec![(3, "/a>, O_RDONLY) = 3\n<\"\\\u{1b}[31m"), (4, "")];
    assert_eq!(
        line(Abi::X86_64, "close", &[3], &memory),
        "close(3</a\\76, O_RDONLY) = 3\\n\\74\\\"\\\\\\33[31m>)"
    );
    assert_eq!(line(Abi::X86_64, "close", &[4], &memory), "close(4<>)");
    let long: &'static str = Box::leak("a".repeat(5000).into_boxed_str());
    memory.descriptors = vec![(3, long)];
    let shown = line(Abi::X86_64, "close", &[3], &memory);
    assert_eq!(shown, format!("close(3<{}...>)", "a".repeat(256)));
}

/// A call, its registers (the rest are zero), and its line.
type Row<'a> = (&'a str, &'a [u64], &'a str);

fn compare(abi: Abi, memory: &dyn Memory, rows: &[Row<'_>]) {
    for (name, registers, expected) in rows {
        assert_eq!(line(abi, name, registers, memory), *expected, "{abi}");
    }
}

const HERE: u64 = 0xffff_ff9c;

#[test]
fn younger_calls_on_mounts_are_shown_with_their_structures() {
    let mut memory = Pieces::default();
    let path = memory.text("/x");
    let query = memory.longs(&[24, 0x1234, 0x21]);
    let attributes = memory.longs(&[1, 0, 1 << 18, 0]);
    compare(
        Abi::X86_64,
        &memory,
        &[
            (
                "statmount",
                &[query, 8, 512, 0],
                "statmount({size=24, mnt_id=0x1234, \
                 param=STATMOUNT_SB_BASIC|STATMOUNT_FS_TYPE}, 0x8, 512, 0)",
            ),
            (
                "listmount",
                &[query, 8, 5, 1],
                "listmount({size=24, mnt_id=0x1234, param=33}, 0x8, 5, LISTMOUNT_REVERSE)",
            ),
            (
                "open_tree_attr",
                &[HERE, path, 1, attributes, 32],
                "open_tree_attr(AT_FDCWD, \"/x\", OPEN_TREE_CLONE, {attr_set=MOUNT_ATTR_RDONLY, \
                 attr_clr=0, propagation=MS_PRIVATE, userns_fd=0}, 32)",
            ),
        ],
    );
}

#[test]
fn younger_calls_on_files_are_shown_with_their_structures() {
    let mut memory = Pieces::default();
    let path = memory.text("/x");
    let range = memory.longs(&[4096, 8192]);
    let value = memory.put(*b"data");
    let extended = memory.put([&value.to_le_bytes()[..], &ints(&[4, 1])].concat());
    let port = memory.longs(&[2, 443]);
    compare(
        Abi::X86_64,
        &memory,
        &[
            (
                "cachestat",
                &[3, range, 0, 0],
                "cachestat(3, {off=4096, len=8192}, NULL, 0)",
            ),
            (
                "setxattrat",
                &[HERE, path, 0x100, path, extended, 16],
                "setxattrat(AT_FDCWD, \"/x\", AT_SYMLINK_NOFOLLOW, \"/x\", \
                 {value=\"data\", size=4, flags=XATTR_CREATE}, 16)",
            ),
            (
                "fchmodat2",
                &[3, path, 0o644, 0x1000],
                "fchmodat2(3, \"/x\", 0644, AT_EMPTY_PATH)",
            ),
            (
                "landlock_add_rule",
                &[3, 2, port, 0],
                "landlock_add_rule(3, LANDLOCK_RULE_NET_PORT, \
                 {allowed_access=LANDLOCK_ACCESS_NET_CONNECT_TCP, port=443}, 0)",
            ),
        ],
    );
}

#[test]
fn younger_calls_on_memory_are_shown_with_their_structures() {
    let mut memory = Pieces::default();
    let soon = memory.longs(&[1, 2]);
    let waiters = memory.longs(&[1, 8, 0x82, 2, 16, 2]);
    compare(
        Abi::X86_64,
        &memory,
        &[
            (
                "futex_wait",
                &[8, 1, 0xffff_ffff, 0x82, soon, 1],
                "futex_wait(0x8, 1, FUTEX_BITSET_MATCH_ANY, FUTEX2_SIZE_U32|FUTEX2_PRIVATE, \
                 {tv_sec=1, tv_nsec=2}, CLOCK_MONOTONIC)",
            ),
            (
                "futex_wake",
                &[8, 1, 2, 2],
                "futex_wake(0x8, 0x1, 2, FUTEX2_SIZE_U32)",
            ),
            (
                "futex_requeue",
                &[waiters, 0, 1, 2],
                "futex_requeue([{val=0x1, uaddr=0x8, flags=FUTEX_32|FUTEX_PRIVATE_FLAG}, \
                 {val=0x2, uaddr=0x10, flags=FUTEX_32}], 0, 1, 2)",
            ),
            (
                "map_shadow_stack",
                &[0, 4096, 1],
                "map_shadow_stack(NULL, 4096, SHADOW_STACK_SET_TOKEN)",
            ),
            ("mseal", &[0x1000, 4096, 0], "mseal(0x1000, 4096, 0)"),
        ],
    );
}

#[test]
fn a_context_of_a_security_module_is_shown() {
    let mut memory = Pieces::default();
    let numbers = [100u64, 0, 40, 4].map(u64::to_le_bytes).concat();
    let context = memory.put([&numbers[..], b"ctx\n"].concat());
    compare(
        Abi::X86_64,
        &memory,
        &[(
            "lsm_set_self_attr",
            &[100, context, 36, 0],
            "lsm_set_self_attr(LSM_ATTR_CURRENT, {id=100, flags=0, len=40, ctx=\"ctx\\n\"}, 36, 0)",
        )],
    );
}

#[test]
fn numbers_as_wide_as_the_kernel_reads_them() {
    let mut memory = Pieces::default();
    let clone = memory.put(
        [0, 0, 0, 0, 1 << 40, 0, 0, 0]
            .map(u64::to_le_bytes)
            .concat(),
    );
    let nodes = memory.put([5u64, 0].map(u64::to_le_bytes).concat());
    compare(
        Abi::X86_64,
        &memory,
        &[
            (
                "clone3",
                &[clone, 64],
                "clone3({flags=0, exit_signal=1099511627776, stack=NULL, stack_size=0}, 64)",
            ),
            (
                "prctl",
                &[0x5961_6d61, 0xffff_ffff],
                "prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY)",
            ),
            (
                "set_mempolicy",
                &[0, nodes, 65],
                "set_mempolicy(MPOL_DEFAULT, [0x00000000000005], 65)",
            ),
        ],
    );
}

#[test]
fn flags_of_x86_have_no_names_on_arm() {
    let arguments = &[0, 4096, 1, 0x62, 0xffff_ffff, 0];
    for (abi, flags) in [
        (Abi::X86_64, "MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT"),
        (Abi::Aarch64, "MAP_PRIVATE|MAP_ANONYMOUS|0x40"),
    ] {
        let line = format!("mmap(NULL, 4096, PROT_READ, {flags}, -1, 0)");
        compare(abi, &Low::default(), &[("mmap", arguments, &line)]);
    }
}

/// Memory below 4 GiB.
#[derive(Default)]
struct Low(Vec<u8>);

impl Low {
    const START: u64 = 0x10_0000;

    fn put(&mut self, bytes: &[u8]) -> u64 {
        let at = self.0.len().next_multiple_of(64);
        self.0.resize(at, 0xee);
        self.0.extend(bytes);
        Low::START + at as u64
    }
}

impl Memory for Low {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        let start = address.checked_sub(Low::START);
        let start = start.and_then(|at| usize::try_from(at).ok());
        let rest = start.and_then(|at| self.0.get(at..)).unwrap_or_default();
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        count
    }

    fn descriptor(&self, _: i32) -> Option<Vec<u8>> {
        None
    }
}
