//! How a supervised run begins: by a ticket, or by injection.

use std::convert::Infallible;

use filter::{Checked, Logging, Supervised, Supervision, Ticket};
use nix::unistd::Pid;
use policy::Policy;
use trace::{Error, Injection, Listener, Place, Tracer, Watcher};

use super::{NO_LISTENER, Orders, descriptors, run, watch_launcher};
use crate::companion::{self, Line};
use crate::compiler::Compiler;
use crate::failure::Failure;
use crate::image::Image;
use crate::inject::{errno_of, flags, lost, refusal, refuse, unavailable};
use crate::ticket::Departure;
use crate::{sys, ticket};

/// What the filter is made from.
pub(crate) struct Making<'a> {
    pub(crate) compiler: Compiler,
    pub(crate) policy: &'a Policy,
    pub(crate) logging: Logging,
}

impl Making<'_> {
    fn checked(&self, ticket: Option<&Ticket>) -> Result<Checked, Failure> {
        self.compiler.program(self.policy, ticket)
    }

    fn supervised(&self, supervision: Supervision, ticket: &Ticket) -> Result<Supervised, Failure> {
        Ok(self
            .checked(Some(ticket))?
            .supervised(supervision, self.policy)?)
    }
}

/// A watcher that will get the filter's listener from this process.
pub(crate) struct Attached {
    line: Line,
    /// Whether it is this process's tracer.
    traced: bool,
    supervision: Supervision,
}

/// Starts the watcher of a run whose filter begins at exec. Audit and learn go without a tracer where
/// there can be none.
pub(crate) fn attach(mut orders: Option<Orders>) -> Result<Attached, Failure> {
    let needed = orders.as_ref().is_some_and(Orders::needs_tracer);
    let supervision = match &orders {
        Some(orders) => orders.supervision,
        None => Supervision::Audit,
    };
    let first = begin(&mut orders, true);
    let attached = match first {
        Ok((line, 0)) => Ok((line, true)),
        Ok((_, errno)) if needed => Err(refusal(errno)),
        Err(why) if needed => Err(lost(&why)),
        _ => begin(&mut orders, false).map(|(line, _)| (line, false)),
    };
    // Until the exec the watcher has the same descriptors: closing one here closes it there.
    std::mem::forget(orders);
    let (line, traced) = attached.map_err(|why| Failure::Unavailable {
        option: if needed { "--explain" } else { "--audit" },
        why,
    })?;
    Ok(Attached {
        line,
        traced,
        supervision,
    })
}

fn begin(orders: &mut Option<Orders>, traced: bool) -> Result<(Line, i32), String> {
    companion::attach(true, |launcher, line| {
        if let Some(mut orders) = orders.take() {
            if !traced {
                let note = "no tracer here (ptrace is denied): the program's end is not always held until everything is written";
                orders.notes.push(note.into());
            }
            watch_launcher(launcher, line, orders, traced);
        }
    })
}

impl Attached {
    /// Loads the filter, hands its listener over, and executes the image past the filter.
    pub(crate) fn launch(self, making: &Making<'_>, image: &Image) -> Result<Infallible, Failure> {
        let ticket = ticket::draw()?;
        let program = making.supervised(self.supervision, &ticket)?;
        let departure = Departure::prepare(image);
        match filter::load_with_listener(&program, making.logging) {
            Ok(number) => departure.leave(&ticket, Some((self.line.mouth(), number))),
            Err(filter::Error::Refused { errno: libc::EBUSY }) => {
                self.beside_another_listener(making, &ticket, departure)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An outer runtime listens already, and there may be only one.
    fn beside_another_listener(
        self,
        making: &Making<'_>,
        ticket: &Ticket,
        departure: Departure<'_>,
    ) -> Result<Infallible, Failure> {
        match (self.supervision, self.traced) {
            (Supervision::Explain, _) => {
                let program = making.checked(Some(ticket))?;
                sys::print_to_stderr(
                    "sandboxify: note: an outer filter has a listener, of which there may be one: errors that the filter gives are not reported\n",
                );
                filter::load(&program, making.logging)?;
            }
            (_, true) => {
                let program = making.supervised(Supervision::AuditByTrace, ticket)?;
                sys::print_to_stderr(
                    "sandboxify: note: an outer filter has a listener, of which there may be one: this run is watched by ptrace, which is slower\n",
                );
                filter::load_for_tracer(&program, making.logging)?;
            }
            (_, false) => {
                return Err(Failure::Unavailable {
                    option: "--audit",
                    why: "an outer filter has a listener, of which there may be one, and ptrace is denied; enforcing runs need neither".into(),
                });
            }
        }
        departure.leave(ticket, Some((self.line.mouth(), NO_LISTENER)))
    }
}

/// Starts the watcher of a run whose filter is injected. The caller executes the program next.
pub(crate) fn attach_injecting(
    place: Place,
    making: &Making<'_>,
    orders: Orders,
) -> Result<(), Failure> {
    let ticket = Ticket::for_injection(ticket::words()?);
    let program = making.supervised(orders.supervision, &ticket)?;
    let mut orders = Some(orders);
    let life = |launcher: Pid, line: Line| {
        if let Some(orders) = orders.take() {
            inject(launcher, &line, place, &program, &ticket, making, orders);
        }
    };
    let attached = companion::attach(false, life);
    match attached.map_err(|why| unavailable(lost(&why)))?.1 {
        0 => Ok(()),
        errno => Err(unavailable(refusal(errno))),
    }
}

/// The life of a watcher that makes the program load the filter.
fn inject(
    launcher: Pid,
    line: &Line,
    place: Place,
    program: &Supervised,
    ticket: &Ticket,
    making: &Making<'_>,
    orders: Orders,
) {
    let mut kept = line.descriptors().to_vec();
    kept.extend(descriptors(&[], &orders));
    sys::close_all_but(&kept);
    let seized = Tracer::seize(launcher.as_raw(), place);
    let told = line.say(seized.as_ref().err().map_or(0, errno_of));
    let (Ok(mut tracer), Ok(())) = (seized, told) else {
        return;
    };
    let filtered = tracer
        .reach()
        .and_then(|()| load(&mut tracer, program, ticket, making));
    match filtered {
        Ok(listeners) => {
            if let Ok(watcher) = Watcher::take_over(tracer, orders.scope()) {
                run(launcher, Some(watcher), listeners, orders);
            }
        }
        Err(error) => refuse(tracer, &error),
    }
}

fn load(
    tracer: &mut Tracer,
    program: &Supervised,
    ticket: &Ticket,
    making: &Making<'_>,
) -> Result<Vec<Listener>, Error> {
    tracer.inject(&Injection {
        instructions: program.instructions(),
        flags: flags(making.logging),
        listener: Some(ticket.words()),
    })
}
