//! Expressions: how they are read, what they come to, and which are refused with what advice.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::iter;
use std::time::{Duration, Instant};

use policy::Mode;
use support::{allow, allows, ask, compile, errno, file, list, message};

/// Asserts, for expressions on `read`, which first arguments they hold for and which not.
#[track_caller]
fn assert_holds(table: &[(&str, &[u64], &[u64])]) {
    for (expression, yes, no) in table {
        let policy = allow(&format!("read({expression})"));
        for &first in *yes {
            assert!(
                allows(&policy, "read", &[first]),
                "{expression}: {first:#x}"
            );
        }
        for &first in *no {
            assert!(
                !allows(&policy, "read", &[first]),
                "{expression}: {first:#x}"
            );
        }
    }
}

/// Asserts that a list is refused, with these words in the message.
#[track_caller]
fn assert_refused(mode: Mode, text: &str, words: &str) {
    let message = message(compile(mode, text, &[]));
    assert!(message.contains(words), "{text}: {message}");
}

/// Asserts that two constants expressions are one number.
#[track_caller]
fn assert_equal(expression: &str, value: u64) {
    let policy = allow(&format!("read({expression} == {value:#x})"));
    assert!(
        allows(&policy, "read", &[]),
        "{expression} is not {value:#x}"
    );
    let policy = allow(&format!("read(arg1 == ({expression}))"));
    assert!(
        allows(&policy, "read", &[0, value]),
        "{expression} is not {value:#x}"
    );
}

#[test]
fn operators_associate_to_the_right() {
    for (expression, value) in [
        ("10 - 3 - 2", 9),
        ("100 / 10 / 5", 50),
        ("1 << 2 << 1", 16),
        ("256 >> 4 >> 1", 64),
        ("100 % 7 % 4", 1),
        ("20 - 5 + 3", 12),
        ("12 / 2 * 3", 2),
        ("(10 - 3) - 2", 5),
    ] {
        assert_equal(expression, value);
    }
    let policy = allow("read(argL0 - argL1 - argL2 == 9)");
    assert!(allows(&policy, "read", &[10, 3, 2]) && !allows(&policy, "read", &[14, 3, 2]));
}

#[test]
fn tighter_operators_bind_first() {
    for (expression, value) in [
        ("2 + 3 * 4", 14),
        ("2 * 3 + 4", 10),
        ("1 << 2 + 1", 8),
        ("1 + 1 << 2", 8),
        ("6 & 1 << 1", 2),
        ("4 ^ 6 & 3", 6),
        ("1 | 4 ^ 4", 1),
        ("8 | 4 ^ 6 & 1 << 2 - 1", 14),
        ("~0 & 0xff", 0xff),
        ("~1 + 2", 0),
    ] {
        assert_equal(expression, value);
    }
    assert_holds(&[
        ("argL0 & 4 == 4", &[4, 5, 0xc], &[0, 1, 8]),
        ("4 == argL0 & 4", &[4, 5], &[1]),
        ("arg0 == 1|4", &[5], &[1, 4]),
        ("arg0 &? 1|4", &[5, 7], &[1, 4]),
        ("arg0 == 1 || arg0 == 2 && arg1 == 3", &[1], &[2]),
        ("(arg0 == 1 || arg0 == 2) && arg1 == 0", &[1, 2], &[3]),
        ("!(arg0 == 1) && arg0 != 2", &[3], &[1, 2]),
        ("!in(arg0, 1) || arg0 == 1", &[0, 1], &[]),
    ]);
}

#[test]
fn every_operator_means_what_the_documents_say() {
    const HIGH: u64 = 1 << 32;
    assert_holds(&[
        ("arg0 == 5", &[5], &[4, HIGH + 5]),
        ("arg0 != 5", &[4, HIGH + 5], &[5]),
        ("arg0 < 5", &[0, 4], &[5, 6, HIGH]),
        ("arg0 <= 5", &[4, 5], &[6, HIGH]),
        ("arg0 > 5", &[6, HIGH, u64::MAX], &[0, 5]),
        ("arg0 >= 5", &[5, HIGH], &[4]),
        ("5 > arg0", &[4], &[5, 6]),
        ("arg0 > arg1", &[1, HIGH], &[0]),
        ("arg0 &? 5", &[5, 7, HIGH + 5], &[1, 4]),
        ("arg0 &? 0x100000001", &[HIGH + 1], &[1, HIGH]),
        ("arg0 &? 0", &[0, 9], &[]),
        ("5 &? arg0", &[0, 1, 4, 5], &[7, HIGH]),
        ("argL0 == 5", &[5, HIGH + 5], &[4]),
        ("argH0 == 1", &[HIGH, HIGH + 5], &[5, 2 * HIGH]),
        ("!(arg0 == 5)", &[4, HIGH + 5], &[5]),
        ("!!(arg0 == 5)", &[5], &[4]),
        ("!(arg0 > 5 || arg0 < 3)", &[3, 5], &[2, 6]),
        ("!(arg0 > 5 && arg1 == 0)", &[5], &[6]),
        ("!(arg0 &? 3)", &[0, 1, 2], &[3, 7]),
        ("~argL0 == 5", &[0xffff_fffa, HIGH + 0xffff_fffa], &[5]),
        ("~arg0 == 5", &[!5], &[0xffff_fffa]),
        ("arg0 & ~1 == 4", &[4, 5], &[6, HIGH + 4]),
        ("arg0 ^ 5 == 1", &[4], &[5, HIGH + 4]),
        ("arg0 | 5 == 7", &[2, 7], &[8]),
        ("arg0 << 33 == 1 << 34", &[2, HIGH + 2], &[1]),
        ("arg0 >> 32 == 1", &[HIGH, HIGH + 7], &[1]),
        ("arg0 >> 64 == 0", &[0, u64::MAX], &[]),
    ]);
}

