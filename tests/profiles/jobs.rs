//! What the programs of profiles/ are for, with three inputs each: what comes of a job is a text that is the
//! same wherever it was done.

use std::fs;
use std::path::Path;
use std::time::Duration;

use sandbox_tests::{Outcome, Run};

use crate::bench::Bench;
use crate::servers;

/// Longer than any job takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// How many inputs there are.
pub const INPUTS: usize = 3;

/// Does the job of a program with an input below [`INPUTS`].
pub type Job = fn(&Bench<'_>, usize) -> String;

/// The programs by the names of their profiles.
pub const JOBS: [(&str, Job); 8] = [
    ("bash", bash),
    ("git", git),
    ("imagemagick", imagemagick),
    ("libreoffice", libreoffice),
    ("nginx", servers::nginx),
    ("pdftotext", pdftotext),
    ("python3", python3),
    ("redis", servers::redis),
];

/// The job of a profile.
pub fn job_of(name: &str) -> Job {
    let found = JOBS.iter().find(|(known, _)| *known == name);
    found.expect("a job").1
}

fn done(run: Run) -> Outcome {
    run.start().outcome_within(LIMIT)
}

/// How it ended and what it printed; notes of a cell are no part of it.
fn told(outcome: &Outcome) -> String {
    let lines = outcome.stderr.lines();
    let own: Vec<&str> = lines
        .filter(|line| !line.starts_with("oz: note: "))
        .collect();
    let errors = own.join("\n");
    format!("{} {:?} {errors:?}\n", outcome.status, outcome.stdout)
}

/// A document with a text on each page.
fn pdf(pages: &[&str]) -> String {
    let mut objects = vec![
        "<</Type /Catalog /Pages 2 0 R>>".to_string(),
        String::new(),
        "<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>".to_string(),
    ];
    let mut kids = String::new();
    for text in pages {
        let page = objects.len() + 1;
        kids += &format!("{page} 0 R ");
        objects.push(format!(
            "<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R \
             /Resources <</Font <</F1 3 0 R>>>>>>",
            page + 1
        ));
        let content = format!("BT /F1 24 Tf 72 700 Td ({text}) Tj ET");
        let length = content.len();
        objects.push(format!(
            "<</Length {length}>>\nstream\n{content}\nendstream"
        ));
    }
    objects[1] = format!("<</Type /Pages /Kids [{kids}] /Count {}>>", pages.len());
    let mut document = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", document.len());
        document += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let (count, place) = (objects.len() + 1, document.len());
    document
        + &format!(
            "xref\n0 {count}\n{table}trailer <</Size {count} /Root 1 0 R>>\nstartxref\n{place}\n%%EOF\n"
        )
}

fn pdftotext(bench: &Bench<'_>, input: usize) -> String {
    let pages = [
        vec!["Walls are for paper"],
        vec!["a page"; 50],
        vec!["cut", "off"],
    ];
    let mut document = pdf(&pages[input]);
    if input == 2 {
        document.truncate(document.len() / 2);
    }
    bench.house.file("paper.pdf", document);
    let options: &[&str] = if input == 1 { &["-layout"] } else { &[] };
    let run = bench.run(
        options
            .iter()
            .copied()
            .chain(["/home/tester/paper.pdf", "-"]),
    );
    told(&done(run))
}

fn imagemagick(bench: &Bench<'_>, input: usize) -> String {
    let mut picture = String::from("P3\n32 32\n255\n");
    for place in 0..32 * 32 {
        picture += &format!("{} {} {}\n", place % 256, place / 4, 255 - place % 200);
    }
    if input == 2 {
        picture.truncate(40);
    }
    bench.house.file("picture.ppm", picture);
    let what: &[&str] = match input {
        0 => &["-resize", "200%", "jpeg:-"],
        _ => &["-blur", "0x2", "-rotate", "90", "bmp:-"],
    };
    let arguments = ["/home/tester/picture.ppm"].into_iter();
    told(&done(bench.run(arguments.chain(what.iter().copied()))))
}

fn python3(bench: &Bench<'_>, input: usize) -> String {
    let script = match input {
        0 => {
            "import collections, json, sys
words = open(sys.argv[1]).read().split()
print(json.dumps(collections.Counter(words), sort_keys=True))"
        }
        1 => {
            "import concurrent.futures, pathlib, sqlite3, subprocess, sys, tempfile, time
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(list(pool.map(lambda x: (time.sleep(0.001), x * x)[1], range(8))))
print(subprocess.run(['sort'], input='b\\na\\n', capture_output=True, text=True).stdout)
with tempfile.TemporaryDirectory() as directory:
    table = sqlite3.connect(pathlib.Path(directory, 't.db'))
    table.execute('create table t (a)'); table.execute('insert into t values (6)'); table.commit()
    print(table.execute('select * from t').fetchall())"
        }
        _ => "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)",
    };
    bench.house.file("script.py", script);
    bench.house.file("words", "one two one\n");
    let run = bench.run(["/home/tester/script.py", "/home/tester/words"]);
    let outcome = done(run);
    if input == 2 {
        // Nobody listens there outside, and there is no network inside.
        assert!(outcome.stderr.contains("OSError") || outcome.stderr.contains("Refused"));
        return format!("{} no connection\n", outcome.status);
    }
    told(&outcome)
}

fn libreoffice(bench: &Bench<'_>, input: usize) -> String {
    let results = bench.emptied("converted");
    let (name, text, to) = [
        ("letter.txt", "A letter from a cell.\n", "pdf"),
        ("note.rtf", "{\\rtf1 A {\\b bold} note\\par}", "txt:Text"),
        ("page.html", "<h1>A page</h1><table><tr><td>7", "txt:Text"),
    ][input];
    bench.house.file(name, text);
    let file = format!("/home/tester/{name}");
    let arguments = [
        "--convert-to",
        to,
        "--outdir",
        "/home/tester/converted",
        &file,
    ];
    let mut outcome = done(bench.run(arguments));
    // Once in a hundred first starts the office breaks off by itself, with and without a filter.
    for _ in 0..2 {
        if outcome.stderr.contains("Unspecified Application Error") {
            outcome = done(bench.run(arguments));
        }
    }
    let made = results.join(Path::new(name).with_extension(&to[..3]));
    let content = fs::read(&made).unwrap_or_else(|error| panic!("{error}: {outcome:#?}"));
    let content = match to {
        "pdf" => text_of(&made),
        _ => String::from_utf8_lossy(&content).into_owned(),
    };
    format!("{} {:?} {content:?}\n", outcome.status, outcome.stdout)
}

fn text_of(document: &Path) -> String {
    Run::new("pdftotext")
        .arg(document)
        .arg("-")
        .outcome()
        .succeeded()
        .stdout
}

fn git(bench: &Bench<'_>, input: usize) -> String {
    let source = bench.emptied("src");
    let own = "[user]\nname = Tester\nemail = tester@example.org\n[init]\ndefaultBranch = main\n";
    bench.house.file(".gitconfig", own);
    let one = |words: &[&str]| told(&done(bench.run(words)));
    let at = |words: &[&str]| one(&[&["-C", "/home/tester/src/one"], words].concat());
    let mut seen = one(&["init", "-q", "/home/tester/src/one"]);
    for number in 0..3 {
        bench
            .house
            .file(&format!("src/one/{number}"), "line\n".repeat(100 * number));
    }
    seen += &at(&["add", "."]);
    seen += &at(&["commit", "-q", "-m", "first"]);
    let from = [
        "/home/tester/src/one",
        "file:///home/tester/src/one",
        "/home/tester/src/nothing",
    ][input];
    seen += &one(&["clone", "-q", from, "/home/tester/src/two"]);
    bench.house.file("src/one/1", "changed\n");
    seen += &at(&["diff", "--stat"]);
    seen += &at(&["gc", "-q"]);
    seen += &at(&["log", "--format=%an %s", "--name-only"]);
    let made = source.join("two/2").exists();
    seen + &format!("{made}\n")
}

fn bash(bench: &Bench<'_>, input: usize) -> String {
    bench.emptied("cell");
    let script = [
        "cd ~/cell; seq 20 | sort -n | tac | sed 's/^/x/' | tee list | tail -n 2; wc -l <list; \
         mkdir a; cp list a/b; mv a/b a/c; ln -s c a/d; cat a/d | md5sum; rm -r a; ls",
        "cd ~/cell; (sleep 0.1; echo late >file) & wait; cat file; trap 'echo caught' USR1; kill -USR1 $$; \
         echo $((6 * 7)); cat <<< here; read -r line < <(echo there); echo \"$line\"; \
         grep -P 'la(?=te)' file; tar cf - file | tar tf -; find . -type f | xargs stat -c %s; exit 3",
        "cd ~/cell; echo >/dev/tcp/127.0.0.1/9; ls /nothing; exec 2>&1; timeout 0.1 sleep 9; echo $?; kill -9 $$",
    ][input];
    let outcome = done(bench.run(["-c", script]));
    if input == 2 {
        return format!("{} {:?}\n", outcome.status, outcome.stdout);
    }
    told(&outcome)
}
