//! From a profile to a plan: what the cell holds, who the program is, and what it is told.
//!
//! The order is Oz's (oz.md §3): the system, /etc, the user's directories, devices, what the profile shows,
//! what it hides. The host is looked at only to find out what there is; it is opened when the cell is made.

mod base;
mod devices;
mod environment;
mod etc;
mod exposed;
mod hidden;
mod needs;
mod ordinary;
mod person;
mod shown;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use confine::plan::{Bytes, Limits, Network, Owner, Plan, Program, Resource, Step, User};
use profile::{AutoShutdown, Circumstances, Config, Limit, NetworkType, Profile};

pub use needs::Need;
pub use person::{Person, Unknown, look_up, look_up_caller};

/// What tells a program that it is in a cell, and in which (oz.md §0).
pub const MARKER: &str = "/tmp/oz-sandbox";

/// What is asked for.
pub struct Request<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// The machine's settings.
    pub config: &'a Config,
    /// With whose privileges the cell is made.
    pub maker: Owner,
    /// Whom the cell is for.
    pub person: &'a Person,
    /// The program, if it is not the profile's first.
    pub program: Option<&'a str>,
    /// The program's arguments.
    pub arguments: Vec<OsString>,
    /// The caller's environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The caller's directory.
    pub directory: PathBuf,
    /// What else is to be shown.
    pub binds: Vec<ExtraBind>,
    /// Whether nothing is to be kept.
    pub ephemeral: bool,
    /// What the caller does without.
    pub without: Vec<Need>,
    /// Which of the first three descriptors are terminals.
    pub terminal: [bool; 3],
}

/// Something that the caller wants to be shown, besides what the profile shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraBind {
    /// On the host, and in the cell.
    pub path: PathBuf,
    /// Whether nothing can be written there.
    pub read_only: bool,
}

/// What a request comes to.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What the profile needs and this program cannot give yet, and the caller does not do without.
    pub needs: Vec<Need>,
    /// In what the cell differs from one that root makes of the same profile.
    pub differences: Vec<String>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A path of the profile stands for nothing.
    #[error("{path} (line {line}): {problem}")]
    Path {
        /// As it is written.
        path: String,
        /// Where.
        line: usize,
        /// What is wrong.
        problem: profile::Problem,
    },
    /// A pattern stands for more than is looked at.
    #[error("{path}: stands for more than {most} names")]
    TooMany {
        /// The pattern.
        path: String,
        /// So many there may be.
        most: usize,
    },
    /// Only root has all devices.
    #[error("use_full_dev in oz.conf shows all devices, which only root's cells can have")]
    AllDevices,
    /// There is nothing to run.
    #[error("the profile names no program")]
    NoProgram,
    /// A way out of the cell would be shown.
    #[error("{} is {what}, a way out of the cell; \"force\" shows it nevertheless", path.display())]
    WayOut {
        /// On the host.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// What is hidden would not stay so.
    #[error(
        "{} is hidden below a directory that can be written to, and a program that may make user namespaces (limits.user_namespaces) can rename it for the next cell; show the directory read-only, or allow none",
        path.display()
    )]
    Undone {
        /// In the cell.
        path: PathBuf,
    },
    /// A directory cannot be looked at.
    #[error("{path}: {source}")]
    Look {
        /// On the host.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The rights of the user cannot be taken.
    #[error(transparent)]
    Rights(#[from] confine::Error),
}

/// What is known while a plan is made.
struct Draft<'a> {
    request: &'a Request<'a>,
    circumstances: Circumstances<'a>,
    user: User,
    steps: Vec<Step>,
    notes: Vec<String>,
}

/// Makes a plan.
///
/// # Errors
/// [`Failure`].
pub fn plan(request: &Request<'_>) -> Result<Planned, Failure> {
    let person = request.person;
    if request.maker == Owner::User && request.config.use_full_dev {
        return Err(Failure::AllDevices);
    }
    let mut draft = Draft {
        request,
        circumstances: Circumstances {
            user: &person.user,
            sandbox: &request.profile.name,
            display: None,
        },
        user: person.as_planned(),
        steps: Vec::new(),
        notes: Vec::new(),
    };
    add_steps(&mut draft)?;
    let program = program(&mut draft)?;
    draft.notes.extend(needs::without_effect(request.profile));
    let network = network(request.profile.networking.network);
    let plan = Plan {
        name: request.profile.name.clone(),
        maker: request.maker,
        network,
        stage: stage(request),
        steps: ordinary::adapted(draft.steps, request.maker, network),
        user: draft.user,
        program,
        limits: limits(request),
    };
    Ok(Planned {
        differences: ordinary::differences(request, &plan),
        plan,
        needs: needs::missing(request),
        notes: draft.notes,
    })
}

