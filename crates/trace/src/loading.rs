//! seccomp(2) in a borrowed thread.

use nix::unistd::Pid;

use crate::borrowed::Borrowed;
use crate::image::Maps;
use crate::inject::Injection;
use crate::listener::Listener;
use crate::memory::ProcessMemory;
use crate::process::Process;
use crate::{Error, status};

/// Memory of a process that holds something of ours for a while.
struct Loan {
    memory: ProcessMemory,
    address: u64,
    before: Vec<u8>,
}

impl Loan {
    /// Puts what `bytes` makes for its address into memory that the process has.
    fn take(
        borrowed: &Borrowed,
        length: usize,
        bytes: impl FnOnce(u64) -> Vec<u8>,
    ) -> Result<Loan, Error> {
        let process = borrowed.thread();
        let no_room = Error::NoRoom { process };
        let maps = std::fs::read(format!("/proc/{process}/maps")).map_err(|_| Error::Gone)?;
        let place = Maps::parse(&maps).scratch(borrowed.stack_pointer(), length);
        let address = place.ok_or(no_room)?;
        let memory = ProcessMemory::of(process.as_raw());
        let mut before = vec![0; length];
        memory.read_all(address, &mut before)?;
        memory.write(address, &bytes(address))?;
        Ok(Loan {
            memory,
            address,
            before,
        })
    }

    fn give_back(self) -> Result<(), Error> {
        self.memory.write(self.address, &self.before)
    }
}

/// `struct sock_fprog` (include/uapi/linux/filter.h): a length, padding, a pointer.
const HEADER: usize = 16;

/// The program as seccomp(2) wants it, for a place in the process's memory.
fn laid_out(injection: &Injection<'_>, address: u64) -> Vec<u8> {
    let count = injection.instructions.len();
    let mut bytes = Vec::with_capacity(HEADER + 8 * count);
    bytes.extend_from_slice(&u64::try_from(count).unwrap_or_default().to_le_bytes());
    bytes.extend_from_slice(&(address + HEADER as u64).to_le_bytes());
    for instruction in injection.instructions {
        bytes.extend_from_slice(&instruction.code.to_le_bytes());
        bytes.extend_from_slice(&[instruction.jt, instruction.jf]);
        bytes.extend_from_slice(&instruction.k.to_le_bytes());
    }
    bytes
}

/// Loads a filter into the process of a borrowed thread.
pub(crate) fn load(
    borrowed: &Borrowed,
    injection: &Injection<'_>,
) -> Result<Option<Listener>, Error> {
    let process = borrowed.thread();
    let length = HEADER + 8 * injection.instructions.len();
    let loan = Loan::take(borrowed, length, |address| laid_out(injection, address))?;
    let answer = seccomp(borrowed, injection, loan.address);
    // After a failed load no filter is in the way; after a good one this needs no call.
    loan.give_back()?;
    let answer = answer?.map_err(|errno| Error::Refused { process, errno })?;
    match injection.listener {
        Some(words) => take_listener(borrowed, process, answer, words).map(Some),
        None if answer == 0 => Ok(None),
        // A thread's id: that one could not be synchronised.
        None => Err(Error::Refused {
            process,
            errno: libc::ESRCH,
        }),
    }
}

fn seccomp(
    borrowed: &Borrowed,
    injection: &Injection<'_>,
    address: u64,
) -> Result<Result<u64, i32>, Error> {
    const ALWAYS: u64 = libc::SECCOMP_FILTER_FLAG_TSYNC | libc::SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    let operation = u64::from(libc::SECCOMP_SET_MODE_FILTER);
    let call = |flags| {
        let arguments = [operation, flags, address, 0, 0, 0];
        borrowed.call(libc::SYS_seccomp, arguments)
    };
    let flags = ALWAYS | injection.flags;
    if injection.listener.is_none() {
        return call(flags);
    }
    let flags = flags | libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // Without it a signal calls a waiting call back, and a fast timer for ever (Linux 5.19).
    match call(flags | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)? {
        Err(libc::EINVAL) => call(flags),
        answer => Ok(answer),
    }
}

/// Copies the listener out of the process, and closes what it has of it.
fn take_listener(
    borrowed: &Borrowed,
    process: Pid,
    answer: u64,
    words: [u64; 3],
) -> Result<Listener, Error> {
    let leader = status::process_of(process.as_raw()).ok_or(Error::Gone)?;
    let number = i32::try_from(answer).map_err(|_| Error::Listener { errno: libc::EBADF })?;
    let descriptor = Process::open(leader)?
        .take_descriptor(number)
        .map_err(|errno| Error::Listener { errno })?;
    let [first, second, third] = words;
    borrowed
        .call(libc::SYS_close, [answer, 0, 0, first, second, third])?
        .map_err(|errno| Error::request("closing the listener", process, errno))?;
    Ok(Listener::new(descriptor))
}

/// Makes a process ignore SIGTRAP again: the breakpoint has reset that.
pub(crate) fn ignore_traps(borrowed: &Borrowed) -> Result<(), Error> {
    /// `struct sigaction` of the kernel: handler, flags, restorer, mask (rt_sigaction(2)).
    const LENGTH: usize = 32;
    const SET_SIZE: u64 = 8;
    let process = borrowed.thread();
    let ignore = |_| {
        let mut action = vec![0; LENGTH];
        action[0] = 1;
        action
    };
    let loan = Loan::take(borrowed, LENGTH, ignore)?;
    let signal = u64::try_from(libc::SIGTRAP).unwrap_or_default();
    let answer = borrowed.call(
        libc::SYS_rt_sigaction,
        [signal, loan.address, 0, SET_SIZE, 0, 0],
    );
    loan.give_back()?;
    answer?
        .map(drop)
        .map_err(|errno| Error::request("ignoring SIGTRAP", process, errno))
}
