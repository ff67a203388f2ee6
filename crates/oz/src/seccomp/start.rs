//! From a filter to the program: this process becomes it.

use std::convert::Infallible;

use ::filter::{Logging, Supervision, forgo_new_privileges, require_actions};
use launch::supervised::{self, Foreign, Making};
use launch::{adopts_orphans, ticket};
use policy::Policy;
use rustix::thread::{CapabilitySet, capabilities};
use supervise::{Duty, Frame, Orders, Reports, Voice};
use watch::{Format, Reporter};

use super::failure::Failure;
use super::target::Target;
use crate::filter::Filter;

/// Whether the program may gain privileges by exec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privileges {
    /// No program of the tree can.
    Forgone,
    /// They can: a filter does not take that away.
    Kept,
}

impl Privileges {
    /// What an option says of them.
    pub(super) fn asked(keep: bool, option: &'static str) -> Result<Privileges, Failure> {
        if !keep {
            return Ok(Privileges::Forgone);
        }
        let own = capabilities(None).map(|sets| sets.effective);
        match own.is_ok_and(|own| own.contains(CapabilitySet::SYS_ADMIN)) {
            true => Ok(Privileges::Kept),
            false => Err(Failure::Unprivileged(option)),
        }
    }

    fn settle(self) -> Result<(), Failure> {
        match self {
            Privileges::Forgone => Ok(forgo_new_privileges()?),
            Privileges::Kept => Ok(()),
        }
    }
}

/// How a program is started.
pub(super) struct Start<'a> {
    pub(super) target: &'a Target,
    pub(super) privileges: Privileges,
    pub(super) voice: Voice,
}

impl Start<'_> {
    /// Under a filter that is enforced, by the kernel alone. Who is killed is told why where a tracer can see
    /// it.
    pub(super) fn enforced(&self, filter: Filter) -> Result<Infallible, Failure> {
        let policy = filter.compiled().policy.clone();
        require_actions(&policy.actions())?;
        let image = self.target.image()?;
        if filter.is_watched() {
            let manner = Manner {
                format: Format::Text,
                enforced: true,
                every: false,
                voice: self.voice,
            };
            let duty = Duty::Report(Box::new(manner.reports(filter)));
            let orders = self.orders(duty, Supervision::Explain, Frame::default());
            if let Ok(attached) = supervised::attach(orders) {
                self.privileges.settle()?;
                return Ok(attached.launch_alone(&making(&policy), &image)?);
            }
        }
        let ticket = ticket::draw()?;
        let program = supervised::compile(&policy, Some(&ticket))?;
        self.privileges.settle()?;
        let voice = self.voice;
        Ok(ticket::launch(
            &program,
            Logging::Default,
            &ticket,
            &image,
            voice,
        )?)
    }

    /// Under a filter that stops nothing: whoever takes the calls up lets them run.
    pub(super) fn watched(
        &self,
        policy: &Policy,
        duty: Duty,
        frame: Frame,
    ) -> Result<Infallible, Failure> {
        require_actions(&policy.actions())?;
        let image = self.target.image()?;
        if adopts_orphans() {
            self.voice.note("this process is init or a child subreaper, so the program sees a child of ours until it ends");
        }
        let orders = self.orders(duty, Supervision::Audit, frame);
        let attached = supervised::attach(orders)?;
        self.privileges.settle()?;
        Ok(attached.launch(&making(policy), &image)?)
    }

    fn orders(&self, duty: Duty, supervision: Supervision, frame: Frame) -> Orders {
        Orders {
            duty,
            supervision,
            report: None,
            progress: None,
            notes: Vec::new(),
            voice: self.voice,
            frame,
        }
    }
}

/// How violations are reported.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) format: Format,
    /// Whether they have consequences.
    pub(super) enforced: bool,
    /// Whether each is reported, and not only one of a kind.
    pub(super) every: bool,
    pub(super) voice: Voice,
}

impl Manner {
    /// Reports of what a filter's policy does not allow.
    pub(super) fn reports(self, filter: Filter) -> Reports {
        let reporter = Reporter::new(self.format, self.every).by(self.voice.program);
        Reports {
            judge: filter.judge,
            reporter: match filter.debug {
                true => reporter.debugging(),
                false => reporter,
            },
            format: self.format,
            enforced: self.enforced,
            apart: false,
        }
    }
}

/// A policy holds for native calls alone: whoever makes others has a reason to be stopped.
fn making(policy: &Policy) -> Making<'_> {
    Making {
        compile: &supervised::compile,
        policy,
        logging: Logging::Default,
        foreign: Foreign::Stopped,
    }
}
