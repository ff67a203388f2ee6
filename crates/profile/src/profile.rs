//! The profile as a whole (oz.md §2.2).

use crate::block::{Block, Field, Text};
use crate::diagnostic::{Diagnostic, Problem};
use crate::environment::{self, EnvironmentVariable};
use crate::firewall::{self, FirewallRule};
use crate::forwarder::{self, ExternalForwarder};
use crate::json;
use crate::limits::{self, Limits};
use crate::networking::{self, Networking};
use crate::path::{self, PathPattern};
use crate::report::Report;
use crate::seccomp::{self, Seccomp};
use crate::whitelist::{self, BlacklistItem, WhitelistItem};
use crate::xserver::{self, XServer};

/// The keys of a profile.
pub(crate) const KEYS: &[&str] = &[
    "name",
    "path",
    "paths",
    "default_params",
    "reject_user_args",
    "auto_shutdown",
    "watchdog",
    "wrapper",
    "multi",
    "nosysproc",
    "nodefaults",
    "allow_files",
    "allowed_groups",
    "log_dir",
    "whitelist",
    "blacklist",
    "shared_folders",
    "xserver",
    "environment",
    "networking",
    "firewall",
    "seccomp",
    "external_forwarders",
    "limits",
];

/// When a sandbox ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// With its last program.
    #[default]
    Yes,
    /// When it is told to.
    No,
}

/// What a sandbox is. A default is what Oz has, unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// The name of the sandbox, also its hostname: letters, digits and `-_.+`, at most 64. Without one, the last
    /// name of `path`.
    pub name: String,
    /// The program as the user calls it, absolute.
    pub path: Option<String>,
    /// More programs of the same sandbox.
    pub paths: Vec<String>,
    /// Arguments before the user's.
    pub default_params: Vec<String>,
    /// The user's arguments are dropped.
    pub reject_user_args: bool,
    /// When the sandbox ends.
    pub auto_shutdown: AutoShutdown,
    /// Names of processes that keep it alive.
    pub watchdog: Vec<String>,
    /// A program that is run instead, with the program and its arguments as its arguments. Oz ignored it.
    pub wrapper: Option<String>,
    /// Each launch has a sandbox of its own. Oz ignored it.
    pub multi: bool,
    /// No /proc and no /sys.
    pub no_sys_proc: bool,
    /// Nothing of the host's system is there (/bin, /lib, /usr, /etc), and nothing is hidden, but by the lists
    /// of the profile. Oz ignored it.
    pub no_defaults: bool,
    /// Files that the program is called with become visible.
    pub allow_files: bool,
    /// Groups that the program is in when its user is, besides those of the configuration.
    pub allowed_groups: Vec<String>,
    /// A directory of the host for what the programs print. Oz ignored it.
    pub log_dir: Option<PathPattern>,
    /// What is visible.
    pub whitelist: Vec<WhitelistItem>,
    /// What is hidden.
    pub blacklist: Vec<BlacklistItem>,
    /// Folders below HOME that are there inside, kept in `~/OZ` outside.
    pub shared_folders: Vec<PathPattern>,
    /// The window system.
    pub xserver: XServer,
    /// Variables of the program.
    pub environment: Vec<EnvironmentVariable>,
    /// The network.
    pub networking: Networking,
    /// Rules for a bridge.
    pub firewall: Vec<FirewallRule>,
    /// The filter for system calls.
    pub seccomp: Seccomp,
    /// Ways in.
    pub external_forwarders: Vec<ExternalForwarder>,
    /// How much it may use. Not Oz's.
    pub limits: Limits,
}

impl Profile {
    /// All programs of the sandbox.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        let all = self.path.iter().chain(&self.paths);
        all.map(String::as_str)
    }
}

