//! `.seccomp` files: lines, bindings, defaults, actions, includes, and what is said of mistakes.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use policy::{Action, Compiled, Error, Mode, Request};
use support::{allows, ask, compile, compile_request, errno, file, message, policy_of};

const KILL: Action = Action::KillProcess;

/// An allow-list that is `/d/p`, among these files.
fn with(files: &[(&str, &str)]) -> Result<Compiled, Error> {
    compile(Mode::AllowList, "/d/p", files)
}

/// Asserts what the arguments of `read` decide: those that are allowed, those that are not.
#[track_caller]
fn assert_first(text: &str, allowed: &[u64], denied: &[u64]) {
    let policy = policy_of(text);
    for &first in allowed {
        assert!(allows(&policy, "read", &[first]), "{text}: {first:#x}");
    }
    for &first in denied {
        assert!(!allows(&policy, "read", &[first]), "{text}: {first:#x}");
    }
}

#[test]
fn comments_blanks_and_line_ends_are_harmless() {
    for text in [
        "read: arg0 == 5",
        "read: arg0 == 5\n",
        "# read: 1\n\n  \t\nread: arg0 == 5",
        "read: arg0 == 5 # only: this = one",
        "read: arg0 == 5# write: 1",
        "read: arg0 == 5\r\n# end\r\n\r\n",
        "read: arg0 == 5 \t\r\n",
        "\t read \t:\targ0==5",
        "  # indented\n  X = 5 # five\r\n  read: arg0 == X",
        "READ: arg0 == 5",
        "read [ ] : arg0 == 5",
    ] {
        assert_first(text, &[5], &[4, 6]);
        assert!(!allows(&policy_of(text), "write", &[5]), "{text}");
    }
    for empty in ["", "\n\n", "# only this", "\r\n"] {
        assert!(!allows(&policy_of(empty), "read", &[]), "{empty:?}");
    }
}

#[test]
fn a_rule_may_name_a_group() {
    let policy = policy_of("@file-system: 1\n@timer[-EPERM]: arg0 == 1");
    assert!(allows(&policy, "open", &[]) && allows(&policy, "rename", &[]));
    assert!(allows(&policy, "timer_create", &[1]));
    assert_eq!(ask(&policy, "timer_create", &[0]), errno("EPERM"));
    assert_eq!(ask(&policy, "read", &[]), KILL);
    // The rule of a single call stands beside that of its group; the later one holds.
    let policy = policy_of("@file-system: 1\nopen: arg1 == 0");
    assert!(allows(&policy, "open", &[7, 0]) && !allows(&policy, "open", &[7, 1]));
    let policy = policy_of("open: arg1 == 0\n@file-system: 1");
    assert!(allows(&policy, "open", &[7, 1]));
}

#[test]
fn a_group_of_promises_in_a_file_allows_no_more_than_in_a_list() {
    let policy = policy_of("@pledge-exec: 1");
    assert!(allows(&policy, "execve", &[]) && !allows(&policy, "read", &[]));
    // What cannot be said of a promise is refused, and above all it does not allow.
    for text in [
        "@pledge-exec: return EPERM",
        "@pledge-exec[+EPERM]: 1",
        "@pledge-exec: arg0 == 1",
        "@pledge-exec: false",
        "@pledge-exec[-EPERM]: arg0 == 1",
        "DEFAULT_POSITIVE = kill\n@pledge-exec: 1",
    ] {
        let allowed = file(text).is_ok_and(|one| allows(&one.policy, "execve", &[]));
        assert!(!allowed, "{text}");
    }
}

#[test]
fn includes_are_relative_to_the_file_that_has_them() {
    let files = [
        (
            "/d/p",
            "include \"sub/a\"\ninclude\t\"/abs/c\" # there\nread: arg0 == FIVE\nDEFAULT_NEGATIVE = EACCES",
        ),
        ("/d/sub/a", "include \"../b\"\r\nwrite: arg0 == SIX"),
        ("/d/sub/../b", "SIX = 6\nclose: 1"),
        ("/abs/c", "FIVE = 5\nopen: 1"),
    ];
    let policy = with(&files).unwrap().policy;
    assert!(allows(&policy, "close", &[]) && allows(&policy, "open", &[]));
    assert!(allows(&policy, "read", &[5]) && allows(&policy, "write", &[6]));
    assert_eq!(ask(&policy, "read", &[4]), errno("EACCES"));
    let list = "./p";
    let files = [("./p", "include \"q\""), ("./q", "read: 1")];
    let policy = compile(Mode::AllowList, list, &files).unwrap().policy;
    assert!(allows(&policy, "read", &[]));
}

