//! The file as a file: copied, archived, stripped, read by other tools, and written whole.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use sandbox_tests::{Run, installed, skip};

use crate::workshop::{HELLO, KINDS, Kind, Workshop, embed, run, verify};

/// Runs a tool that must succeed.
#[track_caller]
fn tool(name: &str, arguments: &[&Path]) {
    Run::new(name).args(arguments).outcome().succeeded();
}

#[track_caller]
fn says_hello(program: &Path) {
    run(program)
        .succeeded()
        .stdout("Hello, world!\n")
        .stderr("");
    verify(program).succeeded();
}

#[test]
fn a_copy_and_an_archived_one_run_filtered() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let sealed = workshop.hello(kind);
        let copy = workshop.path("copy");
        tool("cp", &[&sealed, &copy]);
        says_hello(&copy);
        let (archive, place) = (workshop.path("archive.tar"), workshop.path("unpacked"));
        fs::create_dir_all(&place).expect("a directory");
        let name = sealed.file_name().expect("a name");
        let pack = Run::new("tar").arg("-cSf").arg(&archive).arg("-C");
        pack.arg(workshop.directory())
            .arg(name)
            .outcome()
            .succeeded();
        let unpack = Run::new("tar").arg("-xf").arg(&archive).arg("-C");
        unpack.arg(&place).outcome().succeeded();
        says_hello(&place.join(name));
    }
}

#[test]
fn a_stripped_program_takes_a_filter() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let stripped = workshop.path("stripped");
        tool("strip", &[Path::new("-o"), &stripped, &kind.hello()]);
        says_hello(&workshop.embed(&stripped, &["--allow", HELLO], "sealed"));
        // Without a single section header.
        let bare = without_sections(&stripped);
        fs::write(&stripped, bare).expect("a file");
        says_hello(&workshop.embed(&stripped, &["--allow", HELLO], "sealed"));
    }
}

/// A program's file cut off behind its last segment.
fn without_sections(program: &Path) -> Vec<u8> {
    let mut bytes = fs::read(program).expect("a program");
    let word =
        |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight"));
    let count = usize::from(u16::from_le_bytes([bytes[56], bytes[57]]));
    let entries = (0..count)
        .map(|at| 64 + 56 * at)
        .filter(|&at| bytes[at] == 1);
    let ends = entries.map(|at| word(&bytes, at + 8) + word(&bytes, at + 32));
    let end = ends.max().expect("a segment");
    bytes.truncate(usize::try_from(end).expect("a length"));
    bytes[40..48].fill(0);
    bytes[58..64].fill(0);
    bytes
}

#[test]
fn strip_keeps_the_filter_and_where_it_cannot_the_program_does_not_start() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let sealed = workshop.hello(kind);
        let stripped = workshop.path("stripped");
        let again = embed(&kind.hello(), &["--allow", HELLO], &workshop.path("again"));
        let said = again.succeeded().stdout;
        let note = "note: strip(1) would make this copy useless; strip the program before\n";
        assert_eq!(said, if kind.moves_headers() { note } else { "" });
        let strip = Run::new("strip")
            .arg("-o")
            .arg(&stripped)
            .arg(&sealed)
            .outcome();
        if !kind.moves_headers() {
            strip.succeeded().stderr("");
            says_hello(&stripped);
            continue;
        }
        // GNU strip moves the segment; it says so.
        assert_ne!(strip.stderr, "", "{kind:?}");
        if stripped.exists() {
            assert_ne!(run(&stripped).stdout, "Hello, world!\n", "{kind:?}");
            verify(&stripped).status(1).stdout_has("does not hold");
        }
    }
}

#[test]
fn readelf_and_the_debugger_read_it_without_a_warning() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let sealed = workshop.hello(kind);
        let outcome = Run::new("readelf").arg("-aW").arg(&sealed).outcome();
        let text = outcome.succeeded().stderr("").stdout;
        assert!(text.contains(" .sandbox "), "{text}");
    }
    let Some(gdb) = installed("gdb") else {
        return skip("gdb is not installed");
    };
    for kind in KINDS {
        let commands = [
            "-batch",
            "-nx",
            "-ex",
            "break main",
            "-ex",
            "run",
            "-ex",
            "continue",
        ];
        let run = Run::new(&gdb).args(commands).arg(workshop.hello(kind));
        let outcome = run.env("HOME", workshop.directory()).outcome().succeeded();
        let outcome = outcome
            .stdout_has("Breakpoint 1, ")
            .stdout_has("exited normally");
        assert!(!outcome.stderr.contains("arning"), "{outcome:#?}");
    }
}

#[test]
fn the_mode_is_kept_and_the_program_may_be_its_own_output() {
    let workshop = Workshop::new();
    for mode in [0o755, 0o500, 0o751] {
        let program = workshop.bring(&Kind::Glibc.hello());
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).expect("chmod");
        embed(&program, &["--allow", HELLO], &program).succeeded();
        let facts = fs::metadata(&program).expect("a file");
        assert_eq!(facts.mode() & 0o7777, mode);
        says_hello(&program);
        fs::remove_file(&program).expect("remove it");
    }
    assert_eq!(
        fs::read_dir(workshop.directory()).expect("files").count(),
        0
    );
}

#[test]
fn what_is_no_regular_file_is_not_written_over() {
    let workshop = Workshop::new();
    let program = Kind::Glibc.hello();
    let (directory, link, pipe) = (
        workshop.path("directory"),
        workshop.path("link"),
        workshop.path("pipe"),
    );
    fs::create_dir(&directory).expect("a directory");
    fs::write(workshop.path("target"), "kept").expect("a file");
    symlink("target", &link).expect("a link");
    tool("mkfifo", &[&pipe]);
    for output in [&directory, &link, &pipe, Path::new("/dev/null")] {
        let outcome = embed(&program, &["--allow", HELLO], output).status(2);
        outcome.stderr_has("something else than a regular file");
    }
    assert_eq!(
        fs::read_to_string(workshop.path("target")).expect("it"),
        "kept"
    );
    assert_eq!(
        fs::read_dir(workshop.directory()).expect("files").count(),
        4
    );
}

#[test]
fn when_the_policy_is_wrong_nothing_is_written() {
    let workshop = Workshop::new();
    let output = workshop.path("output");
    let outcome = embed(&Kind::Glibc.hello(), &["--allow", "opne"], &output).status(2);
    outcome
        .stderr_has("--allow: item \"opne\"")
        .stderr_has("did you mean \"open\"");
    assert!(!output.exists());
}
