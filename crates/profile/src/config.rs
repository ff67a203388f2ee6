//! oz.conf (oz.md §2.7).

use crate::block::{Block, Field};
use crate::diagnostic::{Diagnostic, Problem};
use crate::environment::{EnvironmentVariable, variable_name};
use crate::json;
use crate::path;
use crate::report::Report;

/// The keys of oz.conf.
pub(crate) const KEYS: &[&str] = &[
    "profile_dir",
    "shell_path",
    "prefix_path",
    "etc_prefix",
    "sandbox_path",
    "openvpn_run_path",
    "openvpn_conf_dir",
    "openvpn_group",
    "route_table_base",
    "divert_suffix",
    "divert_path",
    "nm_ignore_file",
    "use_full_dev",
    "allow_root_shell",
    "log_xpra",
    "enable_ephemerals",
    "allow_user_namespaces",
    "environment_vars",
    "default_groups",
    "etc_includes",
];

/// The settings of a machine. All paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The directory of the profiles.
    pub profile_dir: String,
    /// The shell for `oz shell`.
    pub shell_path: String,
    /// Oz's own programs are in `bin` below it.
    pub prefix_path: String,
    /// Where policies for all sandboxes are.
    pub etc_prefix: String,
    /// Where sandboxes are put together.
    pub sandbox_path: String,
    /// Where OpenVPN's state is.
    pub openvpn_run_path: String,
    /// Where its configurations are.
    pub openvpn_conf_dir: String,
    /// The group that it runs as.
    pub openvpn_group: String,
    /// The routing tables of sandboxes have this number and the sandbox's.
    pub route_table_base: u32,
    /// What is behind the name of a diverted program, without its dot; `unsafe` if nothing else tells the two
    /// apart.
    pub divert_suffix: String,
    /// Diverted programs are in a directory of their own, `/usr/bin-oz`.
    pub divert_path: bool,
    /// The file that keeps NetworkManager away; empty if there is none.
    pub nm_ignore_file: String,
    /// Sandboxes have all devices.
    pub use_full_dev: bool,
    /// Root may have a shell inside.
    pub allow_root_shell: bool,
    /// What xpra prints is logged.
    pub log_xpra: bool,
    /// Users are asked whether a sandbox is to forget all.
    pub enable_ephemerals: bool,
    /// Ordinary users may make cells, each for himself. Oz had no such key and no such cells.
    pub allow_user_namespaces: bool,
    /// Variables of all sandboxes, in this order.
    pub environment_vars: Vec<EnvironmentVariable>,
    /// Groups that all programs are in when their user is.
    pub default_groups: Vec<String>,
    /// What of /etc is visible in all sandboxes: what the file names, then Oz's own list, then `etc_prefix`
    /// and the directory of the file.
    pub etc_includes: Vec<String>,
}

/// Below /etc/, besides what the file names. Oz has the same list.
const ETC_INCLUDES: [&str; 33] = [
    "alternatives",
    "ssl/certs",
    "console-setup",
    "dbus-1",
    "default/locale",
    "fonts",
    "gnome/defaults.list",
    "group",
    "gtk-2.0",
    "gtk-3.0",
    "host.conf",
    "inputrc",
    "locale.alias",
    "localtime",
    "magic",
    "magic.mime",
    "mailcap",
    "mailcap.order",
    "mime.types",
    "passwd",
    "protocols",
    "pulse",
    "resolvconf/run/resolv.conf",
    "services",
    "shells",
    "terminfo",
    "timezone",
    "vconsole.conf",
    "xdg/-mimeapps.list",
    "xdg/user-dirs.conf",
    "xdg/user-dirs.defaults",
    "xpra",
    "X11",
];

