//! From a request to a policy: names are looked up, files are read, conditions are resolved, and
//! each item says its piece on every ABI.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use syscalls::Abi;

use crate::announce::{Announcement, Note, notes};
use crate::builder::{Builder, Place};
use crate::condition::Id;
use crate::error::{Error, Fault, Problem, quoted};
use crate::file::{Read, Reader};
use crate::list::{self, Item, Target, Verb, word_at};
use crate::meaning::Policy;
use crate::nearest::hint;
use crate::pledge;
use crate::request::{Mode, Request};
use crate::resolve::{Purpose, resolve};
use crate::sources::Sources;
use crate::tree::{Index, Parser, Tree, place};

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The decisions.
    pub policy: Policy,
    /// One line per item that adds something, each with its newline.
    pub announcement: String,
    /// What the user should know but did not get wrong.
    pub notes: Vec<Note>,
    /// The texts that it came from.
    pub sources: Sources,
    /// Their expressions.
    pub(crate) tree: Tree,
}

impl Compiled {
    /// What a door prints before it loads the filter: the announcement, then a line for each note.
    pub fn report(self, door: &str) -> String {
        let mut text = self.announcement;
        for note in self.notes {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{door}: note: {note}");
        }
        text
    }
}

impl Request<'_> {
    /// Looks up the list's names on an ABI, and on the one besides, and works out what each call
    /// gets. Files come through `read`.
    ///
    /// # Errors
    /// [`Error::Item`] for a list that is not in the grammar, an unknown name, or a file that cannot
    /// be read; [`Error::Line`] for what is wrong in a file.
    pub fn compile(&self, abi: Abi, read: &Read<'_>) -> Result<Compiled, Error> {
        let mut compiler = Compiler::new(self, abi, read);
        for definitions in self.definitions {
            compiler.definitions(definitions)?;
        }
        for (start, raw) in list::parts(self.list) {
            if compiler.bare(start, raw) {
                continue;
            }
            if let Some(item) = list::item(self.origin, start, raw) {
                compiler.item(&item?)?;
            }
        }
        Ok(compiler.finish())
    }
}

/// The state while items are taken up, left to right.
pub(crate) struct Compiler<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) reader: Reader<'a>,
    pub(crate) builder: Builder,
    pub(crate) announcement: Announcement,
    pub(crate) notes: Vec<Note>,
    /// Where the list starts among the sources.
    pub(crate) start: usize,
    /// How many bindings hold for the whole list.
    pub(crate) defined: usize,
    /// How much work the conditions were so far.
    steps: u32,
}

/// What an item says: under which condition, what, and said where.
#[derive(Clone, Copy)]
pub(crate) struct Saying {
    pub(crate) verb: Verb,
    pub(crate) guard: Option<Index>,
    /// How many bindings the guard may use.
    pub(crate) bindings: usize,
    pub(crate) origin: u32,
}

/// About which calls something was said.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    /// How many there were.
    pub(crate) calls: usize,
    /// The number of a single one on the native ABI.
    pub(crate) number: Option<u32>,
}

impl Told {
    fn calls(calls: usize) -> Told {
        let number = None;
        Told { calls, number }
    }
}

impl Saying {
    /// What a bare item says.
    pub(crate) fn adding(origin: u32) -> Saying {
        Saying {
            verb: Verb::Add,
            guard: None,
            bindings: 0,
            origin,
        }
    }
}

