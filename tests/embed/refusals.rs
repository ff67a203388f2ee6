//! What is refused, each with its own reason, and nothing written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sandbox_tests::{Run, compile, installed, libsandbox, root, skip};

use crate::workshop::{HELLO, HELLO_SOURCE, Kind, Workshop, embed, run, verify};

/// Asserts that a file is refused for this reason.
#[track_caller]
fn refused(workshop: &Workshop, program: &Path, reason: &str) {
    let output = workshop.path("output");
    let outcome = embed(program, &["--allow", HELLO], &output)
        .status(2)
        .stdout("");
    let start = format!("sandbox-policy: {}: ", program.display());
    assert!(outcome.stderr.starts_with(&start), "{outcome:#?}");
    outcome.stderr_has(reason);
    assert!(!output.exists(), "{reason}");
}

/// A static program with other bytes.
fn changed(workshop: &Workshop, change: impl Fn(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = fs::read(Kind::Glibc.hello()).expect("a program");
    change(&mut bytes);
    let path = workshop.path("changed");
    fs::write(&path, bytes).expect("a file");
    path
}

#[test]
fn dynamic_programs_and_libraries_are_refused() {
    let workshop = Workshop::new();
    let patchelf = "a dynamic program; the loader would run before the filter. Give it the object as a library \
                    instead: patchelf --add-needed /usr/local/lib/libsandbox.so FILE";
    refused(&workshop, &compile(HELLO_SOURCE, &[]), patchelf);
    refused(&workshop, &compile(HELLO_SOURCE, &["-no-pie"]), patchelf);
    refused(&workshop, &libsandbox(), "a shared library");
    let library = compile("int one(void) { return 1; }\n", &["-shared", "-fPIC"]);
    refused(&workshop, &library, "a shared library");
    let named = compile(
        "int one;\n",
        &["-shared", "-fPIC", "-nostdlib", "-Wl,-soname,libone.so"],
    );
    refused(&workshop, &named, "a shared library");
}

#[test]
fn what_is_no_program_is_refused() {
    let workshop = Workshop::new();
    let file = |name: &str, text: &[u8]| {
        fs::write(workshop.path(name), text).expect("a file");
        workshop.path(name)
    };
    refused(
        &workshop,
        &file("script", b"#!/bin/sh\necho\n"),
        "a script; its interpreter runs",
    );
    refused(&workshop, &file("text", b"text"), "not an ELF file");
    refused(&workshop, &file("empty", b""), "not an ELF file");
    refused(
        &workshop,
        &file("short", b"\x7fELF\x02\x01\x01"),
        "a broken ELF file",
    );
    refused(&workshop, workshop.directory(), "not a regular file");
    refused(&workshop, Path::new("/dev/zero"), "not a regular file");
    refused(&workshop, &workshop.path("missing"), "No such file");
    let object = compile("int one;\n", &["-c"]);
    refused(&workshop, &object, "not a program but an object file");
}

#[test]
fn other_machines_and_word_sizes_are_refused() {
    let workshop = Workshop::new();
    let narrow = compile(HELLO_SOURCE, &["-static", "-m32"]);
    refused(&workshop, &narrow, "a 32-bit program");
    let riscv = changed(&workshop, |bytes| bytes[18] = 243);
    refused(&workshop, &riscv, "for another machine (ELF machine 243)");
    let big = changed(&workshop, |bytes| bytes[5] = 2);
    refused(&workshop, &big, "for another machine");
}

#[test]
fn programs_with_privileges_are_refused() {
    let workshop = Workshop::new();
    let program = workshop.bring(&Kind::Glibc.hello());
    for mode in [0o4755, 0o2755] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).expect("chmod");
        refused(&workshop, &program, "setuid or setgid");
    }
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("chmod");
    if !root() {
        return skip("only root can give file capabilities");
    }
    let setcap = Run::new("setcap")
        .arg("cap_net_raw+ep")
        .arg(&program)
        .outcome();
    setcap.succeeded();
    refused(&workshop, &program, "it has file capabilities");
}

#[test]
fn signed_files_are_refused() {
    let workshop = Workshop::new();
    let appended = changed(&workshop, |bytes| {
        bytes.extend_from_slice(b"0123~Module signature appended~\n");
    });
    refused(&workshop, &appended, "signed (a signature is appended)");
    let (signature, signed) = (workshop.path("signature"), workshop.path("signed"));
    fs::write(&signature, "signature").expect("a file");
    let section = format!(".signature={}", signature.display());
    let add = Run::new("objcopy").args(["--add-section", &section]);
    add.args([&Kind::Glibc.hello(), &signed])
        .outcome()
        .succeeded();
    refused(&workshop, &signed, "signed (section .signature)");
    // IMA's attribute can only be set by root, and not on every file system.
    let program = workshop.bring(&Kind::Glibc.hello());
    let set = "import os, sys; os.setxattr(sys.argv[1], 'security.ima', b'\\x03signature')";
    let outcome = Run::new("python3")
        .args(["-c", set])
        .arg(&program)
        .outcome();
    match outcome.status {
        0 => refused(&workshop, &program, "signed (attribute security.ima)"),
        _ => skip("security.ima cannot be set here"),
    }
}

