//! Policies as minijail's files and back, and the files that minijail and crosvm come with.
#![allow(clippy::unwrap_used, clippy::panic)]

mod data;
mod decisions;

use std::path::Path;

use decisions::{assert_same, compile, gets, list};
use formats::{Context, Error, Format, read, write};
use policy::{Action, Mode, Policy, Request};
use proptest::prelude::*;
use syscalls::Abi;

const KILL: Action = Action::KillProcess;

fn policy(text: &str) -> Policy {
    let context = Context {
        path: "a.policy",
        read: &policy::no_files,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let reading = read(Format::Minijail, text.as_bytes(), &context);
    let reading = reading.unwrap_or_else(|error| panic!("{error}\n{text}"));
    compile(&reading.request("POLICY"))
}

/// The samples that minijail and crosvm come with, and whether minijail takes them; crosvm's
/// includes, which install to other places, are replaced by an empty file.
const SAMPLES: [(&str, bool); 23] = [
    ("9p_device", true),
    ("block", true),
    ("coiommu_device", true),
    ("fs_device_vhost_user", true),
    ("gpu_device", true),
    ("iommu_device", true),
    ("net_device", true),
    ("pmem_device", true),
    ("scsi", true),
    ("serial_device", true),
    ("snd_cras_device", true),
    ("vfio_device", true),
    ("vhost_vsock", true),
    ("video_device", true),
    ("vtpm_proxy_device", true),
    ("cat", true),
    ("cros_default_v0", true),
    ("invalid_arg_filter", false),
    ("invalid_syscall_name", false),
    ("nested", false),
    ("seccomp", true),
    ("stdin_stdout", true),
    ("test_filter", true),
];

#[test]
fn samples_are_taken_and_refused_as_minijail_does() {
    let Some(data) = data::folder("formats/minijail") else {
        return;
    };
    let mut files = 0;
    for folder in ["crosvm-x86_64", "minijail-repo"] {
        for entry in data.join(folder).read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_none_or(|extension| extension != "policy")
            {
                continue;
            }
            files += 1;
            judge(&path);
        }
    }
    assert_eq!(files, SAMPLES.len());
}

fn judge(path: &Path) {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read(path).unwrap();
    let include = |path: &[u8]| match path.starts_with(b"/usr/share/policy/") {
        true => Ok(Vec::new()),
        false => std::fs::read(std::str::from_utf8(path).unwrap()).map_err(|_| 2),
    };
    let context = Context {
        path: path.to_str().unwrap(),
        read: &include,
        abi: Abi::X86_64,
        kernel: (6, 1),
        capabilities: &[],
    };
    let result = read(Format::Minijail, &text, &context);
    let known = SAMPLES.iter().find(|(known, _)| *known == name);
    let (_, taken) = known.unwrap_or_else(|| panic!("{name}: taken or refused?"));
    assert_eq!(result.is_ok(), *taken, "{name}: {result:?}");
    if let Ok(reading) = result {
        comes_back(&compile(&reading.request("POLICY")));
    }
}

fn comes_back(policy: &Policy) -> String {
    let text = write(Format::Minijail, policy, false).unwrap_or_else(|error| panic!("{error}"));
    assert_same(policy, &self::policy(&text), &text);
    text
}

#[test]
fn an_allow_list_that_was_written_reads_as_the_same_policy() {
    for (items, default) in [
        ("", "kill"),
        ("@system-service:ptrace=EACCES:bpf=errno(4000)", "kill"),
        (
            "read(fd == 0):write(fd == 1 || fd == 2):fchmod(mode == 04755)",
            "kill",
        ),
        (
            "mprotect:mprotect(prot &? 4)=EPERM:mmap(prot &? 6)=EIO:mmap",
            "kill",
        ),
        (
            "mprotect:mprotect(arg2 & 6 == 2 || arg2 & 6 == 4)=EPERM",
            "kill",
        ),
        (
            "read:read(arg0 == 1)=log:read(arg1 > 7)=EPERM:read(arg2 < 9)=trap",
            "kill",
        ),
        (
            "read(arg0 == 1)=EPERM:write(arg0 == 1)=EPERM:write=EIO",
            "trap",
        ),
        (
            "read(!(arg0 == 1) && argH1 != 3)=allow:1000:open=kill",
            "kill_thread",
        ),
        (
            "nanosleep:restart_syscall=kill:read(fd < 10):write(fd >= 3)",
            "kill",
        ),
        ("read:read(arg0 == 1)=EPERM:read(arg0 == 2)=EIO", "kill"),
    ] {
        comes_back(&list(Mode::AllowList, items, default));
    }
}

#[test]
fn a_deny_list_that_was_written_reads_as_the_same_policy() {
    for (items, default) in [
        ("", "kill"),
        ("@mount=EPERM:open=ENOENT", "kill"),
        (
            "@mount:openat(flags & 3 != 0):clone(clone_flags &? 0x10000)=EIO",
            "EPERM",
        ),
        (
            "read=EPERM:read(arg0 == 3)=allow:read(arg1 == 1)=EIO",
            "kill",
        ),
    ] {
        comes_back(&list(Mode::DenyList, items, default));
    }
}

