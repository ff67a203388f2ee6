//! The README's transcripts of sandboxify, and what it says and passes on.

use sandbox_tests::{Run, SIGSYS_STATUS, compile, skip};

use crate::programs::{
    DYNAMIC_CALLS, STATIC_CALLS, announced, hello_dynamic, hello_static, methods, number,
};

/// A list without one of its names.
fn without(list: &str, name: &str) -> String {
    let rest = list.split(':').filter(|&other| other != name);
    rest.collect::<Vec<_>>().join(":")
}

#[test]
fn a_static_helloworld_runs_with_twelve_names() {
    assert_eq!(STATIC_CALLS.split(':').count(), 12);
    for method in methods() {
        let options = ["--method", method, "--allow", STATIC_CALLS];
        Run::launched(options, hello_static())
            .outcome()
            .succeeded()
            .stdout("Hello, world!\n")
            .stderr(&announced(STATIC_CALLS));
    }
}

#[test]
fn a_dynamic_helloworld_runs_with_eighteen_names() {
    assert_eq!(DYNAMIC_CALLS.split(':').count(), 18);
    for method in methods() {
        let options = ["--method", method, "--allow", DYNAMIC_CALLS];
        Run::launched(options, hello_dynamic())
            .outcome()
            .succeeded()
            .stdout("Hello, world!\n")
            .stderr(&announced(DYNAMIC_CALLS));
    }
}

#[test]
fn without_any_one_of_the_names_the_program_dies_of_a_bad_system_call() {
    let programs = [
        (STATIC_CALLS, hello_static()),
        (DYNAMIC_CALLS, hello_dynamic()),
    ];
    for (list, program) in programs {
        for (method, name) in methods()
            .iter()
            .flat_map(|method| list.split(':').map(move |name| (method, name)))
        {
            let shorter = without(list, name);
            let options = ["--method", method, "--allow", &shorter];
            let outcome = Run::launched(options, &program).outcome();
            let printed = ["", "Hello, world!\n"][usize::from(name == "exit_group")];
            assert_eq!(
                (outcome.status, outcome.stdout.as_str()),
                (SIGSYS_STATUS, printed),
                "{method} without {name}: {outcome:#?}"
            );
        }
    }
}

#[test]
fn every_action_lets_the_launch_itself_through() {
    let actions = [
        "kill_process",
        "kill_thread",
        "trap",
        "log",
        "EPERM",
        "ENOSYS",
    ];
    for (method, action) in methods()
        .iter()
        .flat_map(|method| actions.map(move |action| (method, action)))
    {
        let options = ["-q", "--method", method, "--default-action", action];
        let list = ["--allow", STATIC_CALLS];
        let outcome = Run::launched([&options[..], &list].concat(), hello_static()).outcome();
        outcome.succeeded().stdout("Hello, world!\n").stderr("");
    }
}

#[test]
fn log_leaves_a_record_of_every_call_that_is_not_listed() {
    let options = ["--allow", "", "--default-action", "log"];
    let run = Run::launched(options, hello_static());
    let Some((outcome, records)) = run.audited(12) else {
        return skip("audit records need CAP_AUDIT_READ");
    };
    outcome.succeeded().stdout("Hello, world!\n");
    for name in STATIC_CALLS.split(':') {
        let recorded = records
            .iter()
            .any(|record| record.syscall == number(name) && record.signal == 0);
        assert!(recorded, "no record of {name}: {records:#?}");
    }
}

#[test]
fn the_process_status_shows_a_filter() {
    for method in methods() {
        let options = ["--method", method, "--deny", "ptrace"];
        let outcome = Run::launched(options, "grep")
            .args(["Seccomp", "/proc/self/status"])
            .outcome();
        outcome.succeeded().stdout_has("Seccomp:\t2\n");
    }
}

#[test]
fn both_doors_announce_a_list_in_the_same_words() {
    let lists = [
        "ptrace:reboot:ptrace::!reboot:101",
        "@mount:ptrace=EPERM:@process=log:0x65=allow",
        "acct=errno(5):swapon=kill_thread:swapoff=trap",
    ];
    for list in lists {
        for action in ["kill_process", "EPERM"] {
            let preloaded = Run::preloaded(hello_dynamic()).deny(list);
            let preloaded = preloaded.default_action(action).outcome().succeeded();
            assert!(!preloaded.stderr.is_empty());
            for method in methods() {
                let options = ["--method", method, "--default-action", action];
                let options = [&options[..], &["--deny", list]].concat();
                let launched = Run::launched(options, hello_dynamic()).outcome();
                assert_eq!(launched.succeeded().stderr, preloaded.stderr, "{list}");
            }
        }
    }
}

#[test]
fn the_programs_environment_is_as_it_was_but_for_the_variables_of_the_contract() {
    // Prints the environment as the kernel keeps it.
    let program = compile(
        "#include <stdio.h>\n\
         extern char **environ;\n\
         int main(void) { for (char **e = environ; *e; e++) puts(*e); return 0; }\n",
        &["-static"],
    );
    // An environment that no shell and no std could make.
    let strange = compile(
        "#include <unistd.h>\n\
         int main(int argc, char **argv) {\n\
         \tchar *environment[] = {\"NOTHING\", \"SECCOMP_SYSCALL_DENY=write\", \"=odd\", \"A=1\",\n\
         \t\t\"SECCOMP_QUIET=1\", \"A=2\", \"\", \"SECCOMP_LOG=1\", \"SECCOMP_ARCH=\", \"SECCOMP_SYSCALL_ALLOWED=x\",\n\
         \t\t\"SECCOMP_DEFAULT_ACTION=EPERM\", \"SECCOMP_SYSCALL_ALLOW=x\", \"B=\", NULL};\n\
         \texecve(argv[1], argv + 1, environment);\n\
         \treturn 99;\n}\n",
        &["-static"],
    );
    for method in methods() {
        Run::new(&strange)
            .arg(sandbox_tests::sandboxify())
            .args(["--method", method, "--deny", "ptrace"])
            .arg(&program)
            .outcome()
            .succeeded()
            .stdout("NOTHING\n=odd\nA=1\nA=2\n\nSECCOMP_SYSCALL_ALLOWED=x\nB=\n")
            .stderr("");
    }
}
