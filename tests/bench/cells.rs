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
    let mut command = Command::new("bwrap");
    command.args([
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
    ]);
    command.args(["--unshare-cgroup", "--new-session", "--die-with-parent"]);
    command.args([
        "--uid",
        "65534",
        "--gid",
        "65534",
        "--unshare-user",
        "--hostname",
        "true",
    ]);
    let (file, directory) = (house.join("file"), house.join("directory"));
    fs::write(&file, "").expect("a file");
    fs::create_dir_all(&directory).expect("a directory");
    let empty = |path: &str| match Path::new(path).is_dir() {
        true => directory.display().to_string(),
        false => file.display().to_string(),
    };
    for step in plan["steps"].as_array().expect("steps") {
        let (kind, what) = step
            .as_object()
            .and_then(|step| step.iter().next())
            .expect("a step");
        let of = |field: &str| what[field].as_str().unwrap_or_default();
        let path = of("path");
        match kind.as_str() {
            "directory" => command.args(["--dir", path]),
            "file" => command.args(["--ro-bind", &file.display().to_string(), path]),
            // It makes these itself.
            "symlink" if path.starts_with("/dev/") => &mut command,
            "symlink" => command.args(["--symlink", of("target"), path]),
            "memory" if path == "/dev" => command.args(["--dev", path]),
            "memory" => command.args(["--tmpfs", path]),
            "processes" => command.args(["--proc", path]),
            "queues" => command.args(["--mqueue", path]),
            "hardware" => command.args(["--ro-bind", "/sys", path]),
            "bind" if !Path::new(of("source")).exists() => &mut command,
            "bind" => command.args(["--ro-bind", of("source"), of("target")]),
            "cover" | "mask" => match fs::canonicalize(path) {
                Ok(place) => command.args(["--ro-bind", &empty(path)]).arg(place),
                Err(_) => &mut command,
            },
            "seal" => command.args(["--ro-bind", path, path]),
            _ => &mut command,
        };
    }
    command.arg("/bin/true");
    command
}
