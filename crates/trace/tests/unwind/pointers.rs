//! Frame pointers: true chains, and such as lead nowhere, in circles or to what no call returns to.

use super::*;

/// A chain of frames of some distance; returns behind calls, one for each frame.
fn chain(count: u64, distance: u64) -> (Pieces, Vec<u64>) {
    let mut pieces = Pieces::blank();
    let backs: Vec<u64> = (0..count).map(|n| CODE + 0x100 + n * 16).collect();
    for (n, &back) in (0..count).zip(&backs) {
        pieces.end_code(back, &[0xe8, 0, 0, 0, 0]);
        let next = if n + 1 == count {
            0
        } else {
            STACK + 0x100 + (n + 1) * distance
        };
        pieces.put(0x100 + n * distance, &[next, back]);
    }
    (pieces, backs)
}

fn start() -> Context {
    x86_64(CODE + 0x20, STACK + 0x80, STACK + 0x100)
}

#[test]
fn a_chain_is_followed_to_its_end() {
    let (pieces, backs) = chain(5, 0x40);
    let stack = walked(&start(), &pieces);
    let expected: Vec<_> = backs.iter().map(|&back| (back, Found::Pointer)).collect();
    assert_eq!(callers(&stack), expected);
    assert_eq!(stack.end, End::Outermost);
}

#[test]
fn a_long_chain_is_cut() {
    let (pieces, _) = chain(200, 0x10);
    let stack = walked(&start(), &pieces);
    assert_eq!((stack.frames.len(), stack.end), (MOST_FRAMES, End::Limit));
}

#[test]
fn a_chain_that_turns_back_is_left() {
    for target in [0x100, 0xf0, 0x140, 0x138] {
        let (mut pieces, backs) = chain(5, 0x40);
        pieces.put(0x140, &[STACK + target]);
        let stack = walked(&start(), &pieces);
        assert_eq!(callers(&stack).len(), 2, "{target:x}");
        assert_eq!(callers(&stack)[1].0, backs[1]);
        assert_eq!(stack.end, End::Unknown);
    }
}

#[test]
fn what_no_call_returns_to_is_not_shown() {
    let others = [
        0,
        1,
        CODE + 0x1000,
        CODE + SIZE,
        STACK + 0x200,
        0xffff_ffff_ffff_ffff,
    ];
    for other in others {
        let (mut pieces, backs) = chain(5, 0x40);
        pieces.put(0x148, &[other]);
        let stack = walked(&start(), &pieces);
        assert_eq!(callers(&stack), [(backs[0], Found::Pointer)], "{other:x}");
        assert_eq!(stack.end, End::Unknown);
    }
}

#[test]
fn frames_off_the_stack_are_not_followed() {
    let others = [
        8,
        CODE,
        STACK - 8,
        STACK + SIZE - 8,
        STACK + SIZE,
        STACK + 0x141,
        u64::MAX - 8,
    ];
    for other in others {
        let (mut pieces, backs) = chain(5, 0x40);
        pieces.put(0x100, &[other]);
        let stack = walked(&start(), &pieces);
        assert_eq!(callers(&stack), [(backs[0], Found::Pointer)], "{other:x}");
    }
}

#[test]
fn a_record_that_is_not_aligned_is_none() {
    for (place, is_one) in [(0x1c0, true), (0x1c4, false), (0x1c1, false)] {
        let (mut pieces, backs) = chain(3, 0x40);
        pieces.put(place, &[0, backs[1]]);
        pieces.put(0x100, &[STACK + place]);
        let stack = walked(&start(), &pieces);
        assert_eq!(callers(&stack).len(), 1 + usize::from(is_one), "{place:x}");
    }
}

#[test]
fn a_stack_pointer_that_points_nowhere_ends_the_walk() {
    let (pieces, _) = chain(5, 0x40);
    for pointer in [0, 8, CODE, u64::MAX] {
        let stack = walked(&x86_64(CODE, pointer, STACK + 0x100), &pieces);
        assert_eq!(
            (stack.frames.len(), stack.end),
            (1, End::Unknown),
            "{pointer:x}"
        );
    }
}

#[test]
fn aarch64_has_frame_records_and_signed_addresses() {
    const SIGNATURE: u64 = 0x2a << 49;
    let mut pieces = Pieces::blank();
    for (frame, next, back) in [
        (0x100, 0x180, 0x204),
        (0x180, 0x300, 0x304),
        (0x300, 0, 0x404),
    ] {
        let call = if back == 0x304 {
            0xd63f_0020_u32
        } else {
            0x9400_0010
        };
        pieces.end_code(CODE + back, &call.to_le_bytes());
        let next = if next == 0 { 0 } else { STACK + next };
        pieces.put(frame, &[next, (CODE + back) | SIGNATURE]);
    }
    let stack = walked(&aarch64(CODE + 4, STACK + 0x100, STACK + 0x100, 0), &pieces);
    let expected = [0x204, 0x304, 0x404].map(|back| (CODE + back, Found::Pointer));
    assert_eq!(callers(&stack), expected);
    assert_eq!(stack.end, End::Outermost);
}
