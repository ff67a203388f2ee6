//! The names of the cell's processes: some keep a cell alive when its program has ended.

use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags, openat};

use crate::plan::Bytes;

/// No more of a command line is looked at.
const MOST_BYTES: u64 = 4096;

/// Whether any process but the first has one of these names.
pub(crate) fn any(view: &OwnedFd, watched: &[Bytes]) -> bool {
    // What a mount is known by cannot be read itself (O_PATH).
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = openat(view, ".", flags, Mode::empty());
    let Ok(entries) = top.and_then(Dir::new) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let number = entry.file_name().to_bytes();
        let is_process = number.iter().all(u8::is_ascii_digit) && number != b"1";
        is_process && has_name(view, number, watched)
    })
}

/// Its own name, the first word of its command line or, for what an interpreter runs, the second.
fn has_name(view: &OwnedFd, number: &[u8], watched: &[Bytes]) -> bool {
    let own = read(view, number, b"comm");
    let own = own.strip_suffix(b"\n").unwrap_or(&own);
    let line = read(view, number, b"cmdline");
    let words = line.split(|&byte| byte == 0).take(2);
    let names = words.filter_map(|word| {
        let path = Path::new(std::ffi::OsStr::from_bytes(word));
        Some(path.file_name()?.as_bytes())
    });
    let mut names = names.chain([own]);
    names.any(|name| watched.iter().any(|one| one.0 == name))
}

/// Nothing of a process that has just ended.
fn read(view: &OwnedFd, number: &[u8], file: &[u8]) -> Vec<u8> {
    let path = [number, b"/", file].concat();
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let mut bytes = Vec::new();
    if let Ok(file) = openat(view.as_fd(), path.as_slice(), flags, Mode::empty()) {
        let file = std::fs::File::from(file);
        let _ = file.take(MOST_BYTES).read_to_end(&mut bytes);
    }
    bytes
}
