//! The program's file: found as a shell finds it, and looked at before it is run.
//!
//! What the filter cannot hold, or what would silently lose what makes it work, is refused here
//! with the reason. The kernel has the last word at exec; nothing here is a boundary.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use policy::Policy;
use syscalls::Abi;

use crate::elf::{Elf, Elsewhere};
use crate::failure::Failure;
use crate::script::{self, Interpreter};
use crate::sys;

/// What to execute: a file, its arguments from the zeroth on, and what kind of file runs.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) format: Format,
}

/// What the kernel will run in the end, behind any `#!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Format {
    /// An ELF file that the dynamic loader of glibc or musl starts.
    Dynamic,
    /// An ELF file on its own.
    Static,
    /// An ELF file whose calls come by another ABI, which the policy speaks of.
    OtherAbi,
    /// A file that we may not read, whose format the kernel alone may know, or with a loader that
    /// nobody knows.
    Unknown,
}

/// How often a `#!` may lead to another one (BINPRM recursion, fs/exec.c).
const DEEPEST: usize = 5;

impl Target {
    /// Finds a program and checks that it can run under a filter.
    pub(crate) fn resolve(
        program: OsString,
        arguments: Vec<OsString>,
        policy: &Policy,
    ) -> Result<Target, Failure> {
        let path = launch::find(&program)?;
        let mut all = vec![program];
        all.extend(arguments);
        Target::follow(path, all, policy, DEEPEST)
    }

    /// Looks through `#!` lines for what runs in the end; `env` is resolved on the way.
    fn follow(
        path: PathBuf,
        arguments: Vec<OsString>,
        policy: &Policy,
        depth: usize,
    ) -> Result<Target, Failure> {
        let header = Header::read(&path)?;
        let Some(interpreter) = script::interpreter(&header.bytes) else {
            let format = header.format(&path, policy)?;
            return Ok(Target {
                path,
                arguments,
                format,
            });
        };
        if depth == 0 {
            let why = "too many interpreters, one behind the other".to_string();
            return Err(Failure::NotExecutable { path, why });
        }
        if interpreter.is_env() {
            if let Some((program, arguments)) = script::through_env(&interpreter, &path, &arguments)
            {
                return Target::follow(launch::find(&program)?, arguments, policy, depth - 1);
            }
            if !exec_is_allowed(policy) {
                let why = second_exec(&interpreter);
                return Err(Failure::NotExecutable { path, why });
            }
        }
        Target::behind(&interpreter, path, arguments, policy, depth)
    }

    /// A script whose interpreter the kernel starts itself.
    fn behind(
        interpreter: &Interpreter,
        path: PathBuf,
        arguments: Vec<OsString>,
        policy: &Policy,
        depth: usize,
    ) -> Result<Target, Failure> {
        let file = interpreter.file();
        let Ok(found) = launch::usable(&file) else {
            let why = format!("its interpreter {} cannot be executed", file.display());
            return Err(Failure::NotExecutable { path, why });
        };
        let expanded = interpreter.arguments(&path, &arguments);
        let inner = Target::follow(found.clone(), expanded, policy, depth - 1)?;
        // An env behind it was resolved: its program runs, with what the kernel would give it.
        if inner.path != found {
            return Ok(inner);
        }
        let format = inner.format;
        Ok(Target {
            path,
            arguments,
            format,
        })
    }
}

/// Why an `env` with options cannot be resolved.
fn second_exec(interpreter: &Interpreter) -> String {
    format!(
        "its first line runs {} with options, which needs a second execve, and the policy does not allow execve",
        interpreter.file().display()
    )
}

fn exec_is_allowed(policy: &Policy) -> bool {
    let number = syscalls::number(policy.abi(), "execve");
    number.is_some_and(|number| policy.decide(policy.abi().audit(), number, &[0; 6]).runs())
}

/// The beginning of a file, and what its inode says.
struct Header {
    bytes: Vec<u8>,
    metadata: Metadata,
}

