//! What is read from files and mappings, against what running programs say of themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use report::{measured, skip};
use trace::image::{Main, NoMain, Symbols, is_go, main_of, symbol_at, virtual_address};

#[path = "image/bytes.rs"]
mod bytes;
#[path = "image/hostile.rs"]
mod hostile;
#[path = "image/maps.rs"]
mod maps;
#[path = "../../../tests/support/report.rs"]
mod report;

/// Says where its `main` and its entry point are, what the word that far from the entry point holds, and
/// where a function and a line of its mappings are.
const SOURCE: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
__attribute__((noinline)) int marked(int x) { return x * 3 + 1; }
int main(int argc, char **argv) {
    unsigned long entry = getauxval(AT_ENTRY), word = 0;
    if (argc > 1) word = *(unsigned long *)(entry + strtoul(argv[1], NULL, 16));
    printf("%lx %lx %lx %lx\n", (unsigned long)main, entry, word, (unsigned long)marked);
    FILE *maps = fopen("/proc/self/maps", "r");
    for (int c; maps && (c = getc(maps)) != EOF;) putchar(c);
    return marked(argc) == 0;
}
"#;

/// The kinds of programs that linkers make; the last two leave `main` in the global offset table.
const KINDS: [&[&str]; 6] = [
    &[],
    &["-no-pie"],
    &["-static"],
    &["-static-pie"],
    &["-Wl,--no-relax"],
    &["-O0", "-Wl,-z,now", "-fno-plt"],
];

fn is_installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null());
    command.stderr(Stdio::null()).status().is_ok()
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output.stdout
}

fn build(compiler: &str, flags: &[&str], directory: &Path) -> PathBuf {
    let source = directory.join("program.c");
    fs::write(&source, SOURCE).unwrap();
    let program = directory.join("program");
    run(Command::new(compiler)
        .args(["-O1", "-o"])
        .args([&program, &source])
        .args(flags));
    program
}

/// What the program says of itself: main, entry, word, marked; and its mappings.
fn ask(program: &Path, distance: u64) -> ([u64; 4], Vec<u8>) {
    let mut text = run(Command::new(program).arg(format!("{distance:x}")));
    let end = text.iter().position(|byte| *byte == b'\n').unwrap();
    let maps = text.split_off(end + 1);
    let numbers = String::from_utf8(text).unwrap();
    let numbers = numbers.split_whitespace();
    let numbers: Vec<u64> = numbers
        .map(|number| u64::from_str_radix(number, 16).unwrap())
        .collect();
    (numbers.try_into().unwrap(), maps)
}

/// The entry point as the file has it.
pub fn entry_of(file: &[u8]) -> u64 {
    u64::from_le_bytes(file[24..32].try_into().unwrap())
}

/// Checks where `main` is found, against the running program. Says whether a word holds it.
fn check_main(program: &Path, file: &[u8]) -> bool {
    let found = main_of(file, entry_of(file));
    let distance = match found {
        Ok(Main::WordAt(word)) => word.wrapping_sub(entry_of(file)),
        _ => 0,
    };
    let ([main, entry, word, _], _) = ask(program, distance);
    match main_of(file, entry) {
        Ok(Main::Address(address)) => assert_eq!(address, main),
        Ok(Main::WordAt(address)) => {
            assert_eq!((word, address), (main, entry.wrapping_add(distance)));
        }
        Err(error) => panic!("{error}"),
    }
    matches!(found, Ok(Main::WordAt(_)))
}

/// A file that is the same to the kernel, with neither sections nor, so, symbols.
pub fn without_sections(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[40..48].fill(0); // e_shoff
    file[60..64].fill(0); // e_shnum, e_shstrndx
    file
}

fn check_compiler(compiler: &str, kinds: &[&[&str]]) {
    let directory = tempfile::tempdir().unwrap();
    let (mut words, mut count) = (0, 0);
    for flags in kinds {
        for strip in [false, true] {
            let flags: Vec<&str> = flags.iter().copied().chain(strip.then_some("-s")).collect();
            let program = build(compiler, &flags, directory.path());
            let file = fs::read(&program).unwrap();
            words += u32::from(check_main(&program, &file));
            words += u32::from(check_main(&program, &without_sections(&file)));
            count += 2;
            if !strip {
                check_symbols(&program, &file);
            }
        }
    }
    measured(&format!("{compiler}: {count} programs, {words} words"));
}

/// From an address in memory over the mapping to the function, as a report does.
fn check_symbols(program: &Path, file: &[u8]) {
    let ([main, _, _, marked], maps) = ask(program, 0);
    let maps = trace::image::Maps::parse(&maps);
    for (address, name) in [(main, "main"), (marked, "marked")] {
        let mapping = maps.find(address + 1).unwrap();
        assert_eq!(mapping.file(), Some(program.as_os_str().as_encoded_bytes()));
        let offset = mapping.file_offset(address + 1).unwrap();
        let address = virtual_address(file, offset).unwrap();
        assert_eq!(symbol_at(file, address), Some((name.to_string(), 1)));
    }
}

#[test]
fn main_is_found_in_programs_of_glibc() {
    check_compiler("cc", &KINDS);
}

#[test]
fn main_is_found_in_programs_of_musl() {
    if !is_installed("musl-gcc") {
        return skip("no musl-gcc");
    }
    check_compiler("musl-gcc", &KINDS[..3]);
    check_compiler("musl-gcc", &KINDS[4..]);
}

