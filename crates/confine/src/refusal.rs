//! Why the kernel does not let an ordinary user make namespaces, and what can be done about it.

use std::fs;
use std::path::Path;

use rustix::io::Errno;

use crate::error::Error;

const SETTINGS: &str = "/proc/sys";

/// Limits that stop every cell at 0 (namespaces(7)).
const LIMITS: [&str; 6] = [
    "user.max_user_namespaces",
    "user.max_mnt_namespaces",
    "user.max_pid_namespaces",
    "user.max_ipc_namespaces",
    "user.max_uts_namespaces",
    "user.max_net_namespaces",
];

/// Debian's own switch.
const CLONE: &str = "kernel.unprivileged_userns_clone";
/// AppArmor's, which Ubuntu turns on.
const APPARMOR: &str = "kernel.apparmor_restrict_unprivileged_userns";

/// The error for a namespace that was not made.
pub(crate) fn of(source: Errno) -> Error {
    let why = reason(Path::new(SETTINGS), source);
    Error::NoNamespace { why, source }
}

fn reason(settings: &Path, source: Errno) -> String {
    let is = |setting: &str, value: &str| {
        let file = settings.join(setting.replace('.', "/"));
        fs::read_to_string(file).is_ok_and(|text| text.trim() == value)
    };
    if let Some(limit) = LIMITS.iter().find(|limit| is(limit, "0")) {
        return format!("{limit} is 0, and root can raise it with sysctl");
    }
    if is(CLONE, "0") {
        return format!("{CLONE} is 0, and root can set it to 1 with sysctl");
    }
    if is(APPARMOR, "1") {
        return format!(
            "{APPARMOR} is 1: root can give oz a profile of AppArmor's with \"userns,\", or set it to 0"
        );
    }
    match source {
        Errno::NOSPC | Errno::USERS => {
            "there are as many namespaces as user.max_user_namespaces and its like allow, or they lie too deep in each other"
        }
        Errno::INVAL | Errno::NOSYS => {
            "the kernel has not all kinds of namespaces, or a filter for system calls pretends so"
        }
        _ => {
            "a filter for system calls, a security module or a changed root directory forbids it, as in many containers"
        }
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reason(setting: &str, value: &str, source: Errno, wanted: &str) {
        let directory = tempfile::tempdir().unwrap();
        for kind in ["kernel", "user"] {
            fs::create_dir(directory.path().join(kind)).unwrap();
        }
        let all = LIMITS.iter().map(|limit| (*limit, "1000"));
        for (name, usual) in all.chain([(CLONE, "1"), (APPARMOR, "0")]) {
            let text = if name == setting { value } else { usual };
            let file = directory.path().join(name.replace('.', "/"));
            fs::write(file, format!("{text}\n")).unwrap();
        }
        let why = reason(directory.path(), source);
        assert!(why.contains(wanted), "{setting} {value}: {why}");
    }

    #[test]
    fn the_setting_that_forbids_namespaces_is_named() {
        for limit in LIMITS {
            assert_reason(limit, "0", Errno::NOSPC, &format!("{limit} is 0"));
        }
        assert_reason(CLONE, "0", Errno::PERM, "unprivileged_userns_clone is 0");
        assert_reason(
            APPARMOR,
            "1",
            Errno::PERM,
            "apparmor_restrict_unprivileged_userns is 1",
        );
    }

    #[test]
    fn where_no_setting_does_what_else_may_be_is_said() {
        assert_reason("none", "", Errno::PERM, "as in many containers");
        assert_reason("none", "", Errno::NOSPC, "as many namespaces as");
        assert_reason("none", "", Errno::NOSYS, "has not all kinds");
        // A kernel that has none of these settings.
        let why = reason(Path::new("/nowhere"), Errno::PERM);
        assert!(why.contains("as in many containers"), "{why}");
    }
}
