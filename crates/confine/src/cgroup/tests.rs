//! Of cgroups, on the kernel's own.

use super::hierarchy::parse;
use super::*;
use report::skip;

#[path = "../../../../tests/support/report.rs"]
mod report;

#[test]
fn hierarchies_are_found_in_mountinfo() {
    let line = b"31 30 0:27 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids";
    let one = parse(line).unwrap();
    assert_eq!(
        (one.version, one.point.as_path()),
        (Version::One, Path::new("/sys/fs/cgroup/pids"))
    );
    assert!(one.controls("pids") && !one.controls("pid") && !one.controls("memory"));
    let line = b"30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate";
    assert_eq!(parse(line).unwrap().version, Version::Two);
    assert_eq!(parse(b"22 1 254:0 / / rw - ext4 /dev/vda rw"), None);
    assert_eq!(parse(b"- cgroup"), None);
}

#[test]
fn only_names_of_processes_that_are_gone_are_orphans() {
    let own = own_name().unwrap();
    let (process, _) = own.split_once('-').unwrap();
    assert!(!is_orphaned(&own));
    assert!(is_orphaned(&format!("{process}-1")));
    assert!(is_orphaned("4194305-77"));
    for name in ["", "-", "12", "a-1", "1-a", "system.slice", "-1-1"] {
        assert!(!is_orphaned(name), "{name}");
    }
}

#[test]
fn nothing_is_made_where_nothing_is_limited() {
    assert!(Cgroup::make(&Limits::default()).unwrap().groups.is_empty());
}

#[test]
fn a_process_is_born_into_its_cgroup_of_version_2_which_goes_behind_it() {
    use rustix::process::{Signal, WaitId, WaitIdOptions, getuid, pidfd_send_signal, waitid};
    let all = hierarchy::all();
    let second = all.iter().find(|one| one.version == Version::Two);
    let Some(hierarchy) = second.filter(|_| getuid().is_root()) else {
        return skip("not root, or no cgroups of version 2");
    };
    let groups = vec![Group::make(hierarchy).unwrap()];
    let cgroup = Cgroup { groups };
    let Some((process, handle)) = crate::sys::fork(0, cgroup.cradle()).unwrap() else {
        let minute = rustix::thread::Timespec {
            tv_sec: 60,
            tv_nsec: 0,
        };
        let _ = rustix::thread::nanosleep(&minute);
        crate::sys::end(0);
    };
    let path = format!("/proc/{}/cgroup", process.as_raw_pid());
    let told = fs::read_to_string(path).unwrap();
    let place = hierarchy.point.join(HOME).join(own_name().unwrap());
    assert!(place.exists());
    Cgroup::sweep();
    assert!(place.exists());
    pidfd_send_signal(&handle, Signal::KILL).unwrap();
    waitid(WaitId::PidFd(handle.as_fd()), WaitIdOptions::EXITED).unwrap();
    let end = format!("{HOME}/{}", own_name().unwrap());
    let line = told.lines().find(|line| line.starts_with("0::")).unwrap();
    assert!(line.ends_with(&end), "{told}");
    drop(cgroup);
    assert!(!place.exists());
}
