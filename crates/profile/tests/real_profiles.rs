//! The profiles that Oz was used with: all of them are read, and what is said of them is known.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;

use profile::{Config, Loaded, NetworkType, SeccompMode};
use support::{shared, skip};

/// All that is said, with the file's name taken off where a warning is the same in several.
const WARNINGS: [(&str, &[&str]); 5] = [
    (
        "chromium.json",
        &[
            "16:4: warning: xserver.notifications: unknown key, ignored; did you mean \"enable_notifications\"?",
            "26:63: warning: whitelist[2].allow_suid: no effect: no_new_privs holds in every sandbox; the item is read_only, as in Oz",
        ],
    ),
    (
        "chronion.json",
        &[
            "12:4: warning: xserver.notifications: unknown key, ignored; did you mean \"enable_notifications\"?",
            "24:63: warning: whitelist[3].allow_suid: no effect: no_new_privs holds in every sandbox; the item is read_only, as in Oz",
        ],
    ),
    (
        "firefox.json",
        &["22:4: warning: whitelist[3]: no effect: the item has no path"],
    ),
    (
        "google-chrome.json",
        &[
            "17:4: warning: xserver.notifications: unknown key, ignored; did you mean \"enable_notifications\"?",
            "25:69: warning: whitelist[1].allow_suid: no effect: no_new_privs holds in every sandbox; the item is read_only, as in Oz",
        ],
    ),
    (
        "libreoffice.json",
        &["17:4: warning: paths[12]: no effect: the program is here before"],
    ),
];

/// Name, kind of network, number of sockets, mode of the filter, whitelist and shared folders.
const PROFILES: [(&str, &str, &str); 22] = [
    ("chromium.json", "chromium", "Bridge 0 Disabled 4 1"),
    ("chronion.json", "chronion", "Empty 1 Disabled 8 1"),
    ("coyim.json", "coyim", "Empty 1 Whitelist 3 0"),
    ("electrum.json", "electrum", "Empty 1 Blacklist 1 0"),
    ("eog.json", "eog", "Empty 0 Whitelist 1 0"),
    ("evince.json", "evince", "Empty 0 Whitelist 2 0"),
    ("firefox.json", "firefox", "Empty 1 Blacklist 4 1"),
    ("gajim.json", "gajim", "Empty 1 Blacklist 5 1"),
    (
        "google-chrome.json",
        "google-chrome-stable",
        "Bridge 0 Disabled 4 1",
    ),
    ("hexchat.json", "hexchat", "Empty 1 Whitelist 3 0"),
    ("libreoffice.json", "libreoffice", "Empty 0 Whitelist 3 1"),
    ("liferea.json", "liferea", "Empty 1 Blacklist 7 0"),
    ("mpv.json", "mpv", "Empty 0 Whitelist 3 0"),
    (
        "onioncircuits.json",
        "onioncircuits",
        "Empty 2 Blacklist 0 0",
    ),
    (
        "onionshare-gui.json",
        "onionshare-gui",
        "Empty 1 Whitelist 1 0",
    ),
    ("pidgin.json", "pidgin", "Empty 1 Blacklist 4 1"),
    ("pond.json", "pond", "Empty 2 Blacklist 1 0"),
    ("ricochet.json", "ricochet", "Empty 2 Whitelist 3 0"),
    ("shotwell.json", "shotwell", "Empty 0 Blacklist 1 1"),
    ("thunderbird.json", "thunderbird", "Empty 1 Whitelist 14 1"),
    (
        "torbrowser-launcher.json",
        "torbrowser-launcher",
        "Empty 2 Whitelist 3 1",
    ),
    ("vlc.json", "vlc", "Empty 0 Whitelist 2 0"),
];

fn loaded() -> Option<BTreeMap<String, Loaded>> {
    let directory = shared("oz/profiles")?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        if name.ends_with(".json") {
            let loaded = Loaded::read(&name, &fs::read(&path).unwrap());
            files.insert(name, loaded);
        }
    }
    Some(files)
}

#[test]
fn every_real_profile_is_read_and_exactly_these_warnings_are_given() {
    let Some(files) = loaded() else {
        return skip("Oz's profiles are not on this machine");
    };
    assert_eq!(files.len(), PROFILES.len());
    for (name, loaded) in &files {
        assert!(loaded.profile.is_ok(), "{:?}", loaded.diagnostics);
        let wanted = WARNINGS.iter().find(|(file, _)| file == name);
        let wanted = wanted.map_or(&[][..], |(_, wanted)| wanted);
        let wanted: Vec<String> = wanted.iter().map(|rest| format!("{name}:{rest}")).collect();
        let given: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(given, wanted, "{name}");
    }
}

#[test]
fn every_real_profile_says_what_it_says() {
    let Some(files) = loaded() else {
        return skip("Oz's profiles are not on this machine");
    };
    for (file, name, wanted) in PROFILES {
        let profile = files[file].profile.as_ref().unwrap();
        assert_eq!(profile.name, name);
        let networking = &profile.networking;
        let counted = format!(
            "{:?} {} {:?} {} {}",
            networking.network,
            networking.sockets.len(),
            profile.seccomp.mode,
            profile.whitelist.len(),
            profile.shared_folders.len()
        );
        assert_eq!(counted, wanted, "{file}");
        let filtered = profile.seccomp.mode != SeccompMode::Disabled;
        assert_eq!(profile.seccomp.enforce, filtered, "{file}");
        let bridged = networking.network == NetworkType::Bridge;
        let bridge = if bridged { "clear" } else { "default" };
        assert_eq!(networking.bridge, bridge, "{file}");
        assert!(profile.xserver.enabled, "{file}");
    }
}

#[test]
fn the_configuration_that_oz_came_with_is_read() {
    let Some(path) = shared("oz/etc/oz.conf") else {
        return skip("Oz's configuration is not on this machine");
    };
    let (config, warnings) = Config::read("oz.conf", &fs::read(path).unwrap()).unwrap();
    assert!(warnings.is_empty());
    let wanted = Config {
        prefix_path: "/usr".into(),
        ..Config::default()
    };
    assert_eq!(config, wanted);
}
