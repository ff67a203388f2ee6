//! From a plan's steps to a root: in a mount namespace of its own, everything is put together on a
//! file system in memory, which then becomes the root, and the host's tree goes away.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::{MountAttrFlags, MountPropagationFlags, UnmountFlags, mount_change, unmount};
use rustix::process::{chdir, fchdir, pivot_root};

use crate::cover::Covers;
use crate::error::{Error, call, place};
use crate::plan::{Bind, Bytes, Owner, Plan, Step};
use crate::source::Opener;
use crate::tree::{self, Tree};
use crate::{device, mounts};

/// Something that did not go as planned, and did not have to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A source is missing, and may be.
    Missing(Bytes),
    /// Something is there already, and stays.
    Kept(Bytes),
    /// There is nothing to cover.
    NothingToCover(Bytes),
}

/// Makes the tree of a plan the root of this process, which must be the first of its PID and mount
/// namespaces and have one thread. Says what was left out.
///
/// # Errors
/// [`Error`] with the place. The namespaces are of no use then.
pub fn build(plan: &Plan) -> Result<Vec<Remark>, Error> {
    // What is mounted here must not appear on the host, nor what is unmounted disappear there; and no
    // mount of the host may be kept busy by us for long, so nothing of it is shared either.
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(call("make all mounts private"))?;
    let root = mounts::file_system(
        "tmpfs",
        &[("mode", "0755")],
        mounts::attributes(false, false),
    )
    .map_err(call("make the root"))?;
    let stage = tree::host_directory(&plan.stage)?;
    tree::attach(&root, stage.as_fd()).map_err(place("mount on", &plan.stage))?;
    // Whatever of the host holds the stage is copied without what is put together on it.
    mount_change(plan.stage.as_path(), MountPropagationFlags::UNBINDABLE)
        .map_err(place("set apart", &plan.stage))?;
    let mut builder = Builder {
        maker: plan.maker,
        tree: Tree::new(root, &plan.user)?,
        opener: Opener::new(&plan.user, binds(plan)),
        covers: None,
        remarks: Vec::new(),
        stage: &plan.stage,
    };
    for step in &plan.steps {
        builder.take(step)?;
    }
    builder.opener.finish()?;
    enter(&builder.tree)?;
    Ok(builder.remarks)
}

fn binds(plan: &Plan) -> impl Iterator<Item = &Bind> {
    plan.steps.iter().filter_map(|step| match step {
        Step::Bind(bind) => Some(bind),
        _ => None,
    })
}

/// Makes the new tree the root, and lets go of the old one (pivot_root(2), the example with two dots).
fn enter(tree: &Tree<'_>) -> Result<(), Error> {
    fchdir(tree.root()).map_err(call("enter the new root"))?;
    pivot_root(".", ".").map_err(call("change the root"))?;
    unmount(".", UnmountFlags::DETACH).map_err(call("leave the old root"))?;
    chdir("/").map_err(call("enter the new root"))?;
    mount_change("/", MountPropagationFlags::PRIVATE).map_err(call("make the root a plain mount"))
}

struct Builder<'a> {
    maker: Owner,
    tree: Tree<'a>,
    opener: Opener<'a>,
    covers: Option<Covers>,
    remarks: Vec<Remark>,
    stage: &'a Bytes,
}

