//! `verify FILE`: the policy where it holds, and no where anything was changed.

use std::fs;
use std::path::{Path, PathBuf};

use sandbox_tests::{Run, sandbox_policy};

use crate::workshop::{HELLO, KINDS, Kind, Workshop, embed, run, verify};

/// Where things lie behind the stub's beginning (crates/embed/src/seal.rs).
const COUNT: usize = 268;
const ENTRY: usize = 272;
const INSTRUCTIONS: usize = 288;

/// An embedded program as bytes, and where its stub lies in them.
struct Sealed {
    bytes: Vec<u8>,
    stub: usize,
    workshop: Workshop,
}

impl Sealed {
    fn new(kind: Kind) -> Sealed {
        let workshop = Workshop::new();
        let bytes = fs::read(workshop.hello(kind)).expect("a program");
        let magic = bytes.windows(8).position(|eight| eight == b"SANDBOX\0");
        Sealed {
            stub: magic.expect("a magic number") - 256,
            bytes,
            workshop,
        }
    }

    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("eight"))
    }

    fn write(&self, bytes: &[u8]) -> PathBuf {
        let path = self.workshop.path("tampered");
        fs::write(&path, bytes).expect("a file");
        let status = std::process::Command::new("chmod")
            .arg("755")
            .arg(&path)
            .status();
        assert!(status.expect("chmod").success());
        path
    }

    /// What verify says when a change was made.
    #[track_caller]
    fn changed(&self, change: impl Fn(&mut [u8])) -> String {
        let mut bytes = self.bytes.clone();
        change(&mut bytes);
        assert!(bytes != self.bytes, "nothing was changed");
        verify(&self.write(&bytes)).status(1).stderr("").stdout
    }

    /// Offsets of the program headers of one kind.
    fn headers(&self, kind: u32) -> Vec<usize> {
        let table = usize::try_from(self.word(32)).expect("an offset");
        let count = usize::from(u16::from_le_bytes([self.bytes[56], self.bytes[57]]));
        let all = (0..count).map(|at| table + 56 * at);
        all.filter(|&at| self.bytes[at..at + 4] == kind.to_le_bytes())
            .collect()
    }
}

#[test]
fn it_prints_the_policy_and_how_it_was_asked_for() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let options = [
            "--allow",
            "@pledge-stdio:write=EPERM",
            "--default-action",
            "ENOSYS",
        ];
        let sealed = workshop.embed(&kind.hello(), &options, "sealed");
        let outcome = verify(&sealed).succeeded().stderr("");
        let lines: Vec<&str> = outcome.stdout.lines().collect();
        let start = format!(
            "{}: filtered before its first instruction, 0x",
            sealed.display()
        );
        assert!(lines[0].starts_with(&start), "{outcome:#?}");
        let asked = " embed --allow '@pledge-stdio:write=EPERM' --default-action 'ENOSYS'";
        assert!(
            lines[1].starts_with("# sandbox-policy ") && lines[1].ends_with(asked),
            "{outcome:#?}"
        );
        assert!(
            lines[2].starts_with("SECCOMP_SYSCALL_ALLOW='"),
            "{outcome:#?}"
        );
        assert_eq!(lines[3], "SECCOMP_DEFAULT_ACTION='ENOSYS'");
    }
}

#[test]
fn variables_have_no_part_in_what_is_embedded() {
    let workshop = Workshop::new();
    let sealed = workshop.path("sealed");
    let run = Run::new(sandbox_policy()).args(["embed", "--deny", "mkdir"]);
    let run = run.arg(Kind::Glibc.hello()).arg("-o").arg(&sealed);
    let run = run.allow("read").default_action("log");
    run.env("SECCOMP_ARCH", "x86").outcome().succeeded();
    let printed = verify(&sealed).succeeded().stdout;
    let policy: Vec<&str> = printed.lines().skip(2).collect();
    assert_eq!(policy, ["SECCOMP_SYSCALL_DENY='mkdir'"]);
}

#[test]
fn what_it_prints_is_a_policy_again() {
    let workshop = Workshop::new();
    let sealed = workshop.embed(
        &Kind::Glibc.hello(),
        &["--deny", "socket(family != AF_UNIX)=EACCES:@mount"],
        "sealed",
    );
    let printed = verify(&sealed).succeeded().stdout;
    let (_, policy) = printed.split_once('\n').expect("a line and a policy");
    let file = workshop.path("policy");
    fs::write(&file, policy).expect("a file");
    let test = |call: &str| {
        let run = Run::new(sandbox_policy()).arg("test").arg(&file).arg(call);
        run.outcome().stdout
    };
    assert!(test("socket(AF_INET)").contains(": EACCES"));
    assert!(test("socket(AF_UNIX)").contains(": allow"));
    assert!(test("mount").contains(": kill_process"));
    // And it makes the same program.
    let again = workshop.path("again");
    let file = file.display().to_string();
    embed(&Kind::Glibc.hello(), &["--policy", &file], &again).succeeded();
    let printed = verify(&again).succeeded().stdout;
    assert_eq!(printed.lines().nth(2), policy.lines().nth(1));
}