/// What came of a file.
pub(crate) struct Reading {
    /// The profile, with defaults instead of what is wrong; none if the file is no JSON at all.
    pub(crate) draft: Option<Profile>,
    /// Whether it must not be used.
    pub(crate) failed: bool,
    /// All that is wrong, in the order of the places.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads a profile; `file` is its name for messages.
pub(crate) fn read(file: &str, bytes: &[u8]) -> Reading {
    let mut report = Report::new(file, bytes);
    let draft = match json::read(bytes) {
        Ok(value) => {
            let field = Field {
                value: &value,
                key: String::new(),
            };
            Some(read_profile(field, &mut report))
        }
        Err(fault) => {
            report.fault(fault);
            None
        }
    };
    Reading {
        draft,
        failed: report.failed(),
        diagnostics: report.into_diagnostics(),
    }
}

/// Reads the filter of a profile and nothing else of it; `file` is its name for messages.
pub(crate) fn read_filter(file: &str, bytes: &[u8]) -> (Option<Seccomp>, Vec<Diagnostic>) {
    let mut report = Report::new(file, bytes);
    let seccomp = match json::read(bytes) {
        Ok(value) => {
            let field = Field {
                value: &value,
                key: String::new(),
            };
            let block = Block::open(Some(field), KEYS, &mut report);
            Some(seccomp::read(block.field("seccomp"), &mut report))
        }
        Err(fault) => {
            report.fault(fault);
            None
        }
    };
    let seccomp = seccomp.filter(|_| !report.failed());
    (seccomp, report.into_diagnostics())
}

fn read_profile(field: Field<'_>, report: &mut Report) -> Profile {
    let block = Block::open(Some(field), KEYS, report);
    let mut profile = Profile {
        default_params: block.strings("default_params", report),
        reject_user_args: block.flag("reject_user_args", false, report),
        auto_shutdown: auto_shutdown(&block, report),
        multi: block.flag("multi", false, report),
        no_sys_proc: block.flag("nosysproc", false, report),
        no_defaults: block.flag("nodefaults", false, report),
        allow_files: block.flag("allow_files", false, report),
        ..Profile::default()
    };
    read_programs(&block, &mut profile, report);
    read_files(&block, &mut profile, report);
    read_blocks(&block, &mut profile, report);
    profile
}

fn read_programs(block: &Block<'_>, profile: &mut Profile, report: &mut Report) {
    let literal = |key, report: &mut Report| path::literal(&block.text(key, report)?, report);
    profile.path = literal("path", report);
    profile.wrapper = literal("wrapper", report);
    for text in block.texts("paths", report) {
        let Some(path) = path::literal(&text, report) else {
            continue;
        };
        if profile.programs().any(|other| other == path) {
            let problem = Problem::NoEffect("the program is here before");
            text.field.warning(report, problem);
            continue;
        }
        profile.paths.push(path);
    }
    if block.is_without("path") && block.is_without("paths") {
        block.missing("path", report);
    }
    profile.name = name(block, profile.path.as_deref(), report);
    profile.watchdog = names(block, "watchdog", report);
    profile.allowed_groups = names(block, "allowed_groups", report);
}

/// The name, or the last one of the path.
fn name(block: &Block<'_>, path: Option<&str>, report: &mut Report) -> String {
    let fits = |name: &str| {
        // HOST_NAME_MAX: sethostname(2).
        const LONGEST: usize = 64;
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
        name.len() <= LONGEST
            && name.bytes().all(letter)
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
    };
    if let Some(name) = block.text("name", report) {
        if !fits(name.text) {
            let why = "is no name of a host: at most 64 letters, digits, -, _, . and +, a letter or digit first";
            name.unfit(report, why, "");
        }
        return name.text.into();
    }
    let last = path.and_then(|path| path.rsplit('/').next());
    match last {
        Some(name) => {
            if !fits(name) {
                let why =
                    "the last name of \"path\" is no name of a host, so \"name\" has to be there";
                block.error(report, Problem::Impossible(why));
            }
            name.into()
        }
        None => {
            if block.is_without("path") && !block.is_without("paths") {
                block.missing("name", report);
            }
            String::new()
        }
    }
}

fn auto_shutdown(block: &Block<'_>, report: &mut Report) -> AutoShutdown {
    let Some(text) = block.text("auto_shutdown", report) else {
        return AutoShutdown::default();
    };
    if text.text == "soft" {
        let why = "\"soft\" never had a meaning; it is taken for \"no\", as in Oz";
        text.field.warning(report, Problem::NoEffect(why));
        return AutoShutdown::No;
    }
    let words = [("yes", AutoShutdown::Yes), ("no", AutoShutdown::No)];
    text.word(&words, report).unwrap_or_default()
}

/// Names without slashes: of processes, of groups.
fn names(block: &Block<'_>, key: &'static str, report: &mut Report) -> Vec<String> {
    let texts = block.texts(key, report).into_iter();
    let fit = |text: &Text<'_>, report: &mut Report| {
        let fits = !text.text.contains('/');
        if !fits {
            text.unfit(report, "is no name, because it has a /", "");
        }
        fits
    };
    let fitting = texts.filter(|text| fit(text, report));
    fitting.map(|text| text.text.into()).collect()
}

fn read_files(block: &Block<'_>, profile: &mut Profile, report: &mut Report) {
    let items = block.items("whitelist", report);
    profile.whitelist = whitelist::read(items, report);
    let items = block.items("blacklist", report);
    profile.blacklist = whitelist::read_hidden(items, report);
    for text in block.texts("shared_folders", report) {
        profile.shared_folders.extend(shared_folder(&text, report));
    }
    if let Some(text) = block.text("log_dir", report) {
        let path = PathPattern::read(&text, report);
        if path.as_ref().is_some_and(PathPattern::is_pattern) {
            text.unfit(report, "has a *, but is one place", "");
        }
        profile.log_dir = path;
    }
}

fn shared_folder(text: &Text<'_>, report: &mut Report) -> Option<PathPattern> {
    let path = PathPattern::read(text, report)?;
    if path.is_pattern() {
        text.unfit(report, "has a *, but is one place", "");
        return None;
    }
    if path.is_home() {
        text.unfit(
            report,
            "is all of HOME, and a shared folder is below it",
            "",
        );
        return None;
    }
    Some(path)
}

fn read_blocks(block: &Block<'_>, profile: &mut Profile, report: &mut Report) {
    profile.xserver = xserver::read(block.field("xserver"), report);
    let items = block.items("environment", report);
    profile.environment = environment::read(items, report);
    profile.networking = networking::read(block.field("networking"), report);
    let items = block.items("firewall", report);
    profile.firewall = firewall::read(items, report);
    if let Some(field) = block.field("firewall").filter(|field| !field.is_empty()) {
        networking::needs_bridge(&field, profile.networking.network, report);
    }
    profile.seccomp = seccomp::read(block.field("seccomp"), report);
    let items = block.items("external_forwarders", report);
    profile.external_forwarders = forwarder::read(items, report);
    profile.limits = limits::read(block.field("limits"), report);
}
