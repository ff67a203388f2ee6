//! What several tests need.
#![allow(
    dead_code,
    unused_imports,
    clippy::panic,
    reason = "each test uses some of it"
)]

#[path = "../../../../tests/support/report.rs"]
mod report;

use std::path::{Path, PathBuf};

use profile::{Loaded, Profile};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

pub use report::skip;

/// Material that is kept beside the repository.
pub fn shared(name: &str) -> Option<PathBuf> {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = room.join("../../../shared/data").join(name);
    path.exists().then_some(path)
}

/// The problems of a text, as they are printed, and whether it is a profile nevertheless.
pub fn problems(text: &str) -> (Vec<String>, bool) {
    let loaded = Loaded::read("p.json", text.as_bytes());
    let problems = loaded.diagnostics.iter().map(ToString::to_string);
    (problems.collect(), loaded.profile.is_ok())
}

/// A profile without problems.
pub fn profile(text: &str) -> Profile {
    let loaded = Loaded::read("p.json", text.as_bytes());
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    loaded.profile.unwrap_or_else(|broken| panic!("{broken:?}"))
}

/// The same cases in every run, so that a failure is one for everybody; new ones under `make test-all`.
pub fn configuration(cases: u32) -> ProptestConfig {
    let full = std::env::var_os("SANDBOX_FULL_TESTS").is_some();
    ProptestConfig {
        cases: if full { cases * 16 } else { cases },
        rng_seed: match full {
            true => RngSeed::Random,
            false => RngSeed::Fixed(1),
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
