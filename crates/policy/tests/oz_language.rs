//! The language against what Oz's compiler made of it, line by line: one-line policies and what
//! `read` gets by them. Where we differ, the table below says how and why.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use policy::{Action, Compiled, Error, Mode, Request};
use support::{allows, compile_request, file, message, policy_of, shared};
use syscalls::Abi;

const NOT_DROPPED: &str =
    "`!` and `~` are negation and complement; the original drops them in silence";
const LESS: &str = "`<` is less; the original takes it for `<=`";
const CONSTANT: &str = "what is never true denies; the original allows it";
const LITERAL: &str = "`true` and `false` may stand anywhere";
const KNOWN: &str = "we know this constant";
const NEWER: &str = "we know this call";
const BLANKS: &str = "blanks at the end, comments there and carriage returns are harmless";
const BITS: &str = "`&?` asks for all bits, whatever stands on its right";
const WHOLE: &str = "`in` takes a whole argument and compares all 64 bits";
const SAME: &str = "the same rule twice is accepted; the original crashes on this one";
const PARAMETER: &str = "a parameter hides what has its name outside";
const X32: &str = "x32 is a foreign ABI; the original does not check";

/// Vectors that we read otherwise: name, our result in the table's form, why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "IN",
        "(0x1,0x0)=allow (0x5,0x0)=allow (0x2,0x0)=kill (0x100000001,0x0)=kill",
        WHOLE,
    ),
    ("allow1-trailing-space", "(0x0,0x0)=allow", BLANKS),
    ("allow1-trailing-tab", "(0x0,0x0)=allow", BLANKS),
    (
        "and-false",
        "(0x0,0x0)=kill (0x5,0x0)=kill (0x100000005,0x0)=kill",
        CONSTANT,
    ),
    (
        "bitset-computed",
        "(0x1,0x0)=allow (0x2,0x0)=kill (0x3,0x4)=kill (0x7,0x4)=allow (0x100000001,0x0)=allow",
        BITS,
    ),
    ("bitset-const-none", "(0x0,0x0)=kill", CONSTANT),
    ("comment-trailing", "(0x0,0x0)=allow", BLANKS),
    (
        "const-at",
        "(0xffffffffffffff9c,0x0)=allow (0xffffff9c,0x0)=kill (0x0,0x0)=kill",
        KNOWN,
    ),
    ("const-futex", "(0x0,0x0)=allow (0x1,0x0)=kill", KNOWN),
    ("const-lt-eq", "(0x0,0x0)=kill (0x5,0x0)=kill", CONSTANT),
    ("const-reuseport", "(0xf,0x0)=allow (0x0,0x0)=kill", KNOWN),
    ("cr", "(0x0,0x0)=allow", BLANKS),
    ("cr2", "(0x5,0x0)=allow (0x4,0x0)=kill", BLANKS),
    (
        "dup-in",
        "(0x1,0x0)=allow (0x2,0x0)=allow (0x3,0x0)=kill",
        SAME,
    ),
    ("false", "(0x0,0x0)=kill", CONSTANT),
    ("in-one", "(0x5,0x0)=allow (0x100000005,0x0)=kill", WHOLE),
    (
        "low-lt",
        "(0x4,0x0)=allow (0x5,0x0)=kill (0x6,0x0)=kill (0x100000005,0x0)=kill",
        LESS,
    ),
    (
        "low-not",
        "(0xfffffffa,0x0)=allow (0x5,0x0)=kill",
        NOT_DROPPED,
    ),
    (
        "macro-global-shadow",
        "(0x0,0x0)=kill (0x5,0x0)=allow (0x6,0x0)=kill",
        PARAMETER,
    ),
    (
        "not",
        "(0x4,0x0)=allow (0x5,0x0)=kill (0x100000005,0x0)=allow",
        NOT_DROPPED,
    ),
    (
        "not-inL",
        "(0x1,0x0)=kill (0x5,0x0)=kill (0x2,0x0)=allow",
        NOT_DROPPED,
    ),
    ("not-true", "(0x0,0x0)=kill", NOT_DROPPED),
    ("or-false", "(0x5,0x0)=allow (0x4,0x0)=kill", LITERAL),
    // `read`, which these do not name, is what is asked.
    ("syscall-openat2", "(0x0,0x0)=kill", NEWER),
    ("syscall-pkey", "(0x0,0x0)=kill", NEWER),
    ("x32-blacklist-ActionOnX32=kill", "kill", X32),
];

