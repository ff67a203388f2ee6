//! Which format a text is in.
#![allow(clippy::unwrap_used, clippy::panic)]

mod data;
mod decisions;
mod policies;

use decisions::{compile, list};
use formats::{Format, assignments, detect, write};
use policy::{Mode, Policy};
use proptest::prelude::*;

/// What each writer writes of a policy, and a list as assignments.
fn assert_detected(policy: &Policy) {
    for format in [
        Format::List,
        Format::Seccomp,
        Format::Oci,
        Format::Systemd,
        Format::Minijail,
        Format::Crd,
    ] {
        let text = write(format, policy, true).unwrap();
        let text = match format {
            Format::List => assignments(policy, &text),
            _ => text,
        };
        assert_eq!(detect("policy", text.as_bytes()), format, "{text}");
    }
}

#[test]
fn what_is_written_says_its_format() {
    for (mode, items, default) in [
        (Mode::AllowList, "", "kill"),
        (Mode::AllowList, "read:write", "kill"),
        (Mode::AllowList, "read:write(fd == 1)=EPERM", "trap"),
        (
            Mode::AllowList,
            "read=log:1000:ioctl(arg1 &? 4)=EIO:ioctl",
            "log",
        ),
        (Mode::DenyList, "", "kill"),
        (Mode::DenyList, "mount:read(arg0 & 6 != 0)=ENOENT", "EPERM"),
    ] {
        assert_detected(&list(mode, items, default));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_says_its_format(said in policies::said()) {
        assert_detected(&compile(&said.request()));
    }
}

#[test]
fn the_content_says_it() {
    for (text, format) in [
        ("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}", Format::Oci),
        ("\u{feff}\n {\"linux\": {}}", Format::Oci),
        (
            "[Service]\nSystemCallFilter=@system-service\n",
            Format::Systemd,
        ),
        ("SystemCallFilter=~@mount\n", Format::Systemd),
        ("apiVersion: x/v1\nkind: SeccompProfile\n", Format::Crd),
        ("@include ./common.policy\nread: 1\n", Format::Minijail),
        ("read: allow\n", Format::Minijail),
        (
            "mmap: arg2 in ~PROT_EXEC || arg2 in ~PROT_WRITE\n",
            Format::Minijail,
        ),
        (
            "socket: arg0 == AF_UNIX; return EPERM\nclone: arg0 & CLONE_THREAD\n",
            Format::Minijail,
        ),
        ("read: {arg0 == 1; return EPERM, allow}\n", Format::Minijail),
        ("read: {1}\n", Format::Minijail),
        ("# For minijail0 -S.\nread: 1\n", Format::Minijail),
        ("read: 1\nDEFAULT_POLICY = EPERM\n", Format::Seccomp),
        ("read[-EPERM]: arg0 == 1\n", Format::Seccomp),
        ("TCGETS = 0x5401\nioctl: arg1 == TCGETS\n", Format::Seccomp),
        ("futex: argL1 & 7 == 0\n", Format::Seccomp),
        ("# all of it\nread: 1\nwrite: arg0 == 1\n", Format::Seccomp),
        ("read:write:!open:@mount=EPERM", Format::List),
        (
            "write(fd == 1 || fd == 2):mprotect(prot &? PROT_EXEC)=EPERM\n",
            Format::List,
        ),
        ("/etc/a.seccomp:read", Format::List),
        ("", Format::List),
    ] {
        assert_eq!(detect("policy", text.as_bytes()), format, "{text}");
    }
}

#[test]
fn the_name_decides_where_the_content_does_not() {
    let text = b"read: 1\nwrite: arg0 == 1\n";
    assert_eq!(detect("a.policy", text), Format::Minijail);
    assert_eq!(detect("a.seccomp", text), Format::Seccomp);
    assert_eq!(detect("a", text), Format::Seccomp);
}

#[test]
fn formats_have_names() {
    for name in ["list", "seccomp", "oci", "systemd", "minijail", "crd"] {
        let format: Format = name.parse().unwrap();
        assert_eq!(format.to_string(), name);
    }
    assert_eq!(
        "json".parse::<Format>().unwrap_err().to_string(),
        "unknown format \"json\"; formats are list, seccomp, oci, systemd, minijail, crd"
    );
}

#[test]
fn files_of_other_projects_are_recognised_without_their_names() {
    for (directory, suffix, format) in [
        ("formats/oci", ".json", Format::Oci),
        ("oz", ".seccomp", Format::Seccomp),
        ("formats/minijail", ".policy", Format::Minijail),
    ] {
        for path in data::files(directory, suffix) {
            let text = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(detect(&name, &text), format, "{}", path.display());
            let found = detect("x", &text);
            assert!(
                found == format || format == Format::Minijail,
                "{}",
                path.display()
            );
        }
    }
}
