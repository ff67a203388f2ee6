//! The flags of `oz-seccomp`, as Go's `flag` reads them: one or two dashes, the value behind `=` or as the next
//! word, no more flags behind the first word that is none.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use profile::SeccompMode;

use super::failure::Failure;

/// What `-help` prints.
pub const HELP: &str = "\
Usage: oz-seccomp [flags] COMMAND [ARGUMENT...]

Runs a program under the filter of an Oz profile, with nobody between the two. What a profile with
\"enforce\": false does not allow runs, and is reported.

  -mode MODE         whitelist (default), blacklist, or train: report calls, and write a policy
  -profile FILE      the profile, or {\"Seccomp\": {...}} alone; - (default) for standard input
  -policy FILE       with -mode=train: calls that this policy allows are neither reported nor written
  -allow-new-privs   let the program gain privileges by exec (needs CAP_SYS_ADMIN)
  -help              print this
  -version           print the version

The exit status is the program's, 127 when it is not found, 126 when it cannot be executed, or 1.
";

/// What the flags say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) mode: SeccompMode,
    /// The profile's file; nothing for standard input.
    pub(super) profile: Option<PathBuf>,
    pub(super) policy: Option<PathBuf>,
    pub(super) allow_new_privileges: bool,
}

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// Print a text and be done.
    Print(String),
    /// Run these words.
    Run(Flags, Vec<OsString>),
}

impl Command {
    /// Reads the words behind the program's name.
    pub(super) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Command, Failure> {
        let mut flags = Flags {
            mode: SeccompMode::Whitelist,
            profile: None,
            policy: None,
            allow_new_privileges: false,
        };
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next_if(|word| is_flag(word)) {
            if word == "--" {
                break;
            }
            let (name, value) = split(&word);
            let mut value = || value.map_or_else(|| words.next(), |value| Some(value.into()));
            match name {
                b"mode" => flags.mode = mode(&needed(name, value())?)?,
                b"policy" => flags.policy = Some(needed(name, value())?.into()),
                b"profile" => {
                    let file = needed(name, value())?;
                    flags.profile = Some(file).filter(|file| file != "-").map(PathBuf::from);
                }
                b"allow-new-privs" => flags.allow_new_privileges = switch(&word)?,
                b"h" | b"help" => return Ok(Command::Print(HELP.into())),
                b"version" => {
                    let version = concat!("oz-seccomp ", env!("CARGO_PKG_VERSION"), "\n");
                    return Ok(Command::Print(version.into()));
                }
                _ => return Err(unknown(&word)),
            }
        }
        let words: Vec<OsString> = words.collect();
        match words.is_empty() {
            true => Err(Failure::NoCommand),
            false => Ok(Command::Run(flags, words)),
        }
    }
}

/// A word that is a flag, or that ends them. A dash alone is a word.
fn is_flag(word: &OsStr) -> bool {
    word.as_bytes().starts_with(b"-") && word != "-"
}

/// A flag's name, and the value behind `=`.
fn split(word: &OsStr) -> (&[u8], Option<&OsStr>) {
    let bytes = word.as_bytes();
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    match bytes.iter().position(|&byte| byte == b'=') {
        Some(at) => (&bytes[..at], Some(OsStr::from_bytes(&bytes[at + 1..]))),
        None => (bytes, None),
    }
}

fn needed(name: &[u8], value: Option<OsString>) -> Result<OsString, Failure> {
    let name = String::from_utf8_lossy(name);
    value.ok_or_else(|| Failure::Usage(format!("-{name} needs a value")))
}

fn mode(word: &OsStr) -> Result<SeccompMode, Failure> {
    match word.as_bytes() {
        b"whitelist" => Ok(SeccompMode::Whitelist),
        b"blacklist" => Ok(SeccompMode::Blacklist),
        b"train" => Ok(SeccompMode::Train),
        _ => Err(Failure::Mode),
    }
}

/// A flag that is there or not; its value can only stand behind `=`.
fn switch(word: &OsStr) -> Result<bool, Failure> {
    match split(word).1.map(OsStr::as_bytes) {
        None | Some(b"1" | b"t" | b"T" | b"true" | b"TRUE" | b"True") => Ok(true),
        Some(b"0" | b"f" | b"F" | b"false" | b"FALSE" | b"False") => Ok(false),
        Some(_) => Err(unknown(word)),
    }
}

fn unknown(word: &OsStr) -> Failure {
    let word = word.to_string_lossy();
    let shown = word.escape_debug();
    Failure::Usage(format!("{shown} is no flag; try 'oz-seccomp -help'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Command, Failure> {
        Command::read(words.iter().map(OsString::from))
    }

    #[test]
    fn flags_have_one_or_two_dashes_and_their_value_behind_an_equals_sign_or_as_a_word() {
        let forms: [&[&str]; 4] = [
            &["-mode=blacklist", "-profile", "p.json", "id", "-u"],
            &["--mode", "blacklist", "--profile=p.json", "id", "-u"],
            &["-mode", "blacklist", "-profile=p.json", "--", "id", "-u"],
            &[
                "-profile=p.json",
                "-allow-new-privs=false",
                "-mode=blacklist",
                "id",
                "-u",
            ],
        ];
        for form in forms {
            let flags = Flags {
                mode: SeccompMode::Blacklist,
                profile: Some("p.json".into()),
                policy: None,
                allow_new_privileges: false,
            };
            let words = vec!["id".into(), "-u".into()];
            assert_eq!(read(form).unwrap(), Command::Run(flags, words), "{form:?}");
        }
    }

    #[test]
    fn without_flags_the_mode_is_whitelist_and_the_profile_comes_from_standard_input() {
        let Command::Run(flags, words) = read(&["-profile", "-", "-", "-mode=no"]).unwrap() else {
            panic!("nothing to run");
        };
        assert_eq!((flags.mode, flags.profile), (SeccompMode::Whitelist, None));
        assert_eq!(words, ["-", "-mode=no"]);
    }

    #[test]
    fn a_command_line_that_cannot_be_meant_is_refused() {
        let refusals: [(&[&str], &str); 6] = [
            (&[], "must specify a command to be traced."),
            (&["-mode=whitelist"], "must specify a command to be traced."),
            (
                &["-mode=audit", "id"],
                "Invalid mode specified (must be whitelist, blacklist, or train)",
            ),
            (&["-mode"], "-mode needs a value"),
            (&["-x", "id"], "-x is no flag; try 'oz-seccomp -help'"),
            (
                &["-allow-new-privs=maybe", "id"],
                "-allow-new-privs=maybe is no flag; try 'oz-seccomp -help'",
            ),
        ];
        for (words, wanted) in refusals {
            assert_eq!(read(words).unwrap_err().to_string(), wanted, "{words:?}");
        }
    }
}