/// Two vectors that the table shows two arguments of, where a third one makes the difference.
const WITH_A_THIRD: (&str, &str) = ("wx", "(0x0,0x0,0x7)=kill (0x0,0x0,0x5)=allow");

/// A vector: a policy and what came of it.
struct Vector {
    name: String,
    /// Texts whose bindings the policy uses.
    definitions: Vec<String>,
    policy: String,
    mode: Mode,
    /// How `read` is called.
    audit: u32,
    number: u32,
    /// `ERROR`, or decisions as the table has them.
    theirs: String,
}

/// Reads a row: name, policy, `OK[…]` or `ERROR`, decisions or message, with tabs between. The
/// policy may hold tabs itself.
fn read_row(row: &str) -> Vector {
    let (name, rest) = row.split_once('\t').unwrap();
    let (text, theirs) = match (rest.split_once("\tERROR\t"), rest.rsplit_once("\tOK")) {
        (Some((text, _)), _) => (text, "ERROR"),
        (_, Some((text, result))) => (text, result.split_once('\t').unwrap().1),
        // These two end in a carriage return, where the table was cut.
        _ => (rest, "ERROR"),
    };
    let mut text = text.replace('⏎', "\n");
    if name.starts_with("cr") {
        text.push('\r');
    }
    let (mut audit, mut number) = (Abi::X86_64.audit(), 0);
    for (suffix, place) in [("(arch=", &mut audit), ("(nr=", &mut number)] {
        if let Some((policy, value)) = text.clone().split_once(suffix) {
            let digits = value.trim_end_matches(')').trim_start_matches("0x");
            *place = u32::from_str_radix(digits, 16).unwrap();
            text = policy.to_owned();
        }
    }
    let mut texts: Vec<String> = text.split(" ⊕ ").map(str::to_owned).collect();
    let mode = match name.contains("blacklist") {
        true => Mode::DenyList,
        false => Mode::AllowList,
    };
    let theirs = match WITH_A_THIRD {
        (third, decisions) if name == third => decisions,
        _ => theirs,
    };
    Vector {
        name: name.to_owned(),
        policy: texts.pop().unwrap(),
        definitions: texts,
        mode,
        audit,
        number,
        theirs: theirs.trim().to_owned(),
    }
}

impl Vector {
    fn compile(&self) -> Result<Compiled, Error> {
        let definitions: Vec<&[u8]> = self.definitions.iter().map(|one| one.as_bytes()).collect();
        let request = Request {
            definitions: &definitions,
            ..Request::plain(self.mode, "LIST", b"/p", Action::KillProcess)
        };
        compile_request(&request, &[("/p", &self.policy)])
    }

    /// What we make of it, in the form of `like`, for the arguments there.
    fn ours(&self, like: &str) -> String {
        let Ok(compiled) = self.compile() else {
            return "ERROR".into();
        };
        let decide = |arguments: [u64; 6]| {
            in_words(compiled.policy.decide(self.audit, self.number, &arguments))
        };
        let words = like.split(' ').map(|word| match word.split_once('=') {
            Some((pair, _)) => format!("{pair}={}", decide(self.arguments(pair))),
            None => decide([0; 6]),
        });
        words.collect::<Vec<String>>().join(" ")
    }