/// Whoever includes a file would not see that it changes what all other rules answer.
#[test]
fn a_default_in_an_included_file_is_an_error() {
    for default in [
        "DEFAULT_POLICY = allow",
        "DEFAULT_NEGATIVE=allow",
        "DEFAULT_POSITIVE = EPERM",
    ] {
        let inner = format!("read: 1\n{default}\n");
        let files = [
            ("/d/p", "include \"q\"\nwrite: 1"),
            ("/d/q", inner.as_str()),
        ];
        let message = with(&files).unwrap_err().to_string();
        assert!(
            message.starts_with("/d/q:2:1: a default in an included file"),
            "{message}"
        );
    }
}

#[test]
fn includes_that_loop_or_are_missing_are_errors_with_their_place() {
    let missing = with(&[("/d/p", "read: 1\n  include \"gone\"")]);
    assert_eq!(
        message(missing),
        "/d/p:2:3: cannot be read: ENOENT\n    include \"gone\"\n    ^"
    );
    let start = Instant::now();
    for files in [
        &[("/d/p", "include \"p\"")][..],
        &[
            ("/d/p", "include \"q\"\ninclude \"q\""),
            ("/d/q", "include \"p\"\ninclude \"p\""),
        ],
    ] {
        let message = message(with(files));
        assert!(message.contains(":1:1: includes go too deep"), "{message}");
    }
    assert!(start.elapsed() < Duration::from_secs(5));
    let wrong = with(&[
        ("/d/p", "read: 1\ninclude \"sub/q\""),
        ("/d/sub/q", "\nraed: 1"),
    ]);
    assert_eq!(
        message(wrong),
        "/d/sub/q:2:1: unknown system call; did you mean \"read\"?\n  raed: 1\n  ^"
    );
}

#[test]
fn bindings_resolve_where_a_rule_uses_them() {
    for (text, allowed, denied) in [
        ("X = 5\nread: arg0 == X", 5, 4),
        // Late: what a binding names may come after it, and change.
        ("A = B + 1\nB = 5\nread: arg0 == A", 6, 5),
        ("A = B\nB = 5\nB = 7\nread: arg0 == A", 7, 5),
        ("X = 5\nread: arg0 == X\nX = 6\nwrite: arg0 == X", 5, 6),
        // A binding hides a constant, an argument's name and an earlier binding.
        ("AF_UNIX = 9\nread: arg0 == AF_UNIX", 9, 1),
        ("fd = arg0\nread: fd == 5", 5, 4),
        ("count = 3\nread: arg0 == count", 3, 0),
        ("is_five(x) = x == 5\nread: is_five(arg0)", 5, 6),
        (
            "five(x) = x == 5\nboth(x, y) = five(x) && y == 0\nread: both(arg0, arg1)",
            5,
            6,
        ),
        (
            "double(x) = x * 2 + 1\nread: arg0 == double(double(1))",
            7,
            3,
        ),
        // A parameter hides a binding; an argument means what it does where it was written.
        ("x = 6\nf(x) = x == 5\nread: f(arg0)", 5, 6),
        ("y = 5\nf(x) = x == y\ng(y) = f(y)\nread: g(arg0)", 5, 6),
        ("f(x, y) = x == y\ng(y) = f(arg0, y)\nread: g(5)", 5, 6),
        ("COND = arg0 == 5\nread: COND && true", 5, 6),
        ("f() = arg0 == 5\nread: f", 5, 6),
    ] {
        assert_first(text, &[allowed], &[denied]);
    }
    for text in [
        "read: arg0 == X\nX = 5",
        "x = 5\nread: arg0 == X",
        "EMPTY =\nread: arg0 == EMPTY",
    ] {
        assert!(message(file(text)).contains("unknown word"), "{text}");
    }
}

