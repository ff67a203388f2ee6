//! SeccompProfiles for Kubernetes.
#![allow(clippy::unwrap_used)]

mod decisions;

use decisions::compile;
use formats::{Format, write};
use policy::{Action, Mode, Policy, Request};

fn allow_list(list: &str, default: &str) -> Policy {
    let default = Action::parse(default).unwrap();
    compile(&Request::plain(
        Mode::AllowList,
        "LIST",
        list.as_bytes(),
        default,
    ))
}

#[test]
fn a_profile_is_a_resource() {
    let policy = allow_list("write(fd == 1):read:openat=trap", "kill_process");
    assert_eq!(
        write(Format::Crd, &policy, false).unwrap(),
        "\
apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata:
  name: sandbox
spec:
  defaultAction: SCMP_ACT_KILL_PROCESS
  architectures:
  - SCMP_ARCH_X86_64
  syscalls:
  - action: SCMP_ACT_ALLOW
    names:
    - read
  - action: SCMP_ACT_TRAP
    names:
    - openat
  - action: SCMP_ACT_ALLOW
    names:
    - write
    args:
    - index: 0
      value: 4294967295
      valueTwo: 1
      op: SCMP_CMP_MASKED_EQ
"
    );
}

#[test]
fn errors_are_eperm_unless_a_rule_says_otherwise() {
    let text = write(
        Format::Crd,
        &allow_list("mount=ENOENT:umount2=EPERM", "trap"),
        false,
    )
    .unwrap();
    assert!(
        text.contains("errnoRet: 2\n    names:\n    - mount\n"),
        "{text}"
    );
    assert!(
        text.contains("- action: SCMP_ACT_ERRNO\n    names:\n    - umount2\n"),
        "{text}"
    );
    let other = allow_list("read", "ENOSYS");
    assert_eq!(
        write(Format::Crd, &other, false).unwrap_err().to_string(),
        "the default action: crd cannot say this: ENOSYS instead of EPERM"
    );
    let lossy = write(Format::Crd, &other, true).unwrap();
    assert!(
        lossy.starts_with("# lost: the default action: crd cannot say this"),
        "{lossy}"
    );
}

#[test]
fn numbers_are_signed() {
    let policy = allow_list("lseek(arg1 < 0xffffffffffffffff):read", "trap");
    assert_eq!(
        write(Format::Crd, &policy, false).unwrap_err().to_string(),
        "lseek: crd cannot say this: a number above 0x7fffffffffffffff"
    );
    let lossy = write(Format::Crd, &policy, true).unwrap();
    assert!(!lossy.contains("- lseek"), "{lossy}");
}

#[test]
fn nothing_allowed_is_a_profile_too() {
    let text = write(Format::Crd, &allow_list("", "kill_process"), false).unwrap();
    assert!(
        text.ends_with("  architectures:\n  - SCMP_ARCH_X86_64\n"),
        "{text}"
    );
}
