//! Where what was read comes together: arguments find their call, a record that came twice counts once,
//! and losses get the time of the record behind them.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::audit::{Event, Stamp};
use crate::burst::Burst;
use crate::entry::{Entry, Loss, Lost, Record};

/// Records that wait for their arguments: the call may take its time.
const WAITING: usize = 8192;
/// Records whose repetition is noticed: the journal may have each from two sources.
const REMEMBERED: usize = 1 << 20;
/// Losses of one log that are told apart.
const LOSSES: usize = 4096;

/// Takes up events and gives entries.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    waiting: VecDeque<(Option<Stamp>, Box<Record>)>,
    /// Where in the queue a record waits, counted from the first that ever did.
    places: HashMap<Stamp, usize>,
    released: usize,
    known: HashSet<Stamp>,
    /// Each with the time in milliseconds of the record in front of it.
    losses: Vec<(Option<u64>, Lost)>,
    /// How many of the losses have their time.
    dated: usize,
    burst: Burst,
    lost_so_far: Option<u64>,
    /// The time of the last record.
    last: Option<u64>,
    /// Since when records came by a way that has no rate limit, beside the kernel log.
    socket: Option<u64>,
}

/// What an event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A call.
    New,
    /// A call that was known.
    Repeated,
    /// No call.
    Other,
}

/// What gets the entries.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Entry);

impl Intake {
    /// Takes up an event.
    pub(crate) fn event(&mut self, stamp: Option<Stamp>, event: Event, each: Each<'_>) -> Taken {
        if let Some(stamp) = stamp {
            self.date(stamp);
        }
        match event {
            Event::Seccomp(record) => self.call(stamp, record, each),
            Event::Syscall {
                audit,
                number,
                arguments,
            } => {
                if let Some(record) = stamp.and_then(|stamp| self.waiting_at(stamp)) {
                    if (record.audit, record.number) == (audit, number) {
                        record.arguments = arguments;
                    }
                }
                Taken::Other
            }
            Event::Other => Taken::Other,
        }
    }

    fn call(&mut self, stamp: Option<Stamp>, record: Box<Record>, each: Each<'_>) -> Taken {
        if let Some(stamp) = stamp {
            if self.known.contains(&stamp) {
                return Taken::Repeated;
            }
            if self.known.len() < REMEMBERED {
                self.known.insert(stamp);
            }
            let place = self.released.wrapping_add(self.waiting.len());
            self.places.insert(stamp, place);
        }
        self.waiting.push_back((stamp, record));
        if self.waiting.len() > WAITING {
            self.release(each);
        }
        Taken::New
    }

    fn waiting_at(&mut self, stamp: Stamp) -> Option<&mut Record> {
        let place = self.places.get(&stamp)?.wrapping_sub(self.released);
        self.waiting
            .get_mut(place)
            .map(|(_, record)| record.as_mut())
    }

    fn release(&mut self, each: Each<'_>) {
        if let Some((stamp, record)) = self.waiting.pop_front() {
            self.released = self.released.wrapping_add(1);
            if let Some(stamp) = stamp {
                self.places.remove(&stamp);
            }
            each(Entry::Call(record));
        }
    }

    /// A message of the kernel log, which the rate limit counts.
    pub(crate) fn printed(&mut self, stamp: Stamp) {
        self.burst.add(stamp.milliseconds);
    }

    /// A record that no rate limit of the kernel log was in the way of.
    pub(crate) fn by_socket(&mut self, stamp: Option<Stamp>) {
        let time = stamp.map(|stamp| stamp.milliseconds);
        self.socket = self.socket.or(time);
    }

    /// Takes up a loss.
    pub(crate) fn lost(&mut self, why: Loss, count: Option<u64>) {
        let full = self.losses.len() >= LOSSES;
        if let (true, Some((_, last))) = (full, self.losses.last_mut()) {
            last.count = None;
            return;
        }
        let before = None;
        self.losses.push((self.last, Lost { before, count, why }));
    }

    /// Takes up how many records the kernel has lost so far.
    pub(crate) fn lost_so_far(&mut self, count: u64) {
        let before = self.lost_so_far.replace(count);
        // The first that is told of says nothing of those before it.
        let new = count.saturating_sub(before.unwrap_or(count.saturating_sub(1)));
        if new > 0 {
            self.lost(Loss::Kernel, Some(new));
        }
    }

    fn date(&mut self, stamp: Stamp) {
        let undated = self.losses.iter_mut().skip(self.dated);
        undated.for_each(|(_, lost)| lost.before = Some(stamp.time()));
        self.dated = self.losses.len();
        self.last = Some(stamp.milliseconds);
    }

    /// The end of a log: gives all that waits.
    pub(crate) fn finish(&mut self, each: Each<'_>) {
        while !self.waiting.is_empty() {
            self.release(each);
        }
        let burst = std::mem::take(&mut self.burst);
        // What a burst hides came behind its beginning.
        self.last = burst.begin();
        if burst.is_full() {
            self.lost(Loss::Burst, None);
        }
        let of_the_log = |why| matches!(why, Loss::Printk | Loss::Burst | Loss::Journal);
        let socket = self.socket.take();
        for (after, lost) in std::mem::take(&mut self.losses) {
            // What the kernel log left out came by the socket, once that was there.
            let came = socket.is_some_and(|since| after.is_some_and(|after| after >= since));
            if !(came && of_the_log(lost.why)) {
                each(Entry::Lost(lost));
            }
        }
        self.last = None;
        self.dated = 0;
        self.lost_so_far = None;
    }
}