#[test]
fn constants_keywords_and_numbers_in_all_spellings() {
    assert_holds(&[
        ("arg0 == af_unix", &[1], &[2]),
        ("arg0 == Af_Inet", &[2], &[1]),
        ("arg0 == 0XfE", &[0xfe], &[0]),
        ("arg0 == 0b101", &[5], &[101]),
        ("arg0 == 017", &[15], &[17]),
        ("arg0 == 0xffffffffffffffffffff", &[u64::MAX], &[0]),
        ("arg0 == 99999999999999999999999", &[u64::MAX], &[0]),
        ("True", &[0], &[]),
        ("FALSE", &[], &[0]),
        ("IN(arg0, 1, 3)", &[1, 3], &[2]),
        ("NotIn(arg0, 1, 3)", &[2], &[1, 3]),
        ("notin(arg0, 1, 3)", &[2], &[1, 3]),
        ("arg0 == 5 && TRUE || false", &[5], &[4]),
        ("1 < 1", &[], &[0]),
        ("1 <= 1", &[0], &[]),
        ("5 &? 6", &[], &[0]),
        ("in(4, 1, 2, 3)", &[], &[0]),
        ("arg0 == 5 || 1 == 2", &[5], &[0]),
    ]);
    let refused = "unknown word";
    for word in ["Arg0", "argl0", "argX0", "arg6", "arg", "FD"] {
        assert_refused(Mode::AllowList, &format!("read({word} == 0)"), refused);
    }
}

#[test]
fn in_compares_what_it_is_given_and_nothing_else() {
    const HIGH: u64 = 1 << 32;
    assert_holds(&[
        ("in(arg0, 1, 5)", &[1, 5], &[2, HIGH + 1, HIGH + 5]),
        ("notIn(arg0, 1, 5)", &[2, HIGH + 1], &[1, 5]),
        ("in(argL0, 1, 5)", &[1, HIGH + 1], &[2]),
        ("in(arg0, 0x100000001, arg1 | 7)", &[HIGH + 1, 7], &[1, 0]),
        ("in(fd, 1, ~0)", &[1, 0xffff_ffff, HIGH + 1], &[0]),
        ("in(argL0 & 3, 1, 2)", &[1, 2, 5], &[0, 3]),
    ]);
}

#[test]
fn thirty_two_bits_wrap() {
    assert_holds(&[
        ("argL0 + 1 == 0", &[0xffff_ffff], &[0, 1]),
        ("argL0 - 1 == 0xffffffff", &[0, 1 << 32], &[1]),
        ("0 - argL0 == 0xffffffff", &[1], &[0]),
        ("argL0 * 0x10000 == 0x10000", &[1, 0x10001], &[0, 2]),
        ("argH0 + argL0 == 0", &[0, 0x1_ffff_ffff], &[1]),
        ("fd + 1 == 0", &[0xffff_ffff, u64::MAX], &[0]),
        ("fd + ~0 == 4", &[5], &[4, 6]),
        ("argL0 << 1 == 2", &[1, 0x8000_0001], &[2]),
        ("argL0 << 32 == 0", &[0, 1, 0xffff_ffff], &[]),
        ("argL0 >> 31 == 1", &[0x8000_0000], &[0x7fff_ffff, 1 << 32]),
        ("argL0 / 3 == 0x55555555", &[0xffff_ffff], &[0]),
        ("argL0 % 10 == 5", &[5, 15, 4_294_967_295], &[4, 10]),
        ("argL0 % 1 == 0", &[0, 7], &[]),
        (
            "argL0 % 0xffffffff == 0",
            &[0, 0xffff_ffff],
            &[1, 0xffff_fffe],
        ),
    ]);
}

