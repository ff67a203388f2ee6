//! The card of a death names call, place and cure; and cures, taken one by one, end in a list that works.

use std::fs;
use std::path::Path;

use sandbox_tests::{Outcome, compile};

use crate::programs;
use crate::workshop::{Door, Job};

/// The list of a run's cure, `…` and all that stands before it being what we gave.
fn cured(list: &str, outcome: &Outcome) -> String {
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let cure = lines
        .iter()
        .find_map(|line| line.strip_prefix("  to allow it: --allow '…:"));
    let cure = cure.unwrap_or_else(|| panic!("no cure: {outcome:#?}"));
    let (item, _) = cure.split_once('\'').expect("a quoted item");
    format!("{list}:{item}")
}

/// Adds what the explanations say until the program works.
fn list_for(job: &Job, place: &str) -> String {
    let plain = job.plain().outcome();
    let mut list = String::from("write");
    for _ in 0..100 {
        let options = ["-q", "--explain", "--at", place, "--allow", &list];
        let outcome = job.launched(options).outcome();
        if outcome.status == plain.status && outcome.stdout == plain.stdout {
            assert_eq!(outcome.stderr, "", "{list}");
            return list;
        }
        assert_eq!(outcome.status, 159, "{list}: {outcome:#?}");
        list = cured(&list, &outcome);
    }
    panic!("no end: {list}");
}

#[test]
fn cures_end_in_a_list_that_works() {
    let listing = Job::new("/bin/ls", &["-l", "/etc/passwd"]);
    let jobs = [
        Job::new(programs::hello(), &[]),
        Job::new(programs::files(), &[]),
        listing,
    ];
    for job in jobs {
        for place in ["exec", "main"] {
            let list = list_for(&job, place);
            let options = ["-q", "--at", place, "--allow", &list];
            job.same(&list, &job.launched(options).outcome());
        }
    }
}

#[test]
fn a_card_has_three_lines_and_the_callers() {
    let job = Job::new(compile(crate::reports::CALLS, &[]), &[]);
    let name = compile(crate::reports::CALLS, &[]);
    let name = name
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let outcome = job
        .launched(["-q", "--explain", "--deny", "mkdir"])
        .outcome();
    let outcome = outcome.killed();
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let begin =
        "sandboxify: killed by the filter: mkdir(\"/nonexistent/d\", 0700) [mkdir, 83] in pid ";
    assert!(lines[0].starts_with(begin), "{outcome:#?}");
    assert!(lines[0].ends_with(&format!(" ({name})")), "{outcome:#?}");
    assert!(
        lines[1].starts_with("  called from libc.so.6+0x"),
        "{outcome:#?}"
    );
    assert!(lines[1].contains(" (mkdir+0x"), "{outcome:#?}");
    let callers = crate::stacks::callers(&outcome).len();
    assert!(callers > 0, "{outcome:#?}");
    let rest = &lines[2 + callers..];
    assert_eq!(rest[0], "  to allow it: --deny '…:!mkdir'");
    assert_eq!(rest[1], "sandboxify: 1 distinct violation, 1 in all:");
    assert_eq!(rest.len(), 3, "{outcome:#?}");
}

#[test]
fn a_static_program_names_its_own_function() {
    let source = "#include <sys/stat.h>\n\
        __attribute__((noinline)) int deep(void) { return mkdir(\"/nonexistent/d\", 0700); }\n\
        int main(void) { return deep() == 0; }\n";
    let job = Job::new(compile(source, &["-static"]), &[]);
    let outcome = job
        .launched(["-q", "--explain", "--deny", "mkdir"])
        .outcome()
        .killed();
    // The C library has two names for it.
    outcome.stderr_has("mkdir+0x");
}

/// A policy file with the line that the card asks for.
fn line_of(outcome: &Outcome) -> String {
    let (_, behind) = outcome.stderr.split_once("add the line `").expect("a line");
    behind.split('`').next().expect("its end").to_owned()
}

fn append(file: &Path, line: &str) {
    let text = fs::read_to_string(file).expect("the policy");
    fs::write(file, format!("{text}{line}\n")).expect("the policy");
}

#[test]
fn lines_for_a_file_work_too() {
    let job = Job::new(programs::hello(), &[]);
    let file = job.policy();
    fs::write(&file, "# begun\nwrite: 1\n").expect("the policy");
    for _ in 0..10 {
        let options = ["-q", "--explain", "--at", "main", "--policy"].map(Into::into);
        let options = options.into_iter().chain([file.clone().into_os_string()]);
        let outcome = job.launched(options).outcome();
        if outcome.status == 0 {
            return job.same("main", &job.enforce_at("main", &file));
        }
        append(&file, &line_of(&outcome.killed()));
    }
    panic!("{}", job.learned());
}

#[test]
fn a_ticket_is_explained_as_well() {
    let job = Job::new(programs::hello(), &[]);
    let options = ["-q", "--explain", "--method", "ticket", "--allow", "brk"];
    let outcome = job.launched(options).outcome().killed();
    let callers = crate::stacks::callers(&outcome).len();
    assert_eq!(outcome.stderr.lines().count(), 5 + callers, "{outcome:#?}");
    job.learn("exec").succeeded();
    job.same("ticket", &job.enforce(Door::Ticket, &job.policy()));
}