/// A value makes it so, none copies the caller's.
const ENVIRONMENT_VARS: [(&str, &str); 13] = [
    ("USER", ""),
    ("USERNAME", ""),
    ("LOGNAME", ""),
    ("LANG", ""),
    ("LANGUAGE", ""),
    ("_", ""),
    ("TZ", "UTC"),
    ("XDG_SESSION_TYPE", ""),
    ("XDG_RUNTIME_DIR", ""),
    ("XDG_DATA_DIRS", ""),
    ("XDG_SEAT", ""),
    ("XDG_SESSION_ID", ""),
    ("GNOME_DESKTOP_SESSION_ID", "this-is-deprecated"),
];

impl Default for Config {
    fn default() -> Config {
        let etc_prefix = "/etc/oz";
        Config {
            profile_dir: "/var/lib/oz/cells.d".into(),
            shell_path: "/bin/bash".into(),
            prefix_path: "/usr/local".into(),
            etc_prefix: etc_prefix.into(),
            sandbox_path: "/srv/oz".into(),
            openvpn_run_path: "/var/run/openvpn".into(),
            openvpn_conf_dir: "/var/lib/oz/openvpn".into(),
            openvpn_group: "oz-openvpn".into(),
            route_table_base: 8000,
            divert_suffix: String::new(),
            divert_path: true,
            nm_ignore_file: "/etc/NetworkManager/conf.d/oz.conf".into(),
            use_full_dev: false,
            allow_root_shell: false,
            log_xpra: true,
            enable_ephemerals: false,
            allow_user_namespaces: true,
            environment_vars: ENVIRONMENT_VARS.map(variable).to_vec(),
            default_groups: ["audio", "video"].map(String::from).to_vec(),
            etc_includes: etc_includes(Vec::new(), etc_prefix, None),
        }
    }
}

fn variable((name, value): (&str, &str)) -> EnvironmentVariable {
    EnvironmentVariable {
        name: name.into(),
        value: Some(value.into()).filter(|value: &String| !value.is_empty()),
    }
}

/// All of /etc that is visible: what the file names comes first.
fn etc_includes(given: Vec<String>, etc_prefix: &str, directory: Option<&str>) -> Vec<String> {
    let mut includes = given;
    includes.extend(ETC_INCLUDES.map(|name| format!("/etc/{name}")));
    includes.push(etc_prefix.into());
    includes.extend(directory.map(String::from));
    let mut seen = std::collections::BTreeSet::new();
    includes.retain(|path| seen.insert(path.clone()));
    includes
}

impl Config {
    /// Reads oz.conf; `file` is its path, of which the directory is visible in sandboxes if it is absolute.
    /// Gives the configuration and what is to be warned of.
    ///
    /// # Errors
    /// All problems of the file if one of them is an error.
    pub fn read(file: &str, bytes: &[u8]) -> Result<(Config, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut report = Report::new(file, bytes);
        let mut config = Config::default();
        match json::read(bytes) {
            Ok(value) => {
                let field = Field {
                    value: &value,
                    key: String::new(),
                };
                let block = Block::open(Some(field), KEYS, &mut report);
                config.read_places(&block, &mut report);
                config.read_switches(&block, &mut report);
                config.read_lists(&block, file, &mut report);
            }
            Err(fault) => report.fault(fault),
        }
        match report.failed() {
            true => Err(report.into_diagnostics()),
            false => Ok((config, report.into_diagnostics())),
        }
    }

    fn read_places(&mut self, block: &Block<'_>, report: &mut Report) {
        for (key, place) in [
            ("profile_dir", &mut self.profile_dir),
            ("shell_path", &mut self.shell_path),
            ("prefix_path", &mut self.prefix_path),
            ("etc_prefix", &mut self.etc_prefix),
            ("sandbox_path", &mut self.sandbox_path),
            ("openvpn_run_path", &mut self.openvpn_run_path),
            ("openvpn_conf_dir", &mut self.openvpn_conf_dir),
        ] {
            let text = block.text(key, report);
            if let Some(path) = text.and_then(|text| path::literal(&text, report)) {
                *place = path;
            }
        }
        if let Some(field) = block.field("nm_ignore_file") {
            let none = field.is_empty();
            let text = field.text(report);
            let path = text.and_then(|text| path::literal(&text, report));
            if path.is_some() || none {
                self.nm_ignore_file = path.unwrap_or_default();
            }
        }
    }

