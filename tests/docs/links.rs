//! Links between the pages, and the files that the map of the house names.

use std::fs;
use std::path::{Path, PathBuf};

use sandbox_tests::repository;

use crate::words::page;

/// Every Markdown page of the repository; what is built or hidden does not count.
fn pages(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(pages(&path));
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// The targets of a page's links, as far as they lie in the repository.
fn targets(page: &str) -> impl Iterator<Item = &str> {
    let links = page.split("](").skip(1);
    let targets = links.filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap_or(target))
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let mut seen = 0;
    for file in pages(&repository()) {
        let text = fs::read_to_string(&file).expect("a page");
        let directory = file.parent().expect("a directory");
        for target in targets(&text) {
            seen += 1;
            assert!(
                directory.join(target).exists(),
                "{target} in {}",
                file.display()
            );
        }
    }
    assert!(seen > 10, "only {seen} links");
}

/// Words in backquotes that are paths from the top of the repository: with a slash, but not at the
/// beginning, and without a blank.
fn paths(page: &str) -> impl Iterator<Item = &str> {
    let quoted = page.split('`').skip(1).step_by(2);
    quoted.filter(|word| {
        word.contains('/') && !word.starts_with('/') && !word.contains(char::is_whitespace)
    })
}

#[test]
fn every_file_that_the_map_of_the_house_names_exists() {
    let page = page("docs/architecture.md");
    let missing: Vec<&str> = paths(&page)
        .filter(|path| !repository().join(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(paths(&page).count() > 20, "the map names hardly any file");
}

#[test]
fn every_room_is_on_the_map() {
    let page = page("docs/architecture.md");
    let rooms = fs::read_dir(repository().join("crates")).expect("crates");
    for room in rooms {
        let name = room.expect("a room").file_name();
        let path = format!("`crates/{}/`", name.to_string_lossy());
        assert!(page.contains(&path), "{path}");
    }
    for door in ["libsandbox", "sandbox-policy", "sandboxify"] {
        assert!(page.contains(&format!("| `{door}/` ")), "{door}");
    }
}
