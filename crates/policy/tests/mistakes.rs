//! What is said of a mistake in a file: where it is, to the column, and what would be right.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fmt::Write;

use policy::Mode;
use support::{compile, file, message};

const OPERAND: &str = "expected a number, an argument, a constant or \"(\"";
const OPERATOR: &str = "expected an operator or the end";
const CLOSE: &str = "expected \")\" or \",\"";
const LINE: &str =
    "not a rule (NAME: CONDITION), default, binding (NAME = ...) or include \"FILE\"";
const CONDITION: &str = "a number, not a condition; compare it with something";
const DIVISOR: &str = "a divisor must be a constant other than 0";
const WIDE: &str = "64-bit arguments cannot be calculated with; use argL0…, argH0… or the name of a 32-bit argument";
const LARGE: &str = "a constant above 0xffffffff beside a number of 32 bits";
const ACTIONS: &str = "expected [+ACTION,-ACTION], each at most once";
const UNKNOWN_ACTION: &str = "unknown action; actions are kill_process, kill_thread, trap, log, allow, an errno name, errno(1..4095)";
const MEANT_EPERM: &str = "unknown action; actions are kill_process, kill_thread, trap, log, allow, an errno name, errno(1..4095); did you mean \"EPERM\"?";
const ERRNO: &str = "not an error; use a name such as EPERM or a number from 1 to 4095";
const RULE_NAME: &str = "not the name of a system call or @GROUP";
const BINDING_NAME: &str = "not a name, or a name with parameters";
const NARROW: &str = "the kernel reads fewer bits of this argument, so garbage in the others would pass the rule; use the argument's name";

/// Files, with `‸` before the byte at which the mistake is, and what is said of it.
const MISTAKES: &[(&str, &str)] = &[
    // Lines.
    ("‸hello world", LINE),
    ("read: 1\n\n  ‸read", LINE),
    ("‸X = 5:6\nread: 1", RULE_NAME),
    ("‸: 1", RULE_NAME),
    ("‸read write: 1", RULE_NAME),
    ("‸@: 1", RULE_NAME),
    ("‸5 = 6", BINDING_NAME),
    ("a ‸b = 6", BINDING_NAME),
    ("read:‸", "no condition; write 1 for always"),
    (" read:‸ # nothing", "no condition; write 1 for always"),
    ("f(‸5) = 6", "expected a name"),
    ("f(x ‸y) = 6", CLOSE),
    // Actions.
    ("read‸[kill]: 1", ACTIONS),
    ("read‸[+kill,+trap]: 1", ACTIONS),
    ("read‸[+kill: 1", ACTIONS),
    ("read‸[+frob]: 1", UNKNOWN_ACTION),
    ("read‸[-eperm]: 1", MEANT_EPERM),
    ("read‸[-4096]: 1", ERRNO),
    ("DEFAULT_NEGATIVE = ‸frob", UNKNOWN_ACTION),
    ("read: ‸return 0", ERRNO),
    // Expressions.
    ("read: arg0 ==‸", OPERAND),
    ("read: ‸== 5", OPERAND),
    ("read: arg0 == ‸-1", OPERAND),
    ("read: arg0 == ‸\"x\"", OPERAND),
    ("read: arg0 ‸= 5", OPERATOR),
    ("read: arg0 == 5‸)", OPERATOR),
    ("read: arg0 == 5 ‸6", OPERATOR),
    ("read: (arg0 == 5‸", CLOSE),
    ("read: in(arg0, 1‸", CLOSE),
    ("read: in ‸arg0", "expected \"(\""),
    ("read: in(‸)", OPERAND),
    ("read: arg0 == 0‸8", "not a digit of this number"),
    ("read: arg0 == 12‸ab", "not a digit of this number"),
    ("read: arg0 == 0x‸", "not a digit of this number"),
    // Meaning.
    ("read: ‸42", CONDITION),
    ("read: ‸arg0", CONDITION),
    ("read: arg0 == 1 && argL0 ‸+ 1", CONDITION),
    ("read: arg0 == (arg1 ‸== 1)", "a condition, not a number"),
    ("read: in(arg0, 1, ‸true)", "a condition, not a number"),
    ("read: ‸!arg0 == 5", "a condition, not a number"),
    (
        "read: ‸in(arg0)",
        "no values to look in; write in(NUMBER, VALUE, ...)",
    ),
    ("read: arg0 ‸+ 1 == 5", WIDE),
    ("read: argL0 ‸/ argL1 == 5", DIVISOR),
    ("read: argL0 ‸% 0 == 5", DIVISOR),
    ("read: arg0 == 5 ‸/ (1 - 1)", DIVISOR),
    ("read: arg0 ‸<< argL1 == 5", "a shift must be by a constant"),
    ("read: argL0 ‸== 0x100000000", LARGE),
    ("f(x) = x == 5\nread: ‸f(1, 2)", "wrong number of arguments"),
    ("f(x) = x == 5\nread: ‸f", "wrong number of arguments"),
    (
        "x = ‸x\nread: x == 5",
        "too complicated, or defined by itself",
    ),
    ("ioctl[+kill,-allow]: ‸arg1 == TIOCSTI", NARROW),
    // Words.
    (
        "read: arg0 == ‸AF_UNXI",
        "unknown word; did you mean \"AF_UNIX\"?",
    ),
    (
        "socket: ‸famly == 1",
        "unknown word; did you mean \"family\"?",
    ),
    ("read: arg0 == ‸QQQQQQQQ", "unknown word"),
    ("read: ‸arg6 == 0", "unknown word"),
    ("‸raed: 1", "unknown system call; did you mean \"read\"?"),
    ("‸qqqqqqqq: 1", "unknown system call"),
    ("‸@timre: 1", "unknown group; did you mean \"timer\"?"),
    (
        "read: 1\n‸read: arg0 == 1",
        "another rule for the same system call",
    ),
    ("‸include \"gone\"", "cannot be read: ENOENT"),
    (
        "F = ‸AF_UNXI\n\nread: arg0 == F",
        "unknown word; did you mean \"AF_UNIX\"?",
    ),
];

