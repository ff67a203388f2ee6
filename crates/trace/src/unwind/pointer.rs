//! A step by frame pointers: for code without tables, such as Go's and what compilers make at run time.

use super::context::Context;
use super::reader::Reader;
use super::{Found, Step};

/// The saved frame pointer and the return address.
const RECORD: u64 = 16;

/// From a frame to the caller whose frame record the frame pointer points to. A function that has set up
/// none of its own is passed over.
pub(super) fn step(context: &Context, is_called: bool, reader: &Reader<'_>) -> Step {
    caller(context, is_called, reader).unwrap_or(Step::Unknown)
}

fn caller(context: &Context, is_called: bool, reader: &Reader<'_>) -> Option<Step> {
    let machine = context.machine;
    let pointer = context.get(machine.frame_pointer())?;
    if pointer == 0 && is_called {
        // The first function of a thread has none (System V ABI of x86_64, 3.4.1; Procedure Call
        // Standard for the Arm 64-bit Architecture, 6.4.6).
        return Some(Step::Outermost);
    }
    let aligned = pointer % 8 == 0 && pointer >= context.lowest;
    let saved = reader.word(pointer).filter(|_| aligned)?;
    let back = reader.word(pointer.checked_add(8)?)?;
    let lowest = pointer.checked_add(RECORD)?;
    let mut caller = context.caller(back, lowest);
    caller.set(machine.frame_pointer(), Some(saved));
    if machine.link().is_none() {
        // Elsewhere a frame record may lie anywhere in its frame.
        caller.set(machine.stack_pointer(), Some(lowest));
    }
    Some(Step::To(Box::new(caller), Found::Pointer))
}
