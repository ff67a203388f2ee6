//! The cell of an ordinary user (docs/decisions/019): what becomes of a plan that root would carry out.
//!
//! There is nobody but the user in it, so what is root's in another cell belongs to the program's user here,
//! who could give himself every right to it. So it lies on file systems that are read-only, and what the
//! program may write to has file systems of its own.

use std::path::Path;

use confine::plan::{Bytes, Network, Owner, Plan, Step};

use super::Request;

/// Where the tree is put together: the user can make no directory that is always there, and of this one of
/// the kernel's no cell is made.
pub(super) const STAGE: &str = "/proc/driver";

/// The same steps, for an ordinary user as far as he can carry them out.
pub(super) fn adapted(steps: Vec<Step>, maker: Owner, network: Network) -> Vec<Step> {
    if maker == Owner::Root {
        return steps;
    }
    let mut adapted = Vec::new();
    for step in steps {
        adapt(step, network, &mut adapted);
    }
    adapted.push(Step::Freeze { path: "/".into() });
    adapted
}

fn adapt(step: Step, network: Network, before: &mut Vec<Step>) {
    match step {
        Step::Directory { path, mode, owner } if is_written_to(mode, owner) => {
            before.push(match lies_on(path.as_path(), before) {
                Some(_) => Step::Directory { path, mode, owner },
                None => memory(path, mode),
            });
        }
        // Devices do not work on a file system of the user's.
        Step::Memory {
            path,
            mode,
            devices: true,
            ..
        } => before.push(Step::Directory {
            path,
            mode,
            owner: Owner::Root,
        }),
        Step::Device {
            path,
            major,
            minor,
            mode,
            ..
        } => {
            let is_everybodys = mode & 0o006 == 0o006;
            before.extend(is_everybodys.then_some(Step::HostDevice { path, major, minor }));
        }
        Step::File { path, mode, text } => {
            let seal = lies_on(path.as_path(), before).is_some();
            let sealed = seal.then(|| Step::Seal { path: path.clone() });
            before.push(Step::File { path, mode, text });
            before.extend(sealed);
        }
        // A view of a network's devices is had only by the owner of the network.
        Step::Hardware { .. } if network == Network::Host => {}
        other => before.push(other),
    }
}

fn is_written_to(mode: u32, owner: Owner) -> bool {
    owner == Owner::User || mode & 0o002 != 0
}

fn memory(path: Bytes, mode: u32) -> Step {
    Step::Memory {
        path,
        mode,
        owner: Owner::User,
        executable: false,
        devices: false,
        size: None,
    }
}

/// What a place lies on, if that is not the root's own file system, which is read-only at the end.
fn lies_on<'a>(path: &Path, steps: &'a [Step]) -> Option<&'a Step> {
    let is_mount = |step: &&Step| matches!(step, Step::Memory { .. } | Step::Bind(_));
    let mut mounts = steps.iter().filter(is_mount);
    mounts.find(|step| path.starts_with(step.place().as_path()))
}

/// In what a cell differs from root's, for whoever reads its plan.
pub(super) fn differences(request: &Request<'_>, plan: &Plan) -> Vec<String> {
    if plan.maker == Owner::Root {
        return Vec::new();
    }
    let mut all = vec![
        "owners: what is root's in a cell made by root is the user's here, and read-only; the host's root and \
         all others are nobody (65534)"
            .into(),
        "devices: the host's, without console and tty0 to tty5".into(),
        "the first process: has the user's id, so the program can signal it, which does nothing, and limit \
         it, which can end the cell"
            .into(),
        "home directory, /run/lock, /run/dbus, /run/user: a file system each".into(),
    ];
    if !plan.user.groups.is_empty() {
        let numbers: Vec<String> = plan.user.groups.iter().map(u32::to_string).collect();
        let numbers = numbers.join(" ");
        all.push(format!(
            "groups: the program keeps those of the caller, {numbers}, and what they may do with what is \
             shown; only root can take them away"
        ));
    }
    let asked = !request.profile.allowed_groups.is_empty();
    if asked {
        all.push("allowed_groups: has no effect, because only root can give groups".into());
    }
    if has_limits(request) {
        all.push(
            "limits.pids, limits.memory: cannot be kept, because only root makes cgroups".into(),
        );
    }
    if !plan.limits.resources.is_empty() {
        all.push("limits of each process: stay at the caller's own where these are lower".into());
    }
    if plan.network == Network::Host && !request.profile.no_sys_proc {
        all.push("/sys: empty, because the network is the host's".into());
    }
    all
}

