//! The policy to look at: a list, a file of any format, or the variables.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use formats::Circumstances;
use policy::{Action, Compiled, Mode, Request};
use syscalls::Abi;

use crate::arguments::{FileMode, Files, PolicyArguments};
use crate::failure::Failure;

/// A policy as it was written, which every ABI may understand in its own way.
pub(crate) struct Source {
    origin: &'static str,
    list: Vec<u8>,
    mode: Mode,
    default: Action,
    besides: Option<Abi>,
    definitions: Vec<Vec<u8>>,
    whole_registers: bool,
    /// What was noticed while the file was read.
    notes: Vec<String>,
    /// The file itself, which is read once.
    file: Option<formats::Source>,
}

impl Source {
    /// The policy of a list option, or else of `file`, or else of the variables.
    pub(crate) fn read(
        arguments: &PolicyArguments,
        file: Option<&OsStr>,
    ) -> Result<Source, Failure> {
        let variables: HashMap<&str, OsString> = policy::VARIABLES
            .iter()
            .filter_map(|name| Some((*name, std::env::var_os(name)?)))
            .collect();
        Source::of(arguments, file, &variables)
    }

    /// The policy of a list option, or else of `file`, whatever the variables are.
    pub(crate) fn without_variables(
        arguments: &PolicyArguments,
        file: Option<&OsStr>,
    ) -> Result<Source, Failure> {
        Source::of(arguments, file, &HashMap::new())
    }

    fn of(
        arguments: &PolicyArguments,
        file: Option<&OsStr>,
        variables: &HashMap<&str, OsString>,
    ) -> Result<Source, Failure> {
        let files = &arguments.files;
        let get = |name: &str| match name {
            policy::ARCH if files.add_arch.is_some() => None,
            name => variables.get(name).map(|value| value.as_bytes()),
        };
        let opened = match file {
            Some(path) => Some(open(files, path)?),
            None => None,
        };
        let origin = file.map_or("", named);
        let list = match (&arguments.list_allow, &arguments.list_deny, &opened) {
            (Some(list), ..) => Some((Mode::AllowList, "--list-allow", list.as_bytes())),
            (_, Some(list), _) => Some((Mode::DenyList, "--list-deny", list.as_bytes())),
            (.., Some(file)) => {
                let reading = &file.reading;
                Some((reading.mode, origin, reading.list.as_bytes()))
            }
            _ => None,
        };
        let default = arguments.default_action.as_deref().map(OsStr::as_bytes);
        let request = Request::from_options(list, default, get)?;
        let mut request = request.ok_or(Failure::NoPolicy)?;
        if let Some(arch) = &files.add_arch {
            request.set_besides("--add-arch", arch.as_bytes())?;
        }
        let mut source = Source::plain(&request, files);
        if let Some(file) = opened {
            source.take_up(file, default.is_some());
        }
        Ok(source)
    }

    fn plain(request: &Request<'_>, files: &Files) -> Source {
        let definitions = files.definitions.iter();
        Source {
            origin: request.origin,
            list: request.list.to_vec(),
            mode: request.mode,
            default: request.default,
            besides: request.besides,
            definitions: definitions.map(|text| text.as_bytes().to_vec()).collect(),
            whole_registers: false,
            notes: Vec::new(),
            file: None,
        }
    }

    /// What a file says besides its list.
    fn take_up(&mut self, file: formats::Source, default_given: bool) {
        let (complete, foreign) = (file.is_complete(), file.is_foreign());
        let own = file.reading.request(self.origin);
        if complete && !default_given {
            self.default = own.default;
        }
        self.besides = self.besides.or(own.besides);
        self.whole_registers = foreign;
        self.notes.clone_from(&file.reading.notes);
        self.file = Some(file);
    }

    /// The policy of a file alone.
    pub(crate) fn of_file(files: &Files, path: &OsStr) -> Result<Source, Failure> {
        let file = open(files, path)?;
        let (mode, list) = (file.reading.mode, file.reading.list.as_bytes());
        let mut request = Request::plain(mode, named(path), list, Action::KillProcess);
        if let Some(arch) = &files.add_arch {
            request.set_besides("--add-arch", arch.as_bytes())?;
        }
        let mut source = Source::plain(&request, files);
        source.take_up(file, false);
        Ok(source)
    }

