//! What lies in the segment, and how it is written and read again. The stub finds two of these things by
//! their distance from itself: the number of instructions and the instructions.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 256 | the stub |
//! | 256 | 8 | the magic number, `SANDBOX` and a zero |
//! | 264 | 4 | the version of this layout, 1 |
//! | 268 | 4 | how many instructions, at most 4096 |
//! | 272 | 8 | the program's own entry point, an address before the program is moved |
//! | 280 | 4 | the length of the policy's text in bytes, at most 1 MiB |
//! | 284 | 4 | zero |
//! | 288 | 8 each | the instructions, `struct sock_filter` |
//! | | | the policy's text, UTF-8 |

use filter::Instruction;
use syscalls::Abi;

use crate::Error;
use crate::elf::{Reader, piece};
use crate::stub::{self, stub};

pub(crate) const MAGIC: &[u8; 8] = b"SANDBOX\0";
const VERSION: u32 = 1;
/// The most instructions that seccomp(2) takes (BPF_MAXINSNS, include/uapi/linux/bpf_common.h).
const MOST_INSTRUCTIONS: u32 = 4096;
const LONGEST_TEXT: u64 = 1 << 20;
const HEAD: u64 = 32;
const INSTRUCTION: u64 = 8;

/// A filter with what it needs in a file. All numbers are little-endian, as both machines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The program's own entry point.
    pub(crate) entry: u64,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) policy: String,
}

impl Seal {
    /// The length of all of it with the stub, in bytes.
    ///
    /// # Errors
    /// [`Error::TextTooLong`].
    pub(crate) fn length(&self) -> Result<u64, Error> {
        let text = self.policy.len() as u64;
        if text > LONGEST_TEXT {
            return Err(Error::TextTooLong);
        }
        Ok(stub::LENGTH + HEAD + INSTRUCTION * self.instructions.len() as u64 + text)
    }

    /// The bytes for a segment that has the stub at this address.
    ///
    /// # Errors
    /// [`Error::TooFar`], or [`Error::TextTooLong`].
    pub(crate) fn bytes(&self, abi: Abi, address: u64) -> Result<Vec<u8>, Error> {
        let count = u32::try_from(self.instructions.len()).unwrap_or(u32::MAX);
        let text = u32::try_from(self.policy.len()).map_err(|_| Error::TextTooLong)?;
        let mut bytes = stub(abi, address, self.entry)?;
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&self.entry.to_le_bytes());
        bytes.extend_from_slice(&text.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        for &Instruction { code, jt, jf, k } in &self.instructions {
            bytes.extend_from_slice(&code.to_le_bytes());
            bytes.extend_from_slice(&[jt, jf]);
            bytes.extend_from_slice(&k.to_le_bytes());
        }
        bytes.extend_from_slice(self.policy.as_bytes());
        Ok(bytes)
    }

    /// Reads what lies from a stub on, which itself is not looked at.
    ///
    /// # Errors
    /// [`Error::DoesNotHold`] for anything that [`Seal::bytes`] would not write.
    pub(crate) fn read(bytes: &[u8]) -> Result<Seal, Error> {
        let why = |why| Error::DoesNotHold { why };
        let cut = || why("its header is cut off");
        let head = piece(bytes, stub::LENGTH, HEAD).ok_or_else(cut)?;
        if !head.starts_with(MAGIC) {
            return Err(why("the header behind the stub is missing"));
        }
        let head = Reader(head);
        if head.single(8)? != VERSION || head.single(28)? != 0 {
            return Err(why("it is of another version of this program"));
        }
        let count = head.single(12)?;
        let length = u64::from(head.single(24)?);
        if count == 0 || count > MOST_INSTRUCTIONS || length > LONGEST_TEXT {
            return Err(why("its lengths are impossible"));
        }
        let size = u64::from(count) * INSTRUCTION;
        let program = piece(bytes, stub::LENGTH + HEAD, size).ok_or_else(cut)?;
        let text = piece(bytes, stub::LENGTH + HEAD + size, length).ok_or_else(cut)?;
        let text = std::str::from_utf8(text).map_err(|_| why("its policy is no text"))?;
        Ok(Seal {
            entry: head.word(16)?,
            instructions: instructions(program)?,
            policy: text.to_string(),
        })
    }
}

fn instructions(bytes: &[u8]) -> Result<Vec<Instruction>, Error> {
    let each = bytes.chunks_exact(8).map(|bytes| {
        let [jt, jf] = Reader(bytes).half(2)?.to_le_bytes();
        Ok(Instruction {
            code: Reader(bytes).half(0)?,
            jt,
            jf,
            k: Reader(bytes).single(4)?,
        })
    });
    each.collect()
}
