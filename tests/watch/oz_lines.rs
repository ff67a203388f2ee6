//! The report of Oz's tracer, line by line: what it printed for a program, and what we print for it.
//!
//! Its lines are as they were observed but for addresses, the order of flags, and the access mode of open
//! calls, which it always had as O_RDONLY.

use std::path::Path;

use sandbox_tests::compile;

use crate::workshop::Job;

/// What was observed, call by call.
const OBSERVED: &str = r#"
socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP)
connect(3, {sin_family=AF_INET, sin_port=9, sin_addr=127.0.0.1}, 16)
setsockopt(3, SOL_SOCKET, SO_REUSEADDR, 0xADDRESS, 4)
setsockopt(3, SOL_TCP, TCP_NODELAY, 0xADDRESS, 4)
setsockopt(3, SOL_IP, 2, 0xADDRESS, 4)
socket(AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK, 0)
connect(4, {sin.family=AF_UNIX,sun_path="/tmp/nosock"}, 14)
connect(4, {sin.family=AF_UNIX,sun_path="@abstract-name"}, 16)
socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP)
socket(AF_NETLINK, SOCK_RAW, 0)
socket(99, SOCK_STREAM, 0)
pipe([0, 0])
socketpair(1,1,0,0xADDRESS)
recvmsg(4, 0xADDRESS, MSG_DONTWAIT|MSG_CMSG_CLOEXEC)
prctl(PR_SET_NAME,"hello")
prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)
prctl(99, 1, 2, 3, 4)
mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FILE, -1, 0)
mprotect(0xADDRESS, 4096, PROT_NONE)
4 madvise(0xADDRESS, 4096, MADV_DONTNEED)
mremap(0xADDRESS, 4096, 8192, MREMAP_MAYMOVE, NULL)
munmap(0xADDRESS, 8192)
capget({version=_LINUX_CAPABILITY_VERSION_3,pid=0},NULL)
fcntl(0,F_GETFL,0)
fcntl(0,F_SETFD,O_CLOEXEC)
fcntl(0,F_SETFL,O_RDONLY|O_NONBLOCK)
fcntl(0,F_SETLK,{type=F_RDLCK, whence=SEEK_SET, start=1, len=2})
fcntl(0,F_DUPFD,9)
ioctl(0 (/dev/null), TCGETS, 0xADDRESS)
ioctl(0 (/dev/null), FIONREAD, 0xADDRESS)
ioctl(0 (/dev/null), { dir=2 type=T number=30 size=4 }, 0xADDRESS)
futex(0xADDRESS, FUTEX_WAKE_PRIVATE, 1)
futex(0xADDRESS, FUTEX_WAIT, 5)
futex(0xADDRESS, FUTEX_WAKE_OP_PRIVATE, 1, 0x1, {FUTEX_OP_SET, 0, FUTEX_OP_CMP_GT, 1})
futex(0xADDRESS, FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME, 5, {1, 2}, ffffffff)
mkdir("oztd", 0755)
open("/etc/hostname", O_RDONLY)
openat(5, "rel", O_RDONLY|O_DIRECTORY)
access("/etc/passwd", W_OK|R_OK)
access("/etc/passwd", F_OK)
write(1,"out\tline.\n",11)
write(2,"err\n",4)
rename("oztd/y","oztd/z")
unlink("oztd/z")
rmdir("oztd")
"#;

/// A line without addresses, and with its flags in the order of the alphabet.
fn normal(line: &str) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '|';
    let mut text = String::new();
    for piece in line.split_inclusive(|c| !in_word(c)) {
        let word = piece.trim_end_matches(|c| !in_word(c));
        let mut flags: Vec<&str> = word.split('|').collect();
        flags.sort_unstable();
        let is_address = word.starts_with("0x") && word.len() > 6;
        text += &if is_address {
            "0xADDRESS".to_owned()
        } else {
            flags.join("|")
        };
        text += &piece[word.len()..];
    }
    text
}

#[test]
fn as_it_was_observed() {
    let program = compile(include_str!("oz_calls.c"), &[]);
    let job = Job::new(&program, &[]);
    for place in ["exec", "main"] {
        let options = [
            "-q",
            "--audit",
            "--every",
            "--at",
            place,
            "--report-format",
            "oz",
        ];
        let report = job.file("report");
        let name = report.display().to_string();
        let options = options
            .into_iter()
            .chain(["--report", &name, "--allow", ""]);
        job.launched(options).outcome().succeeded();
        compare(
            &std::fs::read_to_string(&report).expect("the report"),
            &program,
        );
        std::fs::remove_file(&report).expect("the report");
    }
}

#[test]
fn older_versions_had_the_same_between_lines() {
    let program = compile(include_str!("oz_calls.c"), &[]);
    let job = Job::new(&program, &[]);
    let written = |format| {
        let options = "-q --audit --every --allow= --report-format".split(' ');
        job.launched(options.chain([format]))
            .outcome()
            .succeeded()
            .stderr
    };
    let (plain, wiki) = (written("oz"), written("oz-wiki"));
    let sign = format!("I {}\n", "=".repeat(46));
    let hits = wiki
        .split(&sign)
        .filter(|hit| hit.contains("\nseccomp hit") || hit.starts_with("seccomp hit"));
    let hits: Vec<Vec<&str>> = hits.map(|hit| hit.lines().collect()).collect();
    let own = plain
        .lines()
        .filter(|line| line.starts_with("I seccomp hit"));
    assert_eq!(hits.len(), own.count());
    for hit in &hits {
        assert!(
            matches!(hit[..], [_, "", call] if call.ends_with(')')),
            "{hit:?}"
        );
    }
    let connects =
        |call: &str| call.ends_with("{sin.family=AF_UNIX,sun_path=\"/tmp/nosock\"}, 14)");
    assert!(hits.iter().any(|hit| connects(hit[2])), "{wiki}");
}

fn compare(report: &str, program: &Path) {
    let hit = format!(" ({} ) syscall ", program.display());
    let lines: Vec<&str> = report.lines().collect();
    let hits = lines.windows(2).filter(|pair| pair[0].contains(&hit));
    let rendered = hits.map(|pair| pair[1].strip_prefix("  ").expect("two blanks"));
    let behind = rendered.skip_while(|line| *line != "getppid()").skip(1);
    let ours: Vec<String> = behind
        .take_while(|line| *line != "getppid()")
        .map(normal)
        .collect();
    let theirs: Vec<String> = OBSERVED.trim().lines().map(normal).collect();
    let pairs = ours.iter().zip(&theirs);
    let wrong: Vec<_> = pairs.filter(|(ours, theirs)| ours != theirs).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(ours.len(), theirs.len(), "{ours:#?}");
}