#[test]
fn policies_of_every_shape_hold() {
    let workshop = Workshop::new();
    let file = workshop.path("file.seccomp");
    fs::write(
        &file,
        "DEFAULT_POLICY = EPERM\nwrite: fd == 1 || fd == 2\nexit_group: 1\nread: 1\n",
    )
    .expect("a file");
    let file = file.display().to_string();
    for options in [
        &["--allow", ""][..],
        &[
            "--allow",
            "@system-service:!@mount",
            "--default-action",
            "kill_thread",
        ],
        &["--deny", "execve:@mount=log", "--default-action", "trap"],
        &["--deny", "ptrace", "--add-arch", "x86"],
        &["--allow", "mprotect(prot &? PROT_EXEC)=EPERM:@known"],
        &[
            "--allow",
            "@pledge-stdio:@pledge-rpath:@pledge-inet",
            "--default-action",
            "EPERM",
        ],
        &["--policy", &file],
    ] {
        let sealed = workshop.embed(&Kind::Musl.hello(), options, "sealed");
        verify(&sealed).succeeded();
    }
    // Two defaults, of which one is for calls of other ABIs alone.
    let options = ["--policy", &file, "--default-action", "log"];
    let outcome = embed(&Kind::Musl.hello(), &options, &workshop.path("none")).status(2);
    outcome.stderr_has("the policy cannot be written into the program");
}

#[test]
fn a_file_without_a_filter_is_a_no() {
    let workshop = Workshop::new();
    for kind in KINDS {
        let program = kind.hello();
        let wanted = format!("{}: no embedded filter\n", program.display());
        verify(&program).status(1).stdout(&wanted);
    }
    fs::write(workshop.path("text"), "SANDBOX\0").expect("a file");
    verify(&workshop.path("text"))
        .status(1)
        .stdout_has("no embedded filter");
    verify(Path::new("/bin/sh"))
        .status(1)
        .stdout_has("no embedded filter");
    verify(&sandbox_policy())
        .status(1)
        .stdout_has("no embedded filter");
    verify(&workshop.path("missing"))
        .status(2)
        .stderr_has("No such file");
    verify(workshop.directory())
        .status(2)
        .stderr_has("not a regular file");
}

#[test]
fn the_old_entry_point_put_back_is_a_no() {
    for kind in KINDS {
        let sealed = Sealed::new(kind);
        let old = sealed.word(sealed.stub + ENTRY).to_le_bytes();
        let said = sealed.changed(|bytes| bytes[24..32].copy_from_slice(&old));
        assert!(said.contains("does not hold"), "{kind:?}: {said}");
        // The program runs, and verify is right: nothing filters it.
        run(&sealed.workshop.path("tampered")).succeeded();
    }
}

#[test]
fn no_bit_of_stub_header_filter_or_policy_can_be_changed_unseen() {
    let sealed = Sealed::new(Kind::Glibc);
    let count = u32::from_le_bytes(
        sealed.bytes[sealed.stub + COUNT..sealed.stub + COUNT + 4]
            .try_into()
            .expect("four"),
    );
    let text = sealed.stub + INSTRUCTIONS + 8 * usize::try_from(count).expect("a count");
    let policy = text
        + sealed.bytes[text..]
            .iter()
            .position(|&byte| byte == b'\n')
            .expect("a line");
    for at in sealed.stub..text {
        let said = sealed.changed(|bytes| bytes[at] ^= 1 << (at % 8));
        assert!(
            said.contains("does not hold") || said.contains("its filter is not"),
            "{at}: {said}"
        );
    }
    // "write" becomes "vrite", and the comment before it may say anything.
    let name = policy
        + sealed.bytes[policy..]
            .windows(5)
            .position(|five| five == b"write")
            .expect("it");
    let said = sealed.changed(|bytes| bytes[name] = b'v');
    assert!(said.contains("its policy cannot be read"), "{said}");
    let said = sealed.changed(|bytes| bytes[name..name + 5].copy_from_slice(b"lseek"));
    assert!(
        said.contains("its filter is not what its policy says"),
        "{said}"
    );
}

#[test]
fn a_filter_with_a_hole_between_the_numbers_that_a_check_looks_at_is_a_no() {
    let sealed = Sealed::new(Kind::Glibc);
    let at = sealed.stub + INSTRUCTIONS;
    // The killing return at the end of the program's table becomes an allowing one.
    let kill = [6, 0, 0, 0, 0, 0, 0, 0x80];
    let place = at
        + sealed.bytes[at..]
            .windows(8)
            .position(|eight| eight == kill)
            .expect("a kill");
    let said =
        sealed.changed(|bytes| bytes[place + 4..place + 8].copy_from_slice(&[0, 0, 0xff, 0x7f]));
    assert!(
        said.contains("its filter is not what its policy says"),
        "{said}"
    );
}

