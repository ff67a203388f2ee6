//! From JSON to the rules that hold here, with every value checked.

use policy::{Action, Comparison, Errno};
use serde_json::Value;
use syscalls::Abi;

use super::value::Located;
use super::when;
use crate::normal::{ALWAYS, Row, Rows, whole};
use crate::{Context, Error};

/// A profile, without the rules that do not hold in these circumstances.
pub(super) struct Document<'a> {
    pub(super) default: Action,
    pub(super) besides: Option<Abi>,
    pub(super) rules: Vec<Rule<'a>>,
    pub(super) notes: Vec<String>,
}

/// A rule.
pub(super) struct Rule<'a> {
    /// Where it stands.
    pub(super) at: Located<'a>,
    pub(super) names: Vec<&'a str>,
    pub(super) action: Action,
    /// libseccomp's rules: the action holds where any of the rows does.
    pub(super) rows: Rows,
}

/// What may stand in a profile; the last two belong to the notifications that we refuse.
const PROFILE: [&str; 10] = [
    "architectures",
    "archMap",
    "comment",
    "defaultAction",
    "defaultErrno",
    "defaultErrnoRet",
    "flags",
    "syscalls",
    "listenerPath",
    "listenerMetadata",
];
const RULE: [&str; 9] = [
    "action", "args", "comment", "errno", "errnoRet", "excludes", "includes", "name", "names",
];
/// What runtimes answer where a profile does not say.
const EPERM: u64 = 1;
const ARGUMENT: [&str; 5] = ["comment", "index", "op", "value", "valueTwo"];

impl<'a> Document<'a> {
    pub(super) fn read(value: &'a Value, context: &Context<'a>) -> Result<Document<'a>, Error> {
        let profile = profile(Located::root(context.path, value))?;
        let mut notes = Vec::new();
        profile.strangers(&PROFILE, &mut notes)?;
        flags(&profile, &mut notes)?;
        let mut document = Document {
            default: action(
                &profile,
                "defaultAction",
                ("defaultErrno", "defaultErrnoRet"),
                &mut notes,
            )?,
            besides: when::besides(&profile, context.abi, &mut notes)?,
            rules: Vec::new(),
            notes,
        };
        for at in profile.items("syscalls")? {
            known_members(&at)?;
            if when::holds(&at, context)? {
                let rule = Rule::read(at, &mut document.notes)?;
                document.rules.push(rule);
            }
        }
        Ok(document)
    }
}