#[test]
fn the_last_default_of_each_kind_holds_for_the_whole_file() {
    let text = "DEFAULT_NEGATIVE = trap\nread: arg0 == 5\nDEFAULT_NEGATIVE = ENOSYS\n\
        write: arg0 == 6\nclose[-EPERM]: arg0 == 7";
    let policy = policy_of(text);
    assert_eq!(ask(&policy, "read", &[0]), Action::parse("ENOSYS").unwrap());
    assert_eq!(ask(&policy, "write", &[0]), errno("ENOSYS"));
    assert_eq!(ask(&policy, "close", &[0]), errno("EPERM"));
    assert_eq!(ask(&policy, "open", &[0]), KILL, "not listed");
    let policy = policy_of("read: 1\nwrite: arg0 == 1\nDEFAULT_POSITIVE = LOG");
    assert_eq!(ask(&policy, "read", &[]), Action::Log);
    assert_eq!(ask(&policy, "write", &[1]), Action::Log);
    assert_eq!(ask(&policy, "write", &[0]), KILL);
    for (word, action) in [
        ("42", Action::parse("errno(42)").unwrap()),
        ("0x2a", Action::parse("errno(42)").unwrap()),
        ("052", Action::parse("errno(42)").unwrap()),
        ("Trap", Action::Trap),
        ("KILL", KILL),
        ("kill_thread", Action::KillThread),
        ("trace", Action::Trace),
        ("EACCES", errno("EACCES")),
    ] {
        let policy = policy_of(&format!("DEFAULT_POLICY = {word}\nwrite: arg0 == 1"));
        assert_eq!(ask(&policy, "read", &[]), action, "{word}");
        assert_eq!(ask(&policy, "write", &[]), KILL, "{word} is not for rules");
    }
}

#[test]
fn default_policy_works_in_a_file_that_is_the_whole_list_and_nowhere_else() {
    let files = [
        ("/a", "read: 1\n  DEFAULT_POLICY = ENOSYS"),
        ("/b", "write: 1"),
    ];
    for list in ["/a", " /a ", ":/a", "/a:", "::/a: :"] {
        let policy = compile(Mode::AllowList, list, &files);
        let policy = policy
            .unwrap_or_else(|error| panic!("{list}: {error}"))
            .policy;
        assert_eq!(ask(&policy, "write", &[]), errno("ENOSYS"), "{list}");
    }
    for list in ["/a:/b", "/b:/a", "write:/a", "/a:!write", "/a:/a"] {
        assert_eq!(
            message(compile(Mode::AllowList, list, &files)),
            "/a:2:3: DEFAULT_POLICY only works in a file that is the whole list\n    \
             DEFAULT_POLICY = ENOSYS\n    ^",
            "{list}"
        );
    }
}

#[test]
fn a_rule_may_have_actions_of_its_own() {
    let eacces = errno("EACCES");
    for (rule, holds, fails) in [
        ("read[+allow,-EACCES]", Action::Allow, eacces),
        ("read[-EACCES]", Action::Allow, eacces),
        ("read[+trace,-EACCES]", Action::Trace, eacces),
        ("read[ -trap , +kill ]", KILL, Action::Trap),
        ("read[-0x0d]", Action::Allow, eacces),
        ("read[-015]", Action::Allow, eacces),
        ("read[-4095]", Action::Allow, errno("errno(4095)")),
        ("read[+LOG]", Action::Log, KILL),
        ("read[]", Action::Allow, KILL),
    ] {
        let policy = policy_of(&format!("{rule}: arg2 == 5"));
        assert_eq!(ask(&policy, "read", &[0, 0, 5]), holds, "{rule}");
        assert_eq!(ask(&policy, "read", &[0, 0, 6]), fails, "{rule}");
        let policy = policy_of(&format!("{rule}: 1"));
        assert_eq!(ask(&policy, "read", &[0, 0, 6]), holds, "{rule}, always");
    }
}

