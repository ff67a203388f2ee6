//! The bytes of what a process has mapped: of the very file, not of one that lies under its name by now.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use trace::ProcessMemory;
use trace::image::{Inode, Mapping, Maps};

/// Larger files are not read for their functions.
const LARGEST: u64 = 64 << 20;
/// More of a process's mappings is not read: each of some 65,000 can have a name of 4096 bytes.
const LARGEST_MAPS: u64 = 16 << 20;
/// The kernel's own image has two pages on x86_64.
const LARGEST_KERNELS: u64 = 64 << 10;

/// Reads a mapped file; nothing that is not a regular file.
pub(crate) fn file(thread: i32, mapping: &Mapping) -> Option<Vec<u8>> {
    let file = open(thread, mapping)?;
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Reads what a process has mapped.
pub(crate) fn maps(thread: i32) -> Option<Maps> {
    let mut text = Vec::new();
    let file = File::open(format!("/proc/{thread}/maps")).ok()?;
    file.take(LARGEST_MAPS).read_to_end(&mut text).ok()?;
    // A line that is cut would have another name.
    let whole = text.iter().rposition(|byte| *byte == b'\n');
    Some(Maps::parse(text.get(..whole?)?))
}

/// Reads the image that the kernel maps into every process (vdso(7)).
pub(crate) fn kernels(thread: i32, mapping: &Mapping) -> Option<Vec<u8>> {
    let length = mapping.end.checked_sub(mapping.start)?;
    let length = usize::try_from(Some(length).filter(|&one| one <= LARGEST_KERNELS)?).ok()?;
    let mut bytes = vec![0; length];
    let count = ProcessMemory::of(thread).read(mapping.start, &mut bytes);
    bytes.truncate(count);
    Some(bytes)
}

/// Opens a mapped file: by the mapping, which needs privileges (proc(5), map_files), or else by its name
/// as the process sees it.
fn open(thread: i32, mapping: &Mapping) -> Option<File> {
    let name = mapping
        .path
        .as_deref()
        .filter(|name| name.starts_with(b"/"))?;
    let (start, end) = (mapping.start, mapping.end);
    let by_mapping = format!("/proc/{thread}/map_files/{start:x}-{end:x}");
    open_as(Path::new(&by_mapping), mapping).or_else(|| {
        let mut by_name = PathBuf::from(format!("/proc/{thread}/root"));
        by_name
            .as_mut_os_string()
            .push(std::ffi::OsStr::from_bytes(name));
        open_as(&by_name, mapping)
    })
}

/// Opens a path if it leads to the mapped file. Until that is known nothing is opened for reading, which
/// for a device could do anything. A program that holds a lease on its file is not waited for (fcntl(2)).
fn open_as(path: &Path, mapping: &Mapping) -> Option<File> {
    let mut options = OpenOptions::new();
    let found = options
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)
        .ok()?;
    let metadata = found.metadata().ok()?;
    let fits = metadata.is_file() && metadata.len() <= LARGEST;
    if !fits || !is_same(&metadata, mapping.inode) {
        return None;
    }
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let path = format!("/proc/self/fd/{}", found.as_raw_fd());
    options.open(path).ok()
}

/// Whether a file is the mapped one. Btrfs and overlays give a file another device than the mapping has,
/// and neither of the two is a real one.
fn is_same(metadata: &Metadata, mapped: Inode) -> bool {
    let device = metadata.dev();
    let (major, minor) = (libc::major(device).into(), libc::minor(device).into());
    let is_virtual = major == 0 || mapped.major == 0;
    metadata.ino() == mapped.number
        && (is_virtual || (major, minor) == (mapped.major, mapped.minor))
}
