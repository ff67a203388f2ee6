//! How a supervised run begins: by a ticket, or by injection.

use std::convert::Infallible;

use filter::{Checked, Logging, Program, Supervised, Supervision, Ticket};
use nix::unistd::Pid;
use policy::Policy;
use supervise::sys::close_all_but;
use supervise::{Orders, Voice, descriptors, run};
use trace::{Injection, Listener, Place, Tracer, Watcher};

use crate::companion::{self, Line};
use crate::error::{Error, Need, Obstacle};
use crate::image::Image;
use crate::inject::{attached, errno_of, flags, refuse};
use crate::ticket::{self, Departure};
use crate::watcher::{self, NO_LISTENER};

/// What the filter is made from.
pub struct Making<'a> {
    /// Who lays a policy out; see [`Compile`].
    pub compile: &'a Compile<'a>,
    /// The policy.
    pub policy: &'a Policy,
    /// What the kernel logs.
    pub logging: Logging,
    /// What becomes of calls of ABIs that the policy does not hold for, where nothing is enforced.
    pub foreign: Foreign,
}

/// What becomes of calls of foreign ABIs, x32's included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// They are violations as others are.
    Watched,
    /// They end the program, whatever else is not enforced.
    Stopped,
}

/// Makes a checked program of a policy. Its errors are [`Error::Uncompiled`].
pub type Compile<'a> = dyn Fn(&Policy, Option<&Ticket>) -> Result<Checked, Error> + 'a;

/// Our own compiler.
///
/// # Errors
/// [`Error::Filter`].
pub fn compile(policy: &Policy, ticket: Option<&Ticket>) -> Result<Checked, Error> {
    Ok(Program::compile(policy, ticket)?.check(policy, ticket)?)
}

impl Making<'_> {
    fn checked(&self, ticket: Option<&Ticket>) -> Result<Checked, Error> {
        (self.compile)(self.policy, ticket)
    }

    fn supervised(&self, supervision: Supervision, ticket: &Ticket) -> Result<Supervised, Error> {
        let checked = self.checked(Some(ticket))?;
        let supervised = checked.supervised(supervision, self.policy)?;
        Ok(match self.foreign {
            Foreign::Watched => supervised,
            Foreign::Stopped => supervised.of_native_calls()?,
        })
    }
}

/// A watcher that will get the filter's listener from this process.
pub struct Attached {
    line: Line,
    /// Whether it is this process's tracer.
    traced: bool,
    supervision: Supervision,
    voice: Voice,
}

/// Starts the watcher of a run whose filter begins at exec. Audit and learn go without a tracer where
/// there can be none.
///
/// # Errors
/// [`Error::Unavailable`].
pub fn attach(orders: Orders) -> Result<Attached, Error> {
    let (needed, supervision, voice) = (orders.needs_tracer(), orders.supervision, orders.voice);
    let mut orders = Some(orders);
    let first = begin(&mut orders, true);
    let attached = match (first, needed) {
        (Ok((line, 0)), _) => Ok((line, true)),
        (Ok((_, errno)), true) => Err((Need::Explanation, Obstacle::Untraceable(errno))),
        (Err(why), true) => Err((Need::Explanation, Obstacle::Lost(why))),
        (_, false) => match begin(&mut orders, false) {
            Ok((line, _)) => Ok((line, false)),
            Err(why) => Err((Need::Audit, Obstacle::Alone(why))),
        },
    };
    // Until the exec the watcher has the same descriptors: closing one here closes it there.
    std::mem::forget(orders);
    let (line, traced) = attached.map_err(|(need, obstacle)| Error::unavailable(need, obstacle))?;
    Ok(Attached {
        line,
        traced,
        supervision,
        voice,
    })
}

fn begin(orders: &mut Option<Orders>, traced: bool) -> Result<(Line, i32), String> {
    companion::attach(true, |launcher, line| {
        if let Some(mut orders) = orders.take() {
            if !traced {
                let note = "no tracer here (ptrace is denied): the program's end is not always held until everything is written";
                orders.notes.push(note.into());
            }
            watcher::live(launcher, line, orders, traced);
        }
    })
}

impl Attached {
    /// Loads the filter, hands its listener over, and executes the image past the filter.
    ///
    /// # Errors
    /// [`Error`]; the program was not executed, and this process is to end.
    pub fn launch(self, making: &Making<'_>, image: &Image) -> Result<Infallible, Error> {
        let ticket = ticket::draw()?;
        let program = making.supervised(self.supervision, &ticket)?;
        let departure = Departure::prepare(image, self.voice);
        match filter::load_with_listener(&program, making.logging) {
            Ok(number) => departure.leave(&ticket, Some((self.line.mouth(), number))),
            Err(filter::Error::Refused { errno: libc::EBUSY }) => {
                self.beside_another_listener(making, &ticket, departure)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Loads a filter that rests on the kernel alone, and executes the image past it. The watcher, who traces,
    /// tells who is killed; errors that the filter gives are the program's affair.
    ///
    /// # Errors
    /// As [`Attached::launch`].
    pub fn launch_alone(self, making: &Making<'_>, image: &Image) -> Result<Infallible, Error> {
        let ticket = ticket::draw()?;
        let program = making.checked(Some(&ticket))?;
        let departure = Departure::prepare(image, self.voice);
        filter::load(&program, making.logging)?;
        departure.leave(&ticket, Some((self.line.mouth(), NO_LISTENER)))
    }

    /// An outer runtime listens already, and there may be only one.
    fn beside_another_listener(
        self,
        making: &Making<'_>,
        ticket: &Ticket,
        departure: Departure<'_>,
    ) -> Result<Infallible, Error> {
        match (self.supervision, self.traced) {
            (Supervision::Explain, _) => {
                let program = making.checked(Some(ticket))?;
                self.voice.note(
                    "an outer filter has a listener, of which there may be one: errors that the filter gives are not reported",
                );
                filter::load(&program, making.logging)?;
            }
            (_, true) => {
                let program = making.supervised(Supervision::AuditByTrace, ticket)?;
                self.voice.note(
                    "an outer filter has a listener, of which there may be one: this run is watched by ptrace, which is slower",
                );
                filter::load_for_tracer(&program, making.logging)?;
            }
            (_, false) => {
                return Err(Error::unavailable(Need::Audit, Obstacle::AnotherListener));
            }
        }
        departure.leave(ticket, Some((self.line.mouth(), NO_LISTENER)))
    }
}

/// Starts the watcher of a run whose filter is injected. The caller executes the program next.
///
/// # Errors
/// [`Error`]; there is no watcher then.
pub fn attach_injecting(place: Place, making: &Making<'_>, orders: Orders) -> Result<(), Error> {
    let ticket = Ticket::for_injection(ticket::words()?);
    let program = making.supervised(orders.supervision, &ticket)?;
    let mut orders = Some(orders);
    let life = |launcher: Pid, line: Line| {
        if let Some(orders) = orders.take() {
            inject(launcher, &line, place, &program, &ticket, making, orders);
        }
    };
    attached(companion::attach(false, life))
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
    close_all_but(&kept);
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
        Err(error) => refuse(tracer, &error, orders.voice),
    }
}

fn load(
    tracer: &mut Tracer,
    program: &Supervised,
    ticket: &Ticket,
    making: &Making<'_>,
) -> Result<Vec<Listener>, trace::Error> {
    tracer.inject(&Injection {
        instructions: program.instructions(),
        flags: flags(making.logging),
        listener: Some(ticket.words()),
    })
}
