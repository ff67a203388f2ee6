//! Real programs in the cells of the examples: their work is done, what they make arrives with the user as
//! its owner, and nothing else of his home is there.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox_tests::{Run, installed, repository, skip};

use super::House;
use crate::house::SOON;
use crate::terminal::Terminal;

const SECRET: &str = "nobody's business";

/// A house with something in it that no program here may see, when the program is installed.
fn house_for(program: &str) -> Option<House> {
    let house = House::new()?;
    if installed(program).is_none() {
        skip(&format!("{program} is not installed"));
        return None;
    }
    house.file("secret", SECRET);
    Some(house)
}

fn example(name: &str) -> PathBuf {
    repository().join("examples/cells").join(name)
}

fn oz(house: &House, name: &str) -> Run {
    house.oz(&example(name))
}

#[track_caller]
fn assert_his(house: &House, path: &Path) {
    let status = fs::symlink_metadata(path).expect("a file");
    assert_eq!(
        (status.uid(), status.gid()),
        (house.uid, house.uid),
        "{}",
        path.display()
    );
}

/// A document of one page, with a text.
fn pdf(text: &str) -> String {
    let content = format!("BT /F1 24 Tf 72 700 Td ({text}) Tj ET");
    let objects = [
        "<</Type /Catalog /Pages 2 0 R>>".to_string(),
        "<</Type /Pages /Kids [3 0 R] /Count 1>>".to_string(),
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources <</Font <</F1 5 0 R>>>>>>"
            .to_string(),
        format!(
            "<</Length {}>>\nstream\n{content}\nendstream",
            content.len()
        ),
        "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>".to_string(),
    ];
    let mut document = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(document.len());
        document += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let table = document.len();
    document += "xref\n0 6\n0000000000 65535 f \n";
    for place in places {
        document += &format!("{place:010} 00000 n \n");
    }
    document + &format!("trailer <</Size 6 /Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n")
}

#[test]
fn pdftotext_reads_the_document_that_it_is_called_with() {
    let Some(house) = house_for("pdftotext") else {
        return;
    };
    house.file("paper one.pdf", pdf("Walls are for paper"));
    for name in [
        "/home/tester/paper one.pdf",
        "file:///home/tester/paper%20one.pdf",
    ] {
        let shown = oz(&house, "pdftotext.json").args([name, "-"]).outcome();
        // The program knows no URLs; that the file is there is another matter.
        if name.starts_with('/') {
            shown.succeeded().stdout_has("Walls are for paper");
        }
    }
    let other = oz(&house, "pdftotext.json").args(["-v"]).outcome();
    assert_eq!(other.status, 0, "{other:#?}");
    let written = oz(&house, "pdftotext.json").args(["/home/tester/paper one.pdf"]);
    // There is no place for the text beside the document.
    let outcome = written.outcome();
    assert!(!house.home().join("paper one.txt").exists(), "{outcome:#?}");
    house.assert_empty_within(SOON);
}

#[test]
fn git_clones_and_commits_below_the_directory_that_it_is_shown() {
    let Some(house) = house_for("git") else {
        return;
    };
    // Not in a place of an administrator's own.
    if !Path::new("/usr/bin/git").exists() {
        return skip("no /usr/bin/git");
    }
    house.file(
        ".gitconfig",
        "[user]\nname = Tester\nemail = tester@example.org\n",
    );
    let script = "cd ~/src && git init -q --bare first.git && git clone -q first.git second && cd second \
        && echo text >file && git add file && git commit -q -m 'From inside' && git push -q origin HEAD:main \
        && git log --format='%an: %s' && cat ~/secret";
    let text = fs::read_to_string(example("git.json")).expect("git.json");
    let profile = house.path("git-shell.json");
    fs::write(&profile, text.replace("/usr/bin/git", "/bin/sh")).expect("a profile");
    let outcome = house.oz(&profile).args(["-c", script]).outcome();
    let outcome = outcome.status(1).stdout("Tester: From inside\n");
    outcome.stderr_has("/home/tester/secret: No such file");
    for path in [
        "first.git",
        "first.git/refs/heads/main",
        "second/file",
        "second/.git/index",
    ] {
        assert_his(&house, &house.home().join("src").join(path));
    }
    let run =
        oz(&house, "git.json").args(["-C", "/home/tester/src/second", "status", "--short", "-b"]);
    run.outcome().succeeded().stdout_has("## ");
    let run =
        oz(&house, "git.json").args(["clone", "-q", "https://example.org/x", "/home/tester/src/x"]);
    run.outcome()
        .status(128)
        .stderr_has("Could not resolve host");
    house.assert_empty_within(SOON);
}

