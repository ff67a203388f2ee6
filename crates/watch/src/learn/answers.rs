//! The errors that a file gives already. A program that is learned into the file gets them, as it will when
//! the policy holds: what it does then is what the policy must allow.

use policy::{Action, NO_RULE, Policy};

use crate::Call;
use crate::learn::judge::Judge;
use crate::learn::{Error, File};

/// What C libraries do without. A filter sees the flags of clone(2), and not those of clone3(2), which lie in
/// memory: a policy that allowed it would allow namespaces.
pub const WITHOUT_CLONE3: &str = "# Where clone3 is missing, C libraries take clone, whose flags a filter sees.\n\
                                  clone3: return ENOSYS\n";

/// A file's errors.
#[derive(Debug)]
pub struct Answers {
    policy: Policy,
}

impl Answers {
    /// Those of a file; nothing where it gives none.
    ///
    /// # Errors
    /// [`Error::Policy`] for a file that is no policy.
    pub fn of(file: &File<'_>) -> Result<Option<Answers>, Error> {
        let policy = Judge::new(file, file.text.unwrap_or_default(), false)?.into_policy();
        let errors = policy
            .actions()
            .iter()
            .any(|action| matches!(action, Action::Errno(_)));
        Ok(errors.then_some(Answers { policy }))
    }

    /// The error number that a rule of the file gives a call. What no rule is about is to be learned,
    /// whatever the file does with it by default.
    pub fn errno(&self, call: &Call) -> Option<u16> {
        let (action, origin) =
            self.policy
                .decide_with_origin(call.audit, call.number, &call.arguments);
        match action {
            Action::Errno(errno) if origin != NO_RULE => Some(errno.number()),
            _ => None,
        }
    }
}
