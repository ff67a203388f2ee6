//! A machine for cells: users, homes and a configuration of its own, in a mount namespace that is gone with
//! whatever runs in it. Nothing of the host is changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use sandbox_tests::{Outcome, Run, built, compile, public_directory, publish, root, skip};
use tempfile::TempDir;

/// The user whom cells are for.
pub const TESTER: u32 = 4711;
/// Somebody else.
pub const OTHER: u32 = 4712;
/// To be the tester, and no member of any other group.
pub const TO_TESTER: [&str; 5] = ["--reuid", "4711", "--regid", "4711", "--clear-groups"];
/// A group that the tester is a member of.
pub const MEMBERS: u32 = 4720;

/// What is mounted before anything runs: $1 is the world's directory.
const PREPARE: &str = r#"
    set -eu
    world=$1
    shift
    mount -t tmpfs -o mode=755 tmpfs /home
    mkdir /home/tester /home/other
    mount --bind "$world/home" /home/tester
    mount --bind "$world/other" /home/other
    mount --bind "$world/passwd" /etc/passwd
    mount --bind "$world/group" /etc/group
    exec "$@"
"#;

/// A directory with all that a machine needs. `oz` is called by the tester in an ordinary one, else by root.
pub struct World<const ORDINARY: bool> {
    directory: TempDir,
}

impl<const ORDINARY: bool> World<ORDINARY> {
    /// Whether cells are made by their user.
    pub const ORDINARY: bool = ORDINARY;

    /// A fresh one; nothing where no cells can be made, which is said.
    pub fn new() -> Option<World<ORDINARY>> {
        if let Err(why) = Self::possible() {
            skip(why);
            return None;
        }
        let world = World {
            directory: public_directory(),
        };
        world.publish_programs();
        for (name, owner) in [("home", TESTER), ("other", OTHER)] {
            world.directory_of(&world.at(name), owner);
        }
        world.write("other/secret", "somebody else's\n", OTHER, 0o600);
        world.write("root-secret", "root's own\n", 0, 0o600);
        let passwd = format!(
            "root:x:0:0:root:/root:/bin/sh\n\
             tester:x:{TESTER}:{TESTER}::/home/tester:/bin/sh\n\
             other:x:{OTHER}:{OTHER}::/home/other:/bin/sh\n"
        );
        let group = format!(
            "root:x:0:\ntty:x:5:\naudio:x:29:tester\nvideo:x:44:\n\
             tester:x:{TESTER}:\nmembers:x:{MEMBERS}:tester\nstrangers:x:4721:other\n"
        );
        world.write("passwd", &passwd, 0, 0o644);
        world.write("group", &group, 0, 0o644);
        world.configure("");
        Some(world)
    }

