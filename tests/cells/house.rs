//! A machine with one more user: the host's, with a passwd of its own, in a mount namespace that ends with
//! the program that runs there. The user's home is a directory of the test's.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sandbox_tests::{Run, built, public_directory, publish, root, skip};
use tempfile::TempDir;

/// The user.
pub const NAME: &str = "tester";
/// Longer than anything takes on a busy machine.
pub const SOON: Duration = Duration::from_secs(40);

const ENTER: &str = "for file in passwd group; do mount --bind \"$HOUSE/$file\" /etc/$file; done
mount --bind \"$HOUSE/home\" /home; unset HOUSE; exec \"$@\"";

/// A directory with all that belongs to the user and his cells, which in an ordinary one he makes himself.
pub struct House<const ORDINARY: bool> {
    directory: TempDir,
    pub uid: u32,
}

impl<const ORDINARY: bool> House<ORDINARY> {
    /// Whether cells are made by their user.
    pub const ORDINARY: bool = ORDINARY;

    /// Nothing, and a reason that is printed, where there can be none.
    pub fn new() -> Option<House<ORDINARY>> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !root() {
            skip("houses are made by root");
            return None;
        }
        let to_nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
        let namespace = || {
            Run::new("setpriv")
                .args(to_nobody)
                .args(["unshare", "-U", "true"])
        };
        if ORDINARY && namespace().outcome().status != 0 {
            skip("no user namespaces for ordinary users here");
            return None;
        }
        let uid = 1 << 24 | std::process::id() << 8 | NEXT.fetch_add(1, Ordering::Relaxed);
        let house = House {
            directory: public_directory(),
            uid,
        };
        house.furnish();
        Some(house)
    }

    fn furnish(&self) {
        let own = [
            (
                "passwd",
                format!("{NAME}:x:{0}:{0}::/home/{NAME}:/bin/sh\n", self.uid),
            ),
            ("group", format!("{NAME}:x:{}:\n", self.uid)),
        ];
        for (file, line) in own {
            let hosts = fs::read_to_string(Path::new("/etc").join(file)).expect(file);
            // Of two of the same name the first counts, and the host may have one.
            fs::write(self.path(file), line + &hosts).expect(file);
        }
        for program in ["oz", "oz-init"] {
            publish(&built(program), self.directory.path());
        }
        // It becomes oz, under the same number.
        let (uid, oz) = (self.uid, self.path("oz"));
        let ids = format!("--reuid {uid} --regid {uid} --clear-groups");
        let caller = format!("#!/bin/sh\nexec setpriv {ids} {} \"$@\"\n", oz.display());
        let path = self.path("oz-of-the-user");
        fs::write(&path, caller).expect("a script");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("chmod");
        fs::create_dir_all(self.home()).expect("a home");
        fs::set_permissions(self.path("home"), fs::Permissions::from_mode(0o755)).expect("chmod");
        self.give(&self.home());
        let config = format!("{{\"sandbox_path\": {:?}}}", self.cells());
        // Cells see what lies beside it.
        fs::create_dir(self.path("etc")).expect("etc");
        fs::write(self.path("etc/oz.conf"), config).expect("oz.conf");
    }

    /// A place in the house, as the host has it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The user's home, as the host has it. To the user it is /home/tester.
    pub fn home(&self) -> PathBuf {
        self.path("home").join(NAME)
    }

    /// What oz keeps for itself.
    pub fn cells(&self) -> PathBuf {
        self.path("cells")
    }

    /// The program that makes cells.
    pub fn oz_program(&self) -> PathBuf {
        self.path(if ORDINARY { "oz-of-the-user" } else { "oz" })
    }

    /// The words with which it makes one. What an ordinary user's has no limits for, it does without.
    fn words() -> &'static [&'static str] {
        match ORDINARY {
            true => &["run", "--without", "limits"],
            false => &["run", "--user", NAME],
        }
    }

    /// Makes something the user's.
    pub fn give(&self, path: &Path) {
        chown(path, Some(self.uid), Some(self.uid)).expect("chown");
    }

    /// A file of the user's.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(name);
        fs::write(&path, content).expect("a file");
        self.give(&path);
        path
    }

    /// A program on this machine.
    pub fn run(&self, program: impl AsRef<OsStr>) -> Run {
        self.enter(Run::new("unshare"), program)
    }

    /// A program on this machine, with standard input as its terminal. It leads its session.
    pub fn run_at_terminal(&self, program: impl AsRef<OsStr>) -> Run {
        let run = Run::new("setsid").args(["--ctty", "unshare"]);
        self.enter(run, program)
    }

    fn enter(&self, run: Run, program: impl AsRef<OsStr>) -> Run {
        run.args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-ec",
            ENTER,
            "sh",
        ])
        .arg(program)
        .env("HOUSE", self.directory.path())
        .env("OZ_CONFIG_PATH", self.path("etc/oz.conf"))
        .directory(Path::new("/"))
    }

    /// `oz run` with a profile, with some of its descriptors at a terminal, which is its session's.
    pub fn oz_at_terminal_with(&self, profile: &Path, at: [bool; 3]) -> Run {
        let at = at.into_iter().position(|is_at| is_at).expect("one of them");
        // setsid(1) takes what is its input.
        let script = format!(
            "exec 8<&0 0<&{at}; exec setsid --ctty sh -c 'exec 0<&8 8<&-; exec \"$@\"' sh \"$@\""
        );
        let run = Run::new("sh").args(["-c", &script, "sh", "unshare"]);
        self.enter(run, self.oz_program())
            .args(Self::words())
            .arg(profile)
            .arg("--")
    }

    /// Writes a profile; what it says comes behind what cells here have in common.
    pub fn profile(&self, more: &str) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = self.path(&format!("{number}.json"));
        let text = format!(
            "{{\"name\": \"probe\", \"networking\": {{\"type\": \"empty\"}}, \
             \"seccomp\": {{\"mode\": \"disabled\"}}, \"xserver\": {{\"enabled\": false}}, {more}}}"
        );
        fs::write(&path, text).expect("a profile");
        path
    }

    /// `oz run` with a profile.
    pub fn oz(&self, profile: &Path) -> Run {
        self.run(self.oz_program())
            .args(Self::words())
            .arg(profile)
            .arg("--")
    }

    /// `oz run` with a profile, at a terminal.
    pub fn oz_at_terminal(&self, profile: &Path) -> Run {
        self.run_at_terminal(self.oz_program())
            .args(Self::words())
            .arg(profile)
            .arg("--")
    }

    /// A shell in a cell, with a script.
    pub fn shell(&self, script: &str) -> Run {
        let profile = self.profile("\"path\": \"/bin/sh\"");
        self.oz(&profile).args(["-c", script])
    }

    /// Asserts that nothing of any cell is left, and waits a little for that.
    #[track_caller]
    pub fn assert_empty_within(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        loop {
            let left = self.left();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "left behind: {left:#?}");
            sleep(Duration::from_millis(10));
        }
    }

    /// Processes of the user's or in a mount namespace of the house's, mounts, and files of cells.
    fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        let place = self.directory.path().to_string_lossy().into_owned();
        for process in processes() {
            let of =
                |file| fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
            let is_his = uid_of(&of("status")) == Some(self.uid);
            if is_his || of("mountinfo").contains(&place) {
                left.push(format!("process {process}: {}", of("stat")));
            }
        }
        for entry in fs::read_dir(self.cells()).into_iter().flatten().flatten() {
            let is_stage = entry.file_name() == "rootfs";
            let inside = fs::read_dir(entry.path()).into_iter().flatten().count();
            if !is_stage || inside > 0 {
                left.push(format!("{}", entry.path().display()));
            }
        }
        left
    }
}

