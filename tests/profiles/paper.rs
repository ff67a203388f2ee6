//! The files in profiles/.

use std::fs;
use std::path::PathBuf;

use sandbox_tests::repository;
use serde_json::Value;

/// Where they lie.
pub fn directory() -> PathBuf {
    repository().join("profiles")
}

/// The names of all profiles, in order.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(directory()).expect("profiles");
    let paths = entries.flatten().map(|entry| entry.path());
    let profiles = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let names = profiles.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A shipped profile.
pub struct Paper {
    /// Its file.
    pub path: PathBuf,
    /// The lines before the first key, without their marks.
    pub comment: String,
    /// What it says.
    pub keys: Value,
}

impl Paper {
    pub fn of(name: &str) -> Paper {
        let path = directory().join(format!("{name}.json"));
        let text = fs::read_to_string(&path).expect("a profile");
        let is_comment = |line: &&str| line.trim_start().starts_with('#');
        let comment = text.lines().take_while(is_comment);
        let json: Vec<&str> = text.lines().filter(|line| !is_comment(line)).collect();
        Paper {
            comment: comment.map(|line| format!("{line}\n")).collect(),
            keys: serde_json::from_str(&json.join("\n")).expect("JSON"),
            path,
        }
    }

    /// The program.
    pub fn program(&self) -> &str {
        self.keys["path"].as_str().expect("a path")
    }

    /// Arguments before the user's.
    pub fn default_arguments(&self) -> Vec<String> {
        let arguments = self.keys["default_params"].as_array();
        let arguments = arguments.into_iter().flatten();
        arguments
            .filter_map(|one| Some(one.as_str()?.to_owned()))
            .collect()
    }

    /// What lies elsewhere in the cell: there, and on the host.
    pub fn moved(&self) -> Vec<(String, String)> {
        let items = self.keys["whitelist"].as_array().into_iter().flatten();
        let moved = items.filter_map(|item| {
            let (target, path) = (item["target"].as_str()?, item["path"].as_str()?);
            Some((target.into(), path.replace("${HOME}", "/home/tester")))
        });
        moved.collect()
    }

    /// The policy.
    pub fn policy(&self) -> PathBuf {
        let name = self.keys["seccomp"]["whitelist"].as_str();
        directory().join(name.expect("a policy"))
    }
}

#[test]
fn every_profile_enforces_a_whitelist_of_its_own_and_shows_no_home_without_a_word() {
    let names = names();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        let paper = Paper::of(&name);
        let seccomp = &paper.keys["seccomp"];
        assert_eq!(seccomp["mode"], "whitelist", "{name}");
        assert_eq!(seccomp["enforce"], true, "{name}");
        assert_eq!(seccomp["whitelist"], format!("{name}.seccomp"));
        assert_eq!(paper.keys["name"], name.as_str());
        assert_eq!(paper.keys["limits"]["core"], 0, "{name}");
        for part in [&format!("sudo oz run {name}"), "Shown: ", "Hidden: "] {
            assert!(paper.comment.contains(part), "{name}: no {part:?}");
        }
        let items = paper.keys["whitelist"].as_array().into_iter().flatten();
        for item in items {
            let path = item["path"].as_str().expect("a path");
            assert_ne!(path.trim_end_matches('/'), "${HOME}", "{name}");
        }
        let network = paper.keys["networking"]["type"].as_str();
        let wanted = if name == "nginx" { "host" } else { "none" };
        assert_eq!(network, Some(wanted), "{name}");
    }
}
