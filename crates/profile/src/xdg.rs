//! The user's directories by xdg-user-dirs: reads `~/.config/user-dirs.dirs` and, for what it does not
//! name, `user-dirs.defaults`.
//!
//! The first file is the user's, and root reads it: it is never run as the shell script that it looks
//! like, and it cannot name a directory that is not below HOME. A directory that is HOME itself is how
//! xdg-user-dirs turns one off (user-dirs.dirs(5)), so it counts as not there: nobody's whole home
//! becomes visible because there is no ~/Downloads.

use std::collections::BTreeMap;

use crate::path::{MOST_NAME, MOST_PATH};

/// The most bytes that are read of either file.
pub const MOST_BYTES: usize = 64 << 10;

/// The directories that the two files name, by what stands between `XDG_` and `_DIR`. Lines that cannot
/// be read are passed over, as xdg-user-dirs does: the directory has no value then, and a profile that
/// asks for it does not start. Of equal names the last counts.
pub fn directories(home: &str, dirs: &[u8], defaults: &[u8]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in lines(defaults) {
        let named = line.split_once('=');
        if let Some((name, path)) = named.filter(|(name, _)| is_name(name)) {
            found.insert(name.to_string(), below(home, path));
        }
    }
    for line in lines(dirs) {
        if let Some((name, path)) = assignment(line) {
            found.insert(name.to_string(), path.and_then(|path| below(home, &path)));
        }
    }
    let present = found.into_iter();
    present
        .filter_map(|(name, path)| Some((name, path?)))
        .collect()
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let bytes = bytes.get(..MOST_BYTES).unwrap_or(bytes);
    let lines = bytes.split(|&byte| byte == b'\n');
    let lines = lines.filter_map(|line| std::str::from_utf8(line).ok());
    lines
        .map(str::trim)
        .filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    !name.is_empty() && name.bytes().all(fits)
}

/// `XDG_NAME_DIR="$HOME/path"`: the name, and the path from HOME on, if it begins there.
fn assignment(line: &str) -> Option<(&str, Option<String>)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end().strip_prefix("XDG_")?.strip_suffix("_DIR")?;
    let value = value.trim_start().strip_prefix('"')?.strip_suffix('"')?;
    let path = value.strip_prefix("$HOME").and_then(unescaped);
    let path = path.filter(|path| path.is_empty() || path.starts_with('/'));
    is_name(name).then_some((name, path))
}

/// A text without its backslashes, if no shell would see more in it than that.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.push(letters.next()?),
            '$' | '`' | '"' => return None,
            letter => plain.push(letter),
        }
    }
    Some(plain)
}

/// A path below HOME; none if it is HOME itself or leads elsewhere.
fn below(home: &str, path: &str) -> Option<String> {
    let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
    let mut directory = home.trim_end_matches('/').to_string();
    let start = directory.len();
    for name in names {
        if name == ".." || name.contains('\0') || name.len() > MOST_NAME {
            return None;
        }
        directory.push('/');
        directory.push_str(name);
    }
    let fits = directory.len() > start && directory.len() <= MOST_PATH;
    fits.then_some(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dirs: &str, defaults: &str) -> Vec<(String, String)> {
        let found = directories("/home/u", dirs.as_bytes(), defaults.as_bytes());
        found.into_iter().collect()
    }

    fn one(path: &str) -> Vec<(String, String)> {
        vec![("DOWNLOAD".into(), path.into())]
    }

    #[test]
    fn the_users_file_comes_before_the_defaults() {
        let defaults = "# x\nDOWNLOAD=Downloads\n";
        assert_eq!(of("", defaults), one("/home/u/Downloads"));
        let own = "# comment\nXDG_DOWNLOAD_DIR=\"$HOME/Load \\$1\"\n";
        assert_eq!(of(own, defaults), one("/home/u/Load $1"));
        let twice = "XDG_DOWNLOAD_DIR=\"$HOME/a\"\n XDG_DOWNLOAD_DIR = \"$HOME//b/./c/\"";
        assert_eq!(of(twice, ""), one("/home/u/b/c"));
    }

    #[test]
    fn a_directory_that_is_home_or_not_below_it_is_none() {
        for value in [
            "$HOME",
            "$HOME/",
            "$HOME/.",
            "$HOME/..",
            "$HOME/a/../..",
            "/etc",
            "$HOMEX/a",
            "$HOME/$(id)",
            "$HOME/`id`",
            "$HOME/\\",
            "relative",
        ] {
            let line = format!("XDG_DOWNLOAD_DIR=\"{value}\"");
            assert_eq!(of(&line, "DOWNLOAD=Downloads"), [], "{value}");
        }
    }

    #[test]
    fn lines_that_are_no_assignments_are_passed_over() {
        for line in [
            "XDG_DOWNLOAD_DIR=$HOME/a",
            "export XDG_DOWNLOAD_DIR=\"$HOME/a\"",
            "XDG_download_DIR=\"$HOME/a\"",
            "XDG__DIR",
            "XDG_DIR=\"$HOME/a\"",
            "=",
            "XDG_DOWNLOAD_DIR=\"",
        ] {
            assert_eq!(of(line, ""), [], "{line}");
        }
        assert_eq!(of("\u{0}", "=a\nx=b\n"), []);
        let bytes = b"\xff\nXDG_DOWNLOAD_DIR=\"$HOME/a\"\n";
        assert_eq!(directories("/home/u", bytes, b"").len(), 1);
    }

    #[test]
    fn only_the_beginning_of_a_large_file_is_read() {
        let mut file = vec![b'\n'; MOST_BYTES];
        file.extend(b"XDG_DOWNLOAD_DIR=\"$HOME/a\"");
        assert!(directories("/home/u", &file, b"").is_empty());
    }
}
