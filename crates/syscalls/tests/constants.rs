//! The table of constants against the list that it is made from, and against the original's.
#![allow(
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use report::skip;
use syscalls::{constant, constants, errno};

#[path = "../examples/generate_constants/encode.rs"]
mod encode;
#[path = "../../../tests/support/report.rs"]
mod report;

fn room() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn list() -> String {
    fs::read_to_string(room().join("constants.tsv")).unwrap()
}

/// A value as a register holds it.
fn register(value: &str) -> u64 {
    value.parse::<i64>().unwrap() as u64
}

/// The column of `constants.tsv` that this machine goes by: its names and values.
fn expected(list: &str) -> BTreeMap<&str, u64> {
    let mut all = BTreeMap::new();
    for line in list.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let other = fields.get(2).filter(|_| cfg!(target_arch = "aarch64"));
        match *other.unwrap_or(&fields[1]) {
            "-" => continue,
            value => assert_eq!(all.insert(fields[0], register(value)), None, "{line}"),
        }
    }
    all
}

#[test]
fn the_table_is_what_the_generator_gives() {
    let table = fs::read_to_string(room().join("src/constant_table.rs")).unwrap();
    assert!(
        table == encode::render(&list()),
        "run `cargo run -p syscalls --example generate_constants`"
    );
}

#[test]
fn every_constant_of_the_list_is_found_in_both_cases() {
    let list = list();
    let all = expected(&list);
    for (&name, &value) in &all {
        assert_eq!(constant(name), Some(value), "{name}");
        assert_eq!(constant(&name.to_lowercase()), Some(value), "{name}");
    }
}

#[test]
fn names_next_to_a_constants_have_their_own_value_or_none() {
    let list = list();
    let all = expected(&list);
    for name in all.keys() {
        for near in [&name[..name.len() - 1], &format!("{name}X")] {
            let error = || errno::number(near).map(u64::from);
            let known = all.get(near).copied().or_else(error);
            assert_eq!(constant(near), known, "{near}");
        }
    }
}

/// The original's list is of x86_64.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_originals_constants_have_their_values() {
    let original = room().join("../../../shared/data/oz/policy-language/constants.tsv");
    let Ok(original) = fs::read_to_string(original) else {
        return skip("the original's list of constants is not on this machine");
    };
    let fields = original.lines().map(|line| line.split('\t').collect());
    let (constants, _): (Vec<Vec<&str>>, Vec<_>) =
        fields.partition(|fields: &Vec<&str>| matches!(fields[0], "const" | "errno"));
    assert!(constants.len() > 1300, "{}", constants.len());
    for fields in constants {
        assert_eq!(
            constant(fields[1]),
            Some(register(fields[2])),
            "{}",
            fields[1]
        );
    }
}

#[test]
fn values_are_those_of_the_headers() {
    for (name, value) in [
        ("AF_UNIX", 1),
        ("pf_unix", 1),
        ("TIOCSTI", 0x5412),
        ("TUNSETIFF", 0x4004_54ca),
        ("AT_FDCWD", 100_u64.wrapping_neg()),
        ("FUTEX_WAIT_PRIVATE", 128),
        ("FUTEX_CMD_MASK", !0x180),
        ("PR_SET_NAME", 15),
        ("PR_SET_MDWE", 65),
        ("CLONE_NEWUSER", 0x1000_0000),
        ("Clone_Into_Cgroup", 0x2_0000_0000),
        ("BPF_PROG_LOAD", 5),
        ("KEYCTL_LINK", 8),
        ("ADDR_NO_RANDOMIZE", 0x4_0000),
        ("LINUX_REBOOT_MAGIC1", 0xfee1_dead),
        ("EPERM", 1),
        ("eperm", 1),
        ("ewouldblock", 11),
    ] {
        assert_eq!(constant(name), Some(value), "{name}");
    }
    #[cfg(target_arch = "x86_64")]
    let machines = [
        ("O_DIRECTORY", Some(0o20_0000)),
        ("ARCH_SET_FS", Some(0x1002)),
    ];
    #[cfg(target_arch = "aarch64")]
    let machines = [("O_DIRECTORY", Some(0o4_0000)), ("ARCH_SET_FS", None)];
    for (name, value) in machines {
        assert_eq!(constant(name), value, "{name}");
    }
}

#[test]
fn what_is_no_name_has_no_value() {
    let long = "AF_UNIX".repeat(1000);
    for name in [
        "", "-", "_", "0", "AF_", "AF_UNI", "AF_UNIXX", "A", "ZZZ", "AF UNIX", "É", &long,
    ] {
        assert_eq!(constant(name), None, "{name}");
    }
}

#[test]
fn all_constants_come_once() {
    let list = list();
    let mut wanted = expected(&list);
    wanted.extend(errno::names().map(|name| (name, errno::number(name).unwrap().into())));
    let all: Vec<(String, u64)> = constants().collect();
    assert_eq!(all.len(), wanted.len());
    for (name, value) in &all {
        assert_eq!(wanted.remove(name.as_str()), Some(*value), "{name}");
    }
}
