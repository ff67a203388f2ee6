//! The filter for system calls (oz.md §2.6, §7.1).

use crate::block::{Block, Field};
use crate::diagnostic::{Diagnostic, Problem};
use crate::path::{self, PathPattern};
use crate::profile;
use crate::report::Report;

/// The keys of `seccomp`; the two with its name before them are an older spelling.
pub(crate) const KEYS: &[&str] = &[
    "mode",
    "enforce",
    "debug",
    "train",
    "train_output",
    "whitelist",
    "blacklist",
    "seccomp_whitelist",
    "seccomp_blacklist",
    "extradefs",
];

/// What a filter is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SeccompMode {
    /// There is none.
    #[default]
    Disabled,
    /// What its policy does not name is a violation.
    Whitelist,
    /// What its policy names is a violation.
    Blacklist,
    /// A policy is learned.
    Train,
}

const MODES: [(&str, SeccompMode); 4] = [
    ("disabled", SeccompMode::Disabled),
    ("whitelist", SeccompMode::Whitelist),
    ("blacklist", SeccompMode::Blacklist),
    ("train", SeccompMode::Train),
];

/// Definitions for a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtraDefinitions {
    /// A file, as [`Seccomp::whitelist`].
    File(String),
    /// Text, written `{inline}TEXT`.
    Inline(String),
}

/// The block `seccomp`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seccomp {
    /// What the filter is for.
    pub mode: SeccompMode,
    /// Violations kill; otherwise they are reported.
    pub enforce: bool,
    /// More is reported of each violation.
    pub debug: bool,
    /// The policy of `whitelist`: an absolute path, or one that begins where the profile's file is.
    pub whitelist: Option<String>,
    /// The policy of `blacklist`, as above; without one, the machine's own.
    pub blacklist: Option<String>,
    /// Where the policy of `train` is written; without one, in the user's home directory.
    pub train_output: Option<PathPattern>,
    /// Definitions for either, later ones override earlier ones.
    pub extra_definitions: Vec<ExtraDefinitions>,
}

impl Seccomp {
    /// Reads the filter of a profile, whatever is wrong with the rest, or of a document that has nothing else
    /// (oz.md §7.1); `file` is its name for messages. What is to be told comes along: without a filter errors
    /// and warnings, else warnings.
    pub fn read(file: &str, bytes: &[u8]) -> (Option<Seccomp>, Vec<Diagnostic>) {
        profile::read_filter(file, bytes)
    }
}

/// Reads `seccomp`.
pub(crate) fn read(field: Option<Field<'_>>, report: &mut Report) -> Seccomp {
    let block = Block::open(field, KEYS, report);
    let train = block.flag("train", false, report);
    if let Some(field) = block.field("train").filter(|_| train) {
        let why = "Oz ignores it, too: write \"mode\": \"train\"";
        field.warning(report, Problem::NoEffect(why));
    }
    let seccomp = Seccomp {
        mode: block.word("mode", &MODES, report),
        enforce: block.flag("enforce", false, report),
        debug: block.flag("debug", false, report),
        whitelist: policy(&block, "whitelist", "seccomp_whitelist", report),
        blacklist: policy(&block, "blacklist", "seccomp_blacklist", report),
        train_output: train_output(&block, report),
        extra_definitions: extra_definitions(&block, report),
    };
    check(&block, &seccomp, report);
    seccomp
}

fn policy(
    block: &Block<'_>,
    key: &'static str,
    old: &'static str,
    report: &mut Report,
) -> Option<String> {
    let text = block.either(key, old, report)?.text(report)?;
    path::beside(&text, report)
}

fn train_output(block: &Block<'_>, report: &mut Report) -> Option<PathPattern> {
    let text = block.text("train_output", report)?;
    let path = PathPattern::read(&text, report)?;
    if path.is_pattern() {
        text.unfit(report, "stands for many files", "");
        return None;
    }
    Some(path)
}

fn extra_definitions(block: &Block<'_>, report: &mut Report) -> Vec<ExtraDefinitions> {
    let texts = block.texts("extradefs", report).into_iter();
    let definitions = texts.filter_map(|text| match text.text.strip_prefix("{inline}") {
        Some(inline) => Some(ExtraDefinitions::Inline(inline.into())),
        None => path::beside(&text, report).map(ExtraDefinitions::File),
    });
    definitions.collect()
}

fn check(block: &Block<'_>, seccomp: &Seccomp, report: &mut Report) {
    let is_list = matches!(
        seccomp.mode,
        SeccompMode::Whitelist | SeccompMode::Blacklist
    );
    if seccomp.mode == SeccompMode::Whitelist && block.is_without("seccomp_whitelist") {
        block.missing("whitelist", report);
    }
    if is_list && block.field("enforce").is_none() {
        let why = "without \"enforce\": true the filter is watched and stops nothing";
        block.warning(report, Problem::NoEffect(why));
    }
}
