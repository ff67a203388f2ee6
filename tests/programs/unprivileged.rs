//! An ordinary user's sandboxes: no capability is needed, and no execve in the list.

use sandbox_tests::{NOBODY, root};

use crate::lists::{allow_list, example, names};
use crate::place::{Place, User};

/// Prints who it is, what it may do and whether it is filtered.
const IDENTITY: &str = r#"
for line in open("/proc/self/status"):
    words = line.split()
    if words[0] in ("CapPrm:", "CapEff:", "NoNewPrivs:", "Seccomp:"):
        print(*words)
import os
print(os.getuid())
"#;

#[test]
fn an_ordinary_users_program_is_filtered_without_any_capability() {
    for place in Place::all().filter(|place| place.user == User::Nobody || !root()) {
        let user = nix::unistd::geteuid().as_raw();
        let user = if root() { NOBODY } else { user };
        let run = place.allow(&allow_list("python3"), "/usr/bin/python3");
        run.args(["-I", "-c", IDENTITY])
            .outcome()
            .succeeded()
            .stdout(&format!(
                "CapPrm: 0000000000000000\nCapEff: 0000000000000000\n\
                 NoNewPrivs: 1\nSeccomp: 2\n{user}\n"
            ));
    }
}

/// The tests of these programs launch them as an ordinary user.
#[test]
fn no_list_of_a_program_without_children_holds_execve() {
    let mut lists: Vec<String> = ["go", "nginx", "python3", "redis", "sqlite3"]
        .map(allow_list)
        .to_vec();
    lists.push(example("loader", "LOADER"));
    for list in lists {
        assert!(
            names(&list).all(|name| !name.starts_with("execve")),
            "{list}"
        );
    }
}
