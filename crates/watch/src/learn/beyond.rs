//! What was seen and no rule says: calls without a name, and those of the other ABI.

use crate::learn::observe::{BESIDES, Observations};
use crate::learn::plan;

/// What a policy's rules leave out.
pub(crate) struct Beyond {
    /// Calls without a name.
    pub(crate) unnamed: Vec<String>,
    /// The other ABI, where calls of it were seen.
    pub(crate) foreign: Option<&'static str>,
}

impl Beyond {
    pub(crate) fn of(observations: &Observations) -> Beyond {
        let unnamed = observations.sightings().filter(|one| one.name.is_none());
        let unnamed = unnamed.map(|one| format!("call {} of the ABI {:#x}", one.number, one.audit));
        Beyond {
            unnamed: unnamed.collect(),
            foreign: plan::foreign(observations).then_some(BESIDES.name()),
        }
    }

    /// What a file says of it.
    pub(crate) fn lines(&self) -> Vec<String> {
        let unnamed = self.unnamed.iter();
        let unnamed = unnamed.map(|call| format!("# no rule can allow {call}, which was seen"));
        let enforce = |abi| format!("# calls of {abi} were seen: enforce with --arch {abi}");
        unnamed.chain(self.foreign.map(enforce)).collect()
    }
}
