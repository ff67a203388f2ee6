//! Unit lines: what systemd.exec(5) says of them, and back again.

#![allow(clippy::unwrap_used, clippy::panic)]

mod decisions;

use decisions::{action, assert_same, compile, gets, list};
use formats::{Context, Error, Format, Reading, read, write};
use policy::{Action, Mode, Policy};
use syscalls::Abi;

const KILL: Action = Action::KillProcess;

fn try_read(text: &str) -> Result<Reading, Error> {
    let context = Context {
        path: "a.service",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    read(Format::Systemd, text.as_bytes(), &context)
}

fn unit(text: &str) -> Reading {
    try_read(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn policy(text: &str) -> Policy {
    compile(&unit(text).request("UNIT"))
}

fn assert_gets(text: &str, expected: &[(&str, Action)]) {
    let policy = policy(text);
    for (name, action) in expected {
        assert_eq!(gets(&policy, name, &[]), *action, "{name} of\n{text}");
    }
}

#[test]
fn a_service_gets_what_the_manual_describes() {
    let eperm = action("EPERM");
    assert_gets(
        "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n\
         SystemCallFilter=@system-service\n\
         SystemCallFilter=~@privileged @resources\n\
         SystemCallFilter=~ptrace:EACCES\n\
         SystemCallErrorNumber=EPERM\n\
         SystemCallArchitectures=native\n",
        &[
            ("read", Action::Allow),
            ("execve", Action::Allow),
            ("clone3", Action::Allow),
            ("mount", eperm),
            ("chown", eperm),
            ("setuid", eperm),
            ("setrlimit", eperm),
            ("ptrace", action("EACCES")),
            ("bpf", eperm),
        ],
    );
}

#[test]
fn an_allow_list_has_the_default_calls_and_a_deny_list_does_not() {
    assert_gets(
        "SystemCallFilter=write",
        &[
            ("write", Action::Allow),
            ("execve", Action::Allow),
            ("exit_group", Action::Allow),
            ("nanosleep", Action::Allow),
            ("read", KILL),
        ],
    );
    assert_gets(
        "SystemCallFilter=~write",
        &[
            ("write", KILL),
            ("execve", Action::Allow),
            ("read", Action::Allow),
        ],
    );
    assert_gets(
        "SystemCallFilter=read\nSystemCallFilter=~@default",
        &[
            ("read", Action::Allow),
            ("execve", KILL),
            ("restart_syscall", KILL),
        ],
    );
}

#[test]
fn the_first_line_decides_and_later_ones_add_or_delete() {
    assert_gets(
        "SystemCallFilter=read write\nSystemCallFilter=~write",
        &[("read", Action::Allow), ("write", KILL), ("mount", KILL)],
    );
    assert_gets(
        "SystemCallFilter=~@mount\nSystemCallFilter=mount",
        &[
            ("mount", Action::Allow),
            ("umount2", KILL),
            ("read", Action::Allow),
        ],
    );
    // Order counts: what comes later wins.
    assert_gets(
        "SystemCallFilter=~write\nSystemCallFilter=write\nSystemCallFilter=~write",
        &[("write", KILL)],
    );
    assert_gets(
        "SystemCallFilter=read\nSystemCallFilter=~write:EIO\nSystemCallFilter=write",
        &[("write", Action::Allow)],
    );
}

#[test]
fn a_tilde_is_for_all_of_its_line_and_only_at_its_start() {
    assert_gets(
        "SystemCallFilter=~ read write",
        &[("read", KILL), ("write", KILL), ("close", Action::Allow)],
    );
    let reading = unit("SystemCallFilter=read ~write");
    assert_eq!(reading.notes.len(), 1);
    assert!(
        reading.notes[0].starts_with("a.service:1:23: \"~write\""),
        "{:?}",
        reading.notes
    );
}

#[test]
fn an_empty_assignment_forgets_everything_before() {
    assert_gets(
        "SystemCallFilter=read\nSystemCallFilter=\nSystemCallFilter=~write",
        &[("write", KILL), ("mount", Action::Allow)],
    );
    assert!(try_read("SystemCallFilter=read\nSystemCallFilter=").is_err());
    assert_gets(
        "SystemCallErrorNumber=EPERM\nSystemCallErrorNumber=\nSystemCallFilter=read",
        &[("mount", KILL)],
    );
    // A lone tilde is no empty assignment, and makes a deny-list of nothing.
    assert_gets(
        "SystemCallFilter=~\nSystemCallFilter=read",
        &[("read", Action::Allow), ("mount", Action::Allow)],
    );
}

#[test]
fn calls_and_groups_have_errors_of_their_own() {
    for (written, expected) in [
        ("EACCES", "EACCES"),
        ("eacces", "EACCES"),
        ("13", "EACCES"),
        ("0xd", "EACCES"),
        ("015", "EACCES"),
        ("4095", "errno(4095)"),
        ("kill", "kill"),
    ] {
        let text = format!("SystemCallErrorNumber=EPERM\nSystemCallFilter=~@mount:{written} read");
        assert_gets(
            &text,
            &[("mount", action(expected)), ("read", action("EPERM"))],
        );
        let text = format!("SystemCallFilter=@known\nSystemCallFilter=~@mount:{written}");
        assert_gets(
            &text,
            &[("mount", action(expected)), ("read", Action::Allow)],
        );
    }
    // The default action comes back when the error is not repeated.
    assert_gets(
        "SystemCallFilter=~mount:EIO\nSystemCallFilter=~mount\nSystemCallErrorNumber=EPERM",
        &[("mount", action("EPERM"))],
    );
    assert_gets(
        "SystemCallFilter=read\nSystemCallFilter=~mount:EIO\nSystemCallFilter=~@mount",
        &[("mount", KILL)],
    );
}

#[test]
fn what_systemd_passes_over_is_passed_over_with_a_note() {
    for word in [
        "nosuchcall",
        "@nosuchgroup",
        "@pledge-stdio",
        "ptrace:EACCES",
        "mount:4096",
        "mount:ENOPE",
        "\"mount\"",
        "#",
        "mount(1)=allow",
    ] {
        let reading = unit(&format!("SystemCallFilter=read {word}"));
        assert_eq!(reading.list, "@default:read", "{word}");
        assert_eq!(reading.notes.len(), 1, "{word}: {:?}", reading.notes);
    }
    for value in ["0", "4096", "ENOPE", "-1"] {
        let text = format!(
            "SystemCallErrorNumber=EIO\nSystemCallErrorNumber={value}\nSystemCallFilter=~read"
        );
        assert_eq!(unit(&text).default, action("EIO"), "{value}");
        assert_eq!(unit(&text).notes.len(), 1, "{value}");
    }
    assert_eq!(
        unit("SystemCallErrorNumber=EIO\nSystemCallErrorNumber=kill\nSystemCallFilter=~read")
            .default,
        KILL
    );
}

#[test]
fn names_of_other_architectures_are_known() {
    let reading = unit("SystemCallFilter=mmap2 arm_fadvise64_64");
    assert_eq!(reading.notes, [""; 0]);
    compile(&reading.request("UNIT"));
}

#[test]
fn an_error_that_is_none_cannot_be_converted() {
    let error = try_read("[Service]\nSystemCallFilter=~read mount:0").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.service:2:30: error 0 makes a call succeed without running, which no list can say"
    );
}

#[test]
fn lines_are_continued_and_comments_left_out() {
    let long = "SystemCallFilter=~read \\\n# write\n  ; close\n\tmount\\\r\n umount2 \\\n\nSystemCallErrorNumber=EIO";
    let eio = action("EIO");
    assert_gets(
        long,
        &[
            ("read", eio),
            ("mount", eio),
            ("umount2", eio),
            ("write", Action::Allow),
            ("close", Action::Allow),
        ],
    );
    // An escaped backslash continues nothing.
    assert_gets(
        "SystemCallFilter=~read mount\\\\\nSystemCallErrorNumber=EIO",
        &[("read", eio)],
    );
    assert_gets("SystemCallFilter = ~read \\", &[("read", KILL)]);
    let note = &unit("SystemCallFilter=~read \\\n  nosuch").notes[0];
    assert!(note.starts_with("a.service:2:3: "), "{note}");
}

#[test]
fn only_sections_of_programs_count() {
    let reading =
        unit("[Unit]\nSystemCallFilter=~read\n[Service]\nSystemCallFilter=~write\n[Install]\nX=y");
    assert_eq!(reading.list, "write");
    assert_eq!(reading.notes.len(), 1);
    assert!(try_read("[Service\nSystemCallFilter=~read").is_err());
    assert!(try_read("[Service]\nExecStart=/bin/true").is_err());
    assert!(try_read("").is_err());
}

#[test]
fn architectures_say_what_is_filtered_besides() {
    for (text, besides) in [
        ("SystemCallFilter=~read", Some(Abi::X86)),
        (
            "SystemCallFilter=~read\nSystemCallArchitectures=native",
            None,
        ),
        (
            "SystemCallFilter=~read\nSystemCallArchitectures=x86-64",
            None,
        ),
        (
            "SystemCallFilter=~read\nSystemCallArchitectures=x86 x86-64",
            Some(Abi::X86),
        ),
        (
            "SystemCallArchitectures=native\nSystemCallArchitectures=x86\nSystemCallFilter=~read",
            Some(Abi::X86),
        ),
        (
            "SystemCallArchitectures=native\nSystemCallArchitectures=\nSystemCallFilter=~read",
            Some(Abi::X86),
        ),
        ("SystemCallArchitectures=native", None),
    ] {
        let reading = unit(text);
        assert_eq!(reading.besides, besides, "{text}");
        assert_eq!(reading.notes, [""; 0], "{text}");
    }
    let text = "SystemCallFilter=~read\nSystemCallArchitectures=native x32 s390x";
    assert_eq!(unit(text).notes.len(), 2);
    let policy = policy("SystemCallFilter=~read\nSystemCallArchitectures=x86");
    let read = syscalls::number(Abi::X86, "read").unwrap();
    assert_eq!(policy.decide(Abi::X86.audit(), read, &[0; 6]), KILL);
}

#[test]
fn other_filters_of_a_unit_are_noted() {
    let text =
        "SystemCallFilter=read\nRestrictNamespaces=yes\nLockPersonality=no\nSystemCallLog=write";
    let notes = unit(text).notes;
    assert_eq!(
        notes,
        [
            "a.service: RestrictNamespaces=, SystemCallLog= filter or log system calls, too; that is not converted"
        ]
    );
}

fn comes_back(policy: &Policy) -> String {
    let text = write(Format::Systemd, policy, false).unwrap();
    assert!(text.lines().all(|line| line.len() <= 110), "{text}");
    let reading = unit(&text);
    assert_eq!(reading.notes, [""; 0], "{text}");
    assert_same(policy, &compile(&reading.request("UNIT")), &text);
    text
}

#[test]
fn an_allow_list_that_was_written_reads_as_the_same_policy() {
    for (items, default) in [
        ("", "kill"),
        ("", "EPERM"),
        ("read:write", "kill"),
        ("@system-service", "EPERM"),
        (
            "@system-service:!@privileged:!@resources:ptrace=EACCES",
            "EPERM",
        ),
        ("@system-service:clone3=EPERM:openat2=EIO", "EPERM"),
        ("@default:nanosleep:restart_syscall=kill", "kill"),
        ("@known:@mount=errno(4000):bpf=kill", "EPERM"),
        ("@known", "kill"),
    ] {
        comes_back(&list(Mode::AllowList, items, default));
    }
    comes_back(&policy("SystemCallFilter=@system-service"));
}

#[test]
fn a_deny_list_that_was_written_reads_as_the_same_policy() {
    for (items, default) in [
        ("", "kill"),
        ("@mount", "kill"),
        ("@mount:@swap=EPERM:bpf:open=ENOENT", "kill"),
        ("@known:!@default:open=kill", "EPERM"),
    ] {
        comes_back(&list(Mode::DenyList, items, default));
    }
    comes_back(&policy(
        "SystemCallFilter=~@clock @debug\nSystemCallArchitectures=native",
    ));
}

#[test]
fn groups_stand_for_their_members() {
    let text = comes_back(&list(
        Mode::AllowList,
        "@system-service:!@default:@default",
        "EPERM",
    ));
    assert_eq!(
        text,
        "[Service]\nSystemCallArchitectures=native\nSystemCallErrorNumber=EPERM\nSystemCallFilter=@system-service\n"
    );
    let text = comes_back(&list(Mode::DenyList, "@mount:bpf:ptrace=EACCES", "kill"));
    assert_eq!(
        text,
        "[Service]\nSystemCallArchitectures=native\nSystemCallFilter=~@mount bpf ptrace:EACCES\n"
    );
}

#[test]
fn what_a_unit_cannot_say_is_refused_with_the_call() {
    for (items, default, rule) in [
        ("read(fd == 0)", "kill", "read"),
        ("read:write=trap", "kill", "write"),
        ("read:write=log", "kill", "write"),
        ("read:write=kill_thread", "kill", "write"),
        ("read:1000", "kill", "1000"),
        ("read", "trap", "the default action"),
        ("read", "log", "the default action"),
    ] {
        let policy = list(Mode::AllowList, items, default);
        let error = write(Format::Systemd, &policy, false).unwrap_err();
        assert!(
            matches!(&error, Error::Lossy { rule: said, .. } if said == rule),
            "{error}"
        );
        let lossy = write(Format::Systemd, &policy, true).unwrap();
        assert!(lossy.contains(&format!("# {rule}: ")), "{lossy}");
        unit(&lossy);
    }
}

#[test]
fn losses_let_nothing_through() {
    let conditional = list(Mode::AllowList, "read(fd == 0):write", "EPERM");
    let lossy = policy(&write(Format::Systemd, &conditional, true).unwrap());
    assert_eq!(gets(&lossy, "read", &[0]), action("EPERM"));
    let conditional = list(Mode::DenyList, "read(fd == 0):write=trap", "EPERM");
    let lossy = policy(&write(Format::Systemd, &conditional, true).unwrap());
    assert_eq!(gets(&lossy, "read", &[1]), action("EPERM"));
    assert_eq!(gets(&lossy, "write", &[]), action("EPERM"));
}
