//! Opening what is brought into a cell: once, step by step, so that nothing can be exchanged between
//! the look at it and its mount.
//!
//! The way is gone component by component with descriptors. A symbolic link that lies where the program
//! may write is never followed: a program could otherwise lay one, end, and have more of the host in its
//! next cell.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, mkdirat, openat, readlinkat};
use rustix::io::Errno;

use crate::error::{Error, place};
use crate::plan::{Bind, Bytes, Missing, Owner, User};
use crate::rights;

/// As many symbolic links as the kernel follows (path_resolution(7)).
const MOST_LINKS: u32 = 40;
const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens sources, one after another.
pub(crate) struct Opener<'a> {
    user: &'a User,
    /// What the program may write to, as the plan names it.
    writable: Vec<&'a Path>,
    /// The same, as it was found.
    found: Vec<(u64, u64)>,
}

/// How far a way was gone.
struct Way {
    /// Each directory on it, and at last what it leads to.
    open: Vec<OwnedFd>,
    /// Their names, but for the root's.
    names: PathBuf,
    ahead: VecDeque<Vec<u8>>,
    links: u32,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(user: &'a User, binds: impl Iterator<Item = &'a Bind>) -> Opener<'a> {
        let writable = binds.filter(|bind| !bind.read_only);
        Opener {
            user,
            writable: writable.map(|bind| bind.source.as_path()).collect(),
            found: Vec::new(),
        }
    }

    /// Opens the source of a bind; nothing where it is missing and may be.
    pub(crate) fn open(&mut self, bind: &Bind) -> Result<Option<OwnedFd>, Error> {
        let opened = rights::with(bind.reader, self.user, || self.walk(bind));
        match opened {
            Err(Error::Missing { .. }) if bind.missing == Missing::Skip => Ok(None),
            Err(error) => Err(error),
            Ok(source) => {
                if !bind.read_only {
                    self.found.push(identity(&source, &bind.source)?);
                }
                Ok(Some(source))
            }
        }
    }

    fn walk(&self, bind: &Bind) -> Result<OwnedFd, Error> {
        let mut way = Way::from_root(&bind.source)?;
        while let Some(name) = way.ahead.pop_front() {
            self.step(&mut way, &name, bind)?;
        }
        way.open.pop().ok_or_else(|| Error::Missing {
            path: bind.source.clone(),
        })
    }

    fn step(&self, way: &mut Way, name: &[u8], bind: &Bind) -> Result<(), Error> {
        if name == b".." {
            way.back();
            return Ok(());
        }
        let next = match openat(way.here()?, name, LOOK, Mode::empty()) {
            Err(Errno::NOENT) => self.make(way, name, bind)?,
            other => other.map_err(place("open", &bind.source))?,
        };
        let kind = fstat(&next).map_err(place("look at", &bind.source))?;
        if FileType::from_raw_mode(kind.st_mode) != FileType::Symlink {
            way.names.push(Path::new(std::ffi::OsStr::from_bytes(name)));
            way.open.push(next);
            return Ok(());
        }
        self.admit(way, name, bind)?;
        let target = readlinkat(&next, "", Vec::new()).map_err(place("read", &bind.source))?;
        way.turn(target.as_bytes());
        Ok(())
    }

    /// Whether a symbolic link may be followed.
    fn admit(&self, way: &mut Way, name: &[u8], bind: &Bind) -> Result<(), Error> {
        way.links += 1;
        let why = if !bind.follow {
            "and none is followed here"
        } else if self.is_writable(way, &bind.source)? {
            "and lies where the program may write"
        } else if way.links > MOST_LINKS {
            "one of too many"
        } else {
            return Ok(());
        };
        let link = way.names.join(Path::new(std::ffi::OsStr::from_bytes(name)));
        Err(Error::Link {
            path: bind.source.clone(),
            link: Bytes::from(link.as_path()),
            why,
        })
    }

    /// Whether the program may write to where a way has come to.
    fn is_writable(&self, way: &Way, source: &Bytes) -> Result<bool, Error> {
        if self.writable.iter().any(|one| way.names.starts_with(one)) {
            return Ok(true);
        }
        for directory in &way.open {
            if self.found.contains(&identity(directory, source)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes a directory that is missing, where that was asked for.
    fn make(&self, way: &Way, name: &[u8], bind: &Bind) -> Result<OwnedFd, Error> {
        let path = bind.source.clone();
        if bind.missing != Missing::Create {
            return Err(Error::Missing { path });
        }
        let home = &self.user.home;
        if !way.names.starts_with(home.as_path()) || bind.reader != Owner::User {
            let home = home.clone();
            return Err(Error::NotAtHome { path, home });
        }
        match mkdirat(way.here()?, name, Mode::RWXU) {
            // Somebody was faster; what that is will be looked at.
            Ok(()) | Err(Errno::EXIST) => {}
            Err(source) => return Err(place("make", &path)(source)),
        }
        openat(way.here()?, name, LOOK, Mode::empty()).map_err(place("open", &path))
    }
}

impl Way {
    fn from_root(path: &Bytes) -> Result<Way, Error> {
        let root = openat(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        Ok(Way {
            open: vec![root.map_err(place("open", path))?],
            names: PathBuf::from("/"),
            ahead: components(&path.0),
            links: 0,
        })
    }

    fn here(&self) -> Result<BorrowedFd<'_>, Error> {
        let here = self.open.last().ok_or_else(|| Error::Missing {
            path: Bytes::from(self.names.as_path()),
        })?;
        Ok(here.as_fd())
    }

    /// One up; the root is its own parent.
    fn back(&mut self) {
        if self.open.len() > 1 {
            self.open.pop();
            self.names.pop();
        }
    }

    /// Goes on where a symbolic link leads.
    fn turn(&mut self, target: &[u8]) {
        if target.starts_with(b"/") {
            self.open.truncate(1);
            self.names = PathBuf::from("/");
        }
        for name in components(target).into_iter().rev() {
            self.ahead.push_front(name);
        }
    }
}

/// The names of a path, without those that say nothing.
fn components(path: &[u8]) -> VecDeque<Vec<u8>> {
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.as_bytes().to_vec()),
        Component::ParentDir => Some(b"..".to_vec()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    names.collect()
}

fn identity(file: &OwnedFd, path: &Bytes) -> Result<(u64, u64), Error> {
    let status = fstat(file).map_err(place("look at", path))?;
    Ok((status.st_dev, status.st_ino))
}
