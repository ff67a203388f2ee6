//! Groups of calls, as systemd names them (systemd.exec(5), `SystemCallFilter=`), pinned to one snapshot.

use alloc::vec::Vec;

use crate::Abi;
use crate::table::{CALLS, GROUP_NAMES, GROUPS, GroupEntry, MEMBERS, NESTED};

/// A named set of system calls.
#[derive(Debug, Clone, Copy)]
pub struct Group(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// `@known`: every call that the table has a number for.
    Known,
    Table(&'static GroupEntry),
}

const KNOWN: &str = "known";

impl GroupEntry {
    fn name(&self) -> &'static str {
        let start = usize::from(self.start);
        &GROUP_NAMES[start..start + usize::from(self.length)]
    }

    /// Marks the calls of this group and of the groups within it.
    fn mark(&self, marked: &mut [bool]) {
        let first = usize::from(self.first);
        for &member in &MEMBERS[first..first + usize::from(self.count)] {
            match member & NESTED {
                0 => marked[usize::from(member)] = true,
                _ => GROUPS[usize::from(member & !NESTED)].mark(marked),
            }
        }
    }
}

impl Group {
    /// The name without its `@`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Known => KNOWN,
            Kind::Table(entry) => entry.name(),
        }
    }

    /// The numbers of the group's calls on an ABI, each once, in the order of their names. Members
    /// that the ABI does not have are left out.
    pub fn numbers(self, abi: Abi) -> Vec<u32> {
        let mut marked = [false; CALLS.len()];
        match self.0 {
            Kind::Known => marked.fill(true),
            Kind::Table(entry) => entry.mark(&mut marked),
        }
        let calls = CALLS.iter().zip(marked);
        calls
            .filter_map(|(call, marked)| call.number(abi).filter(|_| marked))
            .collect()
    }
}

/// The group with this name (without `@`).
pub fn group(name: &str) -> Option<Group> {
    groups().find(|group| group.name() == name)
}

/// All groups.
pub fn groups() -> impl Iterator<Item = Group> {
    core::iter::once(Group(Kind::Known)).chain(GROUPS.iter().map(|entry| Group(Kind::Table(entry))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{names, number};

    fn holds(group_name: &str, call: &str) -> bool {
        let wanted = number(Abi::X86_64, call).unwrap();
        group(group_name)
            .unwrap()
            .numbers(Abi::X86_64)
            .contains(&wanted)
    }

    #[test]
    fn groups_hold_their_members_and_those_of_nested_groups() {
        assert!(holds("system-service", "read"), "through @basic-io");
        assert!(
            holds("system-service", "seccomp"),
            "through @default and @sandbox"
        );
        assert!(holds("mount", "umount2"));
        assert!(!holds("system-service", "ptrace"));
    }

    #[test]
    fn known_is_every_call_with_a_number() {
        let known = group("known").unwrap().numbers(Abi::X86_64);
        assert_eq!(known.len(), names(Abi::X86_64).count());
    }

    #[test]
    fn no_group_is_empty_everywhere_and_an_unknown_one_is_nothing() {
        for group in groups() {
            let everywhere = [Abi::X86_64, Abi::X86, Abi::Aarch64, Abi::Arm];
            let members: usize = everywhere.map(|abi| group.numbers(abi).len()).iter().sum();
            assert!(members > 0 || group.name() == "raw-io", "@{}", group.name());
        }
        assert!(group("no-such-group").is_none());
    }
}
