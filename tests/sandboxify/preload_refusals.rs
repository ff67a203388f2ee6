//! `--method preload` refuses wherever the loader would skip libsandbox.so: a program that runs
//! without a filter would be the result.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox_tests::{
    Run, assemble_free_standing, compile, installed, libsandbox, public_directory, publish, root,
    sandboxify, skip,
};

use crate::preload::{PRELOAD, refused};
use crate::programs::{HELLO, file, hello_dynamic, hello_static, text};

/// A launcher and libsandbox.so, copied side by side.
fn copied(directory: &Path) -> PathBuf {
    publish(&libsandbox(), directory);
    publish(&sandboxify(), directory)
}

#[test]
fn a_static_program_is_refused() {
    refused(&sandboxify(), &hello_static(), "static program");
    let static_pie = compile(HELLO, &["-static-pie"]);
    refused(&sandboxify(), &static_pie, "static program");
}

#[test]
fn a_32_bit_program_is_refused() {
    if !cfg!(target_arch = "x86_64") {
        return skip("i386 programs exist beside x86_64 only");
    }
    let program = assemble_free_standing(
        "\t.globl _start\n_start:\n\tmovl $1, %eax\n\tint $0x80\n",
        &["-m32", "-static"],
    );
    refused(&sandboxify(), &program, "32-bit");
}

#[test]
fn a_program_that_gains_privileges_is_refused() {
    let directory = public_directory();
    let program = publish(&hello_dynamic(), directory.path());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).expect("chmod");
    refused(&sandboxify(), &program, "gains privileges");
}

#[test]
fn a_caller_whose_real_and_effective_ids_differ_is_refused() {
    // The kernel then marks every exec as secure (AT_SECURE, getauxval(3)), and the loader preloads
    // nothing from a path.
    let Some(setpriv) = installed("setpriv") else {
        return skip("setpriv is not installed");
    };
    if !root() {
        return skip("only root can have two ids");
    }
    for ids in ["--ruid=65534", "--rgid=65534"] {
        let run = Run::new(&setpriv).args([ids, "--keep-groups"]);
        let run = run.arg(sandboxify()).args(PRELOAD);
        let run = run.args(["-q", "--allow", ""]).arg(hello_dynamic());
        let outcome = run.outcome();
        assert!([125, 126].contains(&outcome.status), "{ids}: {outcome:#?}");
        outcome.stdout("").stderr_has("sandboxify: ");
    }
}

