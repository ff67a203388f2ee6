//! A thread that makes calls for us and afterwards is as it was.
//!
//! The thread stands at the border of the kernel. Two bytes at its program counter become a system
//! call, its registers the arguments, and PTRACE_SYSCALL runs it to the call's end: no trap is
//! raised, so no signal disposition changes (a forced SIGTRAP would reset one that is ignored). All
//! signals but SIGKILL and SIGSTOP wait meanwhile.

use nix::unistd::Pid;

use crate::Error;
use crate::memory::ProcessMemory;
use crate::registers::{CALL, Registers};
use crate::stop::{self, Stop};
use crate::sys;

/// A stopped thread, with everything that we change.
pub(crate) struct Borrowed {
    thread: Pid,
    registers: Registers,
    mask: u64,
    code: Vec<u8>,
}

/// All signals that can be blocked.
const ALL: u64 = u64::MAX;

impl Borrowed {
    /// Takes over a thread that stands at the border of the kernel.
    pub(crate) fn take(thread: Pid) -> Result<Borrowed, Error> {
        let registers = Registers::of(thread)?;
        if !registers.is_native() {
            return Err(Error::Foreign);
        }
        let failed = |errno| Error::request("reading the signal mask", thread, errno);
        let mask = sys::signal_mask(thread).map_err(failed)?;
        let memory = ProcessMemory::of(thread.as_raw());
        let mut code = vec![0; CALL.len()];
        memory.read_all(registers.program_counter(), &mut code)?;
        sys::set_signal_mask(thread, ALL).map_err(failed)?;
        memory.poke(registers.program_counter(), CALL)?;
        Ok(Borrowed {
            thread,
            registers,
            mask,
            code,
        })
    }

    pub(crate) fn thread(&self) -> Pid {
        self.thread
    }

    pub(crate) fn stack_pointer(&self) -> u64 {
        self.registers.stack_pointer()
    }

    /// Makes one call: its result, or its error number.
    pub(crate) fn call(
        &self,
        number: libc::c_long,
        arguments: [u64; 6],
    ) -> Result<Result<u64, i32>, Error> {
        let mut registers = self.registers;
        let number = u64::try_from(number).unwrap_or_default();
        registers.prepare(number, arguments);
        registers.write(self.thread)?;
        // Once to the call's beginning, once to its end.
        self.run_to_call()?;
        self.run_to_call()?;
        let result = Registers::of(self.thread)?.result();
        Ok(match i64::from_ne_bytes(result.to_ne_bytes()) {
            errno @ -4095..=-1 => Err(i32::try_from(-errno).unwrap_or(libc::EINVAL)),
            _ => Ok(result),
        })
    }

    /// Ends the process with a status.
    pub(crate) fn exit(self, status: u8) {
        // Success is an error: who has ended does not come to the end of the call.
        let _ = self.call(libc::SYS_exit_group, [status.into(), 0, 0, 0, 0, 0]);
    }

    /// SIGSTOP is obeyed on the way: sent again later, it could come behind the SIGCONT that ends it.
    fn run_to_call(&self) -> Result<(), Error> {
        stop::resume_to_call(self.thread, 0)?;
        loop {
            match stop::wait_for(self.thread)? {
                Stop::Call => return Ok(()),
                Stop::Ended => return Err(Error::Gone),
                Stop::Group => stop::listen(self.thread)?,
                Stop::Signal(libc::SIGSTOP) => stop::resume_to_call(self.thread, libc::SIGSTOP)?,
                _ => stop::resume_to_call(self.thread, 0)?,
            }
        }
    }

    /// Makes everything as it was. The thread stays stopped.
    pub(crate) fn give_back(self) -> Result<(), Error> {
        let memory = ProcessMemory::of(self.thread.as_raw());
        memory.poke(self.registers.program_counter(), &self.code)?;
        let mut registers = self.registers;
        registers.restart_call();
        registers.write(self.thread)?;
        sys::set_signal_mask(self.thread, self.mask)
            .map_err(|errno| Error::request("restoring the signal mask", self.thread, errno))?;
        Ok(())
    }
}
