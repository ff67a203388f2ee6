//! Learning into a file that is there: what stays, what grows, and what is refused.
#![allow(clippy::unwrap_used)]

#[path = "support/learning.rs"]
mod learning;

use learning::{
    allows, call, call_on, compiled, file, learn, learn_beside, learned, line, observed, options,
    value,
};
use syscalls::Abi;
use watch::learn::{Error, File, Generalise, Observations, Options, merge};

const MINE: &str = "\
# My policy.\r
  # indented\t
MINE = F_SETFL
both(x) = x == F_GETFL || x == F_SETFD

write: 1   # a comment of mine
FCNTL: both(cmd)||cmd == MINE  # careful: F_DUPFD too?  \t
mprotect: prot == PROT_READ
openat:flags == O_RDONLY # seen 7
getpid[-EPERM]: 1
getppid: return EPERM
ioctl: cmd == TCGETS && fd == 1  # seen many
@timer: 1
kill: sig == 0  # seen 3; targets: self
execve: 1  # assumed: it is mine
";

fn rest(text: &str) -> Vec<String> {
    let ours = |line: &&str| !line.contains("# assumed: ") || line.contains("mine");
    text.lines().filter(ours).map(String::from).collect()
}

/// What of MINE grows for [`many`], and to what.
const GROWN: [(&str, &str); 4] = [
    ("cmd == MINE ", "cmd == MINE || cmd == F_DUPFD "),
    (
        "prot == PROT_READ",
        "prot == PROT_READ || prot == PROT_NONE",
    ),
    (
        "flags == O_RDONLY # seen 7",
        "flags == O_RDONLY || flags == O_WRONLY # seen 9",
    ),
    (
        "sig == 0  # seen 3; targets: self",
        "sig == 0 || sig == SIGKILL  # seen 5; targets: self, others",
    ),
];

/// Calls of which MINE allows some.
fn many() -> Vec<watch::Call> {
    vec![
        call("write", &[1]),
        call("fcntl", &[0, value("F_SETFL")]),
        call("fcntl", &[0, value("F_DUPFD")]),
        call("mprotect", &[0, 0, value("PROT_NONE")]),
        call("openat", &[0, 0, value("O_WRONLY")]),
        call("openat", &[0, 0, value("O_RDONLY")]),
        call("timerfd_create", &[0]),
        call("timer_create", &[0]),
        call("kill", &[1, 0]),
        call("kill", &[1, 9]),
        call("getuid", &[]),
        call("execve", &[]),
    ]
}

#[test]
fn lines_stay_byte_for_byte_unless_they_must_grow() {
    let learned = learn_beside(MINE, &many()).unwrap();
    let mut expected: Vec<String> = rest(MINE);
    for (from, to) in GROWN {
        let line = expected
            .iter_mut()
            .find(|line| line.contains(from))
            .unwrap();
        *line = line.replacen(from, to, 1);
    }
    expected.push("getuid: 1  # seen 1".into());
    expected.push("# learned: 1 run, nothing new in the last 0".into());
    let mut seen = rest(&learned.text);
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    assert!(
        learned
            .text
            .starts_with("# My policy.\r\n  # indented\t\nMINE")
    );
    assert!(learned.text.contains("too?  \t\n"));
    let new = learned.summary.new.join(", ");
    assert_eq!(
        new,
        "fcntl(cmd == F_DUPFD), getuid, kill(sig == SIGKILL), mprotect(prot == PROT_NONE), openat(flags == O_WRONLY)"
    );
}

#[test]
fn the_same_run_again_changes_counts_and_the_line_on_runs_alone() {
    let calls = [
        call("clone3", &[]),
        call("futex", &[0, 128]),
        call("mmap", &[0, 0, 3, 34]),
        call("write", &[1]),
        call("socket", &[1, 1, 0]),
    ];
    let first = learned(None, &calls).text;
    let second = learned(Some(&first), &calls).text;
    let (mut changed, mut same) = (Vec::new(), 0);
    for (old, new) in first.lines().zip(second.lines()) {
        match old == new {
            true => same += 1,
            false => changed.push((old.to_owned(), new.replace("seen 2", "seen 1"))),
        }
    }
    assert_eq!(first.lines().count(), second.lines().count());
    assert_eq!(changed.len(), 6);
    assert!(same > 10);
    for (old, new) in changed {
        assert!(old == new || old.starts_with("# learned: 1 run,"), "{old}");
    }
}

