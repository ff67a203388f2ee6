//! What a profile makes visible and what it hides (oz.md §2.3, §3.5, §3.6).

use crate::block::{Block, Field};
use crate::diagnostic::Problem;
use crate::path::PathPattern;
use crate::report::Report;

/// The keys of an item of `whitelist`.
pub(crate) const KEYS: &[&str] = &[
    "path",
    "target",
    "symlink",
    "read_only",
    "can_create",
    "ignore",
    "force",
    "no_follow",
    "allow_suid",
    "allow_exec",
];

/// The keys of an item of `blacklist`.
pub(crate) const HIDDEN_KEYS: &[&str] = &["path", "no_follow"];

/// A file or directory of the host that is there inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhitelistItem {
    /// What is made visible.
    pub path: PathPattern,
    /// Where, if not at the same place: for a pattern, the directory that all it stands for is put in.
    pub target: Option<PathPattern>,
    /// A symbolic link to it that is made inside.
    pub symlink: Option<PathPattern>,
    /// Nothing can be written there.
    pub read_only: bool,
    /// A missing directory below HOME is made.
    pub can_create: bool,
    /// A missing source is no error.
    pub ignore: bool,
    /// What is at the target already is covered, and a socket is made visible.
    pub force: bool,
    /// The source may not be a symbolic link.
    pub no_follow: bool,
    /// Files in a place that can be written may be executed. Not Oz's.
    pub allow_exec: bool,
}

/// A file or directory that is hidden inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlacklistItem {
    /// What is hidden, by a name inside.
    pub path: PathPattern,
    /// What is hidden if the path is a symbolic link: the link's own name alone, not what it leads to.
    pub no_follow: bool,
}

/// Reads `whitelist`. An item without a path means nothing, as in Oz.
pub(crate) fn read(items: Vec<Field<'_>>, report: &mut Report) -> Vec<WhitelistItem> {
    let items = items.into_iter();
    items.filter_map(|item| read_item(item, report)).collect()
}

fn read_item(item: Field<'_>, report: &mut Report) -> Option<WhitelistItem> {
    let block = Block::open(Some(item), KEYS, report);
    let path = path(&block, "path", report);
    let target = path_without_pattern(&block, "target", report);
    let symlink = path_without_pattern(&block, "symlink", report);
    let suid = block.flag("allow_suid", false, report);
    if let Some(field) = block.field("allow_suid").filter(|_| suid) {
        let why = "no_new_privs holds in every sandbox; the item is read_only, as in Oz";
        field.warning(report, Problem::NoEffect(why));
    }
    let read_only = block.flag("read_only", false, report) || suid;
    let can_create = block.flag("can_create", false, report);
    let ignore = block.flag("ignore", false, report);
    let force = block.flag("force", false, report);
    let no_follow = block.flag("no_follow", false, report);
    let allow_exec = block.flag("allow_exec", false, report);
    let Some(path) = path else {
        skipped(&block, report);
        return None;
    };
    check_creation(&block, &path, can_create, report);
    if let Some(field) = block
        .field("allow_exec")
        .filter(|_| allow_exec && read_only)
    {
        let why = "what is read_only may be executed anyway";
        field.warning(report, Problem::NoEffect(why));
    }
    Some(WhitelistItem {
        path,
        target,
        symlink,
        read_only,
        can_create,
        ignore,
        force,
        no_follow,
        allow_exec,
    })
}

/// What can be made is one directory below HOME.
fn check_creation(block: &Block<'_>, path: &PathPattern, can_create: bool, report: &mut Report) {
    let Some(field) = block.field("can_create").filter(|_| can_create) else {
        return;
    };
    if path.is_pattern() {
        let why = "can_create and a * in the path: there is no one directory to make";
        field.error(report, Problem::Impossible(why));
    } else if path.as_str().starts_with("${PATH}") {
        let why = "can_create makes directories below HOME alone";
        field.error(report, Problem::Impossible(why));
    }
}

/// Reads `blacklist`.
pub(crate) fn read_hidden(items: Vec<Field<'_>>, report: &mut Report) -> Vec<BlacklistItem> {
    let mut hidden = Vec::new();
    for item in items {
        let block = Block::open(Some(item), HIDDEN_KEYS, report);
        let no_follow = block.flag("no_follow", false, report);
        match path(&block, "path", report) {
            Some(path) => hidden.push(BlacklistItem { path, no_follow }),
            None => skipped(&block, report),
        }
    }
    hidden
}

fn path(block: &Block<'_>, key: &'static str, report: &mut Report) -> Option<PathPattern> {
    let text = block.text(key, report)?;
    PathPattern::read(&text, report)
}

fn path_without_pattern(
    block: &Block<'_>,
    key: &'static str,
    report: &mut Report,
) -> Option<PathPattern> {
    let text = block.text(key, report)?;
    let path = PathPattern::read(&text, report)?;
    if path.is_pattern() {
        text.unfit(report, "has a *, but is one place", "");
        return None;
    }
    Some(path)
}

/// Says that an item has no path; one with a wrong path has been reported.
fn skipped(block: &Block<'_>, report: &mut Report) {
    if block.is_without("path") {
        let problem = Problem::NoEffect("the item has no path");
        block.warning(report, problem);
    }
}
