//! The variables of paths, and what they stand for.

use crate::diagnostic::Problem;
use crate::user::User;

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Variable {
    /// `${HOME}`
    Home,
    /// `${PATH}`: one of the directories of [`SEARCHED`].
    Path,
    /// `${XDG_…_DIR}`, by what stands between.
    Directory(String),
    /// `${UID}`
    Uid,
    /// `${USER}`
    User,
    /// `${SANDBOXNAME}`
    SandboxName,
    /// `${DISPLAY}`: the number of the display.
    Display,
}

/// Where `${PATH}/NAME` is looked for, in this order; Oz's own order for the first four.
pub const SEARCHED: [&str; 6] = [
    "/bin",
    "/usr/bin",
    "/sbin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
];

impl Variable {
    /// Names to choose from when one is misspelt.
    pub(crate) const NAMES: [&'static str; 8] = [
        "HOME",
        "PATH",
        "UID",
        "USER",
        "SANDBOXNAME",
        "DISPLAY",
        "XDG_DOWNLOAD_DIR",
        "XDG_DOCUMENTS_DIR",
    ];

    pub(crate) fn from_name(name: &str) -> Option<Variable> {
        Some(match name {
            "HOME" => Variable::Home,
            "PATH" => Variable::Path,
            "UID" => Variable::Uid,
            "USER" => Variable::User,
            "SANDBOXNAME" => Variable::SandboxName,
            "DISPLAY" => Variable::Display,
            name => {
                let inner = name.strip_prefix("XDG_")?.strip_suffix("_DIR")?;
                let fits = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
                Some(inner).filter(|inner| !inner.is_empty() && inner.bytes().all(fits))?;
                Variable::Directory(inner.into())
            }
        })
    }

    /// Whether its value is an absolute path, so that it can only begin one.
    pub(crate) fn is_directory(&self) -> bool {
        matches!(
            self,
            Variable::Home | Variable::Path | Variable::Directory(_)
        )
    }
}

/// What variables stand for in one launch.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Whom the sandbox is for.
    pub user: &'a User,
    /// The name of the profile.
    pub sandbox: &'a str,
    /// The number of its X display, if it has one.
    pub display: Option<u32>,
}

impl Circumstances<'_> {
    /// The value of a variable within a name.
    ///
    /// # Errors
    /// [`Problem::Unset`]
    pub(crate) fn value(&self, variable: &Variable) -> Result<String, Problem> {
        let value = match variable {
            Variable::Uid => Some(self.user.uid.0.to_string()),
            Variable::User => Some(self.user.name.clone()),
            Variable::SandboxName => Some(self.sandbox.into()),
            Variable::Display => self.display.map(|number| number.to_string()),
            Variable::Home | Variable::Path | Variable::Directory(_) => None,
        };
        value.ok_or_else(|| Problem::Unset("DISPLAY".into()))
    }

    /// The directories that a path may begin at for a variable: one, but for `${PATH}`.
    ///
    /// # Errors
    /// [`Problem::Unset`]
    pub(crate) fn directories(&self, variable: &Variable) -> Result<Vec<String>, Problem> {
        match variable {
            Variable::Path => Ok(SEARCHED.map(String::from).to_vec()),
            Variable::Directory(name) => {
                let directory = self.user.directories.get(name);
                let unset = || Problem::Unset(format!("XDG_{name}_DIR"));
                directory.cloned().map(|one| vec![one]).ok_or_else(unset)
            }
            _ => Ok(vec![self.user.home.clone()]),
        }
    }
}