/// A profile, or the one within a whole container's configuration.
fn profile(root: Located<'_>) -> Result<Located<'_>, Error> {
    if root.member("defaultAction")?.is_some() {
        return Ok(root);
    }
    root.spelled(&["defaultAction", "linux"])?;
    let Some(linux) = root.member("linux")? else {
        return Ok(root);
    };
    linux.spelled(&["seccomp"])?;
    linux.required("seccomp")
}

/// Refuses what nobody reads in a rule, also in one that does not hold here: without a misspelt `args`
/// or `excludes` it would allow more.
fn known_members(rule: &Located<'_>) -> Result<(), Error> {
    rule.no_strangers(&RULE)?;
    for argument in rule.items("args")? {
        argument.no_strangers(&ARGUMENT)?;
    }
    when::known_members(rule)
}

fn flags(profile: &Located<'_>, notes: &mut Vec<String>) -> Result<(), Error> {
    for flag in profile.items("flags")? {
        match flag.text()? {
            "SECCOMP_FILTER_FLAG_TSYNC" => {}
            "SECCOMP_FILTER_FLAG_LOG" => notes.push(format!(
                "{}: SECCOMP_FILTER_FLAG_LOG is not taken over; set SECCOMP_LOG=1",
                flag.place()
            )),
            other => notes.push(format!("{}: {other} is not taken over", flag.place())),
        }
    }
    Ok(())
}

impl<'a> Rule<'a> {
    fn read(at: Located<'a>, notes: &mut Vec<String>) -> Result<Rule<'a>, Error> {
        let names = match (at.member("name")?, at.words("names")?) {
            (Some(_), names) if !names.is_empty() => {
                return Err(at.wrong("both \"name\" and \"names\"; engines take one of them"));
            }
            (Some(name), _) => vec![name.text()?],
            (None, names) => names,
        };
        if names.is_empty() || names.contains(&"") {
            return Err(at.wrong("a rule without the name of a system call"));
        }
        Ok(Rule {
            names,
            action: action(&at, "action", ("errno", "errnoRet"), notes)?,
            rows: rows(&at, notes)?,
            at,
        })
    }
}

/// libseccomp's rules for the arguments of one of ours: all of them in one, unless an argument
/// comes twice, which libseccomp refuses and runc takes as one rule each (matchCall,
/// libcontainer/seccomp/seccomp_linux.go).
fn rows(rule: &Located<'_>, notes: &mut Vec<String>) -> Result<Rows, Error> {
    let mut tests: Vec<(usize, Rows)> = Vec::new();
    for argument in rule.items("args")? {
        tests.push(test(&argument)?);
    }
    let mut indexes: Vec<usize> = tests.iter().map(|(index, _)| *index).collect();
    indexes.sort_unstable();
    let repeated = indexes.windows(2).any(|pair| pair[0] == pair[1]);
    if repeated {
        notes.push(format!(
            "{}: an argument comes twice, so any of the tests will do",
            rule.place()
        ));
        return Ok(tests.into_iter().flat_map(|(_, rows)| rows).collect());
    }
    let mut joined: Option<Row> = Some(ALWAYS);
    for (index, rows) in tests {
        joined = match (joined, rows.first()) {
            (Some(mut row), Some(test)) => {
                row[index] = test[index];
                Some(row)
            }
            _ => None,
        };
    }
    Ok(joined.into_iter().collect())
}

/// The index of an argument and where its test passes: in no row, or in one with this test alone.
fn test(argument: &Located<'_>) -> Result<(usize, Rows), Error> {
    let index = argument.required("index")?;
    let number = index.number()?;
    let Some(at) = usize::try_from(number).ok().filter(|at| *at < ALWAYS.len()) else {
        return Err(index.wrong("not an argument; arguments go from 0 to 5"));
    };
    let value = |key| argument.member(key)?.map_or(Ok(0), |value| value.number());
    let (value, second): (u64, u64) = (value("value")?, value("valueTwo")?);
    let operator = argument.required("op")?;
    let (mask, comparison, value) = match operator.text()? {
        "SCMP_CMP_NE" => (u64::MAX, Comparison::NotEqual, value),
        "SCMP_CMP_LT" => (u64::MAX, Comparison::Less, value),
        "SCMP_CMP_LE" => (u64::MAX, Comparison::LessEqual, value),
        "SCMP_CMP_EQ" => (u64::MAX, Comparison::Equal, value),
        "SCMP_CMP_GE" => (u64::MAX, Comparison::GreaterEqual, value),
        "SCMP_CMP_GT" => (u64::MAX, Comparison::Greater, value),
        // libseccomp cuts the number down to the mask.
        "SCMP_CMP_MASKED_EQ" => (value, Comparison::Equal, second & value),
        other => return Err(operator.wrong(format!("{other:?} is no comparison (SCMP_CMP_...)"))),
    };
    Ok((at, whole(at, mask, comparison, value)))
}

/// An action and its error: Podman's word for it, else the number, else EPERM.
fn action(
    at: &Located<'_>,
    key: &str,
    (word, number): (&str, &str),
    notes: &mut Vec<String>,
) -> Result<Action, Error> {
    let name = at.required(key)?;
    Ok(match name.text()? {
        "SCMP_ACT_ALLOW" => Action::Allow,
        "SCMP_ACT_LOG" => Action::Log,
        "SCMP_ACT_TRAP" => Action::Trap,
        // The old word means what it meant when the kernel could kill threads only.
        "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => Action::KillThread,
        "SCMP_ACT_KILL_PROCESS" => Action::KillProcess,
        "SCMP_ACT_ERRNO" => match (at.member(word)?, at.member(number)?) {
            (Some(word), _) if !word.text()?.is_empty() => Action::Errno(named(&word)?),
            (_, Some(number)) => Action::Errno(numbered(&number, number.number()?, notes)?),
            _ => Action::Errno(numbered(&name, EPERM, notes)?),
        },
        "SCMP_ACT_TRACE" | "SCMP_ACT_NOTIFY" => {
            return Err(name.wrong("another process would have to decide; that is no denial"));
        }
        other => return Err(name.wrong(format!("{other:?} is no action (SCMP_ACT_...)"))),
    })
}

fn named(word: &Located<'_>) -> Result<Errno, Error> {
    let text = word.text()?;
    let number = syscalls::errno::number(text).map(u32::from);
    let number = number.or_else(|| text.parse().ok()).and_then(Errno::new);
    number.ok_or_else(|| word.wrong(format!("{text:?} is no error")))
}

/// The kernel answers with its highest error for any above it, and with success for 0.
fn numbered(at: &Located<'_>, number: u64, notes: &mut Vec<String>) -> Result<Errno, Error> {
    const HIGHEST: u64 = 4095;
    const FIELD: u64 = 0xffff;
    let answered = match number {
        HIGHEST..=FIELD => HIGHEST,
        number => number,
    };
    if answered != number {
        notes.push(format!(
            "{}: the kernel answers {answered} for {number}",
            at.place()
        ));
    }
    let errno = u32::try_from(answered).ok().and_then(Errno::new);
    errno.ok_or_else(|| at.wrong(format!("{number} is no error; errors go from 1 to 4095")))
}
