//! The filter of a cell: from what a profile says to a policy that was compiled, on the host.
//!
//! Nothing of it need be visible in the cell, and nobody inside can change it: what the kernel gets is made
//! here, of files that are read once (oz.md §10.3, "policy files outside the sandbox's view").

use std::cell::RefCell;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use filter::{Checked, Program, Supervised, Supervision, Ticket};
use policy::{Action, Compiled, Mode, Policy, Request};
use profile::{ExtraDefinitions, Seccomp, SeccompMode, Uid};
use syscalls::Abi;
use watch::Judge;

/// The policy of `blacklist` for profiles that name none, in the machine's directory of settings.
pub const GENERIC_BLACKLIST: &str = "blacklist-generic.seccomp";

/// What becomes of calls that a policy does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// They kill, or fail as the policy says, by the kernel alone. Deaths are told where they are `told`.
    Enforce {
        /// Whether somebody is there to tell.
        told: bool,
    },
    /// They are enforced, and each is reported.
    Explain,
    /// They run, and each is reported.
    Audit,
    /// All calls run, and a policy that allows them grows here.
    Train(PathBuf),
}

impl Purpose {
    /// In a word.
    pub fn name(&self) -> &'static str {
        match self {
            Purpose::Enforce { .. } => "enforce",
            Purpose::Explain => "explain",
            Purpose::Audit => "audit",
            Purpose::Train(_) => "train",
        }
    }

    /// Where a policy is written.
    pub fn output(&self) -> Option<&Path> {
        match self {
            Purpose::Train(path) => Some(path),
            _ => None,
        }
    }
}

/// A policy, and what it is for.
#[derive(Debug)]
pub struct Filter {
    /// Where the policy is from; nowhere where one is made.
    pub source: Option<Source>,
    /// What becomes of violations.
    pub purpose: Purpose,
    /// Decides, and says why.
    pub judge: Judge,
    /// Whether the profile wants more to be told of each violation.
    pub debug: bool,
}

/// Where policies are looked for, and whose they may be.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// The directory of the profile's file, where paths begin that are not absolute.
    pub beside: &'a Path,
    /// The machine's directory of settings.
    pub settings: &'a Path,
    /// Who besides root may have written them.
    pub owner: Uid,
}

/// Why there is no filter, and so no cell.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A policy file cannot be used.
    #[error("seccomp filter compile failed: {path}: {problem}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: profile::Problem,
    },
    /// A path that cannot stand in a list of policies.
    #[error("seccomp filter compile failed: {}: a policy's path has no colon", .0.display())]
    Path(PathBuf),
    /// The policy says what cannot be.
    #[error("seccomp filter compile failed: {0}")]
    Policy(#[from] policy::Error),
    /// The kernel does not take it.
    #[error("seccomp filter compile failed: {0}")]
    Program(#[from] filter::Error),
    /// A mode needs a policy, and the profile names none.
    #[error("the profile has no policy for mode {0}")]
    NoPolicy(&'static str),
}

/// Which policy decides.
#[derive(Debug, Clone)]
pub struct Source {
    mode: Mode,
    /// Its file.
    pub path: PathBuf,
}

impl Source {
    /// The mode as profiles have it.
    pub fn mode_name(&self) -> &'static str {
        match self.mode {
            Mode::AllowList => "whitelist",
            Mode::DenyList => "blacklist",
        }
    }

    /// The key that names it.
    fn origin(&self) -> &'static str {
        match self.mode {
            Mode::AllowList => "seccomp.whitelist",
            Mode::DenyList => "seccomp.blacklist",
        }
    }
}

