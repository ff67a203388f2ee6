//! Real programs under conditions.

use sandbox_tests::{Run, installed, public_directory, publish, sandboxify, skip};

/// Everything that common programs do, but memory that can be written and executed, sockets to the
/// network, and files opened for writing.
const STRICT: &str = "@system-service:mprotect(prot &? PROT_EXEC)=EPERM:mmap(prot &? PROT_WRITE|PROT_EXEC)=EPERM:socket(family != AF_UNIX)=EACCES:open(flags & O_ACCMODE != O_RDONLY)=EROFS:openat(flags & O_ACCMODE != O_RDONLY)=EROFS:openat2=ENOSYS:creat=EROFS";

const PYTHON: &str = r"
import errno, mmap, socket
def name(action):
    try:
        action()
        return 'ran'
    except OSError as error:
        return errno.errorcode[error.errno]
print(open('/etc/passwd').readline().split(':')[0])
print(name(lambda: open('/tmp/x', 'w')))
print(name(lambda: open('/dev/null', 'r+')))
print(name(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM)))
print(name(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)))
print(name(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ|mmap.PROT_WRITE|mmap.PROT_EXEC)))
print(name(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ|mmap.PROT_WRITE)))
";

const EXPECTED: &str = "root\nEROFS\nEROFS\nEACCES\nran\nEPERM\nran\n";

#[test]
fn python_meets_every_condition() {
    let Some(python) = installed("python3") else {
        return skip("python3 is not installed");
    };
    let preloaded = Run::preloaded(&python).allow(STRICT);
    let preloaded = preloaded.args(["-c", PYTHON]).outcome();
    preloaded.succeeded().stdout(EXPECTED);
    for method in ["ticket", "auto"] {
        let options = ["--method", method, "--allow", STRICT];
        // Its loader maps libraries, executable but not writable.
        let list = STRICT.replace("mprotect(prot &? PROT_EXEC)=EPERM:", "");
        let options = [options[0], options[1], options[2], &list];
        let launched = Run::launched(options, &python).args(["-c", PYTHON]);
        launched.outcome().succeeded().stdout(EXPECTED);
    }
}

#[test]
fn an_ordinary_user_gets_the_same() {
    let Some(busybox) = installed("busybox") else {
        return skip("busybox is not installed");
    };
    let list = "@system-service:openat(flags & O_ACCMODE != O_RDONLY)=EROFS:open(flags & O_ACCMODE != O_RDONLY)=EROFS";
    let script = "read line </etc/passwd && echo ${line%%:*} && echo x >/dev/null";
    // Where an ordinary user can read it.
    let directory = public_directory();
    let launched = Run::new(publish(&sandboxify(), directory.path()));
    let launched = launched.args(["--allow", list]).arg(busybox);
    let outcome = launched.args(["sh", "-c", script]).as_nobody().outcome();
    outcome.stdout("root\n").stderr_has("Read-only file system");
}

#[test]
fn a_promise_keeps_a_program_from_the_network_and_lets_it_read() {
    let Some(busybox) = installed("busybox") else {
        return skip("busybox is not installed");
    };
    let run = |list: &str, arguments: &[&str]| {
        let options = ["--default-action", "EPERM", "--allow", list];
        Run::launched(options, &busybox).args(arguments).outcome()
    };
    let reading = "@pledge-stdio:@pledge-rpath:@pledge-tty";
    run(reading, &["head", "-n1", "/etc/passwd"])
        .succeeded()
        .stdout_has("root");
    let refused = run(reading, &["sh", "-c", "echo x >/tmp/pledge-test"]);
    assert_ne!(refused.status, 0, "{refused:#?}");
    assert!(!std::path::Path::new("/tmp/pledge-test").exists());
    let refused = run(reading, &["nc", "-w1", "127.0.0.1", "9"]);
    refused.stderr_has("Operation not permitted");
}
