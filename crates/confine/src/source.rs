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

use rustix::fs::{CWD, FileType, Mode, OFlags, fchmod, fstat, mkdirat, openat, readlinkat};
use rustix::io::Errno;

use crate::error::{Error, place};
use crate::plan::{Bind, Bytes, Missing, Owner, User};
use crate::rights;

/// As many symbolic links as the kernel follows (path_resolution(7)).
const MOST_LINKS: u32 = 40;
const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
const WRITABLE: &str = "and lies where the program may write";

/// Opens sources, one after another.
pub(crate) struct Opener<'a> {
    user: &'a User,
    /// What the program may write to, as the plan names it.
    writable: Vec<&'a Path>,
    /// The same, as it was found.
    found: Vec<Identity>,
    /// Links that were followed.
    followed: Vec<Followed>,
}

/// Device and number of a file.
type Identity = (u64, u64);

/// A link that was followed: it must not turn out later to lie where the program may write.
struct Followed {
    /// The directories above it.
    above: Vec<Identity>,
    path: Bytes,
    link: PathBuf,
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
            followed: Vec::new(),
        }
    }

    /// Whether all is as it seemed, now that everything is open.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let wrong = self
            .followed
            .iter()
            .find(|link| link.above.iter().any(|one| self.found.contains(one)));
        match wrong {
            Some(link) => Err(Error::Link {
                path: link.path.clone(),
                link: Bytes::from(link.link.as_path()),
                why: WRITABLE,
            }),
            None => Ok(()),
        }
    }

    /// Opens the source of a bind; nothing where it is missing and may be.
    pub(crate) fn open(&mut self, bind: &Bind) -> Result<Option<OwnedFd>, Error> {
        let user = self.user;
        let opened = rights::with(bind.reader, user, || self.walk(bind));
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

    fn walk(&mut self, bind: &Bind) -> Result<OwnedFd, Error> {
        let mut way = Way::from_root(&bind.source)?;
        while let Some(name) = way.ahead.pop_front() {
            self.step(&mut way, &name, bind)?;
        }
        way.open.pop().ok_or_else(|| Error::Missing {
            path: bind.source.clone(),
        })
    }

    fn step(&mut self, way: &mut Way, name: &[u8], bind: &Bind) -> Result<(), Error> {
        if name == b".." {
            way.back();
            return Ok(());
        }
        let next = match openat(way.here()?, name, LOOK, Mode::empty()) {
            Err(Errno::NOENT | Errno::NOTDIR) => self.make(way, name, bind)?,
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
    fn admit(&mut self, way: &mut Way, name: &[u8], bind: &Bind) -> Result<(), Error> {
        way.links += 1;
        let link = way.names.join(Path::new(std::ffi::OsStr::from_bytes(name)));
        let above = way.identities(&bind.source)?;
        let why = if !bind.follow {
            "and none is followed here"
        } else if self.is_writable(&way.names, &above) {
            WRITABLE
        } else if way.links > MOST_LINKS {
            "one of too many"
        } else {
            let path = bind.source.clone();
            self.followed.push(Followed { above, path, link });
            return Ok(());
        };
        Err(Error::Link {
            path: bind.source.clone(),
            link: Bytes::from(link.as_path()),
            why,
        })
    }

    /// Whether the program may write to where a way has come to.
    fn is_writable(&self, names: &Path, above: &[Identity]) -> bool {
        let named = self.writable.iter().any(|one| names.starts_with(one));
        named || above.iter().any(|one| self.found.contains(one))
    }

    /// Makes a directory that is missing, where that was asked for. It gets the mode of the one that it
    /// lies in.
    fn make(&self, way: &Way, name: &[u8], bind: &Bind) -> Result<OwnedFd, Error> {
        let path = bind.source.clone();
        if bind.missing != Missing::Create {
            return Err(Error::Missing { path });
        }
        if bind.reader != Owner::User || !self.is_at_home(way, &path)? {
            let home = self.user.home.clone();
            return Err(Error::NotAtHome { path, home });
        }
        let here = way.here()?;
        let above = fstat(here).map_err(place("look at", &path))?;
        let mode = Mode::from_raw_mode(above.st_mode & 0o777);
        match mkdirat(here, name, Mode::RWXU) {
            Ok(()) => openat(here, name, DIRECTORY, Mode::empty())
                .and_then(|made| fchmod(made, mode))
                .map_err(place("set the mode of", &path))?,
            // Somebody was faster; what that is will be looked at.
            Err(Errno::EXIST) => {}
            Err(source) => return Err(place("make", &path)(source)),
        }
        openat(here, name, LOOK, Mode::empty()).map_err(place("open", &path))
    }

    /// Whether a way has come to the home directory or below it, by whatever name that has.
    fn is_at_home(&self, way: &Way, path: &Bytes) -> Result<bool, Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let home = openat(CWD, self.user.home.as_path(), flags, Mode::empty());
        let home = identity(&home.map_err(place("open", &self.user.home))?, path)?;
        Ok(way.identities(path)?.contains(&home))
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

    /// What the directories on it are.
    fn identities(&self, path: &Bytes) -> Result<Vec<Identity>, Error> {
        let open = self.open.iter();
        open.map(|directory| identity(directory, path)).collect()
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

fn identity(file: &OwnedFd, path: &Bytes) -> Result<Identity, Error> {
    let status = fstat(file).map_err(place("look at", path))?;
    Ok((status.st_dev, status.st_ino))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    /// A directory with `real/file`, and a user whose home it is.
    fn place() -> (tempfile::TempDir, User) {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("real")).unwrap();
        fs::write(directory.path().join("real/file"), "").unwrap();
        let home = Bytes::from(directory.path());
        let (uid, gid, groups) = (1, 1, Vec::new());
        (
            directory,
            User {
                uid,
                gid,
                groups,
                home,
            },
        )
    }

    /// With the rights of whoever runs the tests: to take a user's is root's.
    fn bind(user: &User, source: &str, read_only: bool) -> Bind {
        let source = Bytes::from(user.home.as_path().join(source).as_path());
        Bind {
            target: source.clone(),
            source,
            reader: Owner::Root,
            follow: true,
            missing: Missing::Fail,
            replace: false,
            read_only,
            executable: true,
        }
    }

    fn number(path: &Path) -> u64 {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).unwrap().ino()
    }

    #[test]
    fn links_are_followed_where_nobody_can_write() {
        let (directory, user) = place();
        let home = directory.path();
        symlink("real", home.join("relative")).unwrap();
        symlink(home.join("relative/../real"), home.join("absolute")).unwrap();
        let binds = [
            "real/file",
            "relative/file",
            "absolute/file",
            "real/../relative/file",
        ];
        let binds = binds.map(|source| bind(&user, source, true));
        let mut opener = Opener::new(&user, binds.iter());
        for bind in &binds {
            let opened = opener.open(bind).unwrap().unwrap();
            let status = fstat(&opened).unwrap();
            assert_eq!(
                status.st_ino,
                number(&home.join("real/file")),
                "{}",
                bind.source
            );
        }
        opener.finish().unwrap();
        let refused = Bind {
            follow: false,
            ..bind(&user, "relative/file", true)
        };
        assert!(matches!(opener.open(&refused), Err(Error::Link { .. })));
    }

    #[test]
    fn links_are_not_followed_where_the_program_writes_whatever_that_is_called() {
        let (directory, user) = place();
        let home = directory.path();
        symlink("/etc/passwd", home.join("real/laid")).unwrap();
        symlink("real", home.join("alias")).unwrap();
        let laid = bind(&user, "real/laid", true);
        for writable in ["real", "alias", "."] {
            let binds = [bind(&user, writable, false), laid.clone()];
            let mut opener = Opener::new(&user, binds.iter());
            // The alias is itself below what is written to, when that is everything.
            if opener.open(&binds[0]).is_ok() {
                assert!(
                    matches!(opener.open(&laid), Err(Error::Link { .. })),
                    "{writable}"
                );
            }
            let mut opener = Opener::new(&user, binds.iter());
            let first = opener.open(&laid);
            let found = opener.open(&binds[0]);
            let all = first.and(found).and_then(|_| opener.finish());
            assert!(matches!(all, Err(Error::Link { .. })), "{writable} {all:?}");
        }
    }

    #[test]
    fn circles_end_and_what_is_missing_is_missing() {
        let (directory, user) = place();
        symlink("circle", directory.path().join("circle")).unwrap();
        let binds = [bind(&user, "circle/x", true)];
        let mut opener = Opener::new(&user, binds.iter());
        assert!(matches!(
            opener.open(&binds[0]),
            Err(Error::Link {
                why: "one of too many",
                ..
            })
        ));
        for missing in ["none", "real/none/x", "real/file/x"] {
            let bind = bind(&user, missing, true);
            assert!(
                matches!(opener.open(&bind), Err(Error::Missing { .. })),
                "{missing}"
            );
            let ignored = Bind {
                missing: Missing::Skip,
                ..bind
            };
            assert!(opener.open(&ignored).unwrap().is_none(), "{missing}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The kernel walks the same way when nobody is in it.
        #[test]
        fn a_way_ends_where_the_kernel_says(
            names in prop::collection::vec(prop::sample::select(vec!["real", "file", "..", ".", "up", "round", "none", "x"]), 0..8),
        ) {
            let (directory, user) = place();
            let home = directory.path();
            symlink("..", home.join("real/up")).unwrap();
            symlink("real/../round/x", home.join("round")).unwrap();
            symlink("./real//up/real/", home.join("x")).unwrap();
            let bind = bind(&user, &names.join("/"), true);
            let mut opener = Opener::new(&user, std::iter::once(&bind));
            let opened = opener.open(&bind);
            match fs::canonicalize(bind.source.as_path()) {
                Ok(path) => {
                    let status = fstat(opened.unwrap().unwrap()).unwrap();
                    prop_assert_eq!(status.st_ino, number(&path));
                }
                // What a name after a file is, `.` and `..` included, is not looked at there.
                Err(_) if opened.is_ok() => prop_assert!(names.contains(&"file")),
                Err(_) => {}
            }
        }
    }
}