#[test]
fn return_answers_always_or_where_the_condition_is_false() {
    for (text, five, six) in [
        ("read: return 42", "errno(42)", "errno(42)"),
        ("read: return EPERM", "EPERM", "EPERM"),
        ("read:return\t0x2a", "errno(42)", "errno(42)"),
        ("read: arg0 == 5; return 55", "allow", "errno(55)"),
        ("read: arg0 == 5 ;return EACCES # why", "allow", "EACCES"),
        ("read[+log]: arg0 == 5; return 1", "log", "EPERM"),
        ("read[-EACCES]: arg0 == 5; return 1", "allow", "EPERM"),
        (
            "DEFAULT_NEGATIVE = trap\nread: arg0 == 5; return 1",
            "allow",
            "EPERM",
        ),
    ] {
        let policy = policy_of(text);
        assert_eq!(ask(&policy, "read", &[5]), errno(five), "{text}");
        assert_eq!(ask(&policy, "read", &[6]), errno(six), "{text}");
        assert_eq!(ask(&policy, "write", &[]), KILL, "{text}");
    }
}

#[test]
fn the_same_rule_twice_is_fine_and_another_one_is_not() {
    for text in [
        "read: arg0 == 5\nread: arg0 == 5",
        "read: arg0 == 5\nread: arg0 == 5   \r",
        "read: arg0 == 5\nread:arg0 == 5",
        "read: arg0 == 5 # once\nread: arg0 == 5 # and again",
        "read: arg0 == 5\n\tread : arg0==5",
        "read: arg0 == 5\nREAD: arg0 == 5",
    ] {
        match file(text) {
            Ok(_) => assert_first(text, &[5], &[6]),
            Err(error) => panic!("{text}: {error}"),
        }
    }
    for text in [
        "read: 1\nread: arg0 == 5",
        "read: arg0 == 5\nread: arg0 == 6",
        "read: arg0 == 5\nREAD: 1",
        "read[-EPERM]: 1\nread: 1",
        "read: arg0 == 5\nread: arg0 == 5; return 1",
        // The same words, but not the same rule.
        "X = 5\nread: arg0 == X\nX = 6\nread: arg0 == X",
    ] {
        let compiled = file(text);
        assert!(compiled.is_err(), "{text}");
        assert!(
            message(compiled).contains("another rule for the same"),
            "{text}"
        );
    }
}

#[test]
fn files_and_items_of_one_list_add_up() {
    let files = [
        (
            "/a",
            "read: arg0 == 1\nwrite: 1\nDEFAULT_NEGATIVE = EPERM\nclose: arg0 == 3",
        ),
        ("/b", "read: arg0 == 2\nwrite: arg0 == 9\nopen: 1"),
        ("/c", "open: arg0 == 0\nwrite: 1"),
    ];
    let compiled = |list: &str| compile(Mode::AllowList, list, &files).unwrap().policy;
    let policy = compiled("/b:/c:read(arg0 == 3)");
    for first in [2, 3] {
        assert!(allows(&policy, "read", &[first]));
    }
    assert!(!allows(&policy, "read", &[1]));
    assert!(
        allows(&policy, "write", &[0]),
        "the later file allows it all"
    );
    assert!(
        !allows(&policy, "open", &[1]),
        "the later file has a condition"
    );
    let policy = compiled("/a:/c:openat");
    assert_eq!(
        ask(&policy, "read", &[5]),
        errno("EPERM"),
        "a default of its own file"
    );
    assert_eq!(ask(&policy, "open", &[1]), KILL, "and of no other");
    assert!(allows(&policy, "openat", &[]) && allows(&policy, "close", &[3]));
    let policy = compiled("/c:!write:read");
    assert!(!allows(&policy, "write", &[]) && allows(&policy, "read", &[]));
    let policy = compile(Mode::DenyList, "/c:@timer", &files).unwrap().policy;
    assert_eq!(ask(&policy, "open", &[]), KILL);
    assert!(allows(&policy, "open", &[1]) && allows(&policy, "read", &[]));
    assert_eq!(ask(&policy, "timer_create", &[]), KILL);
}