impl Header {
    /// Program headers lie right behind the ELF header in practice; a page holds both.
    const LENGTH: u64 = 4096;

    fn read(path: &Path) -> Result<Header, Failure> {
        let errno = |error: std::io::Error| error.raw_os_error().unwrap_or(libc::EIO);
        let metadata = path
            .metadata()
            .map_err(|error| Failure::cannot_run(path, errno(error)))?;
        let mut bytes = Vec::new();
        // A program may be executable without being readable.
        if let Ok(file) = File::open(path) {
            let read = file.take(Header::LENGTH).read_to_end(&mut bytes);
            read.map_err(|error| Failure::cannot_run(path, errno(error)))?;
        }
        Ok(Header { bytes, metadata })
    }

    /// Refuses what a filter would break or not hold, and says what kind of program it is.
    fn format(&self, path: &Path, policy: &Policy) -> Result<Format, Failure> {
        let refuse = |why: String| Failure::NotExecutable {
            path: path.to_path_buf(),
            why,
        };
        if gains_privileges(path, &self.metadata) {
            return Err(refuse("it gains privileges when executed (setuid, setgid or file capabilities), and under a filter it would run without them".into()));
        }
        let Some(elf) = Elf::new(&self.bytes) else {
            return Ok(Format::Unknown);
        };
        if let Some(why) = foreign(elf, policy) {
            return Err(refuse(why));
        }
        if !elf.is_native() {
            return Ok(Format::OtherAbi);
        }
        let loader = elf.loader().or_else(|_| loader_in_whole_file(path));
        let Ok(loader) = loader else {
            return Ok(Format::Unknown);
        };
        match loader {
            None => Ok(Format::Static),
            Some(loader) if !loader.exists() => Err(refuse(format!(
                "its loader {} is missing",
                loader.display()
            ))),
            Some(loader) if preloads(&loader) => Ok(Format::Dynamic),
            Some(_) => Ok(Format::Unknown),
        }
    }
}

/// Why the filter would refuse every call of a program, if it would.
fn foreign(elf: Elf<'_>, policy: &Policy) -> Option<String> {
    let native = Abi::NATIVE;
    match elf.abi() {
        Some(abi) if policy.tables().iter().any(|table| table.abi() == abi) => None,
        Some(abi) => Some(format!(
            "a 32-bit program (ELFCLASS32), and the filter is for {native}; add its ABI with --arch {abi}"
        )),
        None if !elf.is_64_bit() => Some(format!(
            "a 32-bit program (ELFCLASS32), and the filter is for {native}"
        )),
        None => Some(format!(
            "a program for another machine (ELF machine {}), and the filter is for {native}",
            elf.machine()
        )),
    }
}

/// The loader of a program whose first page does not tell.
fn loader_in_whole_file(path: &Path) -> Result<Option<PathBuf>, Elsewhere> {
    let bytes = std::fs::read(path).map_err(|_| Elsewhere)?;
    Elf::new(&bytes).ok_or(Elsewhere)?.loader()
}

/// Whether a loader is one that obeys LD_PRELOAD, by the names that glibc and musl install theirs
/// under. Any other program may stand in PT_INTERP, and what it preloads nobody knows.
fn preloads(loader: &Path) -> bool {
    let name = loader.file_name().unwrap_or_default().as_bytes();
    name.starts_with(b"ld-linux") || name.starts_with(b"ld-musl")
}

/// Whether exec gives the program ids or capabilities that its caller does not have.
fn gains_privileges(path: &Path, metadata: &Metadata) -> bool {
    const SET_UID: u32 = libc::S_ISUID;
    const SET_GID: u32 = libc::S_ISGID | libc::S_IXGRP;
    let mode = metadata.permissions().mode();
    // Without the execute bit for the group, set-gid on a file means mandatory locking (stat(2)).
    let by_mode = mode & SET_UID != 0 || mode & SET_GID == SET_GID;
    by_mode || (metadata.size() > 0 && sys::has_file_capabilities(path))
}
