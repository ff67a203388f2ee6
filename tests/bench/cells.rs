//! What a cell costs at its start: `oz run` for a program that does nothing, against bwrap with the same
//! namespaces and mounts, which are taken from the plan, and against firejail without a profile.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use sandbox_tests::{built, installed, public_directory, root, skip};
use serde_json::Value;

const ROUNDS: usize = 100;
/// The most that a cell may cost, in starts of bwrap.
pub const MOST: f64 = 1.2;
/// Below firejail.
pub const MOST_OF_FIREJAIL: f64 = 1.0;

/// Medians of the times, in microseconds.
pub struct Times {
    pub oz: f64,
    pub bwrap: f64,
    /// Nothing where it is not installed.
    pub firejail: Option<f64>,
}

/// Measures in turns; nothing where cells cannot be made.
pub fn measure() -> Option<Times> {
    let bwrap = installed("bwrap");
    if !root() || bwrap.is_none() {
        skip("cells are made by root, and compared with bwrap");
        return None;
    }
    let house = public_directory();
    let plan = plan(house.path());
    let mut commands = vec![oz(house.path(), &[]), as_bwrap(&plan, house.path())];
    if let Some(firejail) = installed("firejail") {
        let mut command = Command::new(firejail);
        command.args(["--quiet", "--noprofile", "--net=none", "/bin/true"]);
        commands.push(command);
    } else {
        skip("firejail is not installed");
    }
    let mut times = vec![Vec::new(); commands.len()];
    for _ in 0..ROUNDS {
        for (command, times) in commands.iter_mut().zip(&mut times) {
            times.push(once(command));
        }
    }
    let mut medians = times.into_iter().map(super::median);
    Some(Times {
        oz: medians.next()?,
        bwrap: medians.next()?,
        firejail: medians.next(),
    })
}

fn once(command: &mut Command) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("a program");
    let elapsed = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    elapsed.as_secs_f64() * 1e6
}

/// `oz run` with a profile and a configuration in a directory.
fn oz(house: &Path, options: &[&str]) -> Command {
    let profile = house.join("true.json");
    let text = r#"{"name": "true", "path": "/bin/true", "networking": {"type": "none"},
        "seccomp": {"mode": "disabled"}, "xserver": {"enabled": false}}"#;
    fs::write(&profile, text).expect("a profile");
    run(house, &profile, options)
}

/// `oz run` of a profile, with a configuration in a directory.
pub fn run(house: &Path, profile: &Path, options: &[&str]) -> Command {
    let etc = house.join("etc");
    fs::create_dir_all(&etc).expect("a directory");
    let config = format!("{{\"sandbox_path\": {:?}}}", house.join("cells"));
    fs::write(etc.join("oz.conf"), config).expect("oz.conf");
    let mut command = Command::new(built("oz"));
    command.env("OZ_CONFIG_PATH", etc.join("oz.conf"));
    command
        .args(["run", "--user", "nobody"])
        .args(options)
        .arg(profile);
    command
}

fn plan(house: &Path) -> Value {
    let printed = oz(house, &["--plan", "--json"]).output().expect("oz");
    let plan: Value = serde_json::from_slice(&printed.stdout).expect("a plan");
    plan["plan"].clone()
}

/// The same steps in words of bwrap. What covers something is an empty file or directory; device nodes are
/// its own set, because it makes no others.
fn as_bwrap(plan: &Value, house: &Path) -> Command {
    fs::write(house.join("file"), "").expect("a file");
    fs::create_dir_all(house.join("directory")).expect("a directory");
    let mut command = Command::new("bwrap");
    command.args(["--unshare-pid", "--unshare-net", "--unshare-ipc"]);
    command.args(["--unshare-uts", "--unshare-cgroup", "--unshare-user"]);
    command.args(["--uid", "65534", "--gid", "65534", "--hostname", "true"]);
    command.args(["--new-session", "--die-with-parent"]);
    for step in plan["steps"].as_array().expect("steps") {
        let (kind, what) = step
            .as_object()
            .and_then(|step| step.iter().next())
            .expect("a step");
        command.args(words(kind, what, house));
    }
    command.arg("/bin/true");
    command
}

fn words(kind: &str, what: &Value, house: &Path) -> Vec<String> {
    let of = |field: &str| what[field].as_str().unwrap_or_default().to_string();
    let path = of("path");
    let is_of_devices = path.starts_with("/dev/");
    match kind {
        "directory" => vec!["--dir".into(), path],
        "file" => bind(&house.join("file"), &path),
        // It makes these itself.
        "symlink" if is_of_devices => Vec::new(),
        "symlink" => vec!["--symlink".into(), of("target"), path],
        "memory" if path == "/dev" => vec!["--dev".into(), path],
        "memory" => vec!["--tmpfs".into(), path],
        "processes" => vec!["--proc".into(), path],
        "queues" => vec!["--mqueue".into(), path],
        "hardware" | "seal" => bind(Path::new(&path), &path),
        "bind" if Path::new(&of("source")).exists() => {
            bind(Path::new(&of("source")), &of("target"))
        }
        "cover" | "mask" => cover(&path, house),
        _ => Vec::new(),
    }
}

fn bind(source: &Path, target: &str) -> Vec<String> {
    let source = source.display().to_string();
    vec!["--ro-bind".into(), source, target.into()]
}

/// It follows no links inside, so the place is looked for outside.
fn cover(path: &str, house: &Path) -> Vec<String> {
    let Ok(place) = fs::canonicalize(path) else {
        return Vec::new();
    };
    let empty = if place.is_dir() { "directory" } else { "file" };
    bind(&house.join(empty), &place.display().to_string())
}
