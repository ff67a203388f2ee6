//! All keys, for those who document them.

use crate::{
    config, environment, firewall, forwarder, limits, networking, profile, seccomp, socket,
    whitelist, xserver,
};

/// The blocks of a profile, by the way to them, and their keys.
pub const PROFILE: [(&str, &[&str]); 12] = [
    ("", profile::KEYS),
    ("whitelist", whitelist::KEYS),
    ("blacklist", whitelist::HIDDEN_KEYS),
    ("environment", environment::KEYS),
    ("xserver", xserver::KEYS),
    ("networking", networking::KEYS),
    ("networking.vpn", networking::VPN_KEYS),
    ("networking.sockets", socket::KEYS),
    ("firewall", firewall::KEYS),
    ("seccomp", seccomp::KEYS),
    ("external_forwarders", forwarder::KEYS),
    ("limits", limits::KEYS),
];

/// The keys of oz.conf.
pub const CONFIG: &[&str] = config::KEYS;