#[test]
fn a_rule_on_another_argument_grows_by_what_was_seen_of_it() {
    let text = "write: fd == 1  # only this\n";
    let calls = [call("write", &[1]), call("write", &[2])];
    let learned = learn_beside(text, &calls).unwrap();
    assert_eq!(
        line(&learned.text, "write"),
        "write: fd == 1 || fd == 2  # only this"
    );
    // Without knowing the file, the descriptors were not told apart.
    let error = learn(Some(text), &calls, &options()).unwrap_err();
    let (call, argument) = ("write".into(), 0);
    assert_eq!(error, Error::Unwatched { call, argument });
}

/// Files, and why F_SETFL cannot be learned into them.
const REFUSED: [(&str, &str); 10] = [
    (
        "\nfcntl[-EPERM]: cmd == F_GETFL\n",
        "line 2: the rule for fcntl has actions or an answer of its own and must be widened by hand: cmd == F_SETFL",
    ),
    (
        "fcntl: cmd == F_GETFL; return EPERM",
        "line 1: the rule for fcntl has actions",
    ),
    (
        "fcntl:\treturn\tEPERM",
        "line 1: the rule for fcntl has actions",
    ),
    (
        "fcntl: cmd == F_GETFL\n#\nfcntl: cmd == F_GETFL\n",
        "line 3: a second rule for fcntl",
    ),
    (
        "DEFAULT_POLICY = allow\n",
        "the file allows what it does not list",
    ),
    (
        "read: 1\nDEFAULT_POSITIVE = kill\n",
        "line 2: with this default",
    ),
    (
        "F_SETFL = 99\n",
        "the file would not allow fcntl(cmd == F_SETFL)",
    ),
    (
        "cmd = 99\n",
        "the file would not allow fcntl(cmd == F_SETFL)",
    ),
    ("fcntl: cmd ==\n", "./learned.seccomp:1:"),
    ("include \"other\"\n", "./learned.seccomp:1:1: "),
];

#[test]
fn what_must_not_be_widened_by_machine_is_named_with_its_line() {
    for (text, message) in REFUSED {
        let error = learn_beside(text, &[call("fcntl", &[0, value("F_SETFL")])]);
        let seen = error.unwrap_err().to_string();
        assert!(seen.starts_with(message), "{text}: {seen}");
    }
}

#[test]
fn a_default_that_denies_otherwise_keeps_its_meaning() {
    let text = "DEFAULT_POLICY = EPERM\nDEFAULT_NEGATIVE = EACCES\nfcntl: cmd == F_GETFL";
    let learned = learn_beside(text, &[call("fcntl", &[0, 4]), call("read", &[0])]).unwrap();
    let policy = compiled(&learned.text);
    assert!(
        learned
            .text
            .starts_with(&format!("{text} || cmd == F_SETFL\n"))
    );
    assert!(allows(&policy, &call("read", &[0])) && allows(&policy, &call("fcntl", &[0, 4])));
    let denied = |call: watch::Call| policy.decide(call.audit, call.number, &call.arguments);
    assert_eq!(denied(call("write", &[])).to_string(), "EPERM");
    assert_eq!(denied(call("fcntl", &[0, 1])).to_string(), "EACCES");
}

#[test]
fn assumptions_give_way_to_rules_of_the_file() {
    let text = "getrandom: return EPERM\ntime: 1\nexit_group: error_code == 0\n";
    let learned = learn_beside(text, &[call("read", &[0])]).unwrap();
    assert!(learned.text.starts_with(text));
    let left_out: Vec<&str> = learned
        .summary
        .left_out
        .iter()
        .map(|one| one.rule.as_str())
        .collect();
    assert_eq!(left_out, ["exit_group", "getrandom"]);
    assert!(
        learned
            .summary
            .to_string()
            .contains("stands against it: getrandom (the vDSO")
    );
}

