//! What the profile shows of the host: its whitelist, shared folders, and files that the program is called
//! with (oz.md §2.3, §3.5, §3.7, §1.6).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use confine::plan::{Bind, Bytes, Missing, Owner, Step};
use profile::{ExpandedPath, Name, PathPattern, WhitelistItem};

use super::exposed;
use super::{Draft, Failure};

/// A pattern stands for no more than this.
const MOST_MATCHES: usize = 4096;

pub(super) fn add(draft: &mut Draft<'_>) -> Result<(), Failure> {
    let request = draft.request;
    if !request.ephemeral {
        for folder in &request.profile.shared_folders {
            shared_folder(draft, folder)?;
        }
    }
    for item in &request.profile.whitelist {
        let place = item.target.as_ref().unwrap_or(&item.path);
        if request.ephemeral && place.is_below_home() {
            continue;
        }
        whitelist(draft, item)?;
    }
    for extra in &request.binds {
        let path = Bytes::from(extra.path.as_path());
        let bind = Bind {
            // It is asked for here and now, whatever the profile shows of it.
            replace: true,
            ..of_user(path.clone(), path, extra.read_only)
        };
        show(draft, bind, false)?;
    }
    if request.profile.allow_files {
        allow_files(draft)?;
    }
    keep_directories(draft)
}

/// Where the user keeps documents and the like decides what the next cell shows: nobody inside writes it.
fn keep_directories(draft: &mut Draft<'_>) -> Result<(), Failure> {
    let file = draft.request.person.file_of_directories();
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let steps = &draft.steps;
    let places = draft.as_user(|| {
        let files = [file.clone(), real(&file)];
        let mut places = Vec::new();
        for step in steps {
            let Step::Bind(bind) = step else { continue };
            let sources = [
                bind.source.as_path().to_path_buf(),
                real(bind.source.as_path()),
            ];
            let pairs = files
                .iter()
                .flat_map(|file| sources.iter().map(move |source| (file, source)));
            let rests = pairs.filter_map(|(file, source)| file.strip_prefix(source).ok());
            let found = rests.map(|rest| bind.target.as_path().join(rest));
            places.extend(found.filter(|_| !bind.read_only));
        }
        places.sort();
        places.dedup();
        places
    })?;
    if places.is_empty() {
        return Ok(());
    }
    if !draft.as_user(|| file.exists())? {
        let note = format!(
            "{} is not there: a program that makes it decides what ${{XDG_*_DIR}} are",
            file.display()
        );
        draft.notes.push(note);
    }
    let sealed = places.iter().map(|place| Step::Seal { path: path(place) });
    draft.steps.extend(sealed);
    Ok(())
}

fn whitelist(draft: &mut Draft<'_>, item: &WhitelistItem) -> Result<(), Failure> {
    let sources = sources(draft, &item.path)?;
    let target = match &item.target {
        Some(target) => expand(draft, target)?.into_iter().next(),
        None => None,
    };
    for source in &sources {
        let target = match (&target, item.path.is_pattern()) {
            (None, _) => source.clone(),
            (Some(target), false) => target.clone(),
            (Some(target), true) => target.join(source.file_name().unwrap_or_default()),
        };
        if draft.is_left_out(source, &target) {
            continue;
        }
        let bind = Bind {
            follow: !item.no_follow,
            missing: match (item.can_create, item.ignore) {
                (true, _) => Missing::Create,
                (false, true) => Missing::Skip,
                (false, false) => Missing::Fail,
            },
            replace: item.force,
            executable: item.read_only || item.allow_exec,
            ..of_user(path(source), path(&target), item.read_only)
        };
        show(draft, bind, item.force)?;
        if let Some(link) = &item.symlink {
            for link in expand(draft, link)? {
                draft.steps.push(Step::Symlink {
                    path: path(&link),
                    target: path(&target),
                    owner: Owner::User,
                });
            }
        }
    }
    Ok(())
}

/// `~/Documents` inside is `~/OZ/NAME/Documents` outside.
fn shared_folder(draft: &mut Draft<'_>, folder: &PathPattern) -> Result<(), Failure> {
    let home = PathBuf::from(&draft.request.person.user.home);
    for inside in expand(draft, folder)? {
        let Ok(rest) = inside.strip_prefix(&home) else {
            let note = format!(
                "{} is not below the home directory, and not shared",
                inside.display()
            );
            draft.notes.push(note);
            continue;
        };
        let dashed = rest.to_string_lossy().replace('/', "-");
        let outside = home
            .join("OZ")
            .join(title(&draft.request.profile.name))
            .join(&dashed);
        let kept = home.join(".shared").join(&dashed);
        let bind = Bind {
            missing: Missing::Create,
            ..of_user(path(&outside), path(&kept), false)
        };
        show(draft, bind, false)?;
        draft.steps.push(Step::Symlink {
            path: path(&inside),
            target: path(&kept),
            owner: Owner::User,
        });
    }
    Ok(())
}

