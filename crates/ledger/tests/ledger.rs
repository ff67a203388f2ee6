//! A policy file that grows: in any format, whole or not at all.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use ledger::{Error, Ledger};
use syscalls::Abi;
use watch::Call;
use watch::learn::{Observations, Options};

fn open(path: &str) -> Result<formats::Source, formats::Error> {
    let circumstances = formats::Circumstances {
        format: None,
        abi: Abi::NATIVE,
        kernel: (u32::MAX, 0),
        capabilities: &[],
    };
    formats::Source::open(path, None, &filter::sys::read_policy, &circumstances)
}

fn ledger(path: &Path) -> Ledger {
    Ledger::at(path, Options::default(), open)
}

fn see(seen: &mut Observations, name: &str) {
    seen.record(&Call {
        time: UNIX_EPOCH,
        process: 1,
        thread: 1,
        audit: Abi::NATIVE.audit(),
        number: syscalls::number(Abi::NATIVE, name).unwrap(),
        arguments: [0; 6],
        instruction: 0,
    });
}

#[test]
fn a_file_of_any_format_grows() {
    let directory = tempfile::tempdir().unwrap();
    for end in [
        "seccomp", "json", "service", "conf", "policy", "yaml", "list", "other",
    ] {
        let path = directory.path().join(format!("learned.{end}"));
        // That of the operator can only be written.
        let names = ["write", "read"];
        let names = if end == "yaml" {
            &names[1..]
        } else {
            &names[..]
        };
        for &name in names {
            let mut ledger = ledger(&path);
            let mut seen = ledger.begin().unwrap();
            see(&mut seen, name);
            let summary = ledger.grow(&seen).unwrap();
            assert!(summary.new.contains(&name.to_owned()), "{end}: {summary:?}");
            // The same run once more counts once.
            assert!(ledger.is_written());
            if end != "yaml" {
                assert_eq!(ledger.grow(&seen).unwrap().runs, summary.runs, "{end}");
            }
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("read") && (text.contains("write") || end == "yaml"),
            "{end}: {text}"
        );
    }
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 8, "nothing is left beside the files");
}

#[test]
fn a_new_file_begins_with_its_base() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learned.seccomp");
    let mut first = ledger(&path).based_on("close: 1\n".into());
    let mut seen = first.begin().unwrap();
    see(&mut seen, "read");
    first.grow(&seen).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("close: 1\n") && text.contains("\nread: 1  # seen 1\n"),
        "{text}"
    );
}

#[test]
fn what_a_file_cannot_take_is_put_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learned.seccomp");
    let stands = "read[-EACCES]: fd == 1\n";
    fs::write(&path, stands).unwrap();
    let mut ledger = ledger(&path);
    let mut seen = ledger.begin().unwrap();
    see(&mut seen, "read");
    assert!(matches!(ledger.grow(&seen), Err(Error::Learn(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), stands);
    ledger.rescue(&seen).unwrap();
    let text = fs::read_to_string(ledger.beside()).unwrap();
    assert!(text.contains("\nread: fd == 0  # seen 1\n"), "{text}");
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    assert!(matches!(
        ledger(directory.path()).begin(),
        Err(Error::NotRegular)
    ));
    assert!(matches!(
        ledger(Path::new("/dev/null")).begin(),
        Err(Error::NotRegular)
    ));
    // A link of /proc to a pipe was followed to a path that there is not.
    let (reader, _writer) = std::io::pipe().unwrap();
    let pipe = PathBuf::from(format!("/proc/self/fd/{}", reader.as_raw_fd()));
    let ledger_of_a_pipe = ledger(&pipe);
    assert!(matches!(ledger_of_a_pipe.begin(), Err(Error::NotRegular)));
    let missing = directory.path().join("no/such.seccomp");
    assert!(matches!(
        ledger(&missing).begin(),
        Err(Error::Unwritable(_))
    ));
    let bytes = directory.path().join("bytes.seccomp");
    fs::write(&bytes, [0xff]).unwrap();
    assert!(matches!(ledger(&bytes).begin(), Err(Error::NoText)));
}
