//! What becomes of a call that was seen: a report, or an observation.

use std::time::{SystemTime, UNIX_EPOCH};

use policy::Action;
use syscalls::render::{self, Style};
use trace::{Ending, Listener, Notification, RegisterCall, Reply, process_of};
use watch::{Call, Format, Judge, Outcome, Reporter, Verdict, Violation, card};

use crate::Frame;
use crate::functions::Functions;
use crate::learning::Learning;
use crate::look::{self, Sighted};
use crate::sink::Sink;
use crate::voice::Voice;

/// What a supervised run is for.
pub enum Duty {
    /// Violations are reported.
    Report(Box<Reports>),
    /// Calls are learnt.
    Learn(Box<Learning>),
}

/// What reports are made from.
pub struct Reports {
    /// Says what the policy answers, and why.
    pub judge: Judge,
    /// Tells distinct violations from repetitions.
    pub reporter: Reporter,
    /// How they are written.
    pub format: Format,
    /// Whether violations have consequences.
    pub enforced: bool,
    /// Whether the report goes to a file, and the card of a death does not stand beside it.
    pub apart: bool,
}

impl Duty {
    /// What reports are made from, if there are any.
    fn reports(&mut self) -> Option<&mut Reports> {
        match self {
            Duty::Report(reports) => Some(reports),
            Duty::Learn(learning) => learning.shown(),
        }
    }
}

/// The one place where everything that was seen comes together.
pub(crate) struct Desk {
    duty: Duty,
    sink: Sink,
    voice: Voice,
    functions: Functions,
    frame: Frame,
    /// How much had been seen when the end was last reported.
    reported: Option<u64>,
    /// Whether it was said that a process's memory cannot be read.
    said_closed: bool,
    /// How many deaths were told.
    cards: u64,
}

/// Deaths that are like earlier ones are only counted behind so many: a program can have as many as it likes.
const MOST_CARDS: u64 = 100;

/// Whom a call is from.
#[derive(Clone, Copy)]
struct Caller {
    process: i32,
    thread: i32,
}

impl Desk {
    pub(crate) fn new(duty: Duty, sink: Sink, voice: Voice, frame: Frame) -> Desk {
        Desk {
            duty,
            sink,
            voice,
            frame,
            functions: Functions::default(),
            reported: None,
            said_closed: false,
            cards: 0,
        }
    }

    /// Takes up the call that ends the program, which waits for its answer.
    pub(crate) fn ending(&mut self, notification: &Notification) {
        self.learn(&mut seen(&notification.call, Caller::of_call(notification)));
        self.finish();
    }

    /// Answers a call that waits, and counts it when the answer was accepted: a call that a signal has
    /// called away will come again.
    pub(crate) fn notified(
        &mut self,
        listener: &Listener,
        notification: &Notification,
    ) -> Result<(), trace::Error> {
        if let Some(errno) = self.errno_of_file(notification) {
            return self.refuse(listener, notification, errno);
        }
        let Some(reports) = self.duty.reports() else {
            if listener.reply(notification, Reply::Continue)? {
                // Nobody asks when it was, and the clock would be a cost of each call.
                let caller = Caller::of_call(notification);
                self.learn(&mut made(&notification.call, caller, UNIX_EPOCH));
            }
            return Ok(());
        };
        let mut call = seen(&notification.call, Caller::of_call(notification));
        let verdict = reports.judge.verdict(&call);
        let (reply, outcome) = reports.answer(&verdict);
        // What is read of a caller that waits no longer is somebody else's; the answer tells.
        let violation = match reports.reporter.knows(&call, &verdict) {
            true => None,
            false => Some(reports.violation(&mut self.functions, &mut call, outcome)),
        };
        // One that has ended is nobody's any more, and closed to all.
        let asks = violation.as_ref().filter(|_| !self.said_closed);
        let closed = asks.is_some_and(|violation| look::is_closed(violation.call.process));
        if !listener.reply(notification, reply)? {
            return Ok(());
        }
        if violation.is_none() {
            reports.reporter.repeats(&call, &verdict);
        }
        self.learn(&mut call);
        if let Some(violation) = violation {
            self.report(&violation, closed);
        }
        Ok(())
    }

