//! The file that is learned into: it grows by what is new, and all else in it stays as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use sandbox_tests::{NOBODY, Outcome, compile, root};

use crate::programs;
use crate::rules;
use crate::workshop::{Door, Job};

fn hello() -> Job {
    Job::new(programs::hello(), &[])
}

fn learn(job: &Job) -> Outcome {
    job.learn("main").succeeded().stdout("Hello World!\n")
}

#[test]
fn a_second_run_brings_nothing_new_and_counts() {
    let job = hello();
    learn(&job).stderr_has("learned 5 calls (6 seen), all new");
    let first = job.learned();
    assert!(
        first.contains("# learned: 1 run, nothing new in the last 0\n"),
        "{first}"
    );
    assert_eq!(rules::count(&first, "brk"), Some(2), "{first}");
    learn(&job).stderr_has("learned 5 calls (6 seen), nothing new in the last run");
    let second = job.learned();
    assert!(
        second.contains("# learned: 2 runs, nothing new in the last 1\n"),
        "{second}"
    );
    assert_eq!(rules::count(&second, "brk"), Some(4), "{second}");
    assert_eq!(rules::seen(&first), rules::seen(&second));
}

#[test]
fn a_program_gets_the_errors_of_the_file_that_it_is_learned_into() {
    let source = "#include <errno.h>\n#include <stdio.h>\n#include <sys/stat.h>\n\
        int main(void) { puts(mkdir(\"made\", 0700) && errno == EXDEV ? \"refused\" : \"made\"); return 0; }";
    let job = Job::new(compile(source, &[]), &[]);
    let policy = job.policy();
    fs::write(&policy, "mkdir: return EXDEV\n").expect("a file");
    let learned = job.learn_into(&policy, &[]).succeeded();
    assert_eq!(learned.stdout, "refused\n");
    learned.stderr_has("calls that the file answers with an error: 1, and so they were");
    let text = fs::read_to_string(&policy).expect("the policy");
    assert!(text.starts_with("mkdir: return EXDEV\n"), "{text}");
    assert!(text.contains("\nwrite: 1"), "{text}");
    let enforced = job.enforce(Door::Launcher, &policy).succeeded();
    assert_eq!(enforced.stdout, "refused\n");
}

#[test]
fn a_file_larger_than_any_policy_is_refused_at_once() {
    let job = hello();
    let policy = job.policy();
    let file = fs::File::create(&policy).expect("a file");
    file.set_len(3 << 30).expect("a hole");
    let outcome = job.learn_into(&policy, &[]).status(125);
    assert_eq!(outcome.stdout, "");
    outcome.stderr_has("has more than 16 MiB");
}

#[test]
fn two_programs_share_a_file() {
    let (one, other) = (hello(), Job::new(programs::files(), &[]));
    let both = one.file("both.seccomp");
    one.learn_into(&both, &[]).succeeded();
    let before = rules::seen(&fs::read_to_string(&both).expect("the policy"));
    let learned = other.learn_into(&both, &[]).status(7);
    learned.stderr_has(" new: ").stderr_has("mkdir");
    let after = rules::seen(&fs::read_to_string(&both).expect("the policy"));
    assert!(before.iter().all(|one| after.contains(one)), "{after:?}");
    for job in [&one, &other] {
        job.same("both", &job.enforce(Door::Launcher, &both));
    }
    // Each alone is too little for the other.
    let alone = other.enforce(Door::Launcher, &{
        learn(&one);
        one.policy()
    });
    alone.killed();
}

/// A file by hand, with things that a careless writer would lose.
const BY_HAND: &str = "# A policy of ours\r\n\
    \n\
    write: fd == 1 || fd == 2   # by hand\n\
    \t# between\n\
    reboot[-EACCES]: cmd == 1\n\
    PAGE = 4096\n\
    mprotect: len == PAGE # why";

#[test]
fn lines_by_hand_stay_as_they_are() {
    let job = hello();
    fs::write(job.policy(), BY_HAND).expect("the policy");
    learn(&job);
    let text = job.learned();
    assert!(text.starts_with(&format!("{BY_HAND}\n")), "{text}");
    assert!(!text.contains("\nwrite: 1"), "{text}");
    assert_eq!(rules::count(&text, "exit_group"), Some(1), "{text}");
    job.same("main", &job.enforce_at("main", &job.policy()));
}

