//! The profile, of which only the filter matters here.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use profile::{Seccomp, SeccompMode, Uid};
use supervise::Voice;

use super::failure::Failure;
use crate::filter::{Filter, Places};

/// A profile's filter, and where its file is.
pub(super) struct Document {
    pub(super) seccomp: Seccomp,
    /// Where paths begin that are not absolute.
    beside: PathBuf,
}

impl Document {
    /// Reads a profile, or standard input. What is to be told of it is told.
    pub(super) fn read(file: Option<&Path>, voice: Voice) -> Result<Document, Failure> {
        let (name, (seccomp, diagnostics)) = match file {
            Some(path) => (
                path.display().to_string(),
                profile::read_filter(path, owner()),
            ),
            None => {
                let name = "standard input";
                let text = standard_input(voice)
                    .map_err(|error| Failure::Profile(format!("{name}: {error}")))?;
                (name.to_owned(), Seccomp::read(name, &text))
            }
        };
        for diagnostic in diagnostics {
            voice.say(&diagnostic.to_string());
        }
        let seccomp = seccomp.ok_or(Failure::Profile(name))?;
        let parent = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let beside = std::path::absolute(parent.join("."));
        let nowhere = |error| Failure::Profile(format!("{}: {error}", parent.display()));
        Ok(Document {
            seccomp,
            beside: beside.map_err(nowhere)?,
        })
    }

    /// One that has a policy of what is allowed, and nothing else.
    pub(super) fn allowing(policy: &Path) -> Result<Document, Failure> {
        let path = std::path::absolute(policy).ok();
        let path = path.and_then(|path| path.to_str().map(String::from));
        let path = path.ok_or_else(|| Failure::Usage("-policy: the path is no UTF-8".into()))?;
        Ok(Document {
            seccomp: Seccomp {
                mode: SeccompMode::Whitelist,
                whitelist: Some(path),
                ..Seccomp::default()
            },
            beside: PathBuf::from("/"),
        })
    }

    /// The filter for a mode; a profile whose filter is disabled has none.
    pub(super) fn filter(&self, mode: SeccompMode) -> Result<Filter, Failure> {
        let word = match mode {
            SeccompMode::Blacklist => "blacklist",
            _ => "whitelist",
        };
        if self.seccomp.mode == SeccompMode::Disabled {
            return Err(Failure::Disabled(word));
        }
        let seccomp = Seccomp {
            mode,
            ..self.seccomp.clone()
        };
        let settings = settings()?;
        let places = Places {
            beside: &self.beside,
            settings: &settings,
            owner: owner(),
        };
        Filter::of(&seccomp, &places)?.ok_or(Failure::Disabled(word))
    }
}

/// Who besides root may have written a profile or a policy.
fn owner() -> Uid {
    Uid(nix::unistd::geteuid().as_raw())
}

/// Where the machine's own policies are. A configuration is not needed for that, but one that is wrong may
/// have meant another place.
fn settings() -> Result<PathBuf, Failure> {
    let named = std::env::var_os("OZ_CONFIG_PATH").unwrap_or_else(|| "/etc/oz/oz.conf".into());
    match profile::read_config(Path::new(&named), owner()) {
        Ok((config, _)) => Ok(PathBuf::from(config.etc_prefix)),
        Err(errors) => {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Err(Failure::Configuration(errors.join("; ")))
        }
    }
}

/// All of it: what is left is the program's.
fn standard_input(voice: Voice) -> std::io::Result<Vec<u8>> {
    let input = std::io::stdin();
    if input.is_terminal() {
        voice.put("Expecting input as json data from stdin ...\n");
    }
    let mut text = Vec::new();
    // One more than a profile may have, so that one which is too long is told.
    let most = profile::MOST_BYTES as u64 + 1;
    input.take(most).read_to_end(&mut text)?;
    Ok(text)
}
