//! The callers of a stopped thread, from the call that it is in outwards.
//!
//! By the unwind tables of the files that are mapped, else by frame pointers. Stack, registers and files
//! belong to the program: every step has to lead upwards on the same stack, and to an instruction behind
//! a call; where one does not, the walk ends and says so. Nothing is guessed.

mod call;
mod context;
mod pointer;
mod reader;
mod signal;
mod table;

use std::sync::Arc;
use std::time::Instant;

use crate::ProcessMemory;
use crate::image::{Mapping, Maps, Module};

pub use context::{Context, Machine};
use reader::Reader;

/// More frames than these are not looked for.
pub const MOST_FRAMES: usize = 64;

/// Memory that a walk reads.
pub trait Memory {
    /// Copies bytes from an address on; how many there were.
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize;
}

impl Memory for ProcessMemory {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        ProcessMemory::read(self, address, bytes)
    }
}

/// How a frame was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// By a table, or it is the innermost.
    Table,
    /// By a frame pointer: functions that keep none may be missing before it.
    Pointer,
    /// By the call that led to a function which has not used the stack yet.
    Call,
    /// It is what a signal has interrupted.
    Interrupted,
}

/// A function that has not returned yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Where it goes on.
    pub address: u64,
    /// An address in the instruction that it is in, by which its function is found: a call can be the
    /// last instruction of a function.
    pub inside: u64,
    /// How it was found.
    pub found: Found,
}

/// Why a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the thread's first function.
    Outermost,
    /// At [`MOST_FRAMES`].
    Limit,
    /// Nothing that can be trusted tells who called.
    Unknown,
}

/// The frames of a thread, innermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// The first is the call itself.
    pub frames: Vec<Frame>,
    /// What is behind the last.
    pub end: End,
}

/// What one step found.
enum Step {
    /// The caller.
    To(Box<Context>, Found),
    /// There is none.
    Outermost,
    /// It cannot be told.
    Unknown,
}

/// Where a walk looks.
pub struct Surroundings<'a> {
    /// The memory of the process.
    pub memory: &'a dyn Memory,
    /// Its mappings.
    pub maps: &'a Maps,
    /// What is known of the file that is mapped somewhere.
    pub modules: &'a mut dyn FnMut(&Mapping) -> Option<Arc<Module>>,
    /// When to stop.
    pub until: Instant,
}

/// Walks from a thread that is in a system call outwards.
pub fn walk(context: &Context, surroundings: &mut Surroundings<'_>) -> Stack {
    let reader = Reader::new(surroundings.memory);
    let mut context = *context;
    // The instruction of the call is done, and nothing else has changed since.
    let mut frames = vec![frame(&context, Found::Table, &reader)];
    let mut is_called = false;
    let end = loop {
        if frames.len() >= MOST_FRAMES {
            break End::Limit;
        }
        let inside = frames.last().map_or(0, |frame| frame.inside);
        match step(&context, inside, is_called, &reader, surroundings) {
            _ if Instant::now() > surroundings.until => break End::Unknown,
            Step::Unknown => break End::Unknown,
            Step::Outermost => break End::Outermost,
            Step::To(caller, found) => {
                frames.push(frame(&caller, found, &reader));
                is_called = found != Found::Interrupted;
                context = *caller;
            }
        }
    };
    Stack { frames, end }
}

fn frame(context: &Context, found: Found, reader: &Reader<'_>) -> Frame {
    let address = context.counter;
    // Nothing has called what a handler returns to.
    let is_next = found == Found::Interrupted
        || signal::is_trampoline(context.machine, reader, context.counter);
    let inside = address.wrapping_sub(u64::from(!is_next));
    Frame {
        address,
        inside,
        found,
    }
}

/// From a frame to its caller.
fn step(
    context: &Context,
    inside: u64,
    is_called: bool,
    reader: &Reader<'_>,
    surroundings: &mut Surroundings<'_>,
) -> Step {
    if signal::is_trampoline(context.machine, reader, context.counter) {
        let maps = surroundings.maps;
        return match signal::interrupted(context, reader) {
            Some(before) if maps.is_code(before.counter) => {
                Step::To(Box::new(before), Found::Interrupted)
            }
            _ => Step::Unknown,
        };
    }
    let stepped = match module_of(inside, surroundings) {
        Some((module, address)) if module.frames().covers(address) => {
            table::step(context, &module, address, is_called, reader)
        }
        known => {
            let start = known.filter(|_| !is_called).and_then(|(module, address)| {
                let (_, far) = module.symbols().at(address)?;
                inside.checked_sub(far)
            });
            let entered = start.and_then(|start| call::into(context, start, reader));
            entered.unwrap_or_else(|| pointer::step(context, is_called, reader))
        }
    };
    match stepped {
        Step::To(caller, found) if leads_out(context, &caller, is_called, reader, surroundings) => {
            Step::To(caller, found)
        }
        Step::To(..) => Step::Unknown,
        stepped => stepped,
    }
}

/// The file that code is from, and its address in the file's own numbering.
fn module_of(address: u64, surroundings: &mut Surroundings<'_>) -> Option<(Arc<Module>, u64)> {
    let mapping = surroundings
        .maps
        .find(address)
        .filter(|one| one.executable)?;
    let offset = mapping.file_offset(address)?;
    let module = (surroundings.modules)(mapping)?;
    let address = module.address_of(offset)?;
    Some((module, address))
}

/// Whether a caller can be one: its frame lies above on the same stack, and it goes on behind a call, or
/// where the kernel has signal handlers return to.
fn leads_out(
    context: &Context,
    caller: &Context,
    is_called: bool,
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
) -> bool {
    let maps = surroundings.maps;
    let (from, to) = (context.lowest, caller.lowest);
    // On aarch64 a function that calls none needs no stack.
    let rises = to > from || to == from && !is_called && context.machine == Machine::Aarch64;
    let is_on_stack = maps.end_of_data(from).is_some_and(|end| to <= end);
    let inside = caller.counter.wrapping_sub(1);
    let goes_on = maps.is_code(inside) && call::is_before(caller.machine, reader, caller.counter)
        || maps.is_code(caller.counter)
            && signal::is_trampoline(caller.machine, reader, caller.counter);
    rises && is_on_stack && goes_on
}
