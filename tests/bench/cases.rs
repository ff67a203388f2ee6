//! What is started, and which ratio must hold.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program to start, with all that its start depends on.
pub struct Case {
    pub name: &'static str,
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, OsString)>,
}

/// A ratio between two cases that must not be exceeded.
pub struct Bound {
    pub case: &'static str,
    pub baseline: &'static str,
    pub at_most: f64,
}

const TRUE: &str = "int main(void) { return 0; }";
const EMPTY_OBJECT: &str = "";
const FOURTEEN: &str = "read:write:close:newfstatat:lseek:mmap:mprotect:munmap:brk:rt_sigaction:openat:getrandom:exit:exit_group";

/// The first 300 names in alphabetical order: what `/bin/true` calls is among them.
fn three_hundred() -> String {
    let names: Vec<&str> = syscalls::names(syscalls::Abi::NATIVE)
        .map(|(name, _)| name)
        .take(300)
        .collect();
    names.join(":")
}

/// A list with 400 rules that have a condition, which `/bin/true` passes. Calls without arguments
/// are allowed as they are.
pub fn four_hundred_conditions() -> String {
    let names: Vec<&str> = syscalls::names(syscalls::Abi::NATIVE)
        .map(|(name, _)| name)
        .collect();
    let whole = |name: &str, at| {
        let known = syscalls::arguments(name).and_then(|mut known| known.nth(at));
        known.is_some_and(|argument| argument.bits >= 32)
    };
    let mut items = vec!["@known".to_string()];
    let first = names.iter().filter(|name| whole(name, 0));
    items.extend(first.map(|name| format!("{name}(argL0 != 4242)")));
    let second = names.iter().filter(|name| whole(name, 1));
    items.extend(second.map(|name| format!("{name}(argL1 == 4243)=errno(4000)")));
    items.truncate(401);
    items.join(":")
}

/// All cases.
pub fn all() -> Vec<Case> {
    let mut cases = preloaded();
    cases.extend(launched());
    cases
}

fn preloaded() -> Vec<Case> {
    let ours = sandbox_tests::libsandbox();
    let empty = sandbox_tests::compile(EMPTY_OBJECT, &["-shared", "-fPIC"]);
    let case = |name, preload: Option<&Path>, list: Option<String>| Case {
        name,
        program: "/bin/true".into(),
        arguments: Vec::new(),
        environment: preload
            .map(|object| ("LD_PRELOAD", object.into()))
            .into_iter()
            .chain(list.map(|list| ("SECCOMP_SYSCALL_ALLOW", list.into())))
            .collect(),
    };
    vec![
        case("bare", None, None),
        case("an empty object preloaded", Some(&empty), None),
        case("libsandbox.so, no variable", Some(&ours), None),
        case(
            "libsandbox.so, 14 names",
            Some(&ours),
            Some(FOURTEEN.into()),
        ),
        case(
            "libsandbox.so, 300 names",
            Some(&ours),
            Some(three_hundred()),
        ),
        case(
            "libsandbox.so, @system-service",
            Some(&ours),
            Some("@system-service".into()),
        ),
        case(
            "libsandbox.so, 400 conditions",
            Some(&ours),
            Some(four_hundred_conditions()),
        ),
    ]
}

fn launched() -> Vec<Case> {
    let target = sandbox_tests::compile(TRUE, &["-static"]);
    let list = "brk:arch_prctl:set_tid_address:set_robust_list:rseq:prlimit64:readlink:getrandom:mprotect:exit_group";
    let launcher = |name, program: PathBuf, options: &[&str]| Case {
        name,
        program,
        arguments: options
            .iter()
            .map(OsString::from)
            .chain([target.clone().into_os_string()])
            .collect(),
        environment: Vec::new(),
    };
    let ours = sandbox_tests::sandboxify();
    vec![
        alone("bare static", target.clone()),
        alone(
            "a static program with its filter inside",
            embedded(&target, list),
        ),
        launcher("a std launcher that only executes", exec_only(), &[]),
        launcher(
            "sandboxify, ticket",
            ours.clone(),
            &["--method", "ticket", "--allow", list],
        ),
        launcher(
            "sandboxify, suspend",
            ours.clone(),
            &["--method", "suspend", "--allow", list],
        ),
        launcher("sandboxify, auto", ours, &["--allow", list]),
    ]
}

/// A program that is started by nothing else.
fn alone(name: &'static str, program: PathBuf) -> Case {
    Case {
        name,
        program,
        arguments: Vec::new(),
        environment: Vec::new(),
    }
}

/// The program with an allow-list inside.
fn embedded(program: &Path, list: &str) -> PathBuf {
    let output = sandbox_tests::repository().join("target/test-programs/embedded");
    let embedding = Command::new(sandbox_tests::sandbox_policy())
        .args(["embed", "--allow", list, "-o"])
        .args([&output, program])
        .status();
    assert!(embedding.expect("sandbox-policy").success());
    output
}

/// Compiles the launcher that does nothing else, as sandboxify is compiled.
fn exec_only() -> PathBuf {
    let output = sandbox_tests::repository().join("target/test-programs/exec-only");
    let source = sandbox_tests::repository().join("tests/bench/exec_only.rs");
    let flags = [
        "--edition",
        "2024",
        "-O",
        "-C",
        "panic=abort",
        "-C",
        "lto=fat",
        "-C",
        "target-feature=+crt-static",
    ];
    let compiled = Command::new("rustc")
        .args(flags)
        .arg("-o")
        .arg(&output)
        .arg(source)
        .status();
    assert!(compiled.expect("rustc").success());
    output
}

/// The bounds that the project keeps.
pub fn bounds() -> Vec<Bound> {
    let bound = |case, baseline, at_most| Bound {
        case,
        baseline,
        at_most,
    };
    vec![
        bound(
            "libsandbox.so, no variable",
            "an empty object preloaded",
            1.03,
        ),
        bound("libsandbox.so, 14 names", "bare", 1.25),
        bound("libsandbox.so, 300 names", "bare", 1.30),
        bound("libsandbox.so, @system-service", "bare", 1.30),
        bound("libsandbox.so, 400 conditions", "bare", 4.0),
        bound(
            "sandboxify, ticket",
            "a std launcher that only executes",
            1.25,
        ),
        bound("sandboxify, suspend", "sandboxify, ticket", 1.5),
        bound(
            "a static program with its filter inside",
            "bare static",
            1.25,
        ),
    ]
}
