//! The command line, and the variables that it stands in for.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use lexopt::Arg::{Long, Short, Value};
use policy::{Mode, Request};
use trace::Place;

use crate::compiler::Compiler;
use crate::failure::Failure;
use crate::watching::Watching;

/// How the filter gets into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// suspend, or ticket where that is not possible.
    Auto,
    /// A tracer holds the filter back until the exec is done.
    Suspend,
    /// The filter lets one execve through that carries secret words.
    Ticket,
    /// A tracer makes the program load it.
    Inject,
    /// libsandbox.so, in the program itself.
    Preload,
}

/// What a policy option holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    List(Mode),
    File,
}

/// What the options say.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) method: Method,
    pub(crate) place: Place,
    pub(crate) compiler: Compiler,
    pub(crate) isolate: bool,
    source: Option<(Source, &'static str, OsString)>,
    arch: Option<OsString>,
    default_action: Option<OsString>,
    log: bool,
    quiet: bool,
    pub(crate) watching: Watching,
}

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Print a text and be done.
    Print(String),
    /// Print the policy in words.
    Show(Options),
    /// Run a program.
    Launch {
        options: Options,
        program: OsString,
        arguments: Vec<OsString>,
    },
}

const HELP: &str = include_str!("help.txt");

impl Command {
    /// Reads the process's arguments. Options end at `--` or at the first word that is none.
    pub(crate) fn parse() -> Result<Command, Failure> {
        let mut parser = lexopt::Parser::from_env();
        let mut options = Options::default();
        let mut print = false;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("print") => print = true,
                Short('h') | Long("help") => return Ok(Command::Print(HELP.into())),
                Short('V') | Long("version") => return Ok(Command::Print(version())),
                // With --print a program may follow; it is not run.
                Value(_) if print => break,
                Value(program) => {
                    options.watching.check()?;
                    let arguments = parser.raw_args()?.collect();
                    return Ok(Command::Launch {
                        options,
                        program,
                        arguments,
                    });
                }
                Long(name) => {
                    let name = name.to_string();
                    options.set(&name, &mut parser)?;
                }
                Short('q') => options.quiet = true,
                other => return Err(other.unexpected().into()),
            }
        }
        match print {
            true => Ok(Command::Show(options)),
            false => Err(Failure::Usage("no program given".into())),
        }
    }
}

fn version() -> String {
    format!("sandboxify {}\n", env!("CARGO_PKG_VERSION"))
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Failure {
        Failure::Usage(error.to_string())
    }
}

impl Method {
    fn parse(text: &OsStr) -> Result<Method, Failure> {
        match text.as_bytes() {
            b"auto" => Ok(Method::Auto),
            b"suspend" => Ok(Method::Suspend),
            b"ticket" => Ok(Method::Ticket),
            b"inject" => Ok(Method::Inject),
            b"preload" => Ok(Method::Preload),
            _ => {
                let text = text.to_string_lossy();
                Err(Failure::Usage(format!(
                    "--method: \"{}\" is none of auto, suspend, ticket, inject, preload",
                    text.escape_default()
                )))
            }
        }
    }
}

/// Reads where the filter begins to hold.
fn place(text: &OsStr) -> Result<Place, Failure> {
    match text.as_bytes() {
        b"exec" => Ok(Place::Exec),
        b"entry" => Ok(Place::Entry),
        b"main" => Ok(Place::Main),
        _ => {
            let text = text.to_string_lossy();
            Err(Failure::Usage(format!(
                "--at: \"{}\" is none of exec, entry, main",
                text.escape_default()
            )))
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            method: Method::Auto,
            place: Place::Exec,
            compiler: Compiler::Native,
            isolate: false,
            source: None,
            arch: None,
            default_action: None,
            log: false,
            quiet: false,
            watching: Watching::default(),
        }
    }
}

impl Options {
    /// Takes up one long option, with its value from the parser.
    fn set(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), Failure> {
        match name {
            "allow" => self.set_list(Source::List(Mode::AllowList), "--allow", parser.value()?)?,
            "deny" => self.set_list(Source::List(Mode::DenyList), "--deny", parser.value()?)?,
            "policy" => self.set_list(Source::File, "--policy", parser.value()?)?,
            "arch" => self.arch = Some(parser.value()?),
            "default-action" => self.default_action = Some(parser.value()?),
            "method" => self.method = Method::parse(&parser.value()?)?,
            "at" => self.place = place(&parser.value()?)?,
            "compiler" => self.compiler = Compiler::parse(&parser.value()?)?,
            "isolate" => self.isolate = true,
            "log" => self.log = true,
            "quiet" => self.quiet = true,
            other if self.watching.set(other, parser)? => {}
            unknown => return Err(Long(unknown).unexpected().into()),
        }
        Ok(())
    }

