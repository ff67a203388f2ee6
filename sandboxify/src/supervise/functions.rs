//! Which function of which file a process is in, and which have called that one.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trace::ProcessMemory;
use trace::image::{Inode, Mapping, Maps, Module, demangled};
use trace::unwind::{self, Context, Surroundings};
use watch::{Caller, Place, Stack};

use super::mapped;

/// The files that were looked at. A file that could not be read is remembered, too.
#[derive(Default)]
pub(crate) struct Functions {
    known: HashMap<Key, Option<Arc<Module>>>,
    /// About how many bytes they take.
    size: usize,
}

/// What tells files apart.
type Key = (Inode, Vec<u8>);

/// More files than these are not kept.
const MOST_FILES: usize = 64;
/// Nor more bytes.
const MOST_BYTES: usize = 256 << 20;
/// How long the thread stands for the sake of its callers, but for the reading of a file.
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
        let maps = maps(thread)?;
        let place = self.view(thread).place(&maps, instruction, instruction);
        place.or_else(|| anonymous(&maps, instruction))
    }

    /// Who called the function that a thread is in.
    pub(crate) fn stack(&mut self, thread: i32, context: &Context) -> Stack {
        let maps = maps(thread).unwrap_or_else(|| Maps::parse(&[]));
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

    /// The module of a file that is mapped.
    fn of_file(&mut self, thread: i32, mapping: &Mapping, until: Instant) -> Option<Arc<Module>> {
        let key = (mapping.inode, mapping.path.clone()?);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let read = mapped::file(thread, mapping).and_then(|bytes| Module::read(&bytes, until));
        let module = read.map(Arc::new);
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

fn maps(thread: i32) -> Option<Maps> {
    let maps = fs::read(format!("/proc/{thread}/maps")).ok()?;
    Some(Maps::parse(&maps))
}

/// A place in memory without a file.
fn anonymous(maps: &Maps, instruction: u64) -> Option<Place> {
    Some(Place {
        module: "[anonymous]".to_owned(),
        offset: maps.find(instruction)?.file_offset(instruction)?,
        symbol: None,
    })
}