#[test]
fn memory_that_can_be_changed_or_is_covered_is_a_no() {
    const LOAD: u32 = 1;
    for kind in KINDS {
        let sealed = Sealed::new(kind);
        let loads = sealed.headers(LOAD);
        let (&own, others) = loads.split_last().expect("segments");
        let said = sealed.changed(|bytes| bytes[own + 4] = 7);
        assert!(said.contains("can be written to"), "{kind:?}: {said}");
        let said = sealed.changed(|bytes| bytes[own + 4] = 4);
        assert!(
            said.contains("can be written to, or not executed"),
            "{kind:?}: {said}"
        );
        // A segment before it becomes longer and lies over it.
        let data = *others.last().expect("a segment");
        let size = sealed.word(own + 16) + 8 - sealed.word(data + 16);
        let said = sealed
            .changed(|bytes| bytes[data + 40..data + 48].copy_from_slice(&size.to_le_bytes()));
        assert!(said.contains("another segment"), "{kind:?}: {said}");
        // The kernel would start this instead.
        let said = sealed.changed(|bytes| bytes[own + 56..own + 60].copy_from_slice(&[3, 0, 0, 0]));
        assert!(said.contains("does not hold"), "{kind:?}: {said}");
    }
}

#[test]
fn text_of_a_file_does_not_reach_the_terminal_as_it_is() {
    let sealed = Sealed::new(Kind::Glibc);
    let at = sealed
        .bytes
        .windows(7)
        .position(|seven| seven == b"--allow")
        .expect("the comment");
    let mut bytes = sealed.bytes.clone();
    bytes[at..at + 7].copy_from_slice(b"\x1b[2J\x07\r\x08");
    // Only a comment was changed, so it holds.
    let outcome = verify(&sealed.write(&bytes)).succeeded();
    assert!(
        outcome.stdout.contains("\\u{1b}[2J\\u{7}\\r\\u{8}"),
        "{outcome:#?}"
    );
    assert!(
        outcome
            .stdout
            .bytes()
            .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
    );
}

/// JSON let the terminal have the one byte that begins its orders, and letters that turn the text round.
#[test]
fn text_of_a_file_does_not_reach_the_terminal_as_json_either() {
    let sealed = Sealed::new(Kind::Glibc);
    let mut windows = sealed.bytes.windows(7);
    let at = windows.position(|seven| seven == b"--allow");
    let at = at.expect("the comment");
    let mut bytes = sealed.bytes.clone();
    bytes[at..at + 7].copy_from_slice("\u{9b}2J\u{202e}".as_bytes());
    let run = Run::new(sandbox_policy()).args(["verify", "--json"]);
    let outcome = run.arg(sealed.write(&bytes)).outcome().succeeded();
    assert!(outcome.stdout.is_ascii(), "{outcome:#?}");
    let value: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let policy = value["policy"].as_str().expect("a policy");
    assert!(policy.contains(" embed \u{9b}2J\u{202e} '"), "{policy}");
}

#[test]
fn a_policy_inside_can_name_no_file() {
    let sealed = Sealed::new(Kind::Glibc);
    let place = |from: usize, text: &[u8]| {
        let mut windows = sealed.bytes[from..].windows(text.len());
        from + windows.position(|window| window == text).expect("a text")
    };
    let name = place(place(0, b"SECCOMP_SYSCALL_ALLOW"), b"getrandom");
    let said = sealed.changed(|bytes| bytes[name..name + 9].copy_from_slice(b"/dev/zero"));
    assert!(said.contains("its policy cannot be read"), "{said}");
}

#[test]
fn as_json_it_says_the_same() {
    let workshop = Workshop::new();
    let sealed = workshop.hello(Kind::Glibc);
    let value = |program: &Path, status: i32| -> serde_json::Value {
        let run = Run::new(sandbox_policy())
            .args(["verify", "--json"])
            .arg(program);
        serde_json::from_str(&run.outcome().status(status).stdout).expect("JSON")
    };
    let holds = value(&sealed, 0);
    assert_eq!(holds["filtered"], true);
    assert_eq!(holds["abi"], "x86_64");
    assert!(
        holds["policy"]
            .as_str()
            .expect("a policy")
            .contains("SECCOMP_SYSCALL_ALLOW=")
    );
    assert!(holds["filter"].as_array().expect("a filter").len() > 5);
    let bare = value(&Kind::Glibc.hello(), 1);
    assert_eq!(
        (&bare["filtered"], &bare["note"]),
        (&false.into(), &"no embedded filter".into())
    );
    assert!(bare["policy"].is_null());
}

#[test]
fn digits_are_a_process_and_a_path_is_a_file() {
    let workshop = Workshop::new();
    let program = workshop.embed(&Kind::Glibc.hello(), &["--allow", HELLO], "123");
    let tool = |subject: &str| {
        let run = Run::new(sandbox_policy()).args(["verify", subject]);
        run.directory(program.parent().expect("a directory"))
            .outcome()
    };
    tool("./123")
        .succeeded()
        .stdout_has("./123: filtered before its first instruction");
    tool("4194305").status(2).stderr_has("/proc/4194305/task");
    tool("99999999999999999999").status(2).stderr_has("./NAME");
}
