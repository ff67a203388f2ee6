//! The memory of another process, which may be hostile and may change while it is read.

use std::fs::{File, OpenOptions};
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;

use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

use crate::Error;

/// A process's memory, for reading.
#[derive(Debug)]
pub struct ProcessMemory {
    process: Pid,
}

const PAGE: u64 = 4096;
const WORD: u64 = 8;

impl ProcessMemory {
    /// The memory of a process or thread.
    pub fn of(process: i32) -> ProcessMemory {
        ProcessMemory {
            process: Pid::from_raw(process),
        }
    }

    /// Copies bytes from an address on; how many there were. It ends at the first page that is not
    /// there or not permitted (process_vm_readv(2), else `/proc/PID/mem`).
    pub fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            let Some(at) = address.checked_add(done as u64) else {
                break;
            };
            let left = usize::try_from(PAGE - at % PAGE).unwrap_or(usize::MAX);
            let end = bytes.len().min(done.saturating_add(left));
            let Some(piece) = bytes.get_mut(done..end) else {
                break;
            };
            match self.read_within_page(at, piece) {
                0 => break,
                count => done += count,
            }
        }
        done
    }

    fn read_within_page(&self, address: u64, bytes: &mut [u8]) -> usize {
        let Ok(base) = usize::try_from(address) else {
            return 0;
        };
        let remote = [RemoteIoVec {
            base,
            len: bytes.len(),
        }];
        let direct = process_vm_readv(self.process, &mut [IoSliceMut::new(bytes)], &remote);
        match direct {
            Ok(count) => count,
            Err(nix::errno::Errno::EFAULT) => 0,
            Err(_) => self
                .open(false)
                .and_then(|memory| memory.read_at(bytes, address))
                .unwrap_or(0),
        }
    }

    fn open(&self, write: bool) -> std::io::Result<File> {
        let path = format!("/proc/{}/mem", self.process);
        OpenOptions::new().read(true).write(write).open(path)
    }

    /// Copies exactly as many bytes as there is room for.
    pub(crate) fn read_all(&self, address: u64, bytes: &mut [u8]) -> Result<(), Error> {
        match self.read(address, bytes) == bytes.len() {
            true => Ok(()),
            false => Err(Error::request(
                "reading the memory",
                self.process,
                libc::EFAULT,
            )),
        }
    }

    /// Writes data to pages that the process may write to itself; it must be stopped.
    pub(crate) fn write(&self, address: u64, bytes: &[u8]) -> Result<(), Error> {
        let base = usize::try_from(address).unwrap_or_default();
        let remote = [RemoteIoVec {
            base,
            len: bytes.len(),
        }];
        match process_vm_writev(self.process, &[IoSlice::new(bytes)], &remote) {
            Ok(count) if count == bytes.len() => Ok(()),
            _ => self.poke(address, bytes),
        }
    }

    /// Writes through the tracer's door, to code as well (PTRACE_POKEDATA, ptrace(2)), a word at a
    /// time; the thread must be stopped.
    pub(crate) fn poke(&self, address: u64, bytes: &[u8]) -> Result<(), Error> {
        let failed = |errno: nix::errno::Errno| {
            Error::request("writing to the memory", self.process, errno as i32)
        };
        let mut at = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let word = at - at % WORD;
            let place = word as ptrace::AddressType;
            let skip = usize::try_from(at - word).unwrap_or_default();
            let count = rest.len().min(8 - skip);
            let mut value = ptrace::read(self.process, place)
                .map_err(failed)?
                .to_ne_bytes();
            value[skip..skip + count].copy_from_slice(&rest[..count]);
            let value = libc::c_long::from_ne_bytes(value);
            ptrace::write(self.process, place, value).map_err(failed)?;
            rest = &rest[count..];
            at = word.wrapping_add(WORD);
        }
        Ok(())
    }
}