#[test]
fn what_a_filter_cannot_compute_is_refused_with_a_cure() {
    const WIDE: &str = "use argL0…, argH0… or the name of a 32-bit argument";
    const DIVISOR: &str = "a divisor must be a constant other than 0";
    const LARGE: &str = "a constant above 0xffffffff beside a number of 32 bits";
    for (expression, words) in [
        ("arg0 + 1 == 5", WIDE),
        ("1 - arg0 == 5", WIDE),
        ("arg0 * 2 == 5", WIDE),
        ("arg0 / 2 == 5", WIDE),
        ("arg0 % 2 == 1", WIDE),
        ("count + 1 == 5", WIDE),
        ("(arg0 & 7) + 1 == 5", WIDE),
        ("argL0 + arg1 == 5", WIDE),
        ("in(arg0 - 1, 5)", WIDE),
        ("argL0 / argL1 == 1", DIVISOR),
        ("argL0 % argL1 == 1", DIVISOR),
        ("7 / argL1 == 1", DIVISOR),
        ("argL0 / 0 == 1", DIVISOR),
        ("1 % 0 == arg0", DIVISOR),
        ("arg0 << argL1 == 1", "a shift must be by a constant"),
        ("1 >> arg1 == 1", "a shift must be by a constant"),
        ("argL0 == 0x100000000", LARGE),
        ("argL0 == ~0", LARGE),
        ("argL0 & ~1 == 0", LARGE),
        ("argL0 + 0x100000000 == 0", LARGE),
        ("in(argL0, 1, 0x100000000)", LARGE),
        ("argH0 &? 0x100000000", LARGE),
        ("fd == 0x100000000", LARGE),
        ("fd == 0xffffffff00000000", LARGE),
    ] {
        assert_refused(Mode::AllowList, &format!("read({expression})"), words);
    }
}

#[test]
fn a_named_argument_has_the_bits_that_the_kernel_reads() {
    const JUNK: u64 = 0xdead_beef << 32;
    let policy = allow("socket(family == AF_UNIX)");
    assert!(allows(&policy, "socket", &[1]) && allows(&policy, "socket", &[JUNK + 1]));
    let policy = allow("read(count == 5)");
    assert!(allows(&policy, "read", &[0, 0, 5]) && !allows(&policy, "read", &[0, 0, JUNK + 5]));
    let policy = allow("fchmod(mode == 04755)");
    assert!(allows(&policy, "fchmod", &[0, 0o4755]));
    assert!(
        allows(&policy, "fchmod", &[0, 0x10_0000 | 0o4755]),
        "umode_t has 16 bits"
    );
    assert!(!allows(&policy, "fchmod", &[0, 0o755]));
    let policy = allow("clone(clone_flags &? CLONE_THREAD)");
    assert!(!allows(&policy, "clone", &[0x0001_0000 << 32]));
    // A negative number is one in 32 bits, too.
    let policy = allow("openat(dfd == AT_FDCWD)");
    for directory in [0xffff_ff9c, 0xffff_ffff_ffff_ff9c, JUNK + 0xffff_ff9c] {
        assert!(allows(&policy, "openat", &[directory]), "{directory:#x}");
    }
    assert!(!allows(&policy, "openat", &[0]));
    let policy = allow("openat(dfd != AT_FDCWD && flags & ~O_CLOEXEC == 0)");
    assert!(allows(&policy, "openat", &[3, 0, 0x80000]));
    assert!(!allows(&policy, "openat", &[3, 0, 1]));
    assert!(!allows(&policy, "openat", &[0xffff_ff9c]));
    let policy = allow("openat(in(dfd, AT_FDCWD, 5))");
    assert!(allows(&policy, "openat", &[5]) && allows(&policy, "openat", &[0xffff_ff9c]));
}

#[test]
fn a_denial_on_bits_that_the_kernel_ignores_is_refused_in_every_form() {
    const WORDS: &str = "use the argument's name";
    for call in [
        "ioctl(arg1 == TIOCSTI)",
        "ioctl(argH1 == 1)",
        "ioctl(in(arg1, TIOCSTI, 1))",
        "ioctl(arg2 == 0 && !(arg1 != TIOCSTI))",
        "fchmod(arg1 == 04755)",
        "fchmod(argL1 == 04755)",
        "fchmod(argL1 & 07000 != 0)",
        "socket(arg0 == AF_INET)",
    ] {
        assert_refused(Mode::DenyList, call, WORDS);
        assert_refused(Mode::DenyList, &format!("{call}=EPERM"), WORDS);
        for action in ["EPERM", "kill", "kill_thread", "trap"] {
            let list = format!("{0}:{call}={action}", call.split('(').next().unwrap());
            assert_refused(Mode::AllowList, &list, WORDS);
        }
        let (name, condition) = call.split_once('(').unwrap();
        let condition = condition.strip_suffix(')').unwrap();
        for text in [
            format!("{name}[+kill,-allow]: {condition}"),
            format!("{name}[+EPERM,-log]: {condition}"),
            format!(
                "f(x) = x\nDEFAULT_POSITIVE = kill\n{name}: {condition}\nDEFAULT_NEGATIVE = allow"
            ),
        ] {
            assert!(message(file(&text)).contains(WORDS), "{text}");
        }
        let files = [("/p", &*format!("{name}: {condition}"))];
        assert!(
            message(compile(Mode::DenyList, "/p", &files)).contains(WORDS),
            "{call}"
        );
        // To allow by them only allows less.
        allow(call);
        list(Mode::DenyList, &format!("{call}=allow"));
        list(Mode::DenyList, &format!("{call}=log"));
    }
}

