//! Any bytes as a profile, as oz.conf and as user-dirs.dirs: a profile or errors, never both, and paths
//! that lead from name to name.
//!
//! ```text
//! cargo +nightly fuzz run profile
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use profile::{
    Circumstances, Config, Gid, Loaded, Name, PathPattern, Severity, Uid, User, directories,
};

fn check(path: &PathPattern, circumstances: &Circumstances<'_>) {
    for expanded in path.expand(circumstances).into_iter().flatten() {
        assert!(!expanded.names.is_empty());
        for name in &expanded.names {
            match name {
                Name::Plain(name) => {
                    assert!(
                        !matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '\0'])
                    );
                }
                Name::Pattern(glob) => assert!(!glob.matches(b"..")),
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = Config::read("/etc/oz/oz.conf", bytes);
    let directories = directories("/home/user", bytes, bytes);
    assert!(
        directories
            .values()
            .all(|path| path.starts_with("/home/user/"))
    );
    let loaded = Loaded::read("p.json", bytes);
    let mut errors = loaded.diagnostics.iter();
    let failed = errors.any(|one| one.severity == Severity::Error);
    assert_eq!(failed, loaded.profile.is_err());
    for diagnostic in &loaded.diagnostics {
        assert!(!diagnostic.to_string().contains('\n'));
    }
    let Ok(profile) = loaded.profile else { return };
    let user = User {
        name: "user".into(),
        uid: Uid(1000),
        gid: Gid(1000),
        home: "/home/user".into(),
        directories,
    };
    let circumstances = Circumstances {
        user: &user,
        sandbox: &profile.name,
        display: None,
    };
    for item in &profile.whitelist {
        check(&item.path, &circumstances);
    }
    for item in &profile.blacklist {
        check(&item.path, &circumstances);
    }
});