impl Builder<'_> {
    fn take(&mut self, step: &Step) -> Result<(), Error> {
        // What covers others shows nothing of them.
        if !matches!(step, Step::Cover { .. } | Step::Mask { .. }) {
            self.tree.mounts().forget();
        }
        match step {
            Step::Directory { path, mode, owner } => {
                self.tree.directory(path, *mode, *owner).map(drop)
            }
            Step::File { path, mode, text } => {
                let made = self.tree.file(path, *mode, &text.0)?;
                self.note_kept(made, path);
                Ok(())
            }
            Step::Symlink {
                path,
                target,
                owner,
            } => {
                let made = self.tree.symlink(path, target, *owner)?;
                self.note_kept(made, path);
                Ok(())
            }
            Step::Device {
                path,
                major,
                minor,
                mode,
                group,
            } => self.tree.device(path, (*major, *minor), *mode, *group),
            Step::HostDevice { path, major, minor } => self.host_device(path, (*major, *minor)),
            Step::Bind(bind) => self.bind(bind),
            Step::Cover { path, follow } => self.cover(path, *follow),
            Step::Mask { path } => self.mask(path),
            Step::Seal { path } => self.seal(path),
            Step::Freeze { path } => self.freeze(path),
            file_system => self.file_system(file_system),
        }
    }

    fn note_kept(&mut self, made: bool, path: &Bytes) {
        if !made {
            self.remarks.push(Remark::Kept(path.clone()));
        }
    }

    fn bind(&mut self, bind: &Bind) -> Result<(), Error> {
        let target = &bind.target;
        let found = self.tree.find(target)?;
        if !bind.replace && found.is_some() {
            self.note_kept(false, target);
            return Ok(());
        }
        let Some(source) = self.opener.open(bind)? else {
            self.remarks.push(Remark::Missing(bind.source.clone()));
            return Ok(());
        };
        let copy = mounts::copy(&source, bind).map_err(place("copy the mount of", &bind.source))?;
        self.tree.put(&copy, found, target)
    }

    /// A file system that is the cell's alone.
    fn put(&mut self, mount: &OwnedFd, path: &Bytes) -> Result<(), Error> {
        self.tree.adopt(mount, path)?;
        let found = self.tree.find(path)?;
        self.tree.put(mount, found, path)
    }

    fn cover(&mut self, path: &Bytes, follow: bool) -> Result<(), Error> {
        let found = match follow {
            true => self.tree.find(path)?,
            false => self.tree.find_itself(path)?,
        };
        let Some(object) = found else {
            self.remarks.push(Remark::NothingToCover(path.clone()));
            return Ok(());
        };
        if follow {
            self.tree.hold_links(path)?;
        }
        let covers = self.covers()?;
        let covered = covers.cover_everywhere(&self.tree, &object, path, self.stage);
        self.covers = Some(covers);
        covered
    }

    fn mask(&mut self, path: &Bytes) -> Result<(), Error> {
        let Some(object) = self.tree.find(path)? else {
            return Ok(());
        };
        let covers = self.covers()?;
        let covered = covers.cover(&self.tree, object, path);
        self.covers = Some(covers);
        covered
    }

    fn seal(&mut self, path: &Bytes) -> Result<(), Error> {
        self.tree.hold_links(path)?;
        let Some(object) = self.tree.find(path)? else {
            return Ok(());
        };
        let sealed = mounts::sealed(&object).map_err(place("copy the mount of", path))?;
        self.tree.put_on(&sealed, object, path)
    }

    fn freeze(&mut self, path: &Bytes) -> Result<(), Error> {
        let found = self.tree.find(path)?;
        let mount = found.ok_or_else(|| place("look at", path)(Errno::NOENT))?;
        mounts::freeze(&mount).map_err(place("make read-only", path))
    }

    fn host_device(&mut self, path: &Bytes, number: (u32, u32)) -> Result<(), Error> {
        let found = self.tree.find(path)?;
        let source = device::of_host(path, number)?;
        let copy = mounts::device(&source).map_err(place("copy the mount of", path))?;
        self.tree.put(&copy, found, path)
    }

    /// What covers others, made when it is needed first.
    fn covers(&mut self) -> Result<Covers, Error> {
        match self.covers.take() {
            Some(covers) => Ok(covers),
            None => Covers::new(),
        }
    }

    fn file_system(&mut self, step: &Step) -> Result<(), Error> {
        let path = step.place();
        let plain = mounts::attributes(false, false);
        let made = match step {
            Step::Memory { .. } => return self.memory(step),
            Step::Terminals { .. } => {
                let options = match self.maker {
                    Owner::Root => &[("ptmxmode", "0666"), ("mode", "0620"), ("gid", "5")][..],
                    // The group of terminals is not there.
                    Owner::User => &[("ptmxmode", "0666"), ("mode", "0600")],
                };
                mounts::file_system("devpts", options, mounts::attributes(false, true))
            }
            Step::Processes { .. } => {
                mounts::file_system("proc", &[("hidepid", "invisible")], plain)
            }
            Step::Hardware { .. } => {
                let read_only = plain | MountAttrFlags::MOUNT_ATTR_RDONLY;
                mounts::file_system("sysfs", &[], read_only)
            }
            Step::Queues { .. } => mounts::file_system("mqueue", &[], plain),
            _ => mounts::file_system("devtmpfs", &[], mounts::attributes(false, true)),
        };
        let mount = made.map_err(|source| match (self.maker, source) {
            (Owner::User, Errno::PERM) => Error::Covered { path: path.clone() },
            (_, source) => place("make the file system of", path)(source),
        })?;
        self.put(&mount, path)
    }

    fn memory(&mut self, step: &Step) -> Result<(), Error> {
        let Step::Memory {
            path,
            mode,
            owner,
            executable,
            devices,
            size,
        } = step
        else {
            return Ok(());
        };
        let user = self.tree.user();
        let (uid, gid) = match owner {
            Owner::Root => (0, 0),
            Owner::User => (user.uid, user.gid),
        };
        let mut texts = vec![("mode", format!("{mode:o}"))];
        // An ordinary user's are all his.
        if self.maker == Owner::Root {
            texts.extend([("uid", uid.to_string()), ("gid", gid.to_string())]);
        }
        texts.extend(size.map(|size| ("size", size.to_string())));
        let options: Vec<_> = texts
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let attributes = mounts::attributes(*executable, *devices);
        let mount = mounts::file_system("tmpfs", &options, attributes)
            .map_err(place("make the file system of", path))?;
        self.put(&mount, path)
    }
}
