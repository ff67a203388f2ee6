//! A policy file that grows: in any format, whole or not at all.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use ledger::{Error, Ledger};
use nix::fcntl::{Flock, FlockArg};
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
    // A link of /proc to a socket or a pipe was followed to a path that there is not.
    let (socket, _other) = UnixStream::pair().unwrap();
    let socket = PathBuf::from(format!("/proc/self/fd/{}", socket.as_raw_fd()));
    assert!(matches!(ledger(&socket).begin(), Err(Error::NotRegular)));
    let missing = directory.path().join("no/such.seccomp");
    assert!(matches!(
        ledger(&missing).begin(),
        Err(Error::Unwritable(_))
    ));
    let bytes = directory.path().join("bytes.seccomp");
    fs::write(&bytes, [0xff]).unwrap();
    assert!(matches!(ledger(&bytes).begin(), Err(Error::NoText)));
}

#[test]
fn a_file_keeps_its_mode_and_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("p.seccomp");
    fs::write(&path, "read: 1\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    // Only root may give it away.
    let given = std::os::unix::fs::chown(&path, Some(12), Some(34)).is_ok();
    let mut seen = Observations::new();
    see(&mut seen, "write");
    ledger(&path).grow(&seen).unwrap();
    let facts = fs::metadata(&path).unwrap();
    assert_eq!(facts.mode() & 0o7777, 0o604);
    assert!(!given || (facts.uid(), facts.gid()) == (12, 34));
}

#[test]
fn while_another_has_the_directory_it_waits() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("p.seccomp");
    let other = fs::File::open(directory.path()).unwrap();
    let other = Flock::lock(other, FlockArg::LockExclusive).unwrap();
    std::thread::scope(|scope| {
        let learning = scope.spawn(|| {
            let mut seen = Observations::new();
            see(&mut seen, "write");
            ledger(&path).grow(&seen).unwrap();
        });
        std::thread::sleep(Duration::from_millis(200));
        assert!(!path.exists());
        drop(other);
        learning.join().unwrap();
    });
    assert!(path.exists());
}

#[test]
fn what_was_begun_is_taken_away_where_it_finds_no_place() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(&directory.path().join("p.seccomp"));
    fs::create_dir(ledger.beside()).unwrap();
    let mut seen = Observations::new();
    see(&mut seen, "write");
    assert!(matches!(ledger.rescue(&seen), Err(Error::Unwritable(_))));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_written_anew_is_its_owners_alone_and_keeps_what_others_may_do_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new.seccomp");
    let mut fresh = ledger(&path);
    fresh.begin_anew().unwrap();
    assert!(!path.exists());
    fresh.write_anew("read:1\n").unwrap();
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (fs::read_to_string(&path).unwrap().as_str(), mode()),
        ("read:1\n", 0o600)
    );

    // What it holds does not matter then.
    fs::write(&path, "mkdir: (\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fresh.begin_anew().unwrap();
    fresh.write_anew("write:1\n").unwrap();
    assert_eq!(
        (fs::read_to_string(&path).unwrap().as_str(), mode()),
        ("write:1\n", 0o640)
    );

    for wrong in [directory.path().to_path_buf(), "/dev/null".into()] {
        let refused = ledger(&wrong).begin_anew();
        assert!(matches!(refused, Err(Error::NotRegular)), "{refused:?}");
    }
}

#[test]
fn a_private_file_that_grows_is_its_owners_alone_from_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("p.seccomp");
    let mut ledger = ledger(&path).private();
    let mut seen = ledger.begin().unwrap();
    see(&mut seen, "read");
    ledger.grow(&seen).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}
