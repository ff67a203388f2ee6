//! What can be seen of a process that has just made a call: its memory, its descriptors and its file.
//! All of it may be hostile and gone a moment later.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

use syscalls::render::Memory;
use trace::ProcessMemory;

/// A process as a renderer looks at it.
pub(crate) struct Sighted {
    process: i32,
    memory: ProcessMemory,
}

impl Sighted {
    pub(crate) fn new(process: i32) -> Sighted {
        Sighted {
            process,
            memory: ProcessMemory::of(process),
        }
    }
}

impl Memory for Sighted {
    fn read(&self, address: u64, bytes: &mut [u8]) -> usize {
        match self.process {
            // Another PID namespace's process has no number here.
            0 => 0,
            _ => self.memory.read(address, bytes),
        }
    }

    fn descriptor(&self, number: i32) -> Option<Vec<u8>> {
        let link = fs::read_link(format!("/proc/{}/fd/{number}", self.process)).ok()?;
        Some(link.as_os_str().as_bytes().to_vec())
    }
}

/// The path of a process's file, or where that is out of sight what the process calls itself.
pub(crate) fn program(process: i32) -> String {
    let link = fs::read_link(format!("/proc/{process}/exe"));
    let name = |_| fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    link.map_or_else(name, |path| path.to_string_lossy().into_owned())
        .trim_end_matches('\n')
        .to_owned()
}

/// Whether a process keeps its memory from us: it is undumpable, or Yama protects it (ptrace(2)).
pub(crate) fn is_closed(process: i32) -> bool {
    let opened = File::open(format!("/proc/{process}/mem"));
    opened.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

/// The command line of a process, as much of it as a report can hold.
pub(crate) fn command(process: i32) -> Vec<u8> {
    const MOST: u64 = 4096;
    let mut command = Vec::new();
    if let Ok(file) = File::open(format!("/proc/{process}/cmdline")) {
        let _ = file.take(MOST).read_to_end(&mut command);
    }
    command
}