#[test]
fn an_assumption_in_a_line_of_mine_is_marked_behind_my_comment() {
    let text = "futex: op == FUTEX_WAIT # mine\nmadvise: behavior == 77\n";
    let learned = learn_beside(text, &[call("clone3", &[])]).unwrap().text;
    let futex = line(&learned, "futex");
    assert!(
        futex.starts_with("futex: op == FUTEX_WAIT || op == FUTEX_WAIT_PRIVATE || "),
        "{futex}"
    );
    assert!(
        futex.contains(" # mine; assumed: op == FUTEX_WAIT_PRIVATE, "),
        "{futex}"
    );
    let madvise = line(&learned, "madvise");
    assert!(
        madvise.contains("  # assumed: behavior == MADV_DONTNEED, "),
        "{madvise}"
    );
    let again = learn_beside(&learned, &[call("clone3", &[])]).unwrap().text;
    assert_eq!(line(&again, "futex"), futex);
}

#[test]
fn included_files_and_groups_count_and_stay() {
    let included = |path: &[u8]| match path {
        b"dir/base" => Ok(b"read: 1\nfcntl: cmd == F_GETFL\n".to_vec()),
        _ => Err(2),
    };
    let text = "include \"base\"\n@timer: 1\n";
    let file = File {
        path: "dir/p",
        text: Some(text),
        read: &|path| included(path.strip_prefix(b"./").unwrap_or(path)),
    };
    let known = [
        call("read", &[0]),
        call("fcntl", &[0, 3]),
        call("timer_create", &[]),
    ];
    let learned = merge(&file, &observed(&known), &options()).unwrap();
    assert_eq!(learned.summary.new, Vec::<String>::new());
    assert!(learned.text.starts_with(text) && !learned.text.contains("# seen"));
    let error = merge(&file, &observed(&[call("fcntl", &[0, 4])]), &options()).unwrap_err();
    let (call, wanted) = ("fcntl".into(), "cmd == F_SETFL".into());
    assert_eq!(error, Error::Elsewhere { call, wanted });
}

#[test]
fn wider_rules_replace_ours_and_stand_beside_others() {
    let generalise = Generalise::Calls;
    let wide = Options {
        generalise,
        ..options()
    };
    let calls = [call("fcntl", &[0, 4]), call("ioctl", &[0, 4])];
    let text = "fcntl: cmd == F_GETFL  # seen 2\nioctl: cmd == TCGETS # mine\n";
    let learned = learn(Some(text), &calls, &wide).unwrap().text;
    assert_eq!(line(&learned, "fcntl"), "fcntl: 1  # seen 3");
    assert_eq!(
        line(&learned, "ioctl"),
        "ioctl: cmd == TCGETS || true # mine"
    );
    let known = [call("fcntl", &[0, 3])];
    let same = learn(Some(text), &known, &wide).unwrap().text;
    assert_eq!(line(&same, "fcntl"), "fcntl: cmd == F_GETFL  # seen 3");
}

#[test]
fn more_values_than_a_rule_can_name_are_refused_or_generalised() {
    let calls: Vec<_> = (0..2000).map(|cmd| call("ioctl", &[0, cmd])).collect();
    let error = learn(None, &calls, &options()).unwrap_err();
    let call = String::from("ioctl");
    assert_eq!(error, Error::TooMany { call: call.clone() });
    let generalise = Generalise::Calls;
    let wide = Options {
        generalise,
        ..options()
    };
    let text = learn(None, &calls, &wide).unwrap().text;
    assert_eq!(line(&text, "ioctl"), "ioctl: 1  # seen 2000");
    let assume = vec![call];
    let text = learn(
        None,
        &calls,
        &Options {
            assume,
            ..options()
        },
    )
    .unwrap()
    .text;
    assert_eq!(
        line(&text, "ioctl"),
        "ioctl: 1  # seen 2000; assumed: any use (by --assume)"
    );
}

