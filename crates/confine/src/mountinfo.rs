//! The mounts of this process, as /proc/self/mountinfo tells of them (proc_pid_mountinfo(5)).

use std::cell::RefCell;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::rc::Rc;

use rustix::fs::{AtFlags, StatxFlags, statx};
use rustix::io::{Errno, Result};

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The number that statx(2) knows it by.
    pub(crate) id: u64,
    /// The device of its file system, which all mounts of that have in common.
    pub(crate) device: Vec<u8>,
    /// Which part of its file system it shows.
    pub(crate) root: PathBuf,
    /// Where.
    pub(crate) point: PathBuf,
    /// Whether nothing can be written by way of it.
    pub(crate) read_only: bool,
}

/// All mounts of this process, as they were when they were last looked at: the kernel takes its time to
/// tell of many.
#[derive(Debug, Default)]
pub(crate) struct Table(RefCell<Option<Rc<Vec<Mount>>>>);

impl Table {
    /// All mounts; the one with this number is among them, if there is one.
    pub(crate) fn with(&self, id: u64) -> Result<Rc<Vec<Mount>>> {
        let known = self.0.borrow().clone();
        let is_there = |mounts: &Rc<Vec<Mount>>| mounts.iter().any(|mount| mount.id == id);
        if let Some(known) = known.filter(is_there) {
            return Ok(known);
        }
        let all = Rc::new(all()?);
        self.0.replace(Some(all.clone()));
        Ok(all)
    }

    /// To be called when something was mounted that may show what others show.
    pub(crate) fn forget(&self) {
        self.0.replace(None);
    }
}

fn all() -> Result<Vec<Mount>> {
    let text = fs::read("/proc/self/mountinfo").map_err(|error| errno(&error))?;
    let mounts = text.split(|&byte| byte == b'\n').filter_map(parse);
    Ok(mounts.collect())
}

/// The number of the mount by which an object was opened.
pub(crate) fn id_of(object: impl AsFd) -> Result<u64> {
    let answer = statx(object, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
    Ok(answer.stx_mnt_id)
}

/// Where an object was opened.
pub(crate) fn path_of(object: &impl AsRawFd) -> Result<PathBuf> {
    let link = format!("/proc/self/fd/{}", object.as_raw_fd());
    fs::read_link(link).map_err(|error| errno(&error))
}

/// One line: the number, the parent's, the device, the root, the mount point, the options, and more.
fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let device = fields.nth(1)?.to_vec();
    let root = unescaped(fields.next()?);
    let point = unescaped(fields.next()?);
    let mut options = fields.next()?.split(|&byte| byte == b',');
    Some(Mount {
        id,
        device,
        root,
        point,
        read_only: options.any(|option| option == b"ro"),
    })
}

/// The kernel writes blank, tab, newline, `#` and backslash as octal numbers.
pub(crate) fn unescaped(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, behind)) = rest.split_first() {
        let octal = behind.get(..3).filter(|_| first == b'\\').and_then(number);
        bytes.push(octal.unwrap_or(first));
        rest = match octal {
            Some(_) => behind.get(3..).unwrap_or_default(),
            None => behind,
        };
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

fn number(digits: &[u8]) -> Option<u8> {
    let octal = digits.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    let digits = std::str::from_utf8(digits).ok().filter(|_| octal)?;
    u8::from_str_radix(digits, 8).ok()
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_is_read_with_its_escapes() {
        let line = b"117 115 0:63 /a\\040b /srv/x\\134y rw,nosuid - tmpfs  ro,mode=755";
        let mount = Mount {
            id: 117,
            device: b"0:63".to_vec(),
            root: "/a b".into(),
            point: "/srv/x\\y".into(),
            read_only: false,
        };
        assert_eq!(parse(line), Some(mount));
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"1 2 3"), None);
    }

    #[test]
    fn the_mounts_of_this_process_are_all_read() {
        let lines = fs::read("/proc/self/mountinfo").unwrap();
        let lines = lines.split(|&byte| byte == b'\n');
        let count = lines.filter(|line| !line.is_empty()).count();
        let mounts = all().unwrap();
        assert_eq!(mounts.len(), count);
        let root = fs::File::open("/").unwrap();
        let id = id_of(&root).unwrap();
        assert!(mounts.iter().any(|mount| mount.id == id), "{id}");
    }

    /// As fs/proc_namespace.c writes a path (seq_path with " \t\n\\#").
    fn escaped(path: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        for &byte in path {
            match byte {
                b' ' | b'\t' | b'\n' | b'\\' | b'#' => text.extend(format!("\\{byte:03o}").bytes()),
                other => text.push(other),
            }
        }
        text
    }

    proptest! {
        #[test]
        fn any_path_comes_back_from_a_line(
            root in prop::collection::vec(1u8.., 0..40),
            point in prop::collection::vec(1u8.., 0..40),
            read_only: bool,
        ) {
            let mut line = b"9 8 0:1 /".to_vec();
            line.extend(escaped(&root));
            line.extend(b" /");
            line.extend(escaped(&point));
            line.extend(if read_only { b" nodev,ro - tmpfs x rw".as_slice() } else { b" rw - tmpfs x ro" });
            let mount = parse(&line).unwrap();
            prop_assert_eq!(&mount.root.as_os_str().as_bytes()[1..], root);
            prop_assert_eq!(&mount.point.as_os_str().as_bytes()[1..], point);
            prop_assert_eq!(mount.read_only, read_only);
        }

        #[test]
        fn any_line_is_a_mount_or_none(line in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(mount) = parse(&line) {
                prop_assert!(mount.point.as_os_str().len() <= line.len());
            }
        }
    }
}
