//! `oz run`: from words on a command line to a cell and its program's status.

mod arguments;
mod filtering;
mod patience;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

pub use arguments::Arguments;
use arguments::{Command, Run};
use clap::CommandFactory;
use confine::plan::{Owner, Plan};
use filtering::{Asked, Chosen, Wanted};
use patience::{Late, within_patience};
use profile::{Config, Diagnostic, Loaded, Profile, Uid};

use crate::plan::{self, ExtraBind, Need, Person, Planned, Request};
use crate::run::{self, watcher::Job};

/// The status of a cell that did not come about.
pub const FAILED: u8 = 125;

/// The status of a program that SIGSYS has killed.
const KILLED_BY_FILTER: i32 = 128 + libc::SIGSYS;

/// Why there is no cell.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// An ordinary user makes cells for himself.
    #[error(
        "an ordinary user makes cells for himself alone: call it with sudo to make one for {0}, or without --user"
    )]
    SomebodyElse(String),
    /// The machine's settings forbid it.
    #[error(
        "oz.conf says allow_user_namespaces false: cells are made by root alone, so call it with sudo"
    )]
    Forbidden,
    /// Cells have no cells inside.
    #[error("this is inside the cell {0}, where no cells are made")]
    Inside(String),
    /// Files that are wrong; what is wrong was said.
    #[error("{0} cannot be used")]
    Broken(String),
    /// There is no such profile.
    #[error("{0}: no profile has this name or program, and there is no such file")]
    NoProfile(String),
    /// Nobody to run it as.
    #[error("no cell is made for root: name a user with --user")]
    NobodyNamed,
    /// Nobody to run it as.
    #[error(transparent)]
    Unknown(#[from] plan::Unknown),
    /// The profile wants what cannot be given.
    #[error("the profile needs {0}, which this cell cannot have: {1} runs it without")]
    Needs(String, String),
    /// A word that means nothing.
    #[error("--without {0}: it is one of {1}")]
    NoNeed(String, String),
    /// The host does not answer.
    #[error("while the plan was made: {0}")]
    Late(#[from] Late),
    /// There is no filter.
    #[error(transparent)]
    Filter(#[from] filtering::Failure),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] plan::Failure),
    /// The directory where cells are put together cannot be made.
    #[error("{path}: {source}", path = path.display())]
    Stage {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// This process cannot find out where it is.
    #[error("{what}: {source}")]
    Io {
        /// What was looked for.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The cell failed.
    #[error(transparent)]
    Run(#[from] run::Failure),
    /// Privileges about files.
    #[error(transparent)]
    Rights(#[from] confine::Error),
}

impl Failure {
    /// The exit status for it.
    pub fn status(&self) -> u8 {
        match self {
            Failure::Run(failure) => u8::try_from(failure.status()).unwrap_or(FAILED),
            _ => FAILED,
        }
    }
}

/// Does what the command line says. Gives the exit status; `out` and `notes` take what is printed.
///
/// # Errors
/// [`Failure`].
pub fn carry_out(
    arguments: &Arguments,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<u8, Failure> {
    let words = match &arguments.command {
        Command::Run(words) => words,
        Command::Completions { shell } => return print(&completions(*shell), out),
    };
    let maker = maker()?;
    let config = config(notes)?;
    if maker == Owner::User && !config.allow_user_namespaces {
        return Err(Failure::Forbidden);
    }
    let found = find(&words.profile, &config, notes)?;
    let asked = words.clone();
    let (planned, chosen) = within_patience(move || planned(&asked, maker, &config, &found))??;
    for note in &planned.notes {
        let _ = writeln!(notes, "oz: note: {note}");
    }
    if words.plan {
        return show(&planned, &chosen, words.json, out);
    }
    refuse_needs(&planned)?;
    let chosen = chosen?;
    if maker == Owner::Root {
        make_stage(planned.plan.stage.as_path())?;
    }
    launched(planned.plan, chosen, notes)
}

/// Where root puts cells together.
fn make_stage(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|source| Failure::Stage {
        path: path.to_path_buf(),
        source,
    })
}

/// Makes the cell and stays with it; gives the exit status.
fn launched(plan: Plan, chosen: Option<Chosen>, notes: &mut dyn Write) -> Result<u8, Failure> {
    let init = first_program()?;
    let untold = chosen.as_ref().is_some_and(|one| !one.filter.is_watched());
    let job = chosen.map(|chosen| job(chosen, &plan));
    let status = run::run(plan, job, &init, |left_out| {
        for note in left_out {
            let _ = writeln!(notes, "oz: note: {note}");
        }
    })?;
    if untold && status == KILLED_BY_FILTER {
        let _ = writeln!(
            notes,
            "oz: note: the filter has killed it; --explain tells for which call"
        );
    }
    Ok(u8::try_from(status).unwrap_or(u8::MAX))
}

/// What there is to be done about a filter.
fn job(chosen: Chosen, plan: &Plan) -> Job {
    Job {
        filter: chosen.filter,
        log: chosen.log,
        user: plan.user.clone(),
        program: plan.program.path.as_path().into(),
    }
}

/// What a shell completes.
fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "oz", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Who besides root may have written what is believed.
fn caller_id() -> Uid {
    Uid(nix::unistd::geteuid().as_raw())
}

/// With whose privileges a cell is made. Root is never inside one: what anybody writes there on the host
/// changes nothing.
fn maker() -> Result<Owner, Failure> {
    if nix::unistd::geteuid().is_root() {
        return Ok(Owner::Root);
    }
    inside().map_or(Ok(Owner::User), |cell| Err(Failure::Inside(cell)))
}

/// The name of the cell that this process is in, by the file that every cell has: root's, or, where an
/// ordinary user has made the cell, a mount of its own.
fn inside() -> Option<String> {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;
    const LONGEST: u64 = 64;
    let path = Path::new(plan::MARKER);
    let told = path.symlink_metadata().ok()?;
    if !told.is_file() || !(told.uid() == 0 || is_mount(path)) {
        return None;
    }
    let mut name = String::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(LONGEST).read_to_string(&mut name).ok()?;
    Some(name.escape_debug().to_string()).filter(|name| !name.is_empty())
}

/// Whether something is mounted right there (statx(2), STATX_ATTR_MOUNT_ROOT).
fn is_mount(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let told = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    told.is_ok_and(|told| told.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

fn config(notes: &mut dyn Write) -> Result<Config, Failure> {
    let path = std::env::var_os("OZ_CONFIG_PATH").unwrap_or_else(|| "/etc/oz/oz.conf".into());
    let path = PathBuf::from(path);
    match profile::read_config(&path, Uid(0)) {
        Ok((config, warnings)) => {
            tell(&warnings, notes);
            Ok(config)
        }
        Err(errors) => {
            tell(&errors, notes);
            Err(Failure::Broken(path.display().to_string()))
        }
    }
}

/// A profile by its file, its name, or the path of its program.
fn find(word: &OsString, config: &Config, notes: &mut dyn Write) -> Result<Found, Failure> {
    let text = word.to_string_lossy();
    let owner = caller_id();
    let as_file = Path::new(word);
    let is_file = as_file.extension().is_some_and(|end| end == "json");
    if is_file {
        let loaded = profile::read_profile(as_file, owner);
        return usable(&loaded, None, notes);
    }
    let all = profile::read_directory(Path::new(&config.profile_dir), owner);
    let all = all.map_err(|diagnostic| {
        tell(&[*diagnostic], notes);
        Failure::NoProfile(text.clone().into_owned())
    })?;
    if let Some(loaded) = all.by_path(&text) {
        return usable(loaded, Some(text.into_owned()), notes);
    }
    match all.by_name(&text) {
        Some(loaded) => usable(loaded, None, notes),
        None => Err(Failure::NoProfile(text.into_owned())),
    }
}

/// A profile, and the program of it that was asked for.
struct Found {
    profile: Profile,
    /// The profile's file.
    file: PathBuf,
    program: Option<String>,
}

fn usable(
    loaded: &Loaded,
    program: Option<String>,
    notes: &mut dyn Write,
) -> Result<Found, Failure> {
    tell(&loaded.diagnostics, notes);
    match &loaded.profile {
        Ok(profile) => Ok(Found {
            profile: profile.clone(),
            file: PathBuf::from(&loaded.file),
            program,
        }),
        Err(_) => Err(Failure::Broken(loaded.file.clone())),
    }
}

fn tell(diagnostics: &[Diagnostic], notes: &mut dyn Write) {
    for diagnostic in diagnostics {
        let _ = writeln!(notes, "oz: {diagnostic}");
    }
}

/// Whom a cell is for.
fn person(words: &Run, maker: Owner, config: &Config, found: &Found) -> Result<Person, Failure> {
    if maker == Owner::User {
        let person = plan::look_up_caller()?;
        return match &words.user {
            Some(name) if *name != person.user.name => Err(Failure::SomebodyElse(name.clone())),
            _ => Ok(person),
        };
    }
    let name = words.user.clone().or_else(caller);
    let name = name.ok_or(Failure::NobodyNamed)?;
    let groups = config
        .default_groups
        .iter()
        .chain(&found.profile.allowed_groups);
    Ok(plan::look_up(&name, groups)?)
}

fn planned(
    words: &Run,
    maker: Owner,
    config: &Config,
    found: &Found,
) -> Result<(Planned, Wanted), Failure> {
    let mut person = person(words, maker, config, found)?;
    person.read_directories()?;
    let directory = std::env::current_dir().map_err(|source| Failure::Io {
        what: "the directory",
        source,
    })?;
    let request = Request {
        profile: &found.profile,
        config,
        maker,
        person: &person,
        program: found.program.as_deref(),
        arguments: words.arguments.clone(),
        environment: std::env::vars_os().collect(),
        binds: extras(words, &directory),
        directory,
        ephemeral: words.ephemeral,
        without: without(words)?,
        terminal: run::terminals(),
    };
    let planned = plan::plan(&request)?;
    let asked = Asked {
        words,
        config,
        profile: &found.profile,
        file: &found.file,
        person: &person,
        owner: caller_id(),
    };
    let chosen = asked.filter(&request.without);
    Ok((planned, chosen))
}

/// Whoever called sudo.
fn caller() -> Option<String> {
    std::env::var("SUDO_USER")
        .ok()
        .filter(|name| name != "root")
}

fn extras(words: &Run, directory: &Path) -> Vec<ExtraBind> {
    let words = words.bind.iter();
    words.map(|word| extra(word, directory)).collect()
}

/// `PATH` or `PATH:ro`.
fn extra(word: &OsString, directory: &Path) -> ExtraBind {
    use std::os::unix::ffi::OsStrExt;
    let bytes = word.as_bytes();
    let (path, read_only) = match bytes.strip_suffix(b":ro") {
        Some(path) => (path, true),
        None => (bytes, false),
    };
    ExtraBind {
        path: directory.join(std::ffi::OsStr::from_bytes(path)),
        read_only,
    }
}

fn without(words: &Run) -> Result<Vec<Need>, Failure> {
    let needs = words.without.iter().map(|word| {
        let known: Vec<_> = Need::names().collect();
        Need::from_name(word).ok_or_else(|| Failure::NoNeed(word.clone(), known.join(", ")))
    });
    needs.collect()
}

fn refuse_needs(planned: &Planned) -> Result<(), Failure> {
    if planned.needs.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = planned.needs.iter().map(Need::to_string).collect();
    let options: Vec<String> = names
        .iter()
        .map(|name| format!("--without {name}"))
        .collect();
    Err(Failure::Needs(names.join(", "), options.join(" ")))
}

fn print(text: &str, out: &mut dyn Write) -> Result<u8, Failure> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Io {
            what: "standard output",
            source,
        }),
        _ => Ok(0),
    }
}

fn show(
    planned: &Planned,
    chosen: &Wanted,
    json: bool,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let needs: Vec<String> = planned.needs.iter().map(Need::to_string).collect();
    let text = match json {
        true => {
            let filter = match chosen {
                Ok(chosen) => chosen.as_ref().map(Chosen::json),
                Err(why) => Some(serde_json::json!({ "error": why.to_string() })),
            };
            let value = serde_json::json!({
                "plan": planned.plan,
                "needs": needs,
                "differs": planned.differences,
                "filter": filter,
            });
            format!("{value:#}\n")
        }
        false => {
            let differs = planned.differences.iter();
            let differs = differs.map(|what| format!("differs in {what}\n"));
            let needs = needs.iter().map(|need| format!("needs {need}\n"));
            let filter = match chosen {
                Ok(None) => String::new(),
                Ok(Some(chosen)) => format!("{chosen}\n"),
                Err(why) => format!("filter missing: {}\n", why.to_string().replace('\n', "; ")),
            };
            let behind: String = differs.chain(needs).collect();
            format!("{}{filter}{behind}", planned.plan)
        }
    };
    print(&text, out)
}

/// `oz-init` lies beside `oz`.
fn first_program() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(|source| Failure::Io {
        what: "the program's own file",
        source,
    })?;
    Ok(own.with_file_name("oz-init"))
}