    /// The method, as the place of the filter has it: only a tracer knows other places than exec.
    pub(crate) fn method_for_place(&self) -> Result<Method, Failure> {
        match (self.place, self.method) {
            (Place::Exec, method) => Ok(method),
            (_, Method::Auto | Method::Inject) => Ok(Method::Inject),
            _ => Err(Failure::Usage(
                "--at entry and --at main go with --method inject alone".into(),
            )),
        }
    }

    fn set_list(
        &mut self,
        source: Source,
        origin: &'static str,
        value: OsString,
    ) -> Result<(), Failure> {
        if let Some((_, earlier, _)) = self.source {
            return Err(Failure::Usage(format!(
                "{origin}: {earlier} was given already"
            )));
        }
        self.source = Some((source, origin, value));
        Ok(())
    }

    /// Reads the file of `--policy`, where there is one.
    pub(crate) fn policy_file(&self) -> Result<Option<formats::Source>, Failure> {
        match &self.source {
            Some((Source::File, _, path)) => {
                let Some(path) = path.to_str() else {
                    return Err(Failure::Usage("--policy: the path is no UTF-8".into()));
                };
                Ok(Some(supervise::open_policy(path)?))
            }
            _ => Ok(None),
        }
    }

    /// Looks up what a request asks for, with the policy file as it was read.
    pub(crate) fn compile(
        file: Option<&formats::Source>,
        request: &Request<'_>,
    ) -> Result<policy::Compiled, Failure> {
        let others = filter::sys::read_policy;
        Ok(match file {
            Some(file) => request.compile(syscalls::Abi::NATIVE, &file.files(&others))?,
            None => request.compile(syscalls::Abi::NATIVE, &others)?,
        })
    }

    /// A learning run makes a policy.
    fn refuse_policy(&self) -> Result<(), Failure> {
        let others = [
            ("--arch", self.arch.is_some()),
            ("--default-action", self.default_action.is_some()),
            ("--log", self.log),
        ];
        if let Some((option, _)) = others.iter().find(|(_, given)| *given) {
            return Err(Failure::Usage(format!("{option} means nothing to --learn")));
        }
        match &self.source {
            None => Ok(()),
            Some((_, origin, _)) => Err(Failure::Usage(format!(
                "--learn makes a policy and {origin} gives one; use --assume for calls that need not be watched"
            ))),
        }
    }

    /// The list of an option, or of the policy file.
    fn list<'a>(
        &'a self,
        file: Option<&'a formats::Source>,
    ) -> Option<(Mode, &'static str, &'a [u8])> {
        match (&self.source, file) {
            (Some((Source::List(mode), origin, list)), _) => {
                Some((*mode, *origin, list.as_bytes()))
            }
            (_, Some(file)) => {
                let reading = &file.reading;
                Some((reading.mode, "--policy", reading.list.as_bytes()))
            }
            _ => None,
        }
    }

    /// What options and variables come to: a list option or a policy file stands in for both list
    /// variables.
    pub(crate) fn request<'a>(
        &'a self,
        file: Option<&'a formats::Source>,
        variables: &'a Variables,
    ) -> Result<Request<'a>, Failure> {
        if let Some(mut request) = self.watching.request() {
            self.refuse_policy()?;
            request.quiet = self.quiet;
            return Ok(request);
        }
        let list = self.list(file);
        let default = self.default_action.as_ref().map(|action| action.as_bytes());
        let get = |name: &str| match name {
            policy::ARCH if self.arch.is_some() => None,
            name => variables.get(name),
        };
        let request = Request::from_options(list, default, get)?;
        let mut request = request.ok_or(Failure::NoPolicy)?;
        if let Some(arch) = &self.arch {
            request.set_besides("--arch", arch.as_bytes())?;
        }
        if let Some(file) = file.filter(|file| file.is_complete()) {
            let own = file.reading.request("--policy");
            if default.is_none() {
                request.default = own.default;
            }
            request.besides = request.besides.or(own.besides);
            request.whole_registers = file.is_foreign();
        }
        request.log |= self.log;
        request.quiet |= self.quiet;
        Ok(request)
    }
}

/// What was noticed while a policy file was read, as notes of the policy.
pub(crate) fn foreign_notes(file: Option<&formats::Source>) -> Vec<policy::Note> {
    let notes = file.map(|file| file.reading.notes.clone());
    notes
        .unwrap_or_default()
        .into_iter()
        .map(policy::Note::Foreign)
        .collect()
}

/// The variables of the contract as they were at the start.
#[derive(Debug)]
pub(crate) struct Variables(HashMap<&'static str, OsString>);

impl Variables {
    pub(crate) fn read() -> Variables {
        let value = |name: &&'static str| Some((*name, std::env::var_os(name)?));
        Variables(policy::VARIABLES.iter().filter_map(value).collect())
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(|value| value.as_bytes())
    }
}