/// Whether the profile limits the whole cell.
pub(super) fn has_limits(request: &Request<'_>) -> bool {
    let limits = &request.profile.limits;
    limits.pids.is_some() || limits.memory.is_some()
}

#[cfg(test)]
mod tests {
    use confine::plan::{Bind, Missing};

    use super::*;

    fn directory(path: &str, mode: u32, owner: Owner) -> Step {
        let path = path.into();
        Step::Directory { path, mode, owner }
    }

    fn bind(target: &str) -> Step {
        Step::Bind(Bind {
            source: target.into(),
            target: target.into(),
            reader: Owner::User,
            follow: true,
            missing: Missing::Fail,
            replace: false,
            read_only: true,
            executable: true,
        })
    }

    fn texts(steps: Vec<Step>, network: Network) -> Vec<String> {
        let adapted = adapted(steps, Owner::User, network);
        adapted.iter().map(Step::to_string).collect()
    }

    #[test]
    fn what_is_written_to_has_a_file_system_of_its_own_and_the_rest_is_frozen() {
        let steps = vec![
            bind("/usr"),
            directory("/run/lock", 0o1777, Owner::Root),
            directory("/home", 0o755, Owner::Root),
            directory("/home/user", 0o700, Owner::User),
            // Within what is shown nothing is covered.
            directory("/usr/games", 0o755, Owner::User),
            directory("/home/user/sub", 0o700, Owner::User),
        ];
        let wanted = [
            "bind /usr read-only",
            "memory /run/lock noexec",
            "directory /home 0755",
            "memory /home/user noexec",
            "directory /usr/games 0755 of the user",
            "directory /home/user/sub 0700 of the user",
            "freeze /",
        ];
        assert_eq!(texts(steps, Network::Empty), wanted);
    }

    #[test]
    fn files_of_roots_are_sealed_where_the_program_writes() {
        let file = |path: &str| Step::File {
            path: path.into(),
            mode: 0o644,
            text: "x".into(),
        };
        let steps = vec![
            memory("/tmp".into(), 0o1777),
            file("/tmp/a"),
            file("/etc/b"),
        ];
        let wanted = [
            "memory /tmp noexec",
            "file /tmp/a 0644",
            "seal /tmp/a",
            "file /etc/b 0644",
            "freeze /",
        ];
        assert_eq!(texts(steps, Network::Empty), wanted);
    }

    #[test]
    fn devices_are_the_hosts_and_root_s_own_are_left_out() {
        let device = |path: &str, mode| Step::Device {
            path: path.into(),
            major: 1,
            minor: 3,
            mode,
            group: 0,
        };
        let steps = vec![
            Step::Memory {
                path: "/dev".into(),
                mode: 0o755,
                owner: Owner::Root,
                executable: false,
                devices: true,
                size: None,
            },
            device("/dev/null", 0o666),
            device("/dev/console", 0o600),
            Step::Hardware {
                path: "/sys".into(),
            },
        ];
        let wanted = [
            "directory /dev 0755",
            "device /dev/null 1:3 of the host",
            "hardware /sys read-only",
            "freeze /",
        ];
        assert_eq!(texts(steps.clone(), Network::Empty), wanted);
        let without_sys = [wanted[0], wanted[1], wanted[3]];
        assert_eq!(texts(steps, Network::Host), without_sys);
    }
}