impl Filter {
    /// What a profile's block asks for; nothing where that is nothing.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn of(seccomp: &Seccomp, places: &Places<'_>) -> Result<Option<Filter>, Failure> {
        let purpose = match seccomp.enforce {
            true => Purpose::Enforce { told: true },
            false => Purpose::Audit,
        };
        let source = match seccomp.mode {
            SeccompMode::Disabled | SeccompMode::Train => return Ok(None),
            SeccompMode::Whitelist => Source {
                mode: Mode::AllowList,
                path: places.policy(seccomp.whitelist.as_deref(), None)?,
            },
            SeccompMode::Blacklist => Source {
                mode: Mode::DenyList,
                path: places.policy(seccomp.blacklist.as_deref(), Some(GENERIC_BLACKLIST))?,
            },
        };
        Ok(Some(Filter {
            purpose,
            judge: judge(&source, &seccomp.extra_definitions, places)?,
            source: Some(source),
            debug: seccomp.debug,
        }))
    }

    /// A filter that lets everything run and shows it, for a policy that is to grow at a path.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn training(output: PathBuf) -> Result<Filter, Failure> {
        let request = Request::plain(Mode::AllowList, "train", b"", Action::KillProcess);
        Ok(Filter {
            source: None,
            purpose: Purpose::Train(output),
            judge: Judge::new(&request, Abi::NATIVE, &policy::no_files)?,
            debug: false,
        })
    }

    /// Whether somebody answers some of its calls.
    pub fn listens(&self) -> bool {
        !matches!(self.purpose, Purpose::Enforce { .. })
    }

    /// The program that the kernel gets, one number an instruction. With a ticket's words the process that
    /// loads it can execute its program. Calls of other ABIs end the process, whatever else is not enforced.
    ///
    /// # Errors
    /// [`Failure::Program`].
    pub fn program(&self, ticket: &Ticket) -> Result<Vec<u64>, Failure> {
        let policy = &self.compiled().policy;
        filter::require_actions(&policy.actions())?;
        let checked = Program::compile(policy, Some(ticket))?.check(policy, Some(ticket))?;
        let supervision = match self.purpose {
            Purpose::Enforce { .. } => return Ok(bits(checked.instructions())),
            Purpose::Explain => Supervision::Explain,
            Purpose::Audit | Purpose::Train(_) => Supervision::Audit,
        };
        let supervised = supervised(checked, supervision, policy)?;
        Ok(bits(supervised.instructions()))
    }

    /// Whether anybody is needed beside the program. Deaths are told by a tracer, of which a process can have
    /// one: whoever wrote ptrace(2) into a whitelist wants it to be another.
    pub fn is_watched(&self) -> bool {
        match self.purpose {
            Purpose::Enforce { told } => told && !self.lists_tracers(),
            _ => true,
        }
    }

    fn lists_tracers(&self) -> bool {
        let lists = self.source.as_ref();
        let number = syscalls::number(Abi::NATIVE, "ptrace");
        let (Some(Mode::AllowList), Some(number)) = (lists.map(|source| source.mode), number)
        else {
            return false;
        };
        let (audit, nothing) = (Abi::NATIVE.audit(), [0; 6]);
        self.compiled().policy.decide(audit, number, &nothing) == Action::Allow
    }

    /// The policy, with what there is to be said of it.
    pub fn compiled(&self) -> &Compiled {
        self.judge.compiled()
    }
}

fn supervised(
    checked: Checked,
    supervision: Supervision,
    policy: &Policy,
) -> Result<Supervised, filter::Error> {
    checked.supervised(supervision, policy)?.of_native_calls()
}

fn bits(instructions: &[filter::Instruction]) -> Vec<u64> {
    instructions.iter().map(|one| one.to_bits()).collect()
}

impl Places<'_> {
    /// A policy that a profile names, or one of the machine's.
    fn policy(&self, named: Option<&str>, generic: Option<&str>) -> Result<PathBuf, Failure> {
        let named = named.map(|path| self.beside.join(path));
        let path = named.or_else(|| generic.map(|name| self.settings.join(name)));
        let path = path.ok_or(Failure::NoPolicy("whitelist"))?;
        match path.as_os_str().as_encoded_bytes().contains(&b':') {
            true => Err(Failure::Path(path)),
            false => Ok(path),
        }
    }
}

fn judge(
    source: &Source,
    definitions: &[ExtraDefinitions],
    places: &Places<'_>,
) -> Result<Judge, Failure> {
    let definitions = definitions.iter().map(|definition| match definition {
        ExtraDefinitions::Inline(text) => format!("{{inline}}{text}").into_bytes(),
        ExtraDefinitions::File(path) => bytes(&places.beside.join(path)),
    });
    let definitions: Vec<Vec<u8>> = definitions.collect();
    let definitions: Vec<&[u8]> = definitions.iter().map(Vec::as_slice).collect();
    let list = bytes(&source.path);
    let request = Request {
        definitions: &definitions,
        ..Request::plain(source.mode, source.origin(), &list, Action::KillProcess)
    };
    // Of a file that cannot be used more is known than an error number says.
    let unusable = RefCell::new(None);
    let read = |path: &[u8]| {
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(path));
        profile::read_policy(&path, places.owner).map_err(|problem| {
            unusable
                .borrow_mut()
                .get_or_insert(Failure::File { path, problem });
            libc::EACCES
        })
    };
    let judge = Judge::new(&request, Abi::NATIVE, &read);
    match (judge, unusable.into_inner()) {
        (_, Some(failure)) => Err(failure),
        (judge, None) => Ok(judge?),
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_encoded_bytes().to_vec()
}
