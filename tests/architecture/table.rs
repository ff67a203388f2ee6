//! The generated tables of system calls against what they were made from and this machine's headers.

use std::fs;
use std::process::Command;

use sandbox_tests::{repository, skip};
use syscalls::Abi;

#[test]
fn the_tables_are_what_their_generator_gives() {
    let data = repository().join("../shared/data");
    let numbers = data.join("syscalls/numbers.tsv");
    let groups = data.join("groups/systemd-groups.txt");
    let formats = data.join("syscalls/tracefs-formats-6.18-x86_64.txt");
    if [&numbers, &groups, &formats]
        .iter()
        .any(|list| !list.exists())
    {
        return skip("the lists that the tables were generated from are not on this machine");
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(repository())
        .args([
            "run",
            "--quiet",
            "--offline",
            "--locked",
            "-p",
            "syscalls",
            "--example",
            "generate",
            "--",
            "--check",
        ])
        .args([
            &numbers,
            &groups,
            &formats,
            &repository().join("crates/syscalls/src"),
        ])
        .output()
        .expect("cargo");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// `#define __NR_name number`, as names and numbers.
fn defined(header: &str) -> Vec<(&str, u32)> {
    header
        .lines()
        .filter_map(|line| {
            let (name, number) = line.strip_prefix("#define __NR_")?.split_once(' ')?;
            Some((name, number.trim().parse().ok()?))
        })
        .collect()
}

#[test]
fn the_table_agrees_with_this_machines_headers() {
    const HEADERS: [(Abi, &str); 2] = [(Abi::X86_64, "unistd_64.h"), (Abi::X86, "unistd_32.h")];
    let directories = ["/usr/include/x86_64-linux-gnu/asm", "/usr/include/asm"];
    for (abi, file) in HEADERS {
        let text = directories
            .iter()
            .find_map(|directory| fs::read_to_string(format!("{directory}/{file}")).ok());
        let Some(text) = text else {
            return skip("no kernel headers for x86 on this machine");
        };
        let calls = defined(&text);
        assert!(calls.len() > 300, "{file} defines {} calls", calls.len());
        for (name, number) in calls {
            assert_eq!(
                syscalls::number(abi, name),
                Some(number),
                "{name} in {file}"
            );
            assert_eq!(
                syscalls::name(abi, number),
                Some(name),
                "{number} in {file}"
            );
        }
    }
}

#[test]
fn error_numbers_agree_with_this_machines_headers() {
    let read = |file: &str| fs::read_to_string(format!("/usr/include/asm-generic/{file}"));
    let (Ok(base), Ok(more)) = (read("errno-base.h"), read("errno.h")) else {
        return skip("no kernel headers on this machine");
    };
    let mut count = 0;
    for line in base.lines().chain(more.lines()) {
        let mut words = line.split_whitespace();
        let (Some("#define"), Some(name), Some(value)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        // A few are second names: EWOULDBLOCK is EAGAIN.
        let number = value
            .parse()
            .ok()
            .or_else(|| syscalls::errno::number(value));
        assert!(number.is_some(), "{name} is {value}");
        assert_eq!(syscalls::errno::number(name), number, "{name}");
        count += 1;
    }
    assert!(count > 130, "{count} errors in the headers");
}
