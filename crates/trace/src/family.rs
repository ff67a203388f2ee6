//! Who is traced. Events do not come in the order in which things happen: a child may stop, and even
//! end, before its parent's event tells of it.

use std::collections::{BTreeMap, BTreeSet};

use nix::unistd::Pid;

/// The traced threads, with what is known of each.
#[derive(Debug)]
pub(crate) struct Family<T> {
    members: BTreeMap<Pid, Member<T>>,
    /// Those that ended before their parents were heard.
    early: BTreeSet<Pid>,
}

#[derive(Debug, Default)]
struct Member<T> {
    /// Whether it has stopped at least once.
    met: bool,
    /// Whether its parent's event has come.
    announced: bool,
    state: T,
}

impl<T: Default> Family<T> {
    /// A family that begins with one thread.
    pub(crate) fn of(root: Pid) -> Family<T> {
        let first = Member {
            met: true,
            announced: true,
            state: T::default(),
        };
        Family {
            members: BTreeMap::from([(root, first)]),
            early: BTreeSet::new(),
        }
    }

    /// The same threads, with nothing known of them.
    pub(crate) fn begun_anew<U>(other: &Family<U>) -> Family<T> {
        let renewed = other.members.iter().map(|(&thread, member)| {
            let state = T::default();
            let (met, announced) = (member.met, member.announced);
            let renewed = Member {
                met,
                announced,
                state,
            };
            (thread, renewed)
        });
        Family {
            members: renewed.collect(),
            early: other.early.clone(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn each(&mut self) -> impl Iterator<Item = (&Pid, &mut T)> {
        let members = self.members.iter_mut();
        members.map(|(thread, member)| (thread, &mut member.state))
    }

    /// What is known of those that have stopped at least once.
    pub(crate) fn met(&mut self) -> impl Iterator<Item = &mut T> {
        let met = self.members.values_mut().filter(|member| member.met);
        met.map(|member| &mut member.state)
    }

    /// All but one.
    pub(crate) fn others(&self, one: Pid) -> Vec<Pid> {
        let others = self.members.keys().copied();
        others.filter(|&thread| thread != one).collect()
    }

    /// What is known of a thread, which may be a new one.
    pub(crate) fn entry(&mut self, thread: Pid) -> &mut T {
        &mut self.members.entry(thread).or_default().state
    }

    pub(crate) fn is_announced(&self, thread: Pid) -> bool {
        let member = self.members.get(&thread);
        member.is_some_and(|member| member.announced)
    }

    /// Takes up a stop of a thread. Whether it is the first.
    pub(crate) fn meet(&mut self, thread: Pid) -> bool {
        let member = self.members.entry(thread).or_default();
        !std::mem::replace(&mut member.met, true)
    }

    /// Takes up what a parent's event tells of its child: the child, unless that has ended by now.
    pub(crate) fn announce(&mut self, message: Option<i64>) -> Option<Pid> {
        let child = Pid::from_raw(i32::try_from(message?).ok()?);
        if self.early.remove(&child) {
            return None;
        }
        self.members.entry(child).or_default().announced = true;
        Some(child)
    }

    /// A thread is gone, or no longer ours.
    pub(crate) fn end(&mut self, thread: Pid) {
        match self.members.remove(&thread) {
            Some(member) if member.announced => {}
            _ => drop(self.early.insert(thread)),
        }
    }

    /// A new image: the thread that executed it has taken the id of its process over, and what it was
    /// called before (PTRACE_GETEVENTMSG) is gone without a word.
    pub(crate) fn execute(&mut self, process: Pid, message: Option<i64>) {
        let former = message.and_then(|former| i32::try_from(former).ok());
        let former = former.map(Pid::from_raw);
        let former = former.filter(|&former| former != process);
        if let Some(member) = former.and_then(|former| self.members.remove(&former)) {
            self.members.insert(process, member);
        }
    }
}
