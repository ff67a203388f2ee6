//! Signal frames as kernels lay them out, on both machines.

use super::*;

/// What is interrupted, and where its stack is.
const BEFORE: u64 = CODE + 0x800;
/// Where the handler's frame is, on a stack of its own or not.
const HANDLER: u64 = 0x100;

fn stack_of(context: &Context, pieces: &Pieces, trampoline: u64) {
    let stack = walked(context, pieces);
    let expected = [
        (trampoline, Found::Pointer),
        (BEFORE, Found::Interrupted),
        (CODE + 0x904, Found::Pointer),
    ];
    assert_eq!(callers(&stack), expected);
    assert_eq!(stack.frames[1].inside, trampoline, "nothing has called it");
    assert_eq!(stack.frames[2].inside, BEFORE, "it is not behind a call");
    assert_eq!(stack.end, End::Outermost);
}

#[test]
fn what_x86_64_has_interrupted_is_found() {
    let mut pieces = Pieces::blank();
    let trampoline = CODE + 0x400;
    let code = [0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05];
    pieces.end_code(trampoline + 9, &code);
    pieces.put(HANDLER, &[0, trampoline]);
    // The structure begins above the return address, and the interrupted stack may lie below.
    let registers = HANDLER + 16 + 40;
    pieces.put(registers + 8 * 10, &[STACK + 0x80]); // rbp
    pieces.put(registers + 8 * 15, &[STACK + 0x60, BEFORE]); // rsp, rip
    pieces.put(0x80, &[0, CODE + 0x904]);
    pieces.end_code(CODE + 0x904, &[0xff, 0xd0]);
    let context = x86_64(CODE + 0x10, STACK + HANDLER - 0x10, STACK + HANDLER);
    stack_of(&context, &pieces, trampoline);
}

#[test]
fn what_aarch64_has_interrupted_is_found_where_tables_lead_to_it() {
    let mut pieces = Pieces::blank();
    let trampoline = CODE + 0x400;
    let code = [0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4];
    pieces.end_code(trampoline + 8, &code);
    let registers = HANDLER + 128 + 176 + 8;
    pieces.put(registers + 8 * 29, &[STACK + 0x800]);
    pieces.put(registers + 8 * 31, &[STACK + 0x700, BEFORE]);
    pieces.put(0x800, &[0, CODE + 0x904]);
    pieces.end_code(CODE + 0x904, &0x9400_0010_u32.to_le_bytes());
    // A frame record does not tell where the stack pointer was, so the walk begins behind it.
    let context = aarch64(trampoline, STACK + HANDLER, STACK + 0x10, 0);
    let stack = walked(&context, &pieces);
    let expected = [(BEFORE, Found::Interrupted), (CODE + 0x904, Found::Pointer)];
    assert_eq!(callers(&stack), expected);
}

#[test]
fn signal_frames_that_lead_back_to_themselves_end() {
    let mut pieces = Pieces::blank();
    let trampoline = CODE + 0x400;
    let code = [0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05];
    pieces.end_code(trampoline + 9, &code);
    pieces.put(40 + 8 * 15, &[STACK, trampoline]);
    let stack = walked(&x86_64(trampoline, STACK, 0), &pieces);
    assert_eq!((stack.frames.len(), stack.end), (MOST_FRAMES, End::Limit));
}
