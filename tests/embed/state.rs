//! What a program finds when it begins: exactly what the kernel gave, but for what says where the file's
//! headers lie.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use sandbox_tests::{Run, assemble_free_standing, skip};

use crate::workshop::{Workshop, run};

/// Writes all registers, the flags, two words below the stack, and the whole stack above.
const REGISTERS: &str = include_str!("registers.S");

/// Auxiliary values that differ without a filter being there, or must (getauxval(3)).
const RANDOM: u64 = 25;
const PLACES: [u64; 4] = [3, 5, 9, 33];

struct State {
    registers: Vec<u64>,
    stack: Vec<u64>,
}

/// Runs a program by a name that is the same for all, where addresses are not random.
fn state(program: &Path, directory: &Path) -> State {
    let place = directory.join("run");
    fs::create_dir_all(&place).expect("a directory");
    fs::copy(program, place.join("program")).expect("a copy");
    let mut command = Command::new("setarch");
    command
        .args(["-R", "./program", "one", "two"])
        .current_dir(&place)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("KEY", "value")
        .arg0("setarch");
    let output = command.output().expect("setarch");
    assert!(output.status.success(), "{output:?}");
    let words = output.stdout.chunks_exact(8);
    let words: Vec<u64> = words
        .map(|word| u64::from_le_bytes(word.try_into().expect("eight")))
        .collect();
    let (registers, stack) = words.split_at(19);
    State {
        registers: registers.to_vec(),
        stack: stack.to_vec(),
    }
}

/// The stack up to the auxiliary values, and these as pairs.
fn parts(stack: &[u64]) -> (Vec<u64>, Vec<(u64, u64)>) {
    let ends = |from: usize| {
        from + stack[from..]
            .iter()
            .position(|&word| word == 0)
            .expect("an end")
    };
    let environment = ends(1) + 1;
    let auxiliary = ends(environment) + 1;
    let pairs = stack[auxiliary..].chunks_exact(2);
    let pairs = pairs.map(|pair| (pair[0], pair[1]));
    let pairs = pairs.take_while(|(kind, _)| *kind != 0).collect();
    (stack[..auxiliary].to_vec(), pairs)
}

#[test]
fn registers_flags_and_stack_are_as_the_kernel_gave_them() {
    if !cfg!(target_arch = "x86_64") {
        return skip("the program that looks is for x86_64");
    }
    let workshop = Workshop::new();
    for flags in [&["-static"][..], &["-static-pie"]] {
        let program = assemble_free_standing(REGISTERS, flags);
        let sealed = workshop.embed(&program, &["--deny", "mkdir"], "sealed");
        let bare = state(&program, workshop.directory());
        let filtered = state(&sealed, workshop.directory());
        assert_eq!(filtered.registers, bare.registers, "{flags:?}");
        let zeros = [&bare.registers[..7], &bare.registers[8..16]].concat();
        assert_eq!(zeros, [0; 15], "{:x?}", bare.registers);
        assert_eq!(
            bare.registers[16..],
            [0x202, 0, 0],
            "flags, two words below"
        );
        let ((words, pairs), (own_words, own_pairs)) = (parts(&bare.stack), parts(&filtered.stack));
        assert_eq!(own_words, words);
        assert!(pairs.len() > 10);
        let kept = |pairs: &[(u64, u64)]| -> Vec<(u64, u64)> {
            let kept = pairs.iter().filter(|(kind, _)| !PLACES.contains(kind));
            kept.copied().filter(|(kind, _)| *kind != RANDOM).collect()
        };
        assert_eq!(kept(&own_pairs), kept(&pairs));
    }
}

#[test]
fn addresses_of_a_program_that_can_be_moved_are_random() {
    let source =
        "#include <stdio.h>\nint main(void) { printf(\"%p\\n\", (void *)main); return 0; }\n";
    let program = sandbox_tests::compile(source, &["-static-pie"]);
    let workshop = Workshop::new();
    let sealed = workshop.embed(&program, &["--deny", "mkdir"], "sealed");
    let mut places: Vec<String> = (0..8).map(|_| run(&sealed).succeeded().stdout).collect();
    places.sort();
    places.dedup();
    assert!(places.len() > 1, "{places:?}");
}

#[test]
fn no_memory_of_the_program_can_be_written_and_executed() {
    let source = "#include <stdio.h>\nint main(void) { FILE *maps = fopen(\"/proc/self/maps\", \"r\"); \
                  for (int c; (c = getc(maps)) != EOF;) putchar(c); return 0; }\n";
    let workshop = Workshop::new();
    let program = sandbox_tests::compile(source, &["-static"]);
    let sealed = workshop.embed(&program, &["--deny", "mkdir"], "sealed");
    let maps = Run::new(&sealed).outcome().succeeded().stdout;
    let executable = maps
        .lines()
        .filter(|line| line.contains("r-xp") && line.contains("sealed"));
    assert_eq!(executable.count(), 2, "{maps}");
    assert!(!maps.contains("wxp"), "{maps}");
}