impl<'a> Compiler<'a> {
    fn new(request: &'a Request<'a>, abi: Abi, read: &'a Read<'a>) -> Compiler<'a> {
        let abis: Vec<Abi> = [abi].into_iter().chain(request.besides).collect();
        let builder = Builder::new(request.mode, request.default, &abis);
        let items = 1 + request.list.iter().filter(|&&byte| byte == b':').count();
        let mut reader = Reader::new(read);
        let start = reader.sources.add(None, request.list);
        Compiler {
            announcement: Announcement::new(builder.own_action(), items, request.list.len()),
            request,
            reader,
            builder,
            notes: Vec::new(),
            start,
            defined: 0,
            steps: 0,
        }
    }

    fn item(&mut self, item: &Item<'_>) -> Result<(), Error> {
        if let Target::File(path) = item.target {
            return self.file(item, path);
        }
        let origin = place(self.start + item.column - 1);
        let said = self.guard(item).and_then(|guard| {
            let saying = Saying {
                verb: item.verb,
                guard,
                bindings: self.reader.bindings.len(),
                origin,
            };
            match item.target {
                Target::Number(number) => self.number(number, saying),
                Target::Name(name) => self.names(name, saying),
                Target::Group(name) => self.group(name, saying).map(Told::calls),
                Target::File(_) => Ok(Told::calls(0)),
            }
        });
        match said {
            Ok(told) => {
                self.announce(item, told);
                Ok(())
            }
            Err(fault) => Err(self.in_item(item, fault)),
        }
    }

    /// Takes up an item that is a name the native ABI has, and says whether it was one. Lists are made
    /// of these, and an item with all that it may hold takes long to hand about.
    fn bare(&mut self, start: usize, raw: &[u8]) -> bool {
        let Some(name) = list::bare_name(raw) else {
            return false;
        };
        let origin = place(self.start + start);
        let Some(number) = syscalls::number(self.builder.abi(0), name) else {
            return false;
        };
        self.builder.add(Place { table: 0, number }, origin);
        for table in 1..self.builder.table_count() {
            if let Some(number) = syscalls::number(self.builder.abi(table), name) {
                self.builder.add(Place { table, number }, origin);
            }
        }
        self.announcement
            .call(number, name, self.builder.own_action());
        true
    }

    /// Reads an item's condition.
    fn guard(&mut self, item: &Item<'_>) -> Result<Option<Index>, Fault> {
        let Some(guard) = item.guard else {
            return Ok(None);
        };
        let start = self.start + guard.offset;
        let text = &self.reader.sources.text()[..start + guard.text.len()];
        Parser::expression_in(text, start, &mut self.reader.tree).map(Some)
    }

    /// Says something of the call with this number on the native ABI.
    fn number(&mut self, number: u32, saying: Saying) -> Result<Told, Fault> {
        self.say(Place { table: 0, number }, saying)?;
        Ok(Told {
            calls: 1,
            number: Some(number),
        })
    }

    /// Says something of the call of this name on every ABI that has it.
    pub(crate) fn names(&mut self, name: &str, saying: Saying) -> Result<Told, Fault> {
        let mut told = Told::calls(0);
        for table in 0..self.builder.table_count() {
            let Some(number) = syscalls::number(self.builder.abi(table), name) else {
                continue;
            };
            self.say(Place { table, number }, saying)?;
            told.calls = 1;
            if table == 0 {
                told.number = Some(number);
            }
        }
        if told.calls == 0 {
            self.skip(name, saying.origin)?;
        }
        Ok(told)
    }

    /// Notes a name that only other architectures have; one that none has is a fault.
    pub(crate) fn skip(&mut self, name: &str, at: u32) -> Result<(), Fault> {
        if !syscalls::exists(name) {
            let problem = Problem::UnknownCall;
            return Err(Fault { at, problem });
        }
        let (name, abi) = (name.into(), self.builder.abi(0));
        let note = Note::Skipped { name, abi };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
        Ok(())
    }

    /// Says something of each member of a group, and how many the native ABI has.
    pub(crate) fn group(&mut self, name: &str, saying: Saying) -> Result<usize, Fault> {
        if let Some(promise) = name.strip_prefix("pledge-").and_then(pledge::promise) {
            return self.promise(promise, saying);
        }
        let Some(group) = syscalls::group(name) else {
            let problem = Problem::UnknownGroup;
            let at = saying.origin;
            return Err(Fault { at, problem });
        };
        let mut native = 0;
        for (table, abi) in self.builder.abis() {
            for number in group.numbers(abi) {
                native += usize::from(table == 0);
                self.say(Place { table, number }, saying)?;
            }
        }
        Ok(native)
    }

    /// A promise is a list of its own, with conditions: it can be added to an allow-list and taken
    /// out again, no more.
    fn promise(&mut self, promise: &'static str, saying: Saying) -> Result<usize, Fault> {
        let plain = saying.guard.is_none() && !matches!(saying.verb, Verb::Set(_));
        let removed = saying.verb == Verb::Remove;
        let at = saying.origin;
        if !(plain && (removed || self.request.mode == Mode::AllowList)) {
            let problem = Problem::Promise;
            return Err(Fault { at, problem });
        }
        if self.builder.abis().count() > 1 {
            let problem = Problem::PromiseAbi;
            return Err(Fault { at, problem });
        }
        let listed = self.start;
        let mut calls = 0;
        for list in [promise, pledge::ALWAYS] {
            self.start = self.reader.sources.add(None, list.as_bytes());
            for item in list::items("", list.as_bytes()) {
                let problem = Problem::Malformed;
                let item = item.map_err(|_| Fault { at, problem })?;
                calls += self.promised(&item, saying)?;
            }
        }
        self.start = listed;
        Ok(calls)
    }

    /// Says what an item of a promise says, but for the verb. A condition takes back nothing that
    /// another promise has without one.
    fn promised(&mut self, item: &Item<'_>, saying: Saying) -> Result<usize, Fault> {
        let guard = self.guard(item)?;
        let (Target::Name(name), abi) = (&item.target, self.builder.abi(0)) else {
            return Ok(0);
        };
        let Some(number) = syscalls::number(abi, name) else {
            return Ok(0);
        };
        let place = Place { table: 0, number };
        let (verb, skipped) = match (saying.verb, item.verb) {
            (Verb::Remove, _) => (Verb::Remove, false),
            (_, Verb::Set(action)) => (Verb::Set(action), self.builder.is_named(place)),
            (_, verb) => (verb, guard.is_some() && self.builder.is_listed(place)),
        };
        if !skipped {
            self.say(
                place,
                Saying {
                    verb,
                    guard,
                    ..saying
                },
            )?;
        }
        Ok(1)
    }

    /// Says something of a call.
    fn say(&mut self, place: Place, saying: Saying) -> Result<(), Fault> {
        let own = self.builder.own_action();
        match (saying.verb, saying.guard) {
            (Verb::Remove, _) => self.builder.remove(place),
            (Verb::Add, None) => self.builder.add(place, saying.origin),
            (Verb::Set(action), None) => self.builder.set(place, action, saying.origin),
            (Verb::Add, Some(guard)) => {
                let condition = self.resolve(place, guard, saying.bindings, !own.runs())?;
                self.builder.add_if(place, condition, saying.origin);
            }
            (Verb::Set(action), Some(guard)) => {
                let condition = self.resolve(place, guard, saying.bindings, !action.runs())?;
                self.builder.set_if(place, condition, action, saying.origin);
            }
        }
        Ok(())
    }

    pub(crate) fn resolve(
        &mut self,
        place: Place,
        root: Index,
        bindings: usize,
        denies: bool,
    ) -> Result<Id, Fault> {
        let abi = self.builder.abi(place.table);
        let call = syscalls::name(abi, place.number).unwrap_or_default();
        let purpose = Purpose {
            text: self.reader.sources.text(),
            tree: &self.reader.tree,
            bindings: &self.reader.bindings[..bindings],
            call,
            differs_from: match place.table {
                0 => usize::MAX,
                _ => syscalls::differs_from(call),
            },
            denies: denies && !self.request.whole_registers,
        };
        resolve(purpose, self.builder.conditions(), root, &mut self.steps)
    }

    fn announce(&mut self, item: &Item<'_>, told: Told) {
        let action = match item.verb {
            Verb::Add => self.builder.own_action(),
            Verb::Set(action) => action,
            Verb::Remove => return,
        };
        if told.calls == 0 && matches!(item.target, Target::Name(_)) {
            return;
        }
        if let (Target::Name(name), Some(number), None) = (&item.target, told.number, item.guard) {
            return self.announcement.call(number, name, action);
        }
        self.announcement
            .item(self.builder.abi(0), item, told, action);
    }

    /// A fault in an item of the list, or in a definition that it uses.
    pub(crate) fn in_item(&self, item: &Item<'_>, fault: Fault) -> Error {
        let call = match item.target {
            Target::Name(name) => name,
            _ => "",
        };
        let at = fault.at as usize;
        let list = self.start..=self.start + self.request.list.len();
        if !list.contains(&at) {
            return self.in_file(fault, call);
        }
        let word = word_at(self.reader.sources.text(), at);
        Error::Item {
            origin: self.request.origin,
            item: quoted(item.written),
            column: 1 + at - self.start,
            problem: fault.problem,
            hint: hint(fault.problem, word, call, &self.builder.abi_list()),
        }
    }

    /// A fault in a rule of a file.
    pub(crate) fn in_file(&self, fault: Fault, call: &str) -> Error {
        self.reader
            .sources
            .error(fault, call, &self.builder.abi_list())
    }

    fn finish(mut self) -> Compiled {
        let policy = self.builder.finish();
        self.notes.extend(notes(&policy));
        Compiled {
            policy,
            announcement: self.announcement.text,
            notes: self.notes,
            sources: self.reader.sources,
            tree: self.reader.tree,
        }
    }
}

/// The value of an expression of numbers and constants, such as `O_WRONLY|O_CREAT`.
///
/// # Errors
/// [`Error::Value`] for anything else.
pub fn evaluate(origin: &'static str, text: &str) -> Result<u64, Error> {
    let mut tree = Tree::default();
    let bytes = text.as_bytes();
    let value = Parser::expression_in(bytes, 0, &mut tree)
        .and_then(|root| crate::resolve::evaluate(bytes, &tree, root));
    value.map_err(|Fault { at, problem }| Error::Value {
        origin,
        value: quoted(bytes),
        problem,
        hint: hint(problem, word_at(bytes, at as usize), "", &[Abi::NATIVE]),
    })
}