    /// The arguments that `(0x1,0x2)` stands for.
    fn arguments(&self, pair: &str) -> [u64; 6] {
        let numbers = pair.trim_matches(['(', ')']).split(",0x");
        let mut arguments = [0; 6];
        for (place, digits) in arguments.iter_mut().zip(numbers) {
            *place = u64::from_str_radix(digits.trim_start_matches("0x"), 16).unwrap();
        }
        arguments
    }
}

fn in_words(action: Action) -> String {
    match action {
        Action::Allow => "allow".into(),
        Action::KillProcess | Action::KillThread => "kill".into(),
        Action::Errno(errno) => format!("errno({})", errno.number()),
        other => other.to_string(),
    }
}

#[test]
fn every_line_means_what_it_did_but_for_the_differences_named() {
    let Some(table) = shared("oz/policy-language/language-decisions.tsv") else {
        return;
    };
    let table = fs::read_to_string(table).unwrap();
    let vectors: Vec<Vector> = table.lines().map(read_row).collect();
    let mut different = Vec::new();
    for vector in &vectors {
        let named = DIFFERENCES.iter().find(|(name, ..)| *name == vector.name);
        let Some((name, ours, why)) = named else {
            let (name, theirs) = (&vector.name, &vector.theirs);
            assert_eq!(vector.ours(theirs), *theirs, "{name}: {:?}", vector.policy);
            continue;
        };
        assert_eq!(vector.ours(ours), *ours, "{name}: {why}");
        assert_ne!(
            vector.ours(&vector.theirs),
            vector.theirs,
            "{name}: no difference"
        );
        different.push(*name);
    }
    let named: Vec<&str> = DIFFERENCES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(different, named, "differences that did not occur");
    assert_eq!((vectors.len(), named.len()), (123, 26));
}

#[test]
fn what_the_original_crashes_on_is_read_or_refused() {
    for (text, refused_with) in [
        (
            "f(x) = x == 5\nread: f(arg0, 1)",
            "wrong number of arguments",
        ),
        (
            "f(x, y) = x == y\nread: f(arg0)",
            "wrong number of arguments",
        ),
        (
            "DEFAULT_NEGATIVE = 40 + 2\nread: arg0 == 5",
            "not an error; use a name",
        ),
    ] {
        let message = message(file(text));
        assert!(message.contains(refused_with), "{text}: {message}");
    }
    let answered = Action::parse("errno(42)").unwrap();
    let policy = policy_of("read: return 42");
    assert_eq!(support::ask(&policy, "read", &[5]), answered);
    // A false condition answers, a true one keeps what it had: the original has it the other way.
    let policy = policy_of("read: arg0 == 5; return 42");
    assert_eq!(support::ask(&policy, "read", &[5]), Action::Allow);
    assert_eq!(support::ask(&policy, "read", &[4]), answered);
}

#[test]
fn the_small_policies_are_accepted_and_refused_as_they_were() {
    const FOLDER: &str = "oz/policy-language/small-policies";
    let Some(folder) = shared(FOLDER) else {
        return;
    };
    let refused = [
        (
            "empty_expression_test_policy",
            "/p:2:8: no condition; write 1 for always",
        ),
        (
            "failing_test_policy",
            "/p:2:13: expected a number, an argument, a constant or \"(\"",
        ),
        (
            "missing_variable_policy",
            "/p:4:18: a number, not a condition; compare it with something",
        ),
        (
            "simple_test_policy",
            "/p:9:7: a number, not a condition; compare it with something",
        ),
        (
            "type_checker_error_policy",
            "/p:2:8: a number, not a condition; compare it with something",
        ),
    ];
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    for (name, expected) in refused {
        let message = message(file(&read(name)));
        assert_eq!(message.lines().next(), Some(expected), "{name}");
    }
    let policy = policy_of(&read("valid_test_policy"));
    assert!(allows(&policy, "write", &[9]) && !allows(&policy, "read", &[]));
    let policy = policy_of(&read("valid_unsimplified_policy"));
    assert!(allows(&policy, "write", &[3]) && !allows(&policy, "write", &[2]));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), refused.len() + 2);
}
