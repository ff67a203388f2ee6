//! From a checked policy and a found program to the exec: which way, and in which order.

use std::convert::Infallible;

use filter::{Checked, Logging, Ticket};
use launch::supervised::{self, Foreign, Making};
use launch::{Image, adopts_orphans, exec_status, inject, suspend, ticket};
use policy::{Action, Compiled, Note, Request};
use supervise::Orders;
use trace::Place;

use crate::arguments::{Method, Options};
use crate::compiler::Compiler;
use crate::failure::Failure;
use crate::target::{Format, Target};
use crate::{VOICE, isolate, preload, sys};

/// A program about to be launched.
pub(crate) struct Launch<'a> {
    method: Method,
    place: Place,
    compiler: Compiler,
    isolate: bool,
    request: Request<'a>,
    compiled: Compiled,
    target: Target,
    image: Image,
    /// For a run that is watched.
    orders: Option<Orders>,
    learns: bool,
}

impl<'a> Launch<'a> {
    pub(crate) fn new(
        options: &Options,
        request: Request<'a>,
        compiled: Compiled,
        mut target: Target,
        orders: Option<Orders>,
    ) -> Result<Launch<'a>, Failure> {
        filter::require_actions(&compiled.policy.actions())?;
        let arguments = std::mem::take(&mut target.arguments);
        let image = Image::new(target.path.clone().into_os_string(), arguments)?;
        Ok(Launch {
            method: options.method_for_place()?,
            place: options.place,
            compiler: options.compiler,
            isolate: options.isolate,
            request,
            compiled,
            target,
            image,
            learns: options.watching.learns(),
            orders,
        })
    }

    /// Launches. On success the program has taken this process over.
    pub(crate) fn go(mut self) -> Result<Infallible, Failure> {
        if self.method == Method::Inject && self.target.format == Format::OtherAbi {
            return Err(Failure::Unavailable {
                option: "--method inject",
                why: "a 32-bit program; --at exec with --method ticket can run it".into(),
            });
        }
        let accompanied = self.orders.is_some() || self.method == Method::Inject;
        if accompanied && adopts_orphans() {
            VOICE.note(
                "this process is init or a child subreaper, so the program sees a child of ours: a tracer until it has the filter, a watcher until it ends",
            );
        }
        if let Some(orders) = self.orders.take() {
            return self.supervised(orders);
        }
        match self.method {
            Method::Preload => self.preload(),
            Method::Ticket => self.ticket(),
            Method::Inject => self.inject(),
            Method::Suspend => {
                suspend::attach()?;
                self.suspended()
            }
            Method::Auto => match suspend::attach() {
                Ok(()) => self.suspended(),
                Err(_) => self.ticket(),
            },
        }
    }

    /// A watcher sees what the filter does.
    fn supervised(self, orders: Orders) -> Result<Infallible, Failure> {
        let compiler = self.compiler;
        let making = Making {
            compile: &|policy, ticket| {
                let program = compiler.program(policy, ticket);
                program.map_err(|why| launch::Error::Uncompiled(Box::new(why)))
            },
            policy: &self.compiled.policy,
            logging: self.logging(),
            foreign: Foreign::Watched,
        };
        match self.method {
            Method::Auto | Method::Ticket => {
                let attached = supervised::attach(orders)?;
                self.prepare()?;
                Ok(attached.launch(&making, &self.image)?)
            }
            Method::Inject => {
                self.prepare()?;
                supervised::attach_injecting(self.place, &making, orders)?;
                Err(self.execute())
            }
            Method::Suspend | Method::Preload => Err(Failure::Usage(
                "--audit, --explain and --learn go with --method ticket or inject".into(),
            )),
        }
    }

    /// A tracer holds every filter of this process back until the exec is done.
    fn suspended(self) -> Result<Infallible, Failure> {
        let program = self.program(None)?;
        self.prepare()?;
        filter::load(&program, self.logging())?;
        Err(self.execute())
    }

    /// A tracer makes the program load the filter where it is to begin.
    fn inject(self) -> Result<Infallible, Failure> {
        let program = self.program(None)?;
        self.prepare()?;
        inject::attach(self.place, &program, self.logging(), VOICE)?;
        Err(self.execute())
    }

    /// Executes the program without a filter of its own in the way.
    fn execute(self) -> Failure {
        let errno = self.image.execute();
        let path = self.target.path;
        match exec_status(errno) {
            127 => Failure::NotFound { program: path },
            _ => Failure::cannot_run(&path, errno),
        }
    }

    fn ticket(self) -> Result<Infallible, Failure> {
        let ticket = ticket::draw()?;
        let program = self.program(Some(&ticket))?;
        self.prepare()?;
        Ok(ticket::launch(
            &program,
            self.logging(),
            &ticket,
            &self.image,
            VOICE,
        )?)
    }

    /// libsandbox.so loads the filter, and says what it adds.
    fn preload(mut self) -> Result<Infallible, Failure> {
        if self.compiler != Compiler::Native {
            return Err(Failure::Unavailable {
                option: "--method preload",
                why: "libsandbox.so has one compiler alone; use --compiler native".into(),
            });
        }
        preload::arrange(&self.target, &self.request, &mut self.image)?;
        if self.isolate {
            filter::forgo_new_privileges()?;
            isolate::isolate()?;
        }
        let errno = self.image.execute();
        Err(Failure::cannot_run(&self.target.path, errno))
    }

    fn program(&self, ticket: Option<&Ticket>) -> Result<Checked, Failure> {
        self.compiler.program(&self.compiled.policy, ticket)
    }

    fn logging(&self) -> Logging {
        if self.request.log {
            Logging::Denials
        } else {
            Logging::Default
        }
    }

    /// Everything that must be done before the filter and needs more calls than it may allow.
    fn prepare(&self) -> Result<(), Failure> {
        // A learning run adds nothing to the filter that anybody would miss.
        if !self.request.quiet && !self.learns {
            sys::print_to_stderr(&self.report());
        }
        filter::forgo_new_privileges()?;
        if self.isolate {
            isolate::isolate()?;
        }
        Ok(())
    }

    fn report(&self) -> String {
        let mut compiled = self.compiled.clone();
        if compiled.policy.actions().contains(&Action::Log) && filter::log_records_are_dropped() {
            compiled.notes.push(Note::Unrecorded);
        }
        compiled.report("sandboxify")
    }
}