    /// The same, with another name for the list in messages.
    pub(crate) fn named(mut self, origin: &'static str) -> Source {
        self.origin = origin;
        self
    }

    /// What of it has no meaning for a machine but this one.
    pub(crate) fn native_part(&self) -> Option<&'static str> {
        let foreign = self.file.as_ref().is_some_and(formats::Source::is_foreign);
        match (self.besides, foreign) {
            (Some(_), _) => Some("an ABI besides the native one"),
            (None, true) => Some("a policy in this format"),
            (None, false) => None,
        }
    }

    /// Whether it says what is allowed or what is not.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// What was noticed while the file was read.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The same with violations that kill: what is learned is not for a list that only logs.
    pub(crate) fn strict(mut self) -> Source {
        self.default = Action::KillProcess;
        self
    }

    /// What it comes to on an ABI, and on the one besides where that is the machine's own.
    pub(crate) fn compile(&self, abi: Abi) -> Result<Compiled, Failure> {
        self.with_request(abi, |request, read| Ok(request.compile(abi, read)?))
    }

    /// Who judges calls of this machine by it.
    pub(crate) fn judge(&self) -> Result<watch::Judge, Failure> {
        let abi = Abi::NATIVE;
        self.with_request(abi, |request, read| {
            Ok(watch::Judge::new(request, abi, read)?)
        })
    }

    fn with_request<T>(
        &self,
        abi: Abi,
        done: impl FnOnce(&Request<'_>, &policy::Read<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let definitions: Vec<&[u8]> = self.definitions.iter().map(Vec::as_slice).collect();
        let request = Request {
            definitions: &definitions,
            besides: self.besides.filter(|_| abi == Abi::NATIVE),
            whole_registers: self.whole_registers,
            quiet: true,
            ..Request::plain(self.mode, self.origin, &self.list, self.default)
        };
        let others = filter::sys::read_policy;
        match &self.file {
            Some(file) => done(&request, &file.files(&others)),
            None => done(&request, &others),
        }
    }
}

/// Whether a word is the file of a command that takes one before its other words: no list was
/// given, and where the variables hold one, only a file that is there counts.
pub(crate) fn is_file(arguments: &PolicyArguments, word: &OsStr) -> bool {
    if arguments.list_allow.is_some() || arguments.list_deny.is_some() {
        return false;
    }
    let variables = [policy::ALLOW, policy::DENY];
    let defined = variables
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    !defined || std::path::Path::new(word).is_file()
}

/// A file's name for messages, which live as long as the program: it reads a file or two.
fn named(path: &OsStr) -> &'static str {
    Box::leak(
        path.to_string_lossy()
            .escape_debug()
            .to_string()
            .into_boxed_str(),
    )
}

/// Reads a policy file of any format that is learned into; nothing is known of who will run under it.
pub(crate) fn open_for_learning(path: &str) -> Result<formats::Source, formats::Error> {
    let circumstances = Circumstances {
        format: None,
        abi: Abi::NATIVE,
        kernel: (u32::MAX, 0),
        capabilities: &[],
    };
    formats::Source::open(path, None, &filter::sys::read_policy, &circumstances)
}

fn open(files: &Files, path: &OsStr) -> Result<formats::Source, Failure> {
    let path = path.to_str().ok_or_else(|| Failure::Unknown {
        kind: "path that can be read",
        word: path.to_string_lossy().into_owned(),
        hint: "; it is no UTF-8",
    })?;
    let capabilities: Vec<&str> = files.capabilities.iter().map(String::as_str).collect();
    let circumstances = Circumstances {
        format: files.from,
        abi: Abi::NATIVE,
        kernel: (u32::MAX, 0),
        capabilities: &capabilities,
    };
    let mode = files.mode.map(|mode| match mode {
        FileMode::Whitelist => Mode::AllowList,
        FileMode::Blacklist => Mode::DenyList,
    });
    let read = filter::sys::read_policy;
    Ok(formats::Source::open(path, mode, &read, &circumstances)?)
}