#[test]
fn a_denial_by_name_or_on_a_whole_argument_works() {
    let policy = list(
        Mode::DenyList,
        "ioctl(cmd == TIOCSTI)=EPERM:fchmod(mode & 07000 != 0)=EPERM",
    );
    for upper in [0, 1 << 32, u64::MAX << 32] {
        assert_eq!(ask(&policy, "ioctl", &[0, upper + 0x5412]), errno("EPERM"));
        assert_eq!(ask(&policy, "fchmod", &[0, upper + 0o4755]), errno("EPERM"));
    }
    assert!(allows(&policy, "ioctl", &[0, 0x5413]) && allows(&policy, "fchmod", &[0, 0o755]));
    let policy = list(
        Mode::DenyList,
        "ioctl(argL1 == TIOCSTI):mprotect(arg2 &? PROT_EXEC)",
    );
    assert!(!allows(&policy, "ioctl", &[0, u64::MAX << 32 | 0x5412]));
    assert!(!allows(&policy, "mprotect", &[0, 0, 5]) && allows(&policy, "mprotect", &[0, 0, 3]));
}

/// What costs more than it can be worth: each must be an error, or right, and soon.
fn monsters() -> Vec<String> {
    let many = 100_000;
    let doubled = (1..64).map(|n| format!("f{n}(x) = f{0}(x) || f{0}(x)", n - 1));
    let exponential: Vec<String> = iter::once("f0(x) = x == 1".into()).chain(doubled).collect();
    let exponential = exponential.join("\n");
    let sums = (1..64).map(|n| format!("S{n} = S{0} ^ S{0}", n - 1));
    let sums: Vec<String> = iter::once("S0 = 1".into()).chain(sums).collect();
    vec![
        format!("read: {}arg0 == 1{}", "(".repeat(many), ")".repeat(many)),
        format!("read: {}", "(".repeat(many)),
        format!("read: {}(arg0 == 1)", "!".repeat(many)),
        format!("read: {}arg0 == 1", "~".repeat(many)),
        format!("read: {}", "!(".repeat(many)),
        format!("read: arg0 == {}1", "1 ^ ".repeat(many)),
        format!("read: {}arg0 == 1", "in(".repeat(many)),
        format!("read: {}arg0 == 1", "a(".repeat(many)),
        format!("f(x) = {}x\nread: f(arg0)", "f(".repeat(many)),
        format!("{exponential}\nread: f63(arg0)"),
        format!("{}\nread: arg0 == S63", sums.join("\n")),
        "x = x\nread: x".into(),
        "f(x) = f(f(x))\nread: arg0 == f(1)".into(),
        "f(x) = g(x) && g(x)\ng(x) = f(x) || f(x)\nread: f(arg0)".into(),
        "a = b + b\nb = a * a\nread: arg0 == a".into(),
    ]
}

#[test]
fn deep_and_endless_expressions_end_in_an_error_soon() {
    for text in monsters() {
        let start = Instant::now();
        let message = message(file(&text));
        let shown = &text[..text.len().min(60)];
        assert!(
            message.contains("too complicated, or defined by itself"),
            "{shown}"
        );
        assert!(start.elapsed() < Duration::from_secs(20), "{shown}");
    }
}

#[test]
fn a_long_chain_is_read_in_full_or_refused() {
    for (count, joint) in [(50_000, " || "), (10_000, " || "), (10_000, " && ")] {
        let start = Instant::now();
        let sign = if joint == " || " { "==" } else { "!=" };
        let parts: Vec<String> = (0..count).map(|n| format!("arg0 {sign} {n}")).collect();
        match file(&format!("read: {}", parts.join(joint))) {
            Err(error) => assert!(error.to_string().contains("too complicated") && count > 10_000),
            Ok(compiled) => {
                for (first, listed) in [(0, true), (count - 1, true), (count, false)] {
                    let allowed = allows(&compiled.policy, "read", &[first]);
                    assert_eq!(allowed, listed == (joint == " || "), "{first}");
                }
            }
        }
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