#[test]
fn packed_files_are_refused() {
    let workshop = Workshop::new();
    let marked = changed(&workshop, |bytes| {
        // Behind the program headers, as UPX has it.
        bytes[0x2a4..0x2a8].copy_from_slice(b"UPX!");
    });
    refused(&workshop, &marked, "packed (it has the mark of UPX)");
    let writable = changed(&workshop, |bytes| {
        let count = usize::from(bytes[56]);
        for at in (0..count).map(|at| 64 + 56 * at) {
            bytes[at + 4] |= u8::from(bytes[at] == 1 && bytes[at + 4] & 1 == 1) * 2;
        }
        bytes[40..48].fill(0);
        bytes[58..64].fill(0);
    });
    refused(
        &workshop,
        &writable,
        "packed (no sections, and memory to write and execute)",
    );
    let Some(upx) = installed("upx") else {
        return skip("upx is not installed");
    };
    let packed = workshop.path("packed");
    let run = Run::new(upx).args(["-qq", "-o"]).arg(&packed);
    run.arg(Kind::Glibc.hello()).outcome().succeeded();
    refused(&workshop, &packed, "packed");
}

#[test]
fn a_second_filter_is_refused() {
    let workshop = Workshop::new();
    for kind in [Kind::Glibc, Kind::MuslTightPie] {
        let sealed = workshop.hello(kind);
        refused(&workshop, &sealed, "it has an embedded filter already");
        let stripped = workshop.path("stripped");
        // Also where the entry point leads elsewhere and no section tells.
        let mut bytes = fs::read(&sealed).expect("a file");
        bytes[24..32].copy_from_slice(&0x40_1000_u64.to_le_bytes());
        bytes[40..48].fill(0);
        bytes[58..64].fill(0);
        fs::write(&stripped, bytes).expect("a file");
        let output = workshop.path("output");
        let outcome = embed(&stripped, &["--allow", HELLO], &output).status(2);
        outcome.stderr_has(match kind {
            Kind::Glibc => "it has an embedded filter already",
            _ => "its entry point lies in no executable segment",
        });
    }
}

#[test]
fn data_behind_the_end_is_refused() {
    let workshop = Workshop::new();
    let longer = changed(&workshop, |bytes| {
        bytes.extend_from_slice(b"PK\x05\x06 more")
    });
    refused(
        &workshop,
        &longer,
        "9 bytes of data lie behind the ELF file's end",
    );
    let longer = changed(&workshop, |bytes| bytes.extend_from_slice(&[0, 0, 0, 1]));
    refused(&workshop, &longer, "4 bytes of data");
}

/// Programs of Go that its linker stripped (-s -w) end with zeros, and were refused for these.
#[test]
fn zeros_behind_the_end_are_no_data() {
    let workshop = Workshop::new();
    let longer = changed(&workshop, |bytes| bytes.extend_from_slice(&[0; 160]));
    fs::set_permissions(&longer, fs::Permissions::from_mode(0o755)).expect("chmod");
    let sealed = workshop.embed(&longer, &["--allow", HELLO], "sealed");
    run(&sealed).succeeded();
    verify(&sealed).succeeded();
}

#[test]
fn a_policy_that_leaves_calls_to_a_tracer_is_refused() {
    let workshop = Workshop::new();
    let output = workshop.path("output");
    let outcome = embed(&Kind::Glibc.hello(), &["--allow", "write=trace"], &output).status(2);
    assert!(outcome.stderr.contains("trace"), "{outcome:#?}");
    assert!(!output.exists());
}

#[test]
fn one_policy_is_asked_for() {
    let workshop = Workshop::new();
    let (program, output) = (Kind::Glibc.hello(), workshop.path("output"));
    let outcome = embed(&program, &[], &output).status(2);
    outcome
        .stderr_has("--allow <LIST>")
        .stderr_has("--deny <LIST>")
        .stderr_has("--policy <FILE>");
    embed(&program, &["--allow", "write", "--deny", "read"], &output).status(2);
    let outcome = embed(&program, &["--json", "--allow", "write"], &output).status(2);
    outcome.stderr_has("--json");
    assert!(!output.exists());
}