#[test]
fn a_file_brings_its_own_rules_and_no_meaning_of_others() {
    let other = ("/b", "socket: arg1 == SOCK_STREAM");
    let files = [("/a", "SOCK_STREAM = 5\nread: 1"), other];
    let policy = compile(Mode::AllowList, "/a:/b", &files).unwrap().policy;
    assert!(
        allows(&policy, "socket", &[0, 1]),
        "the constant, not what /a calls so"
    );
    assert!(!allows(&policy, "socket", &[0, 5]));
    let files = [("/a", "prot = 7\nread: 1")];
    let list = "/a:mprotect(prot == 1)";
    let policy = compile(Mode::AllowList, list, &files).unwrap().policy;
    assert!(
        allows(&policy, "mprotect", &[0, 0, 1]),
        "the argument, not what /a calls so"
    );
}

#[test]
fn definitions_lend_their_bindings_and_nothing_else() {
    let inline: &[u8] = b"{inline}f(x) = x == FIVE\nwrite: 1\n@timer: 1\nDEFAULT_NEGATIVE = EPERM";
    let path: &[u8] = b"/defs";
    let files = [
        (
            "/defs",
            "FIVE = 4\nFIVE = 5\nSIX = 7\nDEFAULT_POLICY = trap",
        ),
        ("/p", "SIX = 6\nread: f(arg0) || arg0 == SIX"),
    ];
    let both = [inline, path];
    let plain = Request::plain(Mode::AllowList, "LIST", b"/p", KILL);
    let request = Request {
        definitions: &both,
        ..plain
    };
    let policy = compile_request(&request, &files);
    let policy = policy.unwrap_or_else(|error| panic!("{error}")).policy;
    assert!(
        allows(&policy, "read", &[5]) && allows(&policy, "read", &[6]),
        "its own override"
    );
    assert_eq!(ask(&policy, "read", &[7]), KILL, "no default of theirs");
    assert_eq!(ask(&policy, "write", &[]), KILL, "no rule of theirs");
    assert_eq!(ask(&policy, "timer_create", &[]), KILL);
    // Items of a list may use them, too.
    let request = Request {
        list: b"read(f(arg0))",
        ..request
    };
    let policy = compile_request(&request, &files).unwrap().policy;
    assert!(allows(&policy, "read", &[5]) && !allows(&policy, "read", &[6]));
}

#[test]
fn mistakes_in_definitions_are_shown_where_they_are() {
    let refused = |definitions: &[u8], list: &[u8]| {
        let definitions = [definitions];
        let plain = Request::plain(Mode::AllowList, "LIST", list, KILL);
        let request = Request {
            definitions: &definitions,
            ..plain
        };
        message(compile_request(&request, &[("/p", "read: f(arg0)")]))
    };
    assert_eq!(
        refused(b"{inline}X = 5\nraed: 1", b"/p"),
        "{inline}:2:1: unknown system call; did you mean \"read\"?\n  raed: 1\n  ^"
    );
    assert_eq!(
        refused(b"{inline}X = 5 +", b"/p"),
        "{inline}:1:8: expected a number, an argument, a constant or \"(\"\n  X = 5 +\n         ^"
    );
    assert_eq!(refused(b"/gone", b"/p"), "/gone: cannot be read: ENOENT");
    let place = "{inline}:1:13: unknown word\n  f(x) = x == QQQQQQQQ\n              ^";
    assert_eq!(refused(b"{inline}f(x) = x == QQQQQQQQ", b"/p"), place);
    assert_eq!(
        refused(b"{inline}f(x) = x == QQQQQQQQ", b"read(f(arg0))"),
        place
    );
}

#[test]
fn a_name_that_an_expression_could_never_reach_is_refused() {
    for text in [
        // Its uses would be the registers.
        "f(arg1) = arg1 == 5\nread: f(arg0)",
        "f(argL1) = argL1 == 5\nread: f(argL0)",
        "f(true) = true\nread: f(arg0 == 5)",
        "arg0 = 5\nread: arg0 == 5",
        "false = true\nread: false",
        "in = 5\nread: 1",
        // The first of the two would hide the other.
        "f(x, x) = x == 5\nread: f(arg0, arg1)",
        // A parameter is no macro.
        "f(x) = x(7) == 5\nread: f(arg0)",
    ] {
        assert!(file(text).is_err(), "{text}");
    }
}
