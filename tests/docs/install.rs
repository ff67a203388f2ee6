//! `make install` and `make uninstall`.

use std::fs;
use std::path::{Path, PathBuf};

use sandbox_tests::{Outcome, Run, public_directory, repository, root, skip};

const INSTALLED: [&str; 26] = [
    "etc/oz/blacklist-generic.seccomp",
    "usr/bin/oz",
    "usr/bin/oz-init",
    "usr/bin/oz-seccomp",
    "usr/bin/oz-seccomp-tracer",
    "usr/bin/sandbox-policy",
    "usr/bin/sandboxify",
    "usr/lib/libsandbox.so",
    "usr/share/bash-completion/completions/oz",
    "usr/share/bash-completion/completions/oz-seccomp",
    "usr/share/bash-completion/completions/oz-seccomp-tracer",
    "usr/share/bash-completion/completions/sandbox-policy",
    "usr/share/bash-completion/completions/sandboxify",
    "usr/share/man/man1/oz-seccomp-tracer.1",
    "usr/share/man/man1/oz-seccomp.1",
    "usr/share/man/man1/oz.1",
    "usr/share/man/man1/sandbox-policy.1",
    "usr/share/man/man1/sandboxify.1",
    "usr/share/man/man5/oz-profile.5",
    "usr/share/man/man5/seccomp-policy.5",
    "usr/share/man/man7/libsandbox.7",
    "usr/share/oz/blacklist-generic.seccomp",
    "usr/share/zsh/site-functions/_oz",
    "usr/share/zsh/site-functions/_oz-seccomp",
    "usr/share/zsh/site-functions/_sandbox-policy",
    "usr/share/zsh/site-functions/_sandboxify",
];

/// Where profiles are installed: for oz, and as they are shipped.
const OF_PROFILES: [&str; 2] = [CELLS, "usr/share/oz/profiles"];
const CELLS: &str = "var/lib/oz/cells.d";

/// All that is installed, in order.
fn installed() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = INSTALLED.iter().map(PathBuf::from).collect();
    let policy_of_settings = Path::new("blacklist-generic.seccomp");
    let mut profiles = files(&repository().join("profiles"));
    profiles.retain(|file| file != policy_of_settings);
    for file in profiles {
        paths.extend(OF_PROFILES.map(|place| Path::new(place).join(&file)));
    }
    paths.sort();
    paths
}

fn make(goal: &str, destination: &Path) -> Outcome {
    Run::new("make")
        .arg(goal)
        .arg(format!("DESTDIR={}", destination.display()))
        .arg("PREFIX=/usr")
        .directory(&repository())
        .outcome()
        .succeeded()
}

/// All files below a directory, by path from there, in order.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(directory).expect("below").to_path_buf());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_make_install_puts_in_place_works_there_and_make_uninstall_leaves_nothing() {
    let directory = public_directory();
    make("install", directory.path());
    assert_eq!(files(directory.path()), installed());
    Run::new(directory.path().join("usr/bin/sandboxify"))
        .args(["--method", "preload", "--quiet", "--deny", "@mount"])
        .args(["grep", "Seccomp:", "/proc/self/status"])
        .outcome()
        .succeeded()
        .stdout("Seccomp:\t2\n")
        .stderr("");
    for (tool, shell, file) in [
        (
            "sandbox-policy",
            "bash",
            "bash-completion/completions/sandbox-policy",
        ),
        (
            "sandbox-policy",
            "zsh",
            "zsh/site-functions/_sandbox-policy",
        ),
        ("oz", "bash", "bash-completion/completions/oz"),
        ("oz", "zsh", "zsh/site-functions/_oz"),
    ] {
        let tool = directory.path().join("usr/bin").join(tool);
        let script = fs::read_to_string(directory.path().join("usr/share").join(file));
        let run = Run::new(&tool).args(["completions", shell]);
        run.outcome().succeeded().stdout(&script.expect(file));
    }
    make("uninstall", directory.path());
    assert_eq!(files(directory.path()), Vec::<PathBuf>::new());
}

#[test]
fn profiles_that_somebody_has_changed_stay_and_others_are_renewed() {
    let directory = public_directory();
    let path = |place: &str, name: &str| directory.path().join(place).join(name);
    let read = |path: PathBuf| fs::read_to_string(path).expect("a profile");
    make("install", directory.path());
    let shipped = read(path(CELLS, "git.json"));
    // One that is changed, one of an older version, and one of somebody's own.
    fs::write(path(CELLS, "git.json"), "{}").expect("a change");
    for place in OF_PROFILES {
        fs::write(path(place, "bash.json"), "older").expect("an older one");
    }
    fs::write(path(CELLS, "own.json"), "own").expect("one more");
    let said = make("install", directory.path());
    said.stderr_has("/cells.d/git.json was changed and stays");
    assert_eq!(read(path(CELLS, "git.json")), "{}");
    assert_eq!(read(path(OF_PROFILES[1], "git.json")), shipped);
    assert_ne!(read(path(CELLS, "bash.json")), "older");
    make("uninstall", directory.path());
    let left = ["git.json", "own.json"].map(|name| Path::new(CELLS).join(name));
    assert_eq!(files(directory.path()), left);
}

#[test]
fn an_installed_profile_is_found_by_its_name_with_its_policy() {
    if !root() {
        return skip("cells are made by root");
    }
    let directory = public_directory();
    make("install", directory.path());
    let at = |path: &str| directory.path().join(path);
    let config = format!(
        "{{\"sandbox_path\": {:?}, \"profile_dir\": {:?}}}",
        at("cells"),
        at(CELLS)
    );
    fs::create_dir_all(at("etc")).expect("etc");
    fs::write(at("etc/oz.conf"), config).expect("oz.conf");
    for profile in ["python3", "/usr/bin/python3"] {
        let run = Run::new(at("usr/bin/oz")).args(["run", "--user", "nobody", profile]);
        let run = run.args(["--", "-c", "print(open('/proc/self/status').read())"]);
        let run = run.env("OZ_CONFIG_PATH", at("etc/oz.conf"));
        let outcome = run.directory(Path::new("/")).outcome().succeeded();
        outcome.stdout_has("\nSeccomp:\t2\n");
    }
}

#[test]
fn settings_that_were_changed_stay_and_those_that_were_not_are_renewed() {
    let directory = public_directory();
    let settings = directory.path().join("etc/oz/blacklist-generic.seccomp");
    let shipped = directory
        .path()
        .join("usr/share/oz/blacklist-generic.seccomp");
    let ours = fs::read_to_string(repository().join("profiles/blacklist-generic.seccomp"));
    let ours = ours.expect("the blacklist");
    let read = |path: &Path| fs::read_to_string(path).expect("a file");
    make("install", directory.path());
    // Of an older version, and nobody has touched it.
    for path in [&settings, &shipped] {
        fs::write(path, "# older\n").expect("a file");
    }
    make("install", directory.path());
    assert_eq!(
        (read(&settings), read(&shipped)),
        (ours.clone(), ours.clone())
    );
    fs::write(&settings, "# mine\n").expect("a file");
    let changed = format!("{} was changed and stays", settings.display());
    make("install", directory.path()).stderr_has(&changed);
    assert_eq!((read(&settings), read(&shipped)), ("# mine\n".into(), ours));
    make("uninstall", directory.path()).stderr_has(&changed);
    assert_eq!(
        files(directory.path()),
        [PathBuf::from("etc/oz/blacklist-generic.seccomp")]
    );
}
