//! The dependency tree, as cargo tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The answer of `cargo metadata` for this machine's target.
pub fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        // Offline, because a build went before and a test must not change Cargo.lock.
        let output = Command::new(cargo)
            .current_dir(sandbox_tests::repository())
            .args([
                "metadata",
                "--format-version",
                "1",
                "--offline",
                "--locked",
                "--filter-platform",
                &target,
            ])
            .output()
            .expect("cargo");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("JSON")
    })
}

/// The elements of a list in the metadata.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key]
        .as_array()
        .unwrap_or_else(|| panic!("no list {key}"))
}

/// A text in the metadata.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key} in {value}"))
}

/// All packages by id.
pub fn packages() -> BTreeMap<&'static str, &'static Value> {
    let packages = list(metadata(), "packages");
    packages
        .iter()
        .map(|package| (text(package, "id"), package))
        .collect()
}

/// The members of the workspace by name.
pub fn members() -> BTreeMap<&'static str, &'static Value> {
    let ids: BTreeSet<&str> = list(metadata(), "workspace_members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let members = packages().into_iter().filter(|(id, _)| ids.contains(id));
    members
        .map(|(_, package)| (text(package, "name"), package))
        .collect()
}

/// The ids of the packages that a package is built from, those of its tests left out.
pub fn dependencies(id: &str) -> Vec<&'static str> {
    let nodes = list(&metadata()["resolve"], "nodes");
    let node = nodes
        .iter()
        .find(|node| text(node, "id") == id)
        .expect("a node for each package");
    let built = |dependency: &&'static Value| {
        list(dependency, "dep_kinds")
            .iter()
            .any(|kind| kind["kind"] != "dev")
    };
    list(node, "deps")
        .iter()
        .filter(built)
        .map(|dependency| text(dependency, "pkg"))
        .collect()
}

/// Whether a package runs in the compiler and not in the program.
pub fn is_macro(package: &Value) -> bool {
    let targets = list(package, "targets").iter();
    targets
        .flat_map(|target| list(target, "kind"))
        .any(|kind| kind == "proc-macro")
}