#[test]
fn a_program_that_cannot_be_read_is_refused() {
    if !root() {
        return skip("only root can make a program that an ordinary user cannot read");
    }
    let directory = public_directory();
    let launcher = copied(directory.path());
    let program = publish(&hello_dynamic(), directory.path());
    let run = |program: &Path| {
        let run = Run::new(&launcher)
            .args(PRELOAD)
            .args(["-q", "--deny", "acct"]);
        run.arg(program).as_nobody().outcome()
    };
    run(&program).succeeded().stdout("Hello, world!\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o711)).expect("chmod");
    run(&program)
        .status(126)
        .stdout("")
        .stderr_has("cannot be read");
}

/// A copy of helloworld that names another loader.
fn with_loader(loader: &Path, directory: &Path) -> PathBuf {
    let program = publish(&hello_dynamic(), directory);
    let set = Command::new("patchelf")
        .arg("--set-interpreter")
        .args([loader, &program])
        .status();
    assert!(set.expect("patchelf; `make test` installs it").success());
    program
}

#[test]
fn a_loader_that_nobody_knows_is_refused_and_filtered_by_ticket() {
    let directory = public_directory();
    let loader = directory.path().join("loader");
    fs::copy(system_loader(), &loader).expect("a copy of the loader");
    let program = with_loader(&loader, directory.path());
    refused(&sandboxify(), &program, "a loader that is neither");
    let options = ["--quiet", "--method", "ticket", "--deny", "write"];
    Run::launched(options, &program)
        .outcome()
        .killed()
        .stdout("");
}

/// patchelf puts the loader's path, when it is longer, behind the first page.
#[test]
fn a_loader_named_at_the_end_of_the_file_is_found() {
    let directory = public_directory();
    let deep = directory
        .path()
        .join("a-directory-with-a-long-name")
        .join("and-another-one");
    fs::create_dir_all(&deep).expect("directories");
    let loader = deep.join(system_loader().file_name().expect("a name"));
    fs::copy(system_loader(), &loader).expect("a copy of the loader");
    let program = with_loader(&loader, directory.path());
    Run::launched(
        [PRELOAD[0], PRELOAD[1], "--quiet", "--deny", "write"],
        &program,
    )
    .outcome()
    .killed()
    .stdout("");
}

/// The loader of this machine's C library.
fn system_loader() -> PathBuf {
    let names = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let loader = names.iter().map(PathBuf::from).find(|path| path.exists());
    loader.expect("glibc's loader")
}

#[test]
fn a_missing_object_is_a_refusal() {
    let directory = public_directory();
    let launcher = publish(&sandboxify(), directory.path());
    refused(&launcher, &hello_dynamic(), "libsandbox.so is neither in");
    refused(&launcher, &hello_dynamic(), text(directory.path()));
}

#[test]
fn an_object_that_cannot_be_read_is_a_refusal() {
    if !root() {
        return skip("only root can make an object that an ordinary user cannot read");
    }
    let directory = public_directory();
    let launcher = copied(directory.path());
    let object = directory.path().join("libsandbox.so");
    fs::set_permissions(&object, fs::Permissions::from_mode(0o600)).expect("chmod");
    let program = publish(&hello_dynamic(), directory.path());
    let run = Run::new(launcher).args(PRELOAD).args(["--deny", "acct"]);
    let outcome = run.arg(program).as_nobody().outcome();
    let outcome = outcome.status(126).stdout("");
    outcome
        .stderr_has("libsandbox.so")
        .stderr_has("ermission denied");
}

#[test]
fn an_object_that_is_none_is_a_refusal() {
    // The loader says a line about it and runs the program without a filter.
    let directory = public_directory();
    let launcher = publish(&sandboxify(), directory.path());
    let whole = fs::read(libsandbox()).expect("libsandbox.so");
    let contents = [
        &b""[..],
        b"not an object",
        &[0x7f, b'E', b'L', b'F', 1, 1, 1],
        // Copied half-way.
        &whole[..4096],
        &whole[..whole.len() / 2],
    ];
    for content in contents {
        file(directory.path(), "libsandbox.so", content, 0o755);
        refused(&launcher, &hello_dynamic(), "libsandbox.so");
    }
}

#[test]
fn a_path_that_the_loader_would_split_is_a_refusal() {
    let directory = public_directory();
    for name in ["with blank", "with:colon", "with$ORIGIN"] {
        let place = directory.path().join(name);
        fs::create_dir(&place).expect("a directory");
        refused(&copied(&place), &hello_dynamic(), "the loader would split");
    }
}

#[test]
fn an_object_on_a_noexec_mount_is_a_refusal() {
    let Some(unshare) = installed("unshare") else {
        return skip("unshare is not installed");
    };
    if !root() {
        return skip("only root can mount");
    }
    let possible = Run::new(&unshare).args(["--mount", "true"]).outcome();
    if possible.status != 0 {
        return skip("a mount namespace cannot be made here");
    }
    let directory = public_directory();
    let place = directory.path();
    fs::create_dir(place.join("bin")).expect("bin");
    fs::create_dir(place.join("lib")).expect("lib");
    publish(&sandboxify(), &place.join("bin"));
    // In a mount namespace of its own, which is gone when the shell ends.
    let script = "set -e\ncd \"$1\"\nmount -t tmpfs -o noexec none lib\ncp \"$2\" lib/\n\
                  exec bin/sandboxify --method preload --allow @known \"$3\"";
    let run = Run::new(unshare).args(["--mount", "--propagation", "private"]);
    let run = run.args(["sh", "-c", script, "sh"]);
    let outcome = run
        .arg(place)
        .arg(libsandbox())
        .arg(hello_dynamic())
        .outcome();
    let outcome = outcome.status(126).stdout("");
    outcome.stderr_has("noexec");
}