/// The numbers of all processes.
pub fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc");
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect()
}

fn uid_of(status: &str) -> Option<u32> {
    let line = status.lines().find(|line| line.starts_with("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The first child of a process, when it has one.
pub fn child_of(process: u32) -> Option<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let text = fs::read_to_string(path).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Waits for something to be there.
#[track_caller]
pub fn await_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + SOON;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "no {what} within {SOON:?}");
        sleep(Duration::from_millis(2));
    }
}

/// The cgroups that one `oz` has made for its cell.
pub fn cgroups_of(oz: u32) -> Vec<PathBuf> {
    let homes = ["pids", "memory", "unified", "."].map(|name| format!("/sys/fs/cgroup/{name}/oz"));
    let entries = homes.iter().flat_map(fs::read_dir).flatten().flatten();
    let start = format!("{oz}-");
    let is_its = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(&start))
    };
    entries.map(|entry| entry.path()).filter(is_its).collect()
}

/// What a process calls itself.
pub fn name_of(process: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    name.trim_end().to_string()
}

/// Waits until a process has become `oz`: before that it has set the house up.
#[track_caller]
pub fn await_oz(process: u32) {
    await_some("oz", || (name_of(process) == "oz").then_some(()));
}

/// The first process of the cell that this `oz` has made, perhaps before it is that.
#[track_caller]
pub fn first_of(oz: u32) -> u32 {
    await_oz(oz);
    await_some("first process", || child_of(oz))
}

/// The program of the cell that this `oz` has made.
#[track_caller]
pub fn program_of(oz: u32) -> u32 {
    let first = first_of(oz);
    await_some("program", || child_of(first))
}

/// Sends a signal.
pub fn signal(process: u32, signal: nix::sys::signal::Signal) {
    let process = i32::try_from(process).expect("a process");
    // It may have ended.
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), signal);
}