#[test]
fn python_leaves_its_results_where_it_may_and_sees_nothing_else() {
    let Some(house) = house_for("python3") else {
        return;
    };
    let script = "
import json, os, pathlib, sqlite3, subprocess, sys, threading
home = pathlib.Path.home()
print(sorted(path.name for path in home.iterdir()))
(home / 'cell/result.json').write_text(json.dumps({'six': 6}))
sqlite3.connect(home / 'cell/table.db').execute('create table t (a)')
print(subprocess.run(['/usr/bin/id', '-un'], capture_output=True, text=True).stdout.strip())
thread = threading.Thread(target=lambda: print('threads'))
thread.start(); thread.join()
try:
    (home.parent / 'else').write_text('')
except OSError as error:
    print(error.strerror)
";
    let outcome = oz(&house, "python3.json").args(["-c", script]).outcome();
    let refused = if House::ORDINARY {
        "Read-only file system"
    } else {
        "Permission denied"
    };
    let lines = format!("['cell']\ntester\nthreads\n{refused}\n");
    outcome.succeeded().stdout(&lines).stderr("");
    for name in ["result.json", "table.db"] {
        assert_his(&house, &house.home().join("cell").join(name));
    }
    assert_eq!(
        fs::read_to_string(house.home().join("cell/result.json")).expect("the result"),
        "{\"six\": 6}"
    );
    house.assert_empty_within(SOON);
}

#[test]
fn bash_at_a_terminal_works_where_it_may() {
    let Some(house) = house_for("bash") else {
        return;
    };
    let run = house.oz_at_terminal(&example("bash.json"));
    let mut terminal = Terminal::new(run, 24, 80);
    terminal.await_text("$ ");
    terminal.type_in("cd ~/cell && (sleep 1; echo done >late) & wait; cat late; ls -A ~\n");
    terminal.await_text("cat late; ls -A ~\r\n");
    // The line is too long for the terminal to be shown as it was typed.
    terminal.await_text("cell\r\n");
    terminal.type_in("exit 3\n");
    assert_eq!(terminal.end(), 3);
    assert_his(&house, &house.home().join("cell/late"));
    house.assert_empty_within(SOON);
}

#[test]
fn libreoffice_converts_a_document() {
    let Some(house) = house_for("soffice") else {
        return;
    };
    let documents = house.home().join("Documents");
    fs::create_dir(&documents).expect("a directory");
    house.give(&documents);
    house.file("Documents/letter.txt", "A letter from a cell.\n");
    let convert = || {
        let run = oz(&house, "libreoffice.json").args(["--convert-to", "pdf", "--outdir"]);
        let run = run.args([
            "/home/tester/Documents",
            "/home/tester/Documents/letter.txt",
        ]);
        run.start().outcome_within(Duration::from_secs(180))
    };
    let mut outcome = convert();
    // It breaks off by itself now and then where its settings are new, with a filter and without.
    if outcome.stderr.contains("Unspecified Application Error") {
        outcome = convert();
    }
    let outcome = outcome.succeeded();
    outcome.stdout_has("/home/tester/Documents/letter.pdf");
    let made = documents.join("letter.pdf");
    assert_his(&house, &made);
    assert!(fs::read(&made).expect("the document").starts_with(b"%PDF-"));
    // What it keeps of its own is gone with the cell.
    let mut left: Vec<_> = fs::read_dir(house.home())
        .expect("home")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["Documents", "secret"]);
    house.assert_empty_within(SOON);
}

#[test]
fn a_job_has_its_limits() {
    let Some(house) = house_for("sh") else { return };
    if !Path::new("/sys/fs/cgroup/pids").exists()
        && !Path::new("/sys/fs/cgroup/cgroup.controllers").exists()
    {
        return skip("no cgroups");
    }
    let script = "ulimit -t; ulimit -n; ulimit -c; seq 3; head -c 70000000 /dev/zero >/tmp/large";
    let outcome = oz(&house, "job.json").args(["-c", script]).outcome();
    assert_ne!(outcome.status, 0);
    outcome.stdout("60\n256\n0\n1\n2\n3\n");
    house.assert_empty_within(SOON);
}