/// musl's start-up code of programs that relocate themselves, which is what Rust links for musl.
#[test]
fn main_is_found_in_static_pie_programs_of_musl() {
    let parts = ["rcrt1.o", "crti.o", "libc.a", "crtn.o"];
    let parts = parts.map(|part| format!("/usr/lib/x86_64-linux-musl/{part}"));
    if !is_installed("musl-gcc") || !parts.iter().all(|part| Path::new(part).exists()) {
        return skip("no musl-gcc, or no rcrt1.o");
    }
    let options =
        "-fPIE -nostdlib -nostartfiles -static -Wl,-pie -Wl,--no-dynamic-linker -Wl,-z,text";
    let options = options.split(' ');
    let flags: Vec<&str> = options.chain(parts.iter().map(String::as_str)).collect();
    check_compiler("musl-gcc", &[&flags]);
    // With `main` in the global offset table, which such a program fills after its entry point.
    let flags: Vec<&str> = flags.into_iter().chain(["-Wl,--no-relax"]).collect();
    let directory = tempfile::tempdir().unwrap();
    let program = build("musl-gcc", &flags, directory.path());
    let file = fs::read(&program).unwrap();
    assert!(!check_main(&program, &file), "by its symbol");
    let found = main_of(&without_sections(&file), entry_of(&file));
    assert_eq!(found, Err(NoMain::UnknownStart));
}

#[test]
fn a_rust_program_has_its_main_where_its_start_up_code_says() {
    let file = fs::read("/proc/self/exe").unwrap();
    let main = main_of(&file, entry_of(&file)).unwrap();
    assert_eq!(main_of(&without_sections(&file), entry_of(&file)), Ok(main));
    let Main::Address(address) = main else {
        panic!("{main:?}");
    };
    assert_eq!(symbol_at(&file, address), Some(("main".to_string(), 0)));
    assert!(!is_go(&file));
    let symbols = Symbols::new(&file);
    assert!(!symbols.is_empty() && symbols.at(0).is_none());
}

#[test]
fn main_is_found_in_installed_programs() {
    let mut found = Vec::new();
    for name in ["python3", "busybox", "ls", "bash", "git", "env", "sh"] {
        let Ok(path) = fs::canonicalize(format!("/usr/bin/{name}")) else {
            continue;
        };
        let file = fs::read(&path).unwrap();
        let entry = entry_of(&file);
        let main = main_of(&file, entry).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(main_of(&without_sections(&file), entry), Ok(main), "{name}");
        found.push(format!("{name} {main:x?}"));
    }
    measured(&found.join(", "));
}

/// `go` with arguments, in a directory with a cache of its own.
fn go(directory: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new("go");
    command.args(arguments).current_dir(directory);
    command.env("HOME", directory);
    command.env("GOCACHE", directory.join("cache"));
    command.envs([("GO111MODULE", "off"), ("GOPROXY", "off"), ("GOFLAGS", "")]);
    run(&mut command)
}

#[test]
fn main_main_is_found_in_go_programs() {
    if !is_installed("go") {
        return skip("no go");
    }
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("main.go"), "package main\nfunc main() { println(1) }\n").unwrap();
    for mode in ["-buildmode=exe", "-buildmode=pie"] {
        let build = |output: &str, linking: &str| {
            let arguments = ["build", mode, linking, "-o", output, "main.go"];
            go(directory.path(), &arguments);
            fs::read(at(output)).unwrap()
        };
        let whole = build("whole", "-ldflags=");
        let list = go(directory.path(), &["tool", "nm", "whole"]);
        let list = String::from_utf8(list).unwrap();
        let line = list.lines().find(|line| line.ends_with(" T main.main"));
        let address = line.unwrap().split_whitespace().next().unwrap();
        let address = u64::from_str_radix(address, 16).unwrap();
        let found = main_of(&whole, entry_of(&whole));
        assert_eq!(found, Ok(Main::Address(address)), "{mode}");

        let stripped = build("stripped", "-ldflags=-s -w");
        for file in [&stripped, &without_sections(&whole)] {
            assert!(is_go(file), "{mode}");
            assert_eq!(main_of(file, entry_of(file)), Err(NoMain::StrippedGo));
        }
    }
}

const GO_LIBRARY: &str = r#"
package main
import "C"
//export Seven
func Seven() C.int { return 7 }
func main() {}
"#;

/// The library has a `main.main` that is never called.
#[test]
fn main_is_that_of_c_in_a_program_with_a_go_library() {
    if !is_installed("go") {
        return skip("no go");
    }
    let directory = tempfile::tempdir().unwrap();
    let library = directory.path().join("seven.a");
    fs::write(directory.path().join("seven.go"), GO_LIBRARY).unwrap();
    let arguments = ["build", "-buildmode=c-archive", "-o", "seven.a", "seven.go"];
    go(directory.path(), &arguments);
    let flags = ["-Wl,--whole-archive", library.to_str().unwrap()];
    let flags: Vec<&str> = flags
        .into_iter()
        .chain(["-Wl,--no-whole-archive", "-pthread"])
        .collect();
    let program = build("cc", &flags, directory.path());
    let file = fs::read(&program).unwrap();
    assert!(is_go(&file));
    check_main(&program, &file);
}