#[test]
fn calls_without_a_name_are_noted_once() {
    let mut nameless = call("read", &[]);
    nameless.number = 999;
    let mut x32 = call("read", &[]);
    x32.number |= Abi::X32_BIT;
    let calls = [nameless, x32, nameless];
    let first = learned(None, &calls);
    assert_eq!(first.summary.unnamed.len(), 2);
    assert_eq!(
        first.text.matches("# no rule can allow call 999").count(),
        1
    );
    let second = learned(Some(&first.text), &calls).text;
    assert_eq!(second.matches("# no rule can allow call 999").count(), 1);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn calls_of_the_other_abi_share_a_rule_where_they_pass_the_same() {
    let calls = [
        call("fcntl", &[0, 3]),
        call_on(Abi::X86, "fcntl", &[0, 4]),
        call("mmap", &[0, 0, 1, 2]),
        call_on(Abi::X86, "mmap2", &[0, 0, 1, 2]),
    ];
    let learned = learned(None, &calls);
    assert_eq!(
        line(&learned.text, "fcntl"),
        "fcntl: cmd == F_GETFL || cmd == F_SETFL  # seen 2"
    );
    assert_eq!(line(&learned.text, "mmap:"), "mmap: 1  # seen 1");
    assert_eq!(line(&learned.text, "mmap2"), "mmap2: 1  # seen 1");
    assert_eq!(learned.summary.foreign, Some("x86"));
    assert!(
        learned
            .text
            .contains("\n# calls of x86 were seen: enforce with --arch x86\n")
    );
    let again = learn(Some(&learned.text), &calls, &options()).unwrap();
    assert_eq!(again.summary.new, Vec::<String>::new());
}

#[test]
fn an_empty_file_is_a_new_one_and_a_missing_end_of_line_is_added() {
    let calls = [call("read", &[0])];
    assert_eq!(
        learned(Some(" \n"), &calls).text,
        learned(None, &calls).text
    );
    assert!(
        learned(Some("write: 1"), &calls)
            .text
            .starts_with("write: 1\nread: 1  # seen 1\n")
    );
    assert!(Observations::beside(&file(None)).unwrap().is_empty());
}

#[test]
fn comments_that_only_look_like_ours_stay() {
    for comment in [
        "# seen 3 times",
        "# seen 03",
        "# seen 3; mine",
        "#seen 3",
        "# seen 3;  targets: self",
        "# seen 3; targets: me",
        "# seen 3; assumed: any use (because)",
        "# assumed: because",
        "# seen 18446744073709551616",
        "# seen",
        "#",
    ] {
        let text = format!("read: 1 {comment}\n");
        let new = learned(Some(&text), &[call("read", &[0])]).text;
        assert!(new.starts_with(&text), "{new}");
    }
    let text = "read: 1 # seen 18446744073709551615\n";
    assert!(
        learned(Some(text), &[call("read", &[0])])
            .text
            .starts_with(text)
    );
}

#[test]
fn a_filter_that_the_kernel_would_not_take_is_refused() {
    let calls: Vec<_> = (0..1000)
        .map(|one| call("socket", &[one, one * 7, one * 13]))
        .collect();
    let error = learn(None, &calls, &options()).unwrap_err().to_string();
    assert!(error.starts_with("the filter has "), "{error}");
    assert!(error.ends_with("; --generalise values or --generalise calls makes it shorter"));
    let generalise = Generalise::Calls;
    let wide = Options {
        generalise,
        ..options()
    };
    assert!(learn(None, &calls, &wide).is_ok());
}

#[test]
fn the_errors_of_a_file_are_those_of_its_rules_and_of_nothing_else() {
    use watch::learn::Answers;
    let text = "DEFAULT_POLICY = ENOSYS\nclone3: return ENOSYS\nsocket[-EPERM]: family == AF_UNIX\nread: 1\n";
    let answers = Answers::of(&file(Some(text))).unwrap().unwrap();
    let errno = |name: &str, arguments: &[u64]| answers.errno(&call(name, arguments));
    assert_eq!(errno("clone3", &[]), Some(38));
    assert_eq!(errno("socket", &[value("AF_INET")]), Some(1));
    assert_eq!(errno("socket", &[value("AF_UNIX")]), None);
    // Nobody has said anything of it: it is to be learned.
    assert_eq!(errno("write", &[]), None);
    assert_eq!(errno("read", &[]), None);
    for text in ["read: 1\n", "read[-kill]: 1\n"] {
        assert!(Answers::of(&file(Some(text))).unwrap().is_none(), "{text}");
    }
    assert!(Answers::of(&file(None)).unwrap().is_none());
}
