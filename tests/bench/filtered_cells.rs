//! What a filter costs a cell: at the start, and in a call that it allows, enforced, explained and audited.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use sandbox_tests::{compile, public_directory, publish, root, skip};

use crate::per_call;

const ROUNDS: usize = 15;

/// A ratio that was measured, and the most that it may be.
pub struct Ratio {
    pub name: &'static str,
    pub ratio: f64,
    pub at_most: f64,
}

/// How the cell is run, by the options of `oz run`.
const WAYS: [(&str, &[&str]); 4] = [
    ("no filter", &["--without", "seccomp"]),
    ("enforced", &["--no-explain"]),
    ("enforced and explained", &[]),
    ("audited", &["--audit"]),
];

/// Starts by medians and calls by the least, in turns; nothing where cells cannot be made.
pub fn measure() -> Vec<Ratio> {
    if !root() {
        skip("cells are made by root");
        return Vec::new();
    }
    let house = public_directory();
    let program = publish(&compile(per_call::LOOP, &["-static"]), house.path());
    let mut starts = WAYS.map(|_| Vec::new());
    let mut calls = WAYS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (place, (_, options)) in WAYS.iter().enumerate() {
            let begun = Instant::now();
            printed(&mut oz(house.path(), Path::new("/bin/true"), options));
            starts[place].push(begun.elapsed().as_secs_f64());
            let printed = printed(&mut oz(house.path(), &program, options));
            calls[place].push(printed.trim().parse().expect("nanoseconds"));
        }
    }
    let [bare, enforced, explained, audited] = starts.map(super::median);
    // Whatever else the machine does makes a loop of calls longer, never shorter.
    let least = |times: Vec<f64>| times.into_iter().fold(f64::INFINITY, f64::min);
    let [bare_call, call, explained_call, audited_call] = calls.map(least);
    let ratio = |name, ratio, at_most| Ratio {
        name,
        ratio,
        at_most,
    };
    vec![
        ratio("start, enforced / no filter", enforced / bare, 1.35),
        ratio("start, explained / no filter", explained / bare, 1.5),
        ratio("start, audited / no filter", audited / bare, 1.5),
        ratio("allowed call, enforced / no filter", call / bare_call, 2.0),
        ratio(
            "allowed call, explained / enforced",
            explained_call / call,
            1.1,
        ),
        ratio("allowed call, audited / enforced", audited_call / call, 1.1),
    ]
}

fn printed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("a program");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A program in a cell with the generic blacklist.
fn oz(house: &Path, program: &Path, options: &[&str]) -> Command {
    let profile = house.join("cell.json");
    let policy = sandbox_tests::repository().join("profiles/blacklist-generic.seccomp");
    let text = serde_json::json!({
        "name": "cell",
        "path": program,
        "networking": {"type": "none"},
        "whitelist": [{"path": program, "force": true, "read_only": true}],
        "seccomp": {"mode": "blacklist", "enforce": true, "blacklist": policy},
    });
    fs::write(&profile, text.to_string()).expect("a profile");
    super::cells::run(house, &profile, options)
}