    /// Answers a call with an error.
    fn refuse(
        &mut self,
        listener: &Listener,
        notification: &Notification,
        errno: u16,
    ) -> Result<(), trace::Error> {
        let answered = listener.reply(notification, Reply::Fail(errno.into()))?;
        if let (Duty::Learn(learning), true) = (&mut self.duty, answered) {
            learning.count_answer();
        }
        Ok(())
    }

    /// The error that a file that is learned into gives a call.
    fn errno_of_file(&self, notification: &Notification) -> Option<u16> {
        let Duty::Learn(learning) = &self.duty else {
            return None;
        };
        let caller = Caller::of_call(notification);
        learning.errno(&made(&notification.call, caller, UNIX_EPOCH))
    }

    /// Takes up a call that ran.
    fn learn(&mut self, call: &mut Call) {
        if let Duty::Learn(learning) = &mut self.duty {
            learning.record(call);
        }
    }

    /// Takes up a call that a tracer was asked about; it will run.
    pub(crate) fn asked(&mut self, ending: &Ending) {
        self.learn(&mut seen(&ending.call, Caller::of(ending)));
        self.take(ending, Outcome::Ran, |_| true);
    }

    /// Takes up the end of a thread, which may be a violation's. Whether the thread alone was killed.
    pub(crate) fn ended(&mut self, ending: &Ending) -> bool {
        const SIGNAL: i32 = 0x7f;
        if ending.status & SIGNAL != libc::SIGSYS {
            return false;
        }
        // The other threads of a killed process end with the same status, in calls of their own.
        let kills = |action| matches!(action, Action::KillProcess | Action::KillThread);
        self.take(ending, Outcome::Died, kills);
        let Duty::Report(reports) = &self.duty else {
            return false;
        };
        let verdict = reports
            .judge
            .verdict(&seen(&ending.call, Caller::of(ending)));
        verdict.action == Action::KillThread
    }

    /// Takes up a SIGSYS that a filter sends.
    pub(crate) fn trapped(&mut self, ending: &Ending) {
        self.take(ending, Outcome::Trapped, |action| action == Action::Trap);
    }

    fn take(&mut self, ending: &Ending, outcome: Outcome, fits: impl Fn(Action) -> bool) {
        let Some(reports) = self.duty.reports() else {
            return;
        };
        let mut call = seen(&ending.call, Caller::of(ending));
        let verdict = reports.judge.verdict(&call);
        let known = reports.reporter.knows(&call, &verdict);
        if !fits(verdict.action) {
            return;
        }
        if known && (outcome != Outcome::Died || self.cards >= MOST_CARDS) {
            reports.reporter.repeats(&call, &verdict);
            return;
        }
        let mut violation = reports.violation(&mut self.functions, &mut call, outcome);
        // A death that is like an earlier one has a card, and whoever causes many shall not cost much.
        let context = ending.context().filter(|_| !known);
        violation.stack = context.map(|context| self.functions.stack(call.thread, &context));
        let closed = look::is_closed(call.process);
        self.report(&violation, closed);
    }

    /// `closed` tells whether the caller's memory could not be read while it waited.
    fn report(&mut self, violation: &Violation, closed: bool) {
        let Some(reports) = self.duty.reports() else {
            return;
        };
        let text = reports.reporter.take(violation);
        let process = violation.call.process;
        if text.is_some() && !self.said_closed && closed {
            self.said_closed = true;
            let note = format!(
                "the memory of process {process} cannot be read: what its arguments point to is not shown"
            );
            self.note(&note);
        }
        self.report_text(violation, text);
    }