/// In Oz's order.
fn add_steps(draft: &mut Draft<'_>) -> Result<(), Failure> {
    base::add(draft);
    etc::add(draft);
    base::add_directories_of_user(draft);
    devices::add(draft);
    shown::add(draft)?;
    hidden::add(draft)?;
    devices::add_kernel(draft);
    Ok(())
}

/// Where roots are put together.
fn stage(request: &Request<'_>) -> Bytes {
    match request.maker {
        Owner::Root => {
            let path = Path::new(&request.config.sandbox_path).join("rootfs");
            Bytes::from(path.as_path())
        }
        Owner::User => ordinary::STAGE.into(),
    }
}

/// A bridge is a network of its own with something on it.
fn network(network: NetworkType) -> Network {
    match network {
        NetworkType::Empty | NetworkType::Bridge => Network::Empty,
        NetworkType::None => Network::None,
        NetworkType::Host => Network::Host,
    }
}

fn program(draft: &mut Draft<'_>) -> Result<Program, Failure> {
    let request = draft.request;
    let profile = request.profile;
    let called = request.program.or_else(|| profile.programs().next());
    let called = called.ok_or(Failure::NoProgram)?;
    let diverted = request.config.diverted(called);
    let real = match Path::new(&diverted).exists() {
        true => diverted,
        false => called.to_owned(),
    };
    let wrapper = profile
        .wrapper
        .iter()
        .map(|path| Bytes::from(path.as_str()));
    let mut arguments: Vec<Bytes> = wrapper.collect();
    arguments.push(Bytes::from(real));
    let defaults = profile.default_params.iter();
    arguments.extend(defaults.map(|one| Bytes::from(one.as_str())));
    match profile.reject_user_args {
        false => {
            let given = request.arguments.iter();
            arguments.extend(given.map(|one| Bytes::from(one.as_os_str())));
        }
        true if request.arguments.is_empty() => {}
        true => draft
            .notes
            .push("the profile takes no arguments; yours are left out".into()),
    }
    let path = arguments.first().cloned().ok_or(Failure::NoProgram)?;
    let watchdog = profile.watchdog.iter();
    Ok(Program {
        path,
        arguments,
        environment: environment::of(request),
        directory: Bytes::from(request.directory.as_path()),
        terminal: request.terminal,
        watchdog: watchdog.map(|name| Bytes::from(name.as_str())).collect(),
        auto_shutdown: profile.auto_shutdown == AutoShutdown::Yes,
    })
}

fn limits(request: &Request<'_>) -> Limits {
    let limits = &request.profile.limits;
    let resources = limits.resources.iter();
    let is_kept = request.maker == Owner::Root && !request.without.contains(&Need::Limits);
    Limits {
        processes: limits.pids.filter(|_| is_kept),
        memory: limits.memory.filter(|_| is_kept),
        user_namespaces: limits.user_namespaces,
        resources: resources
            .map(|(resource, limit)| (named(*resource), most(*limit)))
            .collect(),
    }
}

fn most(limit: Limit) -> Option<u64> {
    match limit {
        Limit::Most(most) => Some(most),
        Limit::Unlimited => None,
    }
}

fn named(resource: profile::Resource) -> Resource {
    match resource {
        profile::Resource::AddressSpace => Resource::As,
        profile::Resource::Core => Resource::Core,
        profile::Resource::ProcessorTime => Resource::Cpu,
        profile::Resource::Data => Resource::Data,
        profile::Resource::FileSize => Resource::Fsize,
        profile::Resource::LockedMemory => Resource::Memlock,
        profile::Resource::MessageQueues => Resource::Msgqueue,
        profile::Resource::OpenFiles => Resource::Nofile,
        profile::Resource::Processes => Resource::Nproc,
        profile::Resource::Stack => Resource::Stack,
    }
}