/// `evince` as it stands in the name of a folder: `Evince`.
fn title(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// Files of the user's that the program is called with.
fn allow_files(draft: &mut Draft<'_>) -> Result<(), Failure> {
    let user = &draft.request.person.user;
    let places = [
        PathBuf::from(&user.home),
        format!("/media/{}", user.name).into(),
    ];
    for argument in &draft.request.arguments {
        let Some(file) = file(argument, &draft.request.directory) else {
            continue;
        };
        let is_his = places
            .iter()
            .any(|place| file.starts_with(place) && file != *place);
        let there = is_his && draft.as_user(|| file.symlink_metadata().is_ok())?;
        if there {
            let bind = of_user(path(&file), path(&file), false);
            show(draft, bind, false)?;
        }
    }
    Ok(())
}

/// The file that an argument names: a path or a `file://` URL.
fn file(argument: &OsStr, directory: &Path) -> Option<PathBuf> {
    let bytes = argument.as_bytes();
    let named = match bytes.strip_prefix(b"file://") {
        Some(url) => PathBuf::from(OsStr::from_bytes(&decoded(url))),
        None => directory.join(OsStr::from_bytes(bytes)),
    };
    let plain = named
        .components()
        .all(|component| !matches!(component, std::path::Component::ParentDir));
    (plain && named.is_absolute()).then_some(named)
}

/// `%20` is a blank (RFC 3986, section 2.1).
fn decoded(url: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url;
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| first == b'%');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = match byte {
            Some(_) => behind.get(2..).unwrap_or_default(),
            None => behind,
        };
    }
    bytes
}

/// What is shown with the user's rights alone.
fn of_user(source: Bytes, target: Bytes, read_only: bool) -> Bind {
    Bind {
        source,
        target,
        reader: Owner::User,
        follow: true,
        missing: Missing::Fail,
        replace: false,
        read_only,
        executable: read_only,
    }
}

/// Shows something, and takes away the sockets in it: a read-only mount keeps nobody from talking to
/// whoever listens there.
fn show(draft: &mut Draft<'_>, bind: Bind, forced: bool) -> Result<(), Failure> {
    let source = bind.source.clone();
    let target = bind.target.as_path().to_path_buf();
    if let Some(what) = draft.as_user(|| exposed::view(source.as_path()))? {
        if !forced {
            let path = source.as_path().to_path_buf();
            return Err(Failure::WayOut { path, what });
        }
        draft.notes.push(format!("{source} is {what}"));
    }
    let found = draft.as_user(|| exposed::ends(source.as_path()))?;
    draft.steps.push(Step::Bind(bind));
    if !found.complete {
        let note = format!("{source} is too large to be searched for sockets whole");
        draft.notes.push(note);
    }
    for end in found.ends {
        let place = end.path.display();
        match end.way_out {
            Some(what) if !forced => {
                let path = end.path;
                return Err(Failure::WayOut { path, what });
            }
            // It was asked for by its name.
            _ if forced || end.below.as_os_str().is_empty() => {
                let note = format!("{place} can be connected to from inside");
                draft.notes.push(note);
            }
            _ => draft.steps.push(Step::Mask {
                path: path(&target.join(&end.below)),
            }),
        }
    }
    Ok(())
}

/// What a path stands for on the host; for `${PATH}/NAME` the first that is there.
fn sources(draft: &Draft<'_>, pattern: &PathPattern) -> Result<Vec<PathBuf>, Failure> {
    let expanded = expansions(draft, pattern)?;
    if let [one] = expanded.as_slice() {
        return match one.plain() {
            Some(path) => Ok(vec![path.into()]),
            None => draft.as_user(|| matches(one))?,
        };
    }
    let paths: Vec<PathBuf> = expanded
        .iter()
        .filter_map(ExpandedPath::plain)
        .map(PathBuf::from)
        .collect();
    let found = paths.iter().find(|path| path.exists());
    Ok(found.or(paths.first()).cloned().into_iter().collect())
}

/// What a path without a pattern stands for.
fn expand(draft: &Draft<'_>, pattern: &PathPattern) -> Result<Vec<PathBuf>, Failure> {
    let expanded = expansions(draft, pattern)?;
    Ok(expanded
        .iter()
        .filter_map(ExpandedPath::plain)
        .map(PathBuf::from)
        .collect())
}

pub(super) fn expansions(
    draft: &Draft<'_>,
    pattern: &PathPattern,
) -> Result<Vec<ExpandedPath>, Failure> {
    let expanded = pattern.expand(&draft.circumstances);
    expanded.map_err(|problem| Failure::Path {
        path: pattern.as_str().into(),
        line: pattern.place().line,
        problem,
    })
}

/// Everything on the host that fits a pattern, in alphabetical order. Too much of it is an error: what is
/// to be hidden must be hidden whole.
pub(super) fn matches(pattern: &ExpandedPath) -> Result<Vec<PathBuf>, Failure> {
    let mut found = vec![PathBuf::from("/")];
    for name in &pattern.names {
        found = match name {
            Name::Plain(name) => found.into_iter().map(|path| path.join(name)).collect(),
            Name::Pattern(glob) => {
                let listed = found.iter().filter_map(|path| fs::read_dir(path).ok());
                let entries = listed.flatten().flatten();
                let fitting = entries.filter(|entry| glob.matches(entry.file_name().as_bytes()));
                let paths = fitting.map(|entry| entry.path());
                paths.take(MOST_MATCHES + 1).collect()
            }
        };
        if found.len() > MOST_MATCHES {
            let path = pattern.to_string();
            let most = MOST_MATCHES;
            return Err(Failure::TooMany { path, most });
        }
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found.sort();
    Ok(found)
}

pub(super) fn path(path: &Path) -> Bytes {
    Bytes::from(path)
}

impl Draft<'_> {
    /// Whether something is of the home directory, of which a cell that keeps nothing has nothing, whatever
    /// words a profile has for it.
    fn is_left_out(&self, source: &Path, target: &Path) -> bool {
        let home = &self.request.person.user.home;
        self.request.ephemeral && [source, target].iter().any(|path| path.starts_with(home))
    }

    /// Looks at the host with the user's rights.
    pub(super) fn as_user<T>(&self, look: impl FnOnce() -> T) -> Result<T, Failure> {
        Ok(confine::with_rights(&self.user, || Ok(look()))?)
    }
}
