//! Which function of which file a process is in, and which have called that one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use trace::ProcessMemory;
use trace::image::{Inode, Mapping, Maps, Module, demangled};
use trace::unwind::{self, Context, Surroundings};
use watch::{Caller, Place, Stack};

use crate::mapped;

/// The files that were looked at. A file that could not be read is remembered, too.
#[derive(Default)]
pub(crate) struct Functions {
    known: HashMap<Key, Option<Arc<Module>>>,
    /// About how many bytes they take.
    size: usize,
    /// A file that is still being read.
    late: Option<(Key, Receiver<Option<Module>>)>,
}

/// What tells files apart.
type Key = (Inode, Vec<u8>);

/// More files than these are not kept.
const MOST_FILES: usize = 64;
/// Nor more bytes.
const MOST_BYTES: usize = 256 << 20;
/// How long the thread stands for the sake of its callers.
const PATIENCE: Duration = Duration::from_secs(1);

/// One process, looked at once.
struct View<'a> {
    functions: &'a mut Functions,
    thread: i32,
    until: Instant,
    /// Its own, because what is mapped there is no file that could be told from another.
    kernels: Option<Option<Arc<Module>>>,
}

impl Functions {
    /// The place of a call in a process, behind its instruction.
    pub(crate) fn place(&mut self, thread: i32, instruction: u64) -> Option<Place> {
        let maps = mapped::maps(thread)?;
        let place = self.view(thread).place(&maps, instruction, instruction);
        place.or_else(|| anonymous(&maps, instruction))
    }

    /// Who called the function that a thread is in.
    pub(crate) fn stack(&mut self, thread: i32, context: &Context) -> Stack {
        let maps = mapped::maps(thread).unwrap_or_else(|| Maps::parse(&[]));
        let memory = ProcessMemory::of(thread);
        let mut view = self.view(thread);
        let until = view.until;
        let walked = unwind::walk(
            context,
            &mut Surroundings {
                memory: &memory,
                maps: &maps,
                modules: &mut |mapping| view.module(mapping),
                until,
            },
        );
        let callers = walked.frames.iter().skip(1).map(|frame| Caller {
            address: frame.address,
            place: view.place(&maps, frame.address, frame.inside),
            found: frame.found,
        });
        Stack {
            callers: callers.collect(),
            end: walked.end,
        }
    }

    fn view(&mut self, thread: i32) -> View<'_> {
        View {
            functions: self,
            thread,
            until: Instant::now() + PATIENCE,
            kernels: None,
        }
    }

    /// The module of a file that is mapped. Reading it can take for ever: its file system may be served by
    /// a process that waits for us, or by none. So nobody waits longer than until then, and while one
    /// file is late no other is begun.
    fn of_file(&mut self, thread: i32, mapping: &Mapping, until: Instant) -> Option<Arc<Module>> {
        let key = (mapping.inode, mapping.path.clone()?);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        self.take_up_late();
        if self.late.is_some() {
            return None;
        }
        let reading = read(thread, mapping.clone());
        match reading.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => {
                self.late = Some((key, reading));
                None
            }
            read => self.keep(key, read.ok().flatten()),
        }
    }

    /// Keeps a file that took too long, if it is there by now.
    fn take_up_late(&mut self) {
        if let Some((key, reading)) = self.late.take() {
            match reading.try_recv() {
                Err(TryRecvError::Empty) => self.late = Some((key, reading)),
                read => drop(self.keep(key, read.ok().flatten())),
            }
        }
    }

    fn keep(&mut self, key: Key, module: Option<Module>) -> Option<Arc<Module>> {
        let module = module.map(Arc::new);
        let size = module.as_ref().map_or(0, |module| module.size());
        if self.known.len() >= MOST_FILES || self.size.saturating_add(size) > MOST_BYTES {
            self.known.clear();
            self.size = 0;
        }
        self.size = self.size.saturating_add(size);
        self.known.insert(key, module.clone());
        module
    }
}

impl View<'_> {
    /// The place of an address, by one that lies in the same function.
    fn place(&mut self, maps: &Maps, address: u64, inside: u64) -> Option<Place> {
        let mapping = maps.find(inside)?;
        let behind = address.wrapping_sub(inside);
        let (module, offset) = (mapping.path.as_deref()?, mapping.file_offset(inside)?);
        let symbol = self.module(mapping).and_then(|module| {
            let (name, far) = module.symbols().at(module.address_of(offset)?)?;
            Some((demangled(name), far.saturating_add(behind)))
        });
        Some(Place {
            module: String::from_utf8_lossy(module).into_owned(),
            offset: offset.saturating_add(behind),
            symbol,
        })
    }

    fn module(&mut self, mapping: &Mapping) -> Option<Arc<Module>> {
        if mapping.path.as_deref() != Some(b"[vdso]") {
            return self.functions.of_file(self.thread, mapping, self.until);
        }
        let (thread, until) = (self.thread, self.until);
        let read = || {
            let image = mapped::kernels(thread, mapping)?;
            Module::read(&image, until).map(Arc::new)
        };
        self.kernels.get_or_insert_with(read).clone()
    }
}

/// Reads a file in a thread of its own.
fn read(thread: i32, mapping: Mapping) -> Receiver<Option<Module>> {
    let (done, reading) = mpsc::sync_channel(1);
    let work = move || {
        let bytes = mapped::file(thread, &mapping);
        // A file that came late is of use to the next that asks.
        let module = bytes.and_then(|bytes| Module::read(&bytes, Instant::now() + PATIENCE));
        // Nobody may be waiting any more.
        let _ = done.send(module);
    };
    // Where no thread can be made the channel is closed, and that is a file which cannot be read.
    let _ = std::thread::Builder::new().spawn(work);
    reading
}

/// A place in memory without a file.
fn anonymous(maps: &Maps, instruction: u64) -> Option<Place> {
    Some(Place {
        module: "[anonymous]".to_owned(),
        offset: maps.find(instruction)?.file_offset(instruction)?,
        symbol: None,
    })
}
