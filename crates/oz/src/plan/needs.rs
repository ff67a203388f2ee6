//! Parts of a profile that are planned and cannot be carried out here.

use std::fmt;

use confine::plan::Owner;
use profile::{AudioMode, DnsMode, NetworkType, Profile, SeccompMode};

use super::{Request, ordinary};

/// A part of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The filter for system calls.
    Seccomp,
    /// The window system.
    Xserver,
    /// A network with a way out.
    Bridge,
    /// Connections from the cell to the host's.
    Sockets,
    /// Ways in.
    Forwarders,
    /// A tunnel.
    Vpn,
    /// Rules for a bridge.
    Firewall,
    /// Limits of the whole cell.
    Limits,
}

const NAMES: [(&str, Need); 8] = [
    ("seccomp", Need::Seccomp),
    ("xserver", Need::Xserver),
    ("bridge", Need::Bridge),
    ("sockets", Need::Sockets),
    ("external_forwarders", Need::Forwarders),
    ("vpn", Need::Vpn),
    ("firewall", Need::Firewall),
    ("limits", Need::Limits),
];

impl Need {
    /// By the name that it has in a profile.
    pub fn from_name(name: &str) -> Option<Need> {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, need)| *need)
    }

    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = NAMES.iter().find(|(_, need)| need == self);
        formatter.write_str(known.map_or("", |(name, _)| name))
    }
}

/// What a profile needs, but for what the caller does without.
pub(super) fn missing(request: &Request<'_>) -> Vec<Need> {
    let profile = request.profile;
    let networking = &profile.networking;
    let needs = [
        (Need::Xserver, profile.xserver.enabled),
        (Need::Bridge, networking.network == NetworkType::Bridge),
        (Need::Sockets, !networking.sockets.is_empty()),
        (Need::Forwarders, !profile.external_forwarders.is_empty()),
        (Need::Vpn, networking.vpn.is_some()),
        (Need::Firewall, !profile.firewall.is_empty()),
        (
            Need::Limits,
            request.maker == Owner::User && ordinary::has_limits(request),
        ),
    ];
    let needed = needs.into_iter().filter(|(_, needed)| *needed);
    let missing = needed.map(|(need, _)| need);
    missing
        .filter(|need| !request.without.contains(need))
        .collect()
}

/// Parts of a profile that cells do without, and that nobody is refused for.
pub(super) fn without_effect(profile: &Profile) -> impl Iterator<Item = String> {
    let xserver = &profile.xserver;
    let parts = [
        (
            "multi: each run has a cell of its own anyway",
            profile.multi,
        ),
        (
            "log_dir: what the program prints goes to the caller, and there is no filter to report of",
            profile.log_dir.is_some() && profile.seccomp.mode == SeccompMode::Disabled,
        ),
        (
            "xserver.audio_mode: there is no sound yet",
            xserver.audio_mode != AudioMode::None,
        ),
        (
            "xserver.enable_notifications: there are none yet",
            xserver.enable_notifications,
        ),
        (
            "networking.dns_mode: Oz took no notice of it either",
            profile.networking.dns_mode != DnsMode::default(),
        ),
    ];
    let set = parts.into_iter().filter(|(_, set)| *set);
    set.map(|(what, _)| format!("no effect: {what}"))
}
