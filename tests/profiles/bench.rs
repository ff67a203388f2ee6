//! Where a program works: outside as an ordinary user, or in a cell of a profile.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox_tests::{Run, skip};

use crate::House;
use crate::house::NAME;
use crate::paper::{Paper, directory};

/// A place to work at.
pub struct Bench<'a> {
    pub house: &'a House,
    pub paper: &'a Paper,
    place: Place,
}

enum Place {
    Outside,
    Cell {
        maker: Maker,
        profile: PathBuf,
        options: Vec<String>,
    },
}

/// Who makes a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    Root,
    /// The one whom it is for.
    User,
}

/// A house for a program of profiles/, when it is installed.
pub fn house_for(paper: &Paper) -> Option<House> {
    let program = paper.program();
    let moved = paper.moved();
    let outside = moved.iter().find(|(target, _)| target == program);
    let path = outside.map_or(program, |(_, path)| path);
    if !Path::new(path).exists() {
        skip(&format!("{path} is not installed"));
        return None;
    }
    House::new()
}

/// setpriv(1), which becomes the user.
fn as_user(house: &House, run: Run) -> Run {
    let id = house.uid.to_string();
    run.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"])
}

/// Whether somebody can make cells here.
pub fn can_make(house: &House, maker: Maker) -> bool {
    let probe = || as_user(house, house.run("setpriv")).args(["unshare", "--user", "true"]);
    let can = maker == Maker::Root || probe().outcome().status == 0;
    if !can {
        skip("no user namespaces for ordinary users here");
    }
    can
}

/// A profile where everybody can read it, as it is installed.
pub fn readable(house: &House, paper: &Paper) -> PathBuf {
    let copies = house.path("copies");
    if !copies.exists() {
        fs::create_dir(&copies).expect("a directory");
        for entry in fs::read_dir(directory()).expect("profiles").flatten() {
            fs::copy(entry.path(), copies.join(entry.file_name())).expect("a copy");
        }
    }
    copies.join(paper.path.file_name().expect("a name"))
}

impl<'a> Bench<'a> {
    /// No cell.
    pub fn outside(house: &'a House, paper: &'a Paper) -> Bench<'a> {
        Bench {
            house,
            paper,
            place: Place::Outside,
        }
    }

    /// The cell of the profile as it is shipped, by root.
    pub fn shipped(house: &'a House, paper: &'a Paper) -> Bench<'a> {
        Bench::cell(house, paper, Maker::Root, &paper.path, &[])
    }

    /// The same by an ordinary user.
    pub fn of_user(house: &'a House, paper: &'a Paper) -> Bench<'a> {
        let profile = readable(house, paper);
        Bench::cell(house, paper, Maker::User, &profile, &[])
    }

    /// A cell of a profile, with options of `oz run`.
    pub fn cell(
        house: &'a House,
        paper: &'a Paper,
        maker: Maker,
        profile: &Path,
        options: &[&str],
    ) -> Bench<'a> {
        let place = Place::Cell {
            maker,
            profile: profile.into(),
            options: options.iter().map(|one| (*one).to_owned()).collect(),
        };
        Bench {
            house,
            paper,
            place,
        }
    }

    /// The program with arguments, as the user calls it in his home directory.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        let Place::Cell {
            maker,
            profile,
            options,
        } = &self.place
        else {
            return self.run_outside().args(arguments);
        };
        let called = match maker {
            Maker::Root => self.house.run(self.house.oz_program()),
            Maker::User => self.house.run(self.house.path("oz-of-the-user")),
        };
        let whom: &[&str] = match maker {
            Maker::Root => &["run", "--user", NAME],
            Maker::User => &["run"],
        };
        let run = called.args(whom).args(options).arg(profile);
        run.arg("--").args(arguments)
    }

    fn run_outside(&self) -> Run {
        let moved = self.paper.moved();
        let here = |text: &str| {
            let start = text.replace("/tmp/", &self.scratch());
            let replace = |text: String, (target, path): &(String, String)| {
                text.replace(target.as_str(), path)
            };
            moved.iter().fold(start, replace)
        };
        as_user(self.house, self.house.run("setpriv"))
            .args(["env", "HOME=/home/tester", "PATH=/usr/bin:/bin"])
            .arg(here(self.paper.program()))
            .args(self.paper.default_arguments().iter().map(|one| here(one)))
    }

    /// An empty directory of the user's in his home, whatever an earlier job left there.
    pub fn emptied(&self, name: &str) -> PathBuf {
        let directory = self.house.home().join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir(&directory).expect("a directory");
        self.house.give(&directory);
        directory
    }

    /// A directory for what is not to stay, with a slash at its end: a cell has one of its own.
    pub fn scratch(&self) -> String {
        match self.place {
            Place::Outside => "/home/tester/scratch/".into(),
            _ => "/tmp/".into(),
        }
    }
}