    fn read_switches(&mut self, block: &Block<'_>, report: &mut Report) {
        for (key, switch) in [
            ("divert_path", &mut self.divert_path),
            ("use_full_dev", &mut self.use_full_dev),
            ("allow_root_shell", &mut self.allow_root_shell),
            ("log_xpra", &mut self.log_xpra),
            ("enable_ephemerals", &mut self.enable_ephemerals),
            ("allow_user_namespaces", &mut self.allow_user_namespaces),
        ] {
            *switch = block.flag(key, *switch, report);
        }
        // Tables 253 to 255 are the kernel's own (linux/rtnetlink.h), and each sandbox needs a number.
        const TABLES: std::ops::RangeInclusive<u64> = 256..=1 << 31;
        let base = block.number("route_table_base", TABLES, report);
        let base = base.and_then(|base| u32::try_from(base).ok());
        self.route_table_base = base.unwrap_or(self.route_table_base);
        for (key, name) in [
            ("openvpn_group", &mut self.openvpn_group),
            ("divert_suffix", &mut self.divert_suffix),
        ] {
            let Some(text) = block.text(key, report) else {
                continue;
            };
            match text.text.contains('/') {
                true => text.unfit(report, "is no name, because it has a /", ""),
                false => *name = text.text.into(),
            }
        }
        if !self.divert_path && self.divert_suffix.is_empty() {
            self.divert_suffix = "unsafe".into();
        }
    }

    fn read_lists(&mut self, block: &Block<'_>, file: &str, report: &mut Report) {
        if block.field("environment_vars").is_some() {
            self.environment_vars = environment(block, report);
        }
        if block.field("default_groups").is_some() {
            let groups = block.texts("default_groups", report).into_iter();
            self.default_groups = groups.map(|group| group.text.into()).collect();
        }
        let mut given = Vec::new();
        for text in block.texts("etc_includes", report) {
            given.extend(path::literal(&text, report));
        }
        let directory = file.rsplit_once('/').map(|(directory, _)| directory);
        let directory = directory.filter(|directory| directory.starts_with('/'));
        self.etc_includes = etc_includes(given, &self.etc_prefix, directory);
    }

    /// Where the real program is when Oz stands at its path: `/usr/bin-oz/foo`, `/usr/bin/foo.unsafe` or both.
    pub fn diverted(&self, program: &str) -> String {
        let (directory, name) = program.rsplit_once('/').unwrap_or(("", program));
        let directory = match self.divert_path {
            true => format!("{directory}-oz"),
            false => directory.into(),
        };
        match self.divert_suffix.as_str() {
            "" => format!("{directory}/{name}"),
            suffix => format!("{directory}/{name}.{suffix}"),
        }
    }
}

/// `NAME` copies a variable, `NAME=VALUE` sets it. Of equal names the last counts.
fn environment(block: &Block<'_>, report: &mut Report) -> Vec<EnvironmentVariable> {
    let mut variables: Vec<EnvironmentVariable> = Vec::new();
    for mut text in block.texts("environment_vars", report) {
        let (name, value) = match text.text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (text.text, None),
        };
        if name.is_empty() {
            text.unfit(report, "has no name before its =", "");
            continue;
        }
        text.text = name;
        let Some(name) = variable_name(&text, report) else {
            continue;
        };
        let before = variables.len();
        variables.retain(|variable| variable.name != name);
        if variables.len() < before {
            let problem = Problem::NoEffect("an earlier item has this variable, the last counts");
            text.field.warning(report, problem);
        }
        variables.push(EnvironmentVariable { name, value });
    }
    variables
}
