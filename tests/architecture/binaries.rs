//! What the linked files show: they are what users get, whatever the sources say.

use std::fs;
use std::path::Path;
use std::process::Command;

use sandbox_tests::{libsandbox, sandbox_policy, sandboxify};

fn output(program: &str, options: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .env("LC_ALL", "C")
        .args(options)
        .arg(file)
        .output()
        .expect(program);
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// The dynamic symbols, each as its kind and name, without addresses.
fn symbols(file: &Path) -> Vec<(char, String)> {
    let text = output("nm", &["--dynamic", "--with-symbol-versions"], file);
    let symbol = |line: &str| {
        let mut words = line.split_whitespace().rev();
        let name = words.next().expect("a name").to_string();
        (
            words
                .next()
                .expect("a kind")
                .chars()
                .next()
                .expect("a letter"),
            name,
        )
    };
    let mut symbols: Vec<_> = text.lines().map(symbol).collect();
    symbols.sort();
    symbols
}

#[test]
fn the_preloaded_object_is_small() {
    let size = fs::metadata(libsandbox()).expect("libsandbox.so").len();
    assert!(size <= 160 << 10, "{size} bytes");
}

#[test]
fn the_preloaded_object_needs_no_library_and_no_text_relocation() {
    let dynamic = output("readelf", &["--dynamic", "--wide"], &libsandbox());
    assert!(
        dynamic.contains("(INIT_ARRAY)"),
        "it has a constructor: {dynamic}"
    );
    for tag in ["(NEEDED)", "(TEXTREL)", "(RPATH)", "(RUNPATH)"] {
        assert!(!dynamic.contains(tag), "{tag} in {dynamic}");
    }
}

#[test]
fn the_preloaded_object_exports_a_version_and_asks_for_three_weak_symbols() {
    let expected = [
        ('A', "LIBSANDBOX_1.0"),
        ('w', "environ"),
        ('w', "free"),
        ('w', "malloc"),
    ];
    // An exported memcpy would replace the host's; a strong symbol would bar programs without libc.
    let expected = expected.map(|(kind, name)| (kind, name.to_string()));
    assert_eq!(symbols(&libsandbox()), expected);
}

#[test]
fn the_preloaded_object_has_no_thread_local_storage_and_no_executable_stack() {
    let segments = output("readelf", &["--program-headers", "--wide"], &libsandbox());
    let named = |name: &'static str| {
        segments
            .lines()
            .find(move |line| line.trim_start().starts_with(name))
    };
    assert_eq!(named("TLS"), None);
    let stack = named("GNU_STACK").expect("a word on the stack");
    assert!(stack.contains(" RW ") && !stack.contains('E'), "{stack}");
    for load in segments
        .lines()
        .filter(|line| line.trim_start().starts_with("LOAD"))
    {
        assert!(!load.contains("RWE"), "writable code: {load}");
    }
}

#[test]
fn libseccomp_is_in_the_programs_and_not_beside_them() {
    // Its wrapper links the library dynamically, without a word, where make does not say otherwise.
    for program in [sandboxify(), sandbox_policy()] {
        let dynamic = output("readelf", &["--dynamic", "--wide"], &program);
        assert!(
            !dynamic.contains("libseccomp"),
            "{}: {dynamic}",
            program.display()
        );
    }
    let launcher = std::fs::read(sandboxify()).expect("sandboxify");
    let message = b"pseudo filter code start";
    let inside = launcher
        .windows(message.len())
        .any(|window| window == message);
    assert!(inside, "the launcher is built without libseccomp");
}

#[test]
fn the_launcher_is_a_static_position_independent_executable() {
    let header = output("readelf", &["--file-header", "--wide"], &sandboxify());
    let kind = header
        .lines()
        .find(|line| line.contains("Type:"))
        .expect("a type");
    assert!(kind.contains("DYN"), "{kind}");
    let segments = output("readelf", &["--program-headers", "--wide"], &sandboxify());
    assert!(
        !segments.contains("INTERP"),
        "a plain cargo build put a dynamic one in its place; run `make`: {segments}"
    );
    let dynamic = output("readelf", &["--dynamic", "--wide"], &sandboxify());
    assert!(!dynamic.contains("(NEEDED)"), "{dynamic}");
}