    fn report_text(&mut self, violation: &Violation, text: Option<String>) {
        let Some(reports) = self.duty.reports() else {
            return;
        };
        let died = violation.outcome == Outcome::Died;
        let apart = reports.apart;
        let has_card = died && (reports.format == Format::Text || apart);
        if has_card {
            self.cards += 1;
            self.sink.aside(card(violation, self.voice.program));
        }
        // On a terminal the card says all that the line would.
        if let Some(text) = text.filter(|_| !has_card || apart) {
            self.sink.report(text);
        }
    }

    /// Says what there was in all, or writes the policy. Comes back when it is written.
    pub(crate) fn finish(&mut self) {
        let seen = match &self.duty {
            Duty::Report(reports) => reports.reporter.total(),
            Duty::Learn(learning) => learning.total(),
        };
        if self.reported.replace(seen) == Some(seen) {
            return;
        }
        let frame = std::mem::take(&mut self.frame);
        self.say(frame.before);
        match &mut self.duty {
            Duty::Report(reports) => {
                reports.reporter.lose(self.sink.take_lost());
                self.sink.report(reports.reporter.summary());
                let together = reports.reporter.together(&reports.judge);
                together.into_iter().for_each(|text| self.sink.report(text));
            }
            Duty::Learn(learning) => {
                let (said, reported) = learning.write(self.voice);
                reported.into_iter().for_each(|text| self.sink.report(text));
                self.sink.aside(said);
            }
        }
        self.say(frame.behind);
        self.sink.flush();
    }

    /// A line that stands in the report.
    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.sink.report(text);
        }
    }

    /// A note for the user.
    pub(crate) fn note(&mut self, text: &str) {
        self.sink.aside(self.voice.line(&format!("note: {text}")));
    }
}

impl Reports {
    /// What becomes of a call that a filter leaves to us.
    fn answer(&self, verdict: &Verdict) -> (Reply, Outcome) {
        match (self.enforced, verdict.action) {
            (false, _) | (true, Action::Allow | Action::Log) => (Reply::Continue, Outcome::Ran),
            (true, Action::Errno(errno)) => (
                Reply::Fail(errno.number().into()),
                Outcome::Failed(errno.number()),
            ),
            // The kernel keeps these to itself; whatever asks about them does not run.
            (true, _) => (Reply::Fail(libc::EPERM), Outcome::Failed(1)),
        }
    }

    fn violation(&self, functions: &mut Functions, call: &mut Call, outcome: Outcome) -> Violation {
        call.process = process_of(call.thread).unwrap_or(call.thread);
        let generic = self.reporter.wants_generic();
        Violation {
            call: *call,
            program: look::program(call.process),
            command: look::command(call.process),
            rendered: rendered(call, self.format.style()),
            generic: generic.then(|| rendered(call, Style::OzGeneric)),
            place: functions.place(call.thread, call.instruction),
            stack: None,
            judgement: self.judge.judge(call),
            outcome,
        }
    }
}

fn rendered(call: &Call, style: Style) -> String {
    let sighted = Sighted::new(call.thread);
    match call.abi() {
        Some(abi) => render::call(abi, call.number, &call.arguments, &sighted, style),
        None => format!("call {} of another ABI", call.number),
    }
}

impl Caller {
    /// The process is looked up only where it matters.
    fn of_call(notification: &Notification) -> Caller {
        Caller {
            process: notification.thread,
            thread: notification.thread,
        }
    }

    fn of(ending: &Ending) -> Caller {
        Caller {
            process: ending.process,
            thread: ending.thread,
        }
    }
}

/// A call, seen now.
fn seen(call: &RegisterCall, caller: Caller) -> Call {
    made(call, caller, SystemTime::now())
}

fn made(call: &RegisterCall, caller: Caller, time: SystemTime) -> Call {
    Call {
        time,
        process: caller.process,
        thread: caller.thread,
        audit: call.audit,
        number: call.number,
        arguments: call.arguments,
        instruction: call.instruction,
    }
}