#[test]
fn files_are_written_for_minijail0_where_it_has_the_words() {
    for (items, line) in [
        ("read", "read: 1"),
        ("read=EPERM", "read: return EPERM"),
        ("read=errno(4000)", "read: return 4000"),
        ("1000", "1000: 1"),
        (
            "write(arg0 == 1 || arg0 == 2)",
            "write: arg0 == 0x1 || arg0 == 0x2",
        ),
        ("ioctl(arg1 & 0x6400 != 0)", "ioctl: arg1 & 0x6400"),
        ("write(fd != 0)", "write: arg0 & 0xffffffff"),
        (
            "write(fd == 1)",
            "write: arg0 & 0x1 && arg0 in 0xffffffff00000001",
        ),
        ("write(fd == 0)", "write: arg0 in 0xffffffff00000000"),
        (
            "mmap:mmap(arg2 & 6 == 6)=EPERM",
            "mmap: arg2 in 0xfffffffffffffffb || arg2 & 0x4 && arg2 in 0xfffffffffffffffd; return EPERM",
        ),
        (
            "read(arg0 < 3 && arg1 > 4 && arg2 != 5)",
            "read: arg0 < 0x3 && arg1 > 0x4 && arg2 != 0x5",
        ),
    ] {
        let text = comes_back(&list(Mode::AllowList, items, "kill"));
        assert_eq!(text, format!("# For minijail0 -S.\n{line}\n"));
    }
}

#[test]
fn files_say_at_the_top_what_they_are() {
    let text = comes_back(&list(Mode::DenyList, "read", "EPERM"));
    assert_eq!(text, "@denylist\n# For minijail0 -S.\nread: return EPERM\n");
    let text = comes_back(&list(
        Mode::AllowList,
        "read=trap:write(arg0 == 1):write(arg0 == 2)=EIO",
        "trap",
    ));
    assert_eq!(
        text,
        "@default trap\n# For compile_seccomp_policy.py.\nread: trap\nwrite: {arg0 == 0x2; return EIO, arg0 == 0x1}\n"
    );
}

#[test]
fn what_a_file_cannot_say_is_refused_with_the_call() {
    for (mode, items, default, rule) in [
        (Mode::AllowList, "read", "EPERM", "the default action"),
        (Mode::AllowList, "read", "log", "the default action"),
        (Mode::AllowList, "read:write(arg0 == arg1)", "kill", "write"),
        (Mode::AllowList, "write(fd + 1 == 2)", "kill", "write"),
        (Mode::DenyList, "write", "kill", "write"),
        (Mode::DenyList, "write=trap", "kill", "write"),
        (Mode::DenyList, "write=log", "kill", "write"),
    ] {
        let policy = list(mode, items, default);
        let error = write(Format::Minijail, &policy, false).unwrap_err();
        assert!(
            matches!(&error, Error::Lossy { rule: said, .. } if said == rule),
            "{error}"
        );
        let lossy = write(Format::Minijail, &policy, true).unwrap();
        assert!(lossy.contains(&format!("# {rule}: ")), "{lossy}");
        let lossy = self::policy(&lossy);
        let refused = ["write", "mount"]
            .into_iter()
            .filter(|name| !gets(&policy, name, &[1]).runs());
        for name in refused {
            assert!(!gets(&lossy, name, &[1]).runs(), "{name} of {items}");
        }
    }
    let request = Request {
        besides: Some(Abi::X86),
        ..Request::plain(Mode::AllowList, "LIST", b"read", KILL)
    };
    let both = compile(&request);
    assert!(write(Format::Minijail, &both, false).is_err());
    policy(&write(Format::Minijail, &both, true).unwrap());
}

fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..3_u8).prop_map(|index| format!("arg{index}")),
        (0..3_u8).prop_map(|index| format!("argL{index}")),
        (0..3_u8).prop_map(|index| format!("argH{index}")),
        (0..3_u8, number()).prop_map(|(index, mask)| format!("(arg{index} & {mask})")),
    ]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..9_u64,
        Just(0x8000_0000),
        Just(0xffff_ffff),
        Just(0x10000)
    ]
}

fn condition() -> impl Strategy<Value = String> {
    const SIGNS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
    let leaf = (operand(), prop::sample::select(&SIGNS), number())
        .prop_map(|(operand, sign, number)| format!("{operand} {sign} {number}"));
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} && {other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} || {other})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

fn items(actions: &'static [&'static str]) -> impl Strategy<Value = String> {
    let call = prop::sample::select(&["read", "write", "openat", "clone3", "futex"]);
    let item = (
        call,
        prop::option::of(condition()),
        prop::sample::select(actions),
    )
        .prop_map(|(call, condition, action)| match condition {
            Some(condition) => format!("{call}({condition}){action}"),
            None => format!("{call}{action}"),
        });
    prop::collection::vec(item, 1..5).prop_map(|items| items.join(":"))
}

/// Policies that are short enough to be written come back.
fn survives(mode: Mode, items: &str, default: &str) -> Result<(), TestCaseError> {
    let policy = list(mode, items, default);
    match write(Format::Minijail, &policy, false) {
        Ok(text) => assert_same(&policy, &self::policy(&text), &text),
        Err(Error::Lossy { .. }) => return Err(TestCaseError::reject("too long")),
        Err(error) => panic!("{error}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_allow_list_comes_back(items in items(&["", "", "=EPERM", "=allow", "=log", "=kill", "=trap"])) {
        survives(Mode::AllowList, &items, "kill")?;
    }

    #[test]
    fn any_simple_allow_list_comes_back(items in items(&["", "", "=EPERM"])) {
        survives(Mode::AllowList, &items, "kill")?;
    }

    #[test]
    fn any_deny_list_comes_back(items in items(&["", "=EIO", "=allow"])) {
        survives(Mode::DenyList, &items, "EPERM")?;
    }
}