    fn possible() -> Result<(), &'static str> {
        if !root() {
            return Err("worlds are made by root");
        }
        let namespace = || {
            Run::new("setpriv")
                .args(TO_TESTER)
                .args(["unshare", "-U", "true"])
        };
        match ORDINARY && namespace().outcome().status != 0 {
            true => Err("no user namespaces for ordinary users here"),
            false => Ok(()),
        }
    }

    /// Puts `oz` where everybody can execute it, and beside it what becomes the tester and then `oz`, under
    /// the same number.
    fn publish_programs(&self) {
        for program in ["oz", "oz-init"] {
            publish(&built(program), self.directory.path());
        }
        let caller = format!(
            "#!/bin/sh\nexec setpriv {} {} \"$@\"\n",
            TO_TESTER.join(" "),
            self.at("oz").display()
        );
        self.write("oz-of-tester", &caller, 0, 0o755);
    }

    /// The program that makes cells.
    pub fn oz_program(&self) -> PathBuf {
        match ORDINARY {
            true => self.at("oz-of-tester"),
            false => self.at("oz"),
        }
    }

    /// Writes oz.conf; more keys with a comma at their end.
    pub fn configure(&self, more: &str) {
        let base = self.at("cells");
        let text = format!(
            "{{{more} \"sandbox_path\": \"{}\", \"profile_dir\": \"{}\"}}\n",
            base.display(),
            self.at("").display()
        );
        // Its directory is shown in every cell.
        self.directory_of(&self.at("etc"), 0);
        self.write("etc/oz.conf", &text, 0, 0o644);
    }

    /// A path in the world's directory.
    pub fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A path in the tester's home, as this process sees it.
    pub fn home(&self, name: &str) -> PathBuf {
        self.at("home").join(name)
    }

    pub fn directory_of(&self, path: &Path, owner: u32) {
        fs::create_dir_all(path).expect("a directory");
        chown(path, Some(owner), Some(owner)).expect("chown");
    }

    pub fn write(&self, name: &str, text: &str, owner: u32, mode: u32) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
        chown(&path, Some(owner), Some(owner)).expect("chown");
        path
    }

    /// A file of the tester's, with all directories on the way.
    pub fn mine(&self, name: &str, text: &str) -> PathBuf {
        let mut way = self.at("home");
        let names: Vec<&str> = name.split('/').collect();
        for name in &names[..names.len() - 1] {
            way.push(name);
            self.directory_of(&way, TESTER);
        }
        self.write(&format!("home/{name}"), text, TESTER, 0o644)
    }

    /// A directory of the tester's.
    pub fn my_directory(&self, name: &str) -> PathBuf {
        let path = self.home(name);
        self.directory_of(&path, TESTER);
        path
    }

    /// Writes a profile of a shell; `keys` are what else it has.
    pub fn profile(&self, keys: &str) -> PathBuf {
        let comma = if keys.trim().is_empty() { "" } else { "," };
        let text = format!("{{\"name\": \"cell\", \"path\": \"/bin/sh\"{comma} {keys}}}\n");
        self.write("cell.json", &text, 0, 0o644)
    }

    /// A command in the world.
    pub fn command<A: AsRef<std::ffi::OsStr>>(&self, words: impl IntoIterator<Item = A>) -> Run {
        Run::new("unshare")
            .args(["-m", "--propagation", "private", "sh", "-c", PREPARE, "sh"])
            .arg(self.directory.path())
            .args(words)
            .env("OZ_CONFIG_PATH", self.at("etc/oz.conf"))
    }

    /// A root's script in the world, outside any cell. `oz` is `$OZ`.
    pub fn script(&self, script: &str) -> Run {
        self.command(["sh", "-c", script])
            .env("OZ", self.oz_program())
            .env("PROFILE", self.at("cell.json"))
            .env("WORLD", self.directory.path())
    }

    /// The same as the tester.
    pub fn as_tester(&self, script: &str) -> Run {
        let words = ["setpriv"].into_iter().chain(TO_TESTER);
        let words = words.chain(["sh", "-c", script]);
        self.command(words)
            .env("WORLD", self.directory.path())
            .env("HOME", "/home/tester")
    }

    /// `oz run` with options and a profile of [`World::profile`].
    pub fn oz(&self, options: &[&str], arguments: &[&str]) -> Run {
        let oz = self.oz_program().display().to_string();
        let profile = self.at("cell.json").display().to_string();
        let words = [oz.as_str(), "run", "--user", "tester"];
        let words = words.into_iter().chain(options.iter().copied());
        let words = words.chain([profile.as_str(), "--"]);
        let words: Vec<&str> = words.chain(arguments.iter().copied()).collect();
        self.command(words).env("HOME", "/root")
    }

    /// A script in a cell with this profile.
    pub fn cell(&self, keys: &str, script: &str) -> Run {
        self.profile(keys);
        self.oz(&[], &["-c", script])
    }

    /// What a script in a cell prints; it must end well, and nothing is said besides.
    #[track_caller]
    pub fn inside(&self, keys: &str, script: &str) -> String {
        let outcome = self.cell(keys, script).outcome();
        let outcome = outcome.succeeded();
        assert_eq!(outcome.stderr, "", "{outcome:#?}");
        outcome.stdout
    }

    /// Puts the program of attempts (attempts.c) where everybody can execute it, and gives the item of a
    /// whitelist that shows it at /opt/attempts.
    pub fn attempts(&self) -> String {
        let program = compile(include_str!("attempts.c"), &["-static", "-Wall", "-Werror"]);
        let copy = publish(&program, self.directory.path());
        fs::rename(copy, self.at("attempts")).expect("rename");
        format!(
            r#"{{"path": "{}", "target": "/opt/attempts", "read_only": true}}"#,
            self.at("attempts").display()
        )
    }

    /// What an attempt comes to in a cell: a line of it.
    #[track_caller]
    pub fn attempt(&self, words: &str) -> String {
        let item = self.attempts();
        let outcome = self
            .cell(
                &format!(r#""whitelist": [{item}]"#),
                &format!("/opt/attempts {words}"),
            )
            .outcome()
            .succeeded();
        outcome.stdout.trim_end().to_string()
    }

    /// The same outside, by root or by the tester.
    #[track_caller]
    pub fn attempt_outside(&self, as_root: bool, words: &str) -> String {
        self.attempts();
        let script = format!("\"$WORLD/attempts\" {words}");
        let run = match as_root {
            true => self.script(&script),
            false => self.as_tester(&script),
        };
        let outcome: Outcome = run.outcome().succeeded();
        outcome.stdout.trim_end().to_string()
    }
}

/// The lines of a text.
pub fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}
