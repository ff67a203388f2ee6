//! /etc: what is shown of the host's, and what is the cell's own (oz.md §3.1, steps 5, 9 and 20).

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;

use confine::plan::{Bind, Missing, Owner, Step};
use profile::NetworkType;

use super::{Draft, base};

pub(super) fn add(draft: &mut Draft<'_>) {
    if !draft.request.profile.no_defaults {
        let includes = draft.request.config.etc_includes.iter();
        // Nobody misses what a machine never had.
        let there = includes.filter(|path| Path::new(path).exists());
        let binds = there.map(|path| Step::Bind(base::system(path, Missing::Skip)));
        draft.steps.extend(binds);
    }
    add_files(draft);
    for (path, target) in [
        ("/etc/mtab", "/proc/self/mounts"),
        ("/etc/resolv.conf", "/run/resolvconf/resolv.conf"),
    ] {
        draft.steps.push(Step::Symlink {
            path: path.into(),
            target: target.into(),
            owner: Owner::Root,
        });
    }
    if draft.request.profile.networking.network == NetworkType::Host {
        // With the host's network names are resolved as on the host.
        let resolver = Bind {
            target: "/run/resolvconf/resolv.conf".into(),
            ..base::system("/etc/resolv.conf", Missing::Skip)
        };
        draft.steps.push(Step::Bind(resolver));
    }
}

fn add_files(draft: &mut Draft<'_>) {
    let name = &draft.request.profile.name;
    let files = [
        ("/etc/hostname", format!("{name}\n")),
        ("/etc/domainname", "local\n".into()),
        ("/etc/machine-id", format!("{}\n", machine_id(draft))),
        ("/etc/fstab", "# This fstab file is empty\n".into()),
        ("/etc/hosts", hosts(draft)),
    ];
    for (path, text) in files {
        draft.steps.push(Step::File {
            path: path.into(),
            mode: 0o644,
            text: text.into(),
        });
    }
}

/// A number that is always the same for this cell of this user, and says nothing of the host
/// (machine-id(5)).
fn machine_id(draft: &Draft<'_>) -> String {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        let user = &draft.request.person.user;
        (salt, &draft.request.profile.name, user.uid.0, &user.name).hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(1), half(2))
}

fn hosts(draft: &Draft<'_>) -> String {
    let name = &draft.request.profile.name;
    let lines = [
        "127.0.0.1\tlocalhost".into(),
        format!("127.0.1.1\t{name} {name}.local"),
        "::1     localhost ip6-localhost ip6-loopback".into(),
        "ff02::1 ip6-allnodes".into(),
        "ff02::2 ip6-allrouters".into(),
        String::new(),
    ];
    let more = &draft.request.profile.networking.hosts;
    format!("{}\n{more}", lines.join("\n"))
}
