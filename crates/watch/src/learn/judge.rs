//! What a file means, asked of the language itself: a learned file is never trusted to say what it was
//! meant to say.

use std::collections::BTreeMap;

use policy::{Action, Answer, Id, Mode, Node, Policy, Request};
use syscalls::Abi;

use crate::learn::observe::{BESIDES, Observations, Sighting};
use crate::learn::rules::{alternative, named};
use crate::learn::selectors::Values;
use crate::learn::{Error, File};

/// A file as a policy.
pub(crate) struct Judge {
    policy: Policy,
}

impl Judge {
    /// Compiles a text in the file's place as the whole of an allow-list, with the other ABI where it
    /// is `besides`.
    pub(crate) fn new(file: &File<'_>, text: &str, besides: bool) -> Result<Judge, Error> {
        let (path, item) = item(file.path);
        let read = |wanted: &[u8]| match wanted == path.as_bytes() {
            true => Ok(text.as_bytes().to_vec()),
            false => (file.read)(wanted),
        };
        let request = Request {
            besides: besides.then_some(BESIDES),
            ..Request::plain(
                Mode::AllowList,
                "learned",
                item.as_bytes(),
                Action::KillProcess,
            )
        };
        let policy = request.compile(Abi::NATIVE, &read)?.policy;
        Ok(Judge { policy })
    }

    /// The policy itself.
    pub(crate) fn into_policy(self) -> Policy {
        self.policy
    }

    /// Whether a call with these values is allowed.
    pub(crate) fn allows(&self, sighting: &Sighting, values: &Values) -> bool {
        let action = self.policy.decide(sighting.audit, sighting.number, values);
        action == Action::Allow
    }

    /// Whether a native call with these values is allowed.
    pub(crate) fn allows_native(&self, name: &str, values: &Values) -> bool {
        let number = syscalls::number(Abi::NATIVE, name);
        number.is_some_and(|number| {
            let audit = Abi::NATIVE.audit();
            self.policy.decide(audit, number, values) == Action::Allow
        })
    }

    /// Whether a native call is allowed with all arguments.
    pub(crate) fn always(&self, name: &str) -> bool {
        self.answer(name) == Some(Answer::Action(Action::Allow))
    }

    /// Whether a call is allowed with all arguments, on its own ABI.
    pub(crate) fn always_seen(&self, sighting: &Sighting) -> bool {
        let mut tables = self.policy.tables().iter();
        let table = tables.find(|table| table.abi().audit() == sighting.audit);
        let answer = table.map(|table| table.answer(sighting.number));
        answer == Some(Answer::Action(Action::Allow))
    }

    /// Whether the file says of a native call that it depends.
    pub(crate) fn depends(&self, name: &str) -> bool {
        matches!(self.answer(name), Some(Answer::Decision(_)))
    }

    /// Whether calls run of which the file says nothing.
    pub(crate) fn allows_unlisted(&self) -> bool {
        self.policy.native().unlisted_action() == Action::Allow
    }

    /// Whether the kernel would take the filter for it.
    pub(crate) fn fits(&self) -> Result<(), Error> {
        match filter::Program::compile(&self.policy, None) {
            Err(
                problem @ (filter::Error::TooLong { .. } | filter::Error::TooComplicated { .. }),
            ) => Err(Error::Filter { problem }),
            // Other reasons are not of our making, and the door that loads it will say them.
            _ => Ok(()),
        }
    }

    /// Sees that a text allows what the one before it did, and all that was seen.
    pub(crate) fn holds(&self, before: &Judge, observations: &Observations) -> Result<(), Error> {
        let mismatch = |wanted: String| Err(Error::Mismatch { wanted });
        for sighting in observations.sightings() {
            let Some(name) = sighting.name else {
                continue;
            };
            if sighting.unknown > 0 && !self.always_seen(sighting) {
                return mismatch(name.into());
            }
            for (values, _) in &sighting.combinations {
                if !self.allows(sighting, values) {
                    return mismatch(named(name, &alternative(&sighting.selectors, values)));
                }
            }
        }
        let lost = before.allowed().find(|name| !self.always(name));
        lost.map_or(Ok(()), |name| mismatch(name.into()))
    }

    fn answer(&self, name: &str) -> Option<Answer> {
        let number = syscalls::number(Abi::NATIVE, name)?;
        Some(self.policy.native().answer(number))
    }

    /// The native calls that are allowed whatever their arguments.
    pub(crate) fn allowed(&self) -> impl Iterator<Item = &'static str> {
        let names = syscalls::names(Abi::NATIVE);
        names.filter_map(|(name, _)| self.always(name).then_some(name))
    }

    /// The places of the arguments that conditions look at, by call.
    pub(crate) fn arguments(&self) -> BTreeMap<&'static str, Vec<usize>> {
        let mut found = BTreeMap::new();
        for (name, _) in syscalls::names(Abi::NATIVE) {
            let Some(Answer::Decision(decision)) = self.answer(name) else {
                continue;
            };
            let mut places = Vec::new();
            for case in self.policy.cases(&decision) {
                self.walk(case.condition, &mut places);
            }
            places.sort_unstable();
            places.dedup();
            found.insert(name, places);
        }
        found
    }

    fn walk(&self, root: Id, places: &mut Vec<usize>) {
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            match self.policy.conditions().node(id) {
                Node::All(one, other)
                | Node::Any(one, other)
                | Node::Compare(_, one, other)
                | Node::Binary(_, one, other) => open.extend([one, other]),
                Node::Argument(place, _) => places.push(place.into()),
                Node::Constant(_) | Node::Number(_) => {}
            }
        }
    }
}

/// A path that is one in a list, and the item for it.
fn item(path: &str) -> (String, String) {
    let starts = ["/", "./", "../"];
    let prefix = match starts.iter().any(|start| path.starts_with(start)) {
        true => "",
        false => "./",
    };
    let path = format!("{prefix}{path}");
    let item = path.replace('\\', "\\\\").replace(':', "\\:");
    (path, item)
}
