//! Other processes, and terminals.

use super::World;

#[test]
fn processes_of_the_same_user_outside_are_out_of_reach() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    world.profile(&format!("\"whitelist\": [{item}]"));
    let tester = "setpriv --reuid 4711 --regid 4711 --clear-groups";
    for (words, wanted) in [
        ("signal $there 0", "ESRCH"),
        ("signal $there 15", "ESRCH"),
        ("trace $there", "ESRCH"),
        ("read-memory $there", "ESRCH"),
        ("take-descriptor $there 0", "ESRCH"),
        ("follow /proc/$there/root", "ENOENT"),
        ("read /proc/$there/mem", "ENOENT"),
    ] {
        // No process of the cell has such a number.
        let script = format!(
            "while :; do {tester} sleep 9 & there=$!; test $there -gt 100 && break; kill $there; done; \
            while ! grep -q sleep /proc/$there/comm; do :; done; export there; \
            \"$OZ\" run --user tester \"$PROFILE\" -- -c \"/opt/attempts {words}\"; \
            {tester} sh -c '$WORLD/attempts {words}'; kill -9 $there"
        );
        let outcome = world.script(&script).outcome();
        let said: Vec<&str> = outcome.stdout.lines().collect();
        assert_eq!(said.first(), Some(&wanted), "{words} {outcome:#?}");
        // A read at the address 0 is an error of its own; whether the process may be read is the question.
        let reached = ["done", "EIO", "EFAULT"].contains(said.last().unwrap());
        assert!(reached && said.len() == 2, "{words} {outcome:#?}");
    }
}

#[test]
fn the_first_process_can_neither_be_traced_nor_ended_nor_read() {
    let Some(world) = World::new() else { return };
    // An ordinary user's is his own, and takes no notice of signals from inside.
    let signalled = if World::ORDINARY { "done" } else { "EPERM" };
    for (words, wanted) in [
        ("trace 1", "EPERM"),
        ("signal 1 9", signalled),
        ("signal 1 15", signalled),
        ("signal 1 19", signalled),
        ("read-memory 1", "EPERM"),
        ("take-descriptor 1 0", "EPERM"),
    ] {
        assert_eq!(world.attempt(words), wanted, "{words}");
    }
    // What is the program's own can be.
    let item = world.attempts();
    let script = "sleep 9 & /opt/attempts trace $!; /opt/attempts signal $! 9";
    let text = world.inside(&format!("\"whitelist\": [{item}]"), script);
    assert_eq!(text, "done\ndone\n");
}

#[test]
fn nothing_reaches_all_processes_but_those_of_the_cell() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    world.profile(&format!("\"whitelist\": [{item}]"));
    let script = "setpriv --reuid 4711 --regid 4711 --clear-groups sleep 9 & there=$!; \
        \"$OZ\" run --user tester \"$PROFILE\" -- -c '/opt/attempts signal -1 0; /opt/attempts signal -1 9'; \
        echo $?; kill -0 $there && echo alive; kill $there";
    let outcome = world.script(script).outcome();
    assert!(outcome.stdout.ends_with("alive\n"), "{outcome:#?}");
}

/// Runs `oz` on a terminal of its own and tells what came out of it, and what was left in it to be read.
const ON_A_TERMINAL: &str = r#"
import fcntl, os, pty, struct, sys, termios, tty
master, slave = pty.openpty()
tty.setraw(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(slave, number)
    os.close(master)
    os.execv(sys.argv[1], sys.argv[1:])
said = b""
while b"end" not in said:
    said += os.read(master, 4096)
os.waitpid(child, 0)
left = struct.unpack("i", fcntl.ioctl(slave, termios.FIONREAD, b"\0\0\0\0"))[0]
print(said.decode().replace("\r", ""), "left", left, "device", os.fstat(slave).st_dev)
"#;

fn on_a_terminal(world: &World, words: &str) -> String {
    world.write("terminal.py", ON_A_TERMINAL, 0, 0o644);
    world
        .script(&format!("python3 $WORLD/terminal.py {words}"))
        .outcome()
        .succeeded()
        .stdout
}

#[test]
fn nothing_can_be_typed_or_pasted_into_the_terminal_of_the_caller() {
    let Some(world) = World::new() else { return };
    let item = world.attempts();
    world.profile(&format!("\"whitelist\": [{item}]"));
    // Root types into his own terminal outside: so it could be noticed.
    let outside = on_a_terminal(&world, "/bin/sh -c '$WORLD/attempts type; echo end'");
    assert!(
        outside.contains("done\nend") && outside.contains("left 1"),
        "{outside}"
    );
    let run = |script: &str| {
        on_a_terminal(
            &world,
            &format!("$OZ run --user tester $PROFILE -- -c '{script}; echo end'"),
        )
    };
    for attempt in [
        "type",
        "type /dev/pts/0",
        "type /dev/stdin",
        "paste",
        "paste /dev/console",
        "paste /dev/tty0",
    ] {
        let inside = run(&format!("/opt/attempts {attempt}"));
        assert!(inside.contains("left 0"), "{attempt}: {inside}");
        assert!(
            !attempt.starts_with("paste") || !inside.contains("done"),
            "{attempt}: {inside}"
        );
    }
}

#[test]
fn the_terminal_inside_is_another_one() {
    let Some(world) = World::new() else { return };
    world.profile("");
    let run = |script: &str| {
        on_a_terminal(
            &world,
            &format!("$OZ run --user tester $PROFILE -- -c '{script}; echo end'"),
        )
    };
    let inside = run("echo /dev/pts/*; tty; stat -L -c \"at %d\" /proc/self/fd/0");
    assert!(
        inside.contains("/dev/pts/0 /dev/pts/ptmx\n/dev/pts/0\n"),
        "{inside}"
    );
    let here = inside
        .split("at ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    let there = inside.trim_end().rsplit(' ').next();
    assert_ne!(here, there, "{inside}");
}
