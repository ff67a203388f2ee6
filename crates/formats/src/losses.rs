//! What a format cannot say.

use policy::{Action, Answer, Policy};

use crate::{Error, Format};

/// The losses of one conversion: the first ends it, unless they are taken into account.
pub(crate) struct Losses {
    pub(crate) format: Format,
    accepted: bool,
    /// All of them, each an [`Error::Lossy`].
    pub(crate) all: Vec<Error>,
}

impl Losses {
    pub(crate) fn new(format: Format, accepted: bool) -> Losses {
        Losses {
            format,
            accepted,
            all: Vec::new(),
        }
    }

    /// Loses something that a rule says.
    pub(crate) fn lose(&mut self, rule: &str, problem: impl Into<String>) -> Result<(), Error> {
        let loss = Error::Lossy {
            format: self.format,
            rule: rule.into(),
            problem: problem.into(),
        };
        match self.accepted {
            true => self.all.push(loss),
            false => return Err(loss),
        }
        Ok(())
    }
}

/// What a call gets in a format that cannot say its conditions: the strictest action that the policy
/// has for it, so that a loss never lets anything through.
pub(crate) fn strictest(policy: &Policy, answer: Answer) -> Action {
    let mut strictest = answer.otherwise();
    if let Answer::Decision(decision) = &answer {
        for case in policy.cases(decision) {
            if strictness(case.action) > strictness(strictest) {
                strictest = case.action;
            }
        }
    }
    strictest
}

/// The order in which the kernel prefers the answers of several filters (seccomp(2)).
pub(crate) fn strictness(action: Action) -> u8 {
    match action {
        Action::KillProcess => 6,
        Action::KillThread => 5,
        Action::Trap => 4,
        Action::Errno(_) => 3,
        Action::Trace => 2,
        Action::Log => 1,
        Action::Allow => 0,
    }
}