/// The message for a mistake at the mark, and the text without it.
fn expected(marked: &str, problem: &str) -> (String, String) {
    let (before, behind) = marked.split_once('‸').unwrap();
    let number = before.split('\n').count();
    let start = before.rsplit('\n').next().unwrap();
    let line = format!("{start}{}", behind.split('\n').next().unwrap());
    let shown = line.replace('\t', " ");
    let (column, caret) = (start.len() + 1, " ".repeat(start.len()) + "^");
    let mut message = format!("/p:{number}:{column}: {problem}\n");
    write!(message, "  {}\n  {caret}", shown.trim_end()).unwrap();
    (format!("{before}{behind}"), message)
}

#[test]
fn every_mistake_is_named_with_its_line_and_a_caret_below_it() {
    for (marked, problem) in MISTAKES {
        let (text, expected) = expected(marked, problem);
        assert_eq!(message(file(&text)), expected, "{text}");
        // Tabs are a column each, above and below.
        let tabs = marked.replace(' ', "\t");
        let named = !["include", "@", "a\tb", "read\twrite"]
            .iter()
            .any(|one| tabs.contains(one));
        if named && problem.len() < 200 {
            let (text, expected) = self::expected(&tabs, problem);
            assert_eq!(message(file(&text)), expected, "{text:?}");
        }
    }
}

#[test]
fn a_caret_stands_below_the_mistake_and_not_the_blank_before_it() {
    for (marked, problem) in [
        ("read: arg0 == 5; ‸return 0", ERRNO),
        ("read: arg0 == 5; ‸return frob", ERRNO),
        ("read: arg0 == 5; ‸reutrn 5", "expected \"return ERROR\""),
        ("read: arg0 == 5;‸", "expected \"return ERROR\""),
        ("read: arg0 == ‸0x + 1", "not a digit of this number"),
    ] {
        let marked = marked.replace("‸0x ", "0x‸ ");
        let (text, expected) = expected(&marked, problem);
        assert_eq!(message(file(&text)), expected, "{text}");
    }
}

#[test]
fn a_message_in_full() {
    assert_eq!(
        message(file(
            "# Sockets.\n\r\nsocket:\targ0 == AF_UNXI\t# local\r\n"
        )),
        "/p:3:17: unknown word; did you mean \"AF_UNIX\"?\n  \
         socket: arg0 == AF_UNXI # local\n                  ^"
    );
}

#[test]
fn a_mistake_far_to_the_right_or_beside_odd_bytes_is_an_error_like_any_other() {
    let long = format!("read: {}arg0 == QQQQQQQQ", " ".repeat(70_000));
    let message_of_long = message(file(&long));
    assert!(message_of_long.starts_with("/p:1:70015: unknown word\n"));
    let odd = message(file("read: arg0 == 5 \u{1b}[2J é\n"));
    assert!(
        odd.starts_with("/p:1:17: expected an operator or the end\n"),
        "{odd}"
    );
    assert!(!odd.contains('\u{1b}') && odd.is_ascii(), "{odd:?}");
}

#[test]
fn an_item_of_a_list_is_named_with_its_column() {
    for (list, expected) in [
        (
            "read:socket(famly == 1)",
            "\"socket(famly == 1)\" (column 13): unknown word; did you mean \"family\"?",
        ),
        (
            "socket(family == AF_UNXI)",
            "\"socket(family == AF_UNXI)\" (column 18): unknown word; did you mean \"AF_UNIX\"?",
        ),
        (
            "read:raed(fd == 1)",
            "\"raed(fd == 1)\" (column 6): unknown system call; did you mean \"read\"?",
        ),
        (
            "read( fd == )",
            "\"read( fd == )\" (column 13): expected a number, an argument, a constant or \"(\"",
        ),
        (
            "read: /gone",
            "\"/gone\" (column 7): cannot be read: ENOENT",
        ),
        (
            "read(fd = 1)",
            "\"read(fd = 1)\" (column 9): expected an operator or the end",
        ),
        (
            "read((fd == 1)",
            "\"read((fd == 1)\" (column 5): \"(\" without its \")\"",
        ),
        (
            "read()",
            "\"read()\" (column 6): expected a number, an argument, a constant or \"(\"",
        ),
    ] {
        let message = message(compile(Mode::AllowList, list, &[]));
        assert_eq!(message, format!("LIST: item {expected}"), "{list}");
    }
}
