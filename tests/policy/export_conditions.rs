//! `export` of policies with conditions.

use std::path::Path;

use sandbox_tests::{Outcome, Run, compile, installed, public_directory, skip};

use crate::tool;

/// The disassembly of an allow-list.
fn disassembly(list: &str) -> Vec<String> {
    let run = tool(["export", "--disasm", "--list-allow", list]);
    let outcome = run.outcome().succeeded();
    outcome.stdout.lines().map(String::from).collect()
}

#[test]
fn every_instruction_of_a_condition_has_words() {
    let list = "@pledge-stdio:read(argL0 * 3 + 1 == 7 || argL0 / 3 - 1 == 2):write(fd == 1):\
                lseek(offset > 5 && offset != 0x100000007):mprotect(prot & 6 == 6 || prot ^ 1 == 5):\
                openat(flags &? O_CREAT):fchmodat(argL1 << 3 == 8 || argL1 >> 3 == 8):\
                pread64(argL0 == argL2):pwrite64(argL0 | 1 == argH2)";
    let lines = disassembly(list);
    for (at, line) in lines.iter().enumerate() {
        let (number, words) = line.split_once(": ").expect("a number");
        assert_eq!(number.trim(), at.to_string());
        assert!(
            !words.starts_with("code ") && !words.contains("data["),
            "{line}"
        );
    }
    for words in [
        "A *= 0x3",
        "A = arg1, upper half",
        "A = arg1, lower half",
        "A /= 0x3",
        "A >>= 0x3",
    ] {
        let found = lines.iter().any(|line| line.ends_with(words));
        assert!(found, "no {words} in {lines:#?}");
    }
}

#[test]
fn every_jump_leads_forward_and_into_the_filter() {
    let lines = disassembly("@pledge-stdio:@pledge-inet:lseek(offset != 0x100000007):read(fd < 3)");
    for (at, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let goals = words
            .iter()
            .zip(&words[1..])
            .filter(|(word, _)| ["goto", "else"].contains(word));
        for (_, goal) in goals {
            let goal: usize = goal.parse().expect("an instruction");
            assert!(at < goal && goal < lines.len(), "{line}");
        }
    }
    assert!(lines.last().is_some_and(|line| line.contains(": return ")));
}

/// Prints what became of mprotect with and without PROT_EXEC, and of write to descriptors 1 and 2.
const CONDITIONS: &str = r#"
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int plain = mprotect(page, 4096, PROT_READ | PROT_WRITE) ? errno : 0;
	int code = mprotect(page, 4096, PROT_READ | PROT_EXEC) ? errno : 0;
	int second = write(2, "", 0) ? errno : 0;
	printf("%d %d %d\n", plain, code, second);
	return 0;
}
"#;

/// A program under bwrap with a filter file; nothing where bwrap cannot run.
fn under_bwrap(filter: &Path, program: &Path) -> Option<Outcome> {
    let bwrap = installed("bwrap")?;
    let plain = Run::new(&bwrap).args(["--bind", "/", "/", "true"]);
    if plain.outcome().status != 0 {
        return None;
    }
    let script = "exec \"$1\" --bind / / --seccomp 9 \"$2\" 9<\"$0\"";
    let run = Run::new("bash").args(["-c", script]).arg(filter).arg(bwrap);
    Some(run.arg(program).outcome())
}

#[test]
fn bwrap_takes_conditions_and_they_hold_there() {
    let directory = public_directory();
    let filter = directory.path().join("filter");
    let program = compile(CONDITIONS, &["-static"]);
    let list = "mprotect(prot &? PROT_EXEC)=EACCES:write(fd == 2)=EXDEV";
    let export = tool(["export", "--list-deny", list, "--output"]).arg(&filter);
    export.outcome().succeeded();
    let Some(outcome) = under_bwrap(&filter, &program) else {
        return skip("bwrap is not installed, or may not make namespaces");
    };
    outcome.succeeded().stdout("0 13 18\n");
    Run::new(&program).outcome().succeeded().stdout("0 0 0\n");
}

#[test]
fn a_policy_file_is_exported_as_its_list_is() {
    let directory = public_directory();
    let file = directory.path().join("p.seccomp");
    std::fs::write(&file, "read: 1\nwrite: argL0 == 1\n").expect("a policy");
    let run = tool(["export", "--disasm"]).arg(&file);
    let lines: Vec<String> = run
        .outcome()
        .succeeded()
        .stdout
        .lines()
        .map(String::from)
        .collect();
    assert_eq!(lines, disassembly("read:write(fd == 1)"));
}
