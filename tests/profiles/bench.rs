//! Where a program works: outside as an ordinary user, or in a cell of a profile.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sandbox_tests::{Run, built, skip};

use crate::house::NAME;

type House = crate::house::House<false>;
use crate::paper::Paper;

/// A place to work at.
pub struct Bench<'a> {
    pub house: &'a House,
    pub paper: &'a Paper,
    place: Place,
}

enum Place {
    Outside,
    Cell {
        profile: PathBuf,
        options: Vec<String>,
    },
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

impl<'a> Bench<'a> {
    /// No cell.
    pub fn outside(house: &'a House, paper: &'a Paper) -> Bench<'a> {
        Bench {
            house,
            paper,
            place: Place::Outside,
        }
    }

    /// The cell of the profile as it is shipped.
    pub fn shipped(house: &'a House, paper: &'a Paper) -> Bench<'a> {
        Bench::cell(house, paper, &paper.path, &[])
    }

    /// A cell of a profile, with options of `oz run`.
    pub fn cell(house: &'a House, paper: &'a Paper, profile: &Path, options: &[&str]) -> Bench<'a> {
        let place = Place::Cell {
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
        match &self.place {
            Place::Outside => self.run_outside().args(arguments),
            Place::Cell { profile, options } => self
                .house
                .run(built("oz"))
                .args(["run", "--user", NAME])
                .args(options)
                .arg(profile)
                .arg("--")
                .args(arguments),
        }
    }

    fn run_outside(&self) -> Run {
        let id = self.house.uid.to_string();
        let moved = self.paper.moved();
        let here = |text: &str| {
            let start = text.replace("/tmp/", &self.scratch());
            let replace = |text: String, (target, path): &(String, String)| {
                text.replace(target.as_str(), path)
            };
            moved.iter().fold(start, replace)
        };
        self.house
            .run("setpriv")
            .args(["--reuid", &id, "--regid", &id, "--clear-groups", "--"])
            .args(["env", "HOME=/home/tester", "PATH=/usr/bin:/bin"])
            .arg(here(self.paper.program()))
            .args(self.paper.default_arguments().iter().map(|one| here(one)))
    }

    /// A directory for what is not to stay, with a slash at its end: a cell has one of its own.
    pub fn scratch(&self) -> String {
        match self.place {
            Place::Outside => "/home/tester/scratch/".into(),
            Place::Cell { .. } => "/tmp/".into(),
        }
    }
}