#[test]
fn a_rule_by_hand_grows_where_it_is_too_narrow() {
    let job = hello();
    fs::write(
        job.policy(),
        "write: fd == 2  # errors only\nexit_group: 1\n",
    )
    .expect("the policy");
    learn(&job).stderr_has("write(fd == 1)");
    let text = job.learned();
    assert!(
        text.starts_with("write: fd == 2 || fd == 1  # errors only\nexit_group: 1\n"),
        "{text}"
    );
    job.same("main", &job.enforce_at("main", &job.policy()));
}

#[test]
fn a_link_stays_a_link_and_owner_and_permissions_stay() {
    let job = hello();
    let real = job.file("real.seccomp");
    fs::write(&real, "").expect("the policy");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o662)).expect("chmod");
    if root() {
        chown(&real, Some(NOBODY), Some(NOBODY)).expect("chown");
    }
    symlink("real.seccomp", job.policy()).expect("a link");
    learn(&job);
    let link = fs::symlink_metadata(job.policy()).expect("the link");
    assert!(link.file_type().is_symlink());
    let metadata = fs::metadata(&real).expect("the file");
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o662);
    if root() {
        assert_eq!((metadata.uid(), metadata.gid()), (NOBODY, NOBODY));
    }
    assert_eq!(rules::count(&job.learned(), "write"), Some(1));
}

#[test]
fn a_link_to_nothing_stays_a_link() {
    let job = hello();
    symlink("real.seccomp", job.policy()).expect("a link");
    learn(&job);
    let link = fs::symlink_metadata(job.policy()).expect("the link");
    assert!(link.file_type().is_symlink());
    assert!(job.file("real.seccomp").exists());
}

#[test]
fn assumptions_are_marked_and_go_unmarked_when_seen() {
    let job = hello();
    let learned = job.learn_into(&job.policy(), &["--at", "main", "--assume", "mkdir:write"]);
    learned.succeeded().stderr_has("assumed, not seen: ");
    let text = job.learned();
    assert!(
        text.contains("\nmkdir: 1  # assumed: by --assume\n"),
        "{text}"
    );
    assert!(
        text.contains("\nrt_sigreturn: 1  # assumed: a signal handler returns\n"),
        "{text}"
    );
    // An assumed call is not watched.
    assert!(!rules::names(&text).contains(&"write".to_owned()), "{text}");
    job.same("main", &job.enforce_at("main", &job.policy()));
    learn(&job);
    assert_eq!(
        rules::count(&job.learned(), "write"),
        Some(1),
        "{}",
        job.learned()
    );
    assert!(
        job.learned().contains("\nmkdir: 1  # assumed"),
        "{}",
        job.learned()
    );
}

#[test]
fn wider_rules_when_asked_for() {
    let conditions = |generalise: &str| {
        let job = Job::new(programs::files(), &[]);
        let options = ["--generalise", generalise];
        job.learn_into(&job.policy(), &options).status(7);
        job.same(generalise, &job.enforce(Door::Launcher, &job.policy()));
        let text = job.learned();
        let line = text.lines().find(|line| line.starts_with("fcntl: "));
        let line = line.expect("a rule for fcntl").to_owned();
        (line, text)
    };
    let (none, _) = conditions("none");
    assert!(
        none.starts_with("fcntl: cmd == F_SETFD || cmd == F_GETFL  #"),
        "{none}"
    );
    let (calls, text) = conditions("calls");
    assert!(calls.starts_with("fcntl: 1  #"), "{calls}");
    let bodies = text.lines().filter(|line| line.contains("# seen"));
    assert!(bodies.clone().all(|line| line.contains(": 1  #")), "{text}");
    let (_, text) = conditions("values");
    let line = text.lines().find(|line| line.starts_with("mmap: "));
    let line = line.expect("a rule for mmap");
    assert!(line.contains(") && (flags == "), "{line}");
}

#[test]
fn two_runs_side_by_side_lose_nothing() {
    let (one, other) = (hello(), Job::new(programs::files(), &[]));
    let both = one.file("both.seccomp");
    std::thread::scope(|scope| {
        scope.spawn(|| one.learn_into(&both, &[]).succeeded());
        scope.spawn(|| other.learn_into(&both, &[]).status(7));
    });
    for job in [&one, &other] {
        job.same("both", &job.enforce(Door::Launcher, &both));
    }
}
