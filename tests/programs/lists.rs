//! The lists in examples/, read the way that their users read them, and how short they are.

use sandbox_tests::{Outcome, Run, repository};

/// A variable from `examples/NAME.env`, as a shell sees it.
pub fn example(name: &str, variable: &str) -> String {
    let file = repository().join(format!("examples/{name}.env"));
    let outcome = Run::new("sh")
        .args(["-euc", &format!(". \"$0\" && printf %s \"${variable}\"")])
        .arg(file)
        .outcome()
        .succeeded();
    assert!(
        !outcome.stdout.is_empty(),
        "examples/{name}.env: no {variable}"
    );
    outcome.stdout
}

/// The allow-list of an example.
pub fn allow_list(name: &str) -> String {
    example(name, "SECCOMP_SYSCALL_ALLOW")
}

/// The names in a list.
pub fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(':')
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

/// A list without one of its names.
pub fn without(list: &str, name: &str) -> String {
    assert!(
        names(list).any(|other| other == name),
        "{name} is not in {list}"
    );
    format!("{list}:!{name}")
}

/// Asserts that three quarters of a list's names at least are needed for a job: the rest are for
/// other users, doors and versions, and for what happens rarely.
#[track_caller]
pub fn assert_close_to_minimal(list: &str, done: &str, job: impl Fn(&str) -> Outcome) {
    let is_done = |outcome: &Outcome| outcome.status == 0 && outcome.stdout == done;
    let whole = job(list);
    assert!(is_done(&whole), "the whole list: {whole:#?}");
    let all: Vec<&str> = names(list).collect();
    let spare: Vec<&&str> = all
        .iter()
        .filter(|name| {
            let outcome = job(&without(list, name));
            // A child's death that changed nothing else shows on standard error.
            is_done(&outcome) && outcome.stderr == whole.stderr
        })
        .collect();
    assert!(
        spare.len() * 4 <= all.len(),
        "not needed: {spare:?} of {}",
        all.len()
    );
}
