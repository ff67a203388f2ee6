//! What can be seen of a process that has just made a call: its memory, its descriptors, its file, and
//! which function of which library called. All of it may be hostile and gone a moment later.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use syscalls::render::Memory;
use trace::ProcessMemory;
use trace::image::{Maps, Symbols, virtual_address};
use watch::Place;

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

/// The functions of files that were looked at.
#[derive(Default)]
pub(crate) struct Functions {
    known: HashMap<Vec<u8>, Option<Module>>,
}

/// A file with its functions.
struct Module {
    symbols: Symbols,
    bytes: Vec<u8>,
}

/// Larger files are not read for their symbols.
const LARGEST: u64 = 64 << 20;
/// More files than these are not kept.
const MOST_FILES: usize = 64;

impl Functions {
    /// The place of an instruction in a process.
    pub(crate) fn place(&mut self, process: i32, instruction: u64) -> Option<Place> {
        let maps = fs::read(format!("/proc/{process}/maps")).ok()?;
        let maps = Maps::parse(&maps);
        let mapping = maps.find(instruction)?;
        let path = mapping
            .path
            .clone()
            .unwrap_or_else(|| b"[anonymous]".to_vec());
        let offset = mapping.file_offset(instruction)?;
        let symbol = match mapping.file() {
            Some(file) => self.symbol(process, file, offset),
            None => None,
        };
        Some(Place {
            module: String::from_utf8_lossy(&path).into_owned(),
            offset,
            symbol,
        })
    }

    fn symbol(&mut self, process: i32, file: &[u8], offset: u64) -> Option<(String, u64)> {
        if !self.known.contains_key(file) {
            if self.known.len() >= MOST_FILES {
                self.known.clear();
            }
            let module = read(process, file).map(|bytes| Module {
                symbols: Symbols::new(&bytes),
                bytes,
            });
            self.known.insert(file.to_vec(), module);
        }
        let module = self.known.get(file)?.as_ref()?;
        let address = virtual_address(&module.bytes, offset)?;
        let (name, behind) = module.symbols.at(address)?;
        Some((name.to_owned(), behind))
    }
}

/// Reads a mapped file as the process sees it; nothing that is not a regular file.
fn read(process: i32, file: &[u8]) -> Option<Vec<u8>> {
    let name = String::from_utf8_lossy(file);
    let path = format!("/proc/{process}/root{name}");
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(Path::new(&path))
        .ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
