//! sqlite3: a thousand rows in and out.

use sandbox_tests::{Outcome, Run};

use crate::lists::{allow_list, assert_close_to_minimal, without};
use crate::place::{Door, Place, User};

/// The count and the sum of 1 to 1,000.
const DONE: &str = "1000|500500\n";

fn statements() -> String {
    let inserts = (1..=1000).map(|n| format!("INSERT INTO numbers VALUES ({n});\n"));
    let inserts: String = inserts.collect();
    format!(
        "CREATE TABLE numbers (n INTEGER);\nBEGIN;\n{inserts}COMMIT;\n\
         SELECT count(*), sum(n) FROM numbers;\n"
    )
}

/// A database of its own for each run.
fn with_new_database(place: &Place, run: Run, commands: &str) -> Outcome {
    let file = place.work().join("numbers.db");
    let _ = std::fs::remove_file(&file);
    let _ = std::fs::remove_file(place.work().join("numbers.db-journal"));
    // Without -init it looks for a file of the user's.
    run.args(["-batch", "-init", "/dev/null", "numbers.db"])
        .input(commands)
        .outcome()
}

fn job(place: &Place, list: &str) -> Outcome {
    with_new_database(place, place.allow(list, "sqlite3"), &statements())
}

fn list() -> String {
    allow_list("sqlite3")
}

#[test]
fn a_thousand_rows_are_inserted_and_read_back() {
    for place in Place::all() {
        job(&place, &list()).succeeded().stdout(DONE).stderr("");
        // A second process, and no sandbox: the rows are really in the file.
        let reader = place.plain("sqlite3");
        reader
            .args(["numbers.db", "SELECT count(*), sum(n) FROM numbers"])
            .outcome()
            .succeeded()
            .stdout(DONE);
    }
}

#[test]
fn without_an_essential_name_it_dies() {
    for place in Place::all() {
        for name in ["openat", "read", "pwrite64", "fdatasync", "write"] {
            job(&place, &without(&list(), name)).killed().stdout("");
        }
    }
}

#[test]
fn the_list_is_close_to_minimal() {
    let place = Place::new(Door::Preload, User::Own);
    assert_close_to_minimal(&list(), DONE, |list| job(&place, list));
}

#[test]
fn a_command_of_the_shell_kills() {
    for place in Place::all() {
        let commands = ".shell echo started\nSELECT 'went on';\n";
        for run in [
            place.allow(&list(), "sqlite3"),
            place.deny("clone:clone3:vfork:fork", "sqlite3"),
        ] {
            let outcome = with_new_database(&place, run, commands);
            outcome.killed().stdout("");
        }
    }
}

#[test]
fn a_denied_sync_is_an_input_output_error_and_nothing_is_committed() {
    for place in Place::all() {
        let run = place.deny("fdatasync=EIO:fsync=EIO", "sqlite3");
        let outcome = with_new_database(&place, run, &statements());
        outcome.status(1).stderr_has("disk I/O error");
    }
}
