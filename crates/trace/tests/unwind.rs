//! Callers from registers, memory and files that were made for it: hostile ones, and those of the other
//! machine. Real programs are in tests/watch/.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]

use std::time::{Duration, Instant};

use trace::image::Maps;
use trace::unwind::{Context, End, Found, MOST_FRAMES, Machine, Memory, Stack, Surroundings, walk};

#[path = "unwind/damaged.rs"]
mod damaged;
#[path = "unwind/pointers.rs"]
mod pointers;
#[path = "unwind/signals.rs"]
mod signals;

/// Where code is, and how much.
pub const CODE: u64 = 0x40_0000;
/// Where the stack is, and how large.
pub const STACK: u64 = 0x7ffc_0000_0000;
/// The size of each.
pub const SIZE: u64 = 0x4000;

/// Memory of one piece of code and one stack.
pub struct Pieces {
    /// From [`CODE`] on.
    pub code: Vec<u8>,
    /// From [`STACK`] on.
    pub stack: Vec<u8>,
}

impl Pieces {
    /// Nothing but NOPs and zeros.
    pub fn blank() -> Pieces {
        Pieces {
            code: vec![0x90; SIZE as usize],
            stack: vec![0; SIZE as usize],
        }
    }

    /// Puts words onto the stack.
    pub fn put(&mut self, offset: u64, words: &[u64]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let start = offset as usize;
        self.stack[start..start + bytes.len()].copy_from_slice(&bytes);
    }

    /// Puts instructions so that they end before an address.
    pub fn end_code(&mut self, address: u64, code: &[u8]) {
        let end = (address - CODE) as usize;
        self.code[end - code.len()..end].copy_from_slice(code);
    }
}

impl Memory for Pieces {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        let from = |start: u64, piece: &[u8], bytes: &mut [u8]| {
            let skipped = usize::try_from(address.checked_sub(start)?).ok()?;
            let rest = piece.get(skipped..)?;
            let count = rest.len().min(bytes.len());
            bytes[..count].copy_from_slice(&rest[..count]);
            Some(count).filter(|&count| count > 0)
        };
        from(CODE, &self.code, bytes)
            .or_else(|| from(STACK, &self.stack, bytes))
            .unwrap_or(0)
    }
}

/// The mappings of these pieces.
pub fn maps() -> Maps {
    let lines = format!(
        "{:x}-{:x} r-xp 00000000 fe:01 7 /bin/made\n{:x}-{:x} rw-p 00000000 00:00 0 [stack]\n",
        CODE,
        CODE + SIZE,
        STACK,
        STACK + SIZE
    );
    Maps::parse(lines.as_bytes())
}

/// Registers of x86_64 with these three.
pub fn x86_64(counter: u64, pointer: u64, frame: u64) -> Context {
    let mut words = [0; 16];
    words[7] = pointer;
    words[6] = frame;
    Context::new(Machine::X86_64, counter, &words)
}

/// Registers of aarch64 with these four.
pub fn aarch64(counter: u64, pointer: u64, frame: u64, link: u64) -> Context {
    let mut words = [0; 32];
    words[29] = frame;
    words[30] = link;
    words[31] = pointer;
    Context::new(Machine::Aarch64, counter, &words)
}

/// Walks without any file.
pub fn walked(context: &Context, memory: &dyn Memory) -> Stack {
    let mut surroundings = Surroundings {
        memory,
        maps: &maps(),
        modules: &mut |_| None,
        until: Instant::now() + Duration::from_secs(60),
    };
    walk(context, &mut surroundings)
}

/// The addresses behind the first frame, and how each was found.
pub fn callers(stack: &Stack) -> Vec<(u64, Found)> {
    let callers = stack.frames.iter().skip(1);
    callers.map(|frame| (frame.address, frame.found)).collect()
}

#[test]
fn the_first_frame_is_the_call_itself_whatever_else_there_is() {
    for counter in [0, CODE + 2, u64::MAX] {
        let stack = walked(&x86_64(counter, 0, 0), &Pieces::blank());
        assert_eq!(stack.frames.len(), 1);
        assert_eq!(stack.frames[0].address, counter);
        assert_eq!(stack.end, End::Unknown);
    }
}

#[test]
fn a_walk_ends_when_its_time_is_over() {
    let mut pieces = Pieces::blank();
    let back = CODE + 0x100;
    pieces.end_code(back, &[0xe8, 0, 0, 0, 0]);
    pieces.put(0x100, &[STACK + 0x200, back]);
    pieces.put(0x200, &[STACK + 0x300, back]);
    let maps = maps();
    let mut surroundings = Surroundings {
        memory: &pieces,
        maps: &maps,
        modules: &mut |_| None,
        until: Instant::now() - Duration::from_millis(1),
    };
    let stack = walk(&x86_64(CODE, STACK, STACK + 0x100), &mut surroundings);
    assert_eq!((stack.frames.len(), stack.end), (1, End::Unknown));
    assert!(
        walked(&x86_64(CODE, STACK, STACK + 0x100), &pieces)
            .frames
            .len()
            > 2
    );
}
