//! What a policy says of a call, and why.
//!
//! [`Judge::verdict`] is cheap and enough to tell a repetition from something new;
//! [`Judge::judge`] also finds the rule and the shortest addition that would allow the call, which
//! compiles the policy again, once or a few times. Files are read when the judge is made and never
//! again, so that it judges by the policy that the program runs under.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use policy::{Action, Answer, Compiled, Conditions, Error, Id, MINUS_ONE, Mode, Node, Policy};
use policy::{Read, Request};
use syscalls::Abi;

use crate::addition::selecting;
use crate::addition::{Addition, Trial};
use crate::call::Call;

/// Answers for a call what the policy says and why.
#[derive(Debug)]
pub struct Judge {
    pub(crate) basis: Basis,
    compiled: Compiled,
    /// Which arguments the rules of a call look at, one bit each, by ABI and number.
    mentioned: HashMap<(u32, u32), u8>,
}

/// What the policy was made from, to make it again with more in it.
#[derive(Debug)]
pub(crate) struct Basis {
    pub(crate) abi: Abi,
    pub(crate) mode: Mode,
    pub(crate) origin: &'static str,
    pub(crate) list: Vec<u8>,
    pub(crate) default: Action,
    pub(crate) definitions: Vec<Vec<u8>>,
    pub(crate) besides: Option<Abi>,
    pub(crate) whole_registers: bool,
    pub(crate) files: Files,
}

/// Files as they were when the policy was made, or why they could not be read.
pub(crate) type Files = BTreeMap<Vec<u8>, Result<Vec<u8>, i32>>;

/// What a call gets, without the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What the policy answers.
    pub action: Action,
    /// The place of the rule that answered.
    pub(crate) origin: u32,
    /// Whether the call is listed with conditions of which none holds.
    pub(crate) uncovered: bool,
    /// The arguments that select what the call does, or that its rules look at.
    pub(crate) selected: [Option<u64>; 6],
}

impl Verdict {
    /// Whether the policy answers anything but "allow".
    pub fn is_violation(&self) -> bool {
        self.action != Action::Allow
    }
}

/// What a call gets, why, and what would allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What the policy answers.
    pub action: Action,
    /// Why.
    pub ground: Ground,
    /// The call with the values that matter for the policy, such as `fcntl(cmd == F_SETFD)`.
    pub subject: String,
    /// The shortest addition to the policy that allows the call, tried; or why there is none.
    pub addition: Result<Addition, String>,
    pub(crate) verdict: Verdict,
    /// The arguments that are not known, one bit each.
    pub(crate) unknown: u8,
}

impl Judgement {
    /// The text of the rule that decided; nothing where none names the call.
    pub fn rule(&self) -> Option<&str> {
        self.ground.rule()
    }
}

/// Why a call gets what it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// This rule says so: an item of a list, or `FILE:LINE: rule`.
    Rule(String),
    /// This rule has the call logged.
    Logged(String),
    /// This rule names the call, and its condition does not hold.
    Uncovered(String),
    /// Nothing names the call.
    Unlisted,
    /// The policy does not hold for this ABI; its name, or its audit number where it has none.
    Foreign(String),
    /// An x32 call.
    X32,
    /// Number −1, which is no call.
    MinusOne,
}

impl Ground {
    pub(crate) fn rule(&self) -> Option<&str> {
        match self {
            Ground::Rule(rule) | Ground::Logged(rule) | Ground::Uncovered(rule) => Some(rule),
            _ => None,
        }
    }

    /// Whether a rule gives the call its action, and not the lack of one.
    pub(crate) fn is_said(&self) -> bool {
        matches!(self, Ground::Rule(_) | Ground::Logged(_))
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ground::Rule(rule) => write!(f, "denied by {rule}"),
            Ground::Logged(rule) => write!(f, "logged by {rule}"),
            Ground::Uncovered(rule) => write!(f, "not covered by {rule}"),
            Ground::Unlisted => f.write_str("not in the list"),
            Ground::Foreign(abi) => write!(f, "foreign ABI {abi}"),
            Ground::X32 => f.write_str("x32 call"),
            Ground::MinusOne => f.write_str("number -1 is no call"),
        }
    }
}

impl Judge {
    /// Compiles the request as [`Request::compile`] does, and keeps what it came from.
    ///
    /// # Errors
    /// Those of [`Request::compile`].
    pub fn new(request: &Request<'_>, abi: Abi, read: &Read<'_>) -> Result<Judge, Error> {
        let files = RefCell::new(Files::new());
        let recording = |path: &[u8]| {
            let mut files = files.borrow_mut();
            files
                .entry(path.to_vec())
                .or_insert_with(|| read(path))
                .clone()
        };
        let compiled = request.compile(abi, &recording)?;
        let basis = Basis {
            abi,
            mode: request.mode,
            origin: request.origin,
            list: request.list.to_vec(),
            default: request.default,
            definitions: request.definitions.iter().map(|one| one.to_vec()).collect(),
            besides: request.besides,
            whole_registers: request.whole_registers,
            files: files.into_inner(),
        };
        let mentioned = mentioned(&compiled.policy);
        Ok(Judge {
            basis,
            compiled,
            mentioned,
        })
    }

    /// The policy that it judges by, with its notes and sources.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }

    /// What the policy answers. Cheap: nothing is compiled.
    pub fn verdict(&self, call: &Call) -> Verdict {
        let policy = &self.compiled.policy;
        let (action, origin) = policy.decide_with_origin(call.audit, call.number, &call.arguments);
        let key = (call.audit, call.number);
        let mentioned = self.mentioned.get(&key).copied().unwrap_or_default();
        let name = call.name().unwrap_or_default();
        Verdict {
            action,
            origin,
            uncovered: self.is_uncovered(call),
            selected: selecting::values(name, mentioned, &call.arguments),
        }
    }

    /// What the policy answers, why, and what would have to be added for the call to be allowed.
    pub fn judge(&self, call: &Call) -> Judgement {
        self.judgement(call, self.verdict(call), 0)
    }

    /// What the policy answers to a call of which `unknown` arguments, one bit each, are not known;
    /// nothing where it depends on one of them. As cheap as [`Judge::verdict`].
    pub fn verdict_partly(&self, call: &Call, unknown: u8) -> Option<Verdict> {
        let mentioned = self.mentioned.get(&(call.audit, call.number));
        if mentioned.is_some_and(|mentioned| mentioned & unknown != 0) {
            return None;
        }
        let mut verdict = self.verdict(call);
        for (place, value) in verdict.selected.iter_mut().enumerate() {
            if unknown >> place & 1 != 0 {
                *value = None;
            }
        }
        Some(verdict)
    }

    /// [`Judge::judge`] for such a call; what would allow it allows any use that is not known.
    pub fn judge_partly(&self, call: &Call, unknown: u8) -> Option<Judgement> {
        let verdict = self.verdict_partly(call, unknown)?;
        Some(self.judgement(call, verdict, unknown))
    }

    fn judgement(&self, call: &Call, verdict: Verdict, unknown: u8) -> Judgement {
        let ground = self.ground(call, &verdict);
        let name = call
            .name()
            .map_or_else(|| call.number.to_string(), str::to_owned);
        let subject = match selecting::condition(&name, &verdict.selected) {
            Some(condition) => format!("{name}({condition})"),
            None => name,
        };
        let addition = match verdict.is_violation() {
            true => Trial::new(self, call, &verdict).addition(&ground),
            false => Err("the policy allows it".to_owned()),
        };
        Judgement {
            action: verdict.action,
            ground,
            subject,
            addition,
            verdict,
            unknown,
        }
    }

    fn ground(&self, call: &Call, verdict: &Verdict) -> Ground {
        let tables = self.compiled.policy.tables();
        if tables.iter().all(|table| table.abi().audit() != call.audit) {
            let name = call.abi().map(|abi| abi.name().to_owned());
            return Ground::Foreign(name.unwrap_or_else(|| format!("{:#x}", call.audit)));
        }
        match self.compiled.sources.rule(verdict.origin) {
            _ if call.number == MINUS_ONE => Ground::MinusOne,
            _ if call.abi() == Some(Abi::X32) => Ground::X32,
            None => Ground::Unlisted,
            Some(rule) if verdict.action.runs() => Ground::Logged(rule),
            Some(rule) if verdict.uncovered => Ground::Uncovered(rule),
            Some(rule) => Ground::Rule(rule),
        }
    }

    /// Whether a call of the native ABI, by name, is allowed under conditions alone.
    pub(crate) fn restricts(&self, name: &str) -> bool {
        let policy = &self.compiled.policy;
        let number = syscalls::number(self.basis.abi, name);
        let answer = number.map(|number| policy.native().answer(number));
        answer.is_some_and(|answer| policy.may_run(answer) && !policy.always_runs(answer))
    }

    /// How many cases the rules of a call have.
    pub(crate) fn cases(&self, call: &Call) -> usize {
        let policy = &self.compiled.policy;
        match answer(policy, call) {
            Some(Answer::Decision(decision)) => policy.cases(&decision).len(),
            _ => 0,
        }
    }

    fn is_uncovered(&self, call: &Call) -> bool {
        let policy = &self.compiled.policy;
        let Some(Answer::Decision(decision)) = answer(policy, call) else {
            return false;
        };
        let holds = |id| policy.conditions().holds(id, &call.arguments);
        let cases = policy.cases(&decision);
        !cases.iter().any(|case| holds(case.condition))
    }
}

/// What the table of the call's ABI has for its number.
fn answer(policy: &Policy, call: &Call) -> Option<Answer> {
    let mut tables = policy.tables().iter();
    let table = tables.find(|table| table.abi().audit() == call.audit)?;
    Some(table.answer(call.number))
}

/// Which arguments the rules of each call look at.
fn mentioned(policy: &Policy) -> HashMap<(u32, u32), u8> {
    let mut found = HashMap::new();
    for table in policy.tables() {
        for rule in table.rules() {
            let Answer::Decision(decision) = rule.answer else {
                continue;
            };
            let cases = policy.cases(&decision).iter();
            let arguments = cases.map(|case| looked_at(policy.conditions(), case.condition));
            let all = arguments.fold(0, |all, one| all | one);
            found.insert((table.abi().audit(), rule.number), all);
        }
    }
    found
}

/// The arguments that a condition looks at, one bit each.
fn looked_at(conditions: &Conditions, root: Id) -> u8 {
    let mut bits = 0;
    let mut ahead = vec![root];
    while let Some(id) = ahead.pop() {
        match conditions.node(id) {
            Node::All(one, other)
            | Node::Any(one, other)
            | Node::Compare(_, one, other)
            | Node::Binary(_, one, other) => ahead.extend([one, other]),
            Node::Argument(index, _) => bits |= 1_u8.checked_shl(index.into()).unwrap_or_default(),
            Node::Constant(_) | Node::Number(_) => {}
        }
    }
    bits
}
