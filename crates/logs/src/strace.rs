//! strace's output: which process called what, over unfinished calls, forks and execs.
//!
//! A trace is of one program and of all that it starts, whose filters would be one. The call that
//! starts the program is not the program's, and so is none of the trace's calls.

mod line;
mod words;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use syscalls::Abi;

use crate::audit::Mistake;
use crate::entry::{Origin, Record};
use line::{Head, Line};

/// More processes than these at once are no longer told apart.
const MOST_PROCESSES: usize = 1 << 16;

/// More bytes of calls that have begun are not kept.
const MOST_BEGUN: usize = 64 << 20;

/// What a line comes to.
pub(crate) enum Outcome {
    Call(Box<Record>),
    /// The beginning of a call that another line ends.
    Waits,
    /// A signal, an exit, a remark of strace's, or anything else.
    Other,
    Broken(Mistake),
}

/// A trace that is being read.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// Calls that have begun, by thread: everything from their names on.
    unfinished: HashMap<i32, (Head, String)>,
    /// How many bytes these have.
    begun_bytes: usize,
    tasks: HashMap<i32, Task>,
    /// The program that the trace is of, and whether it began with its start.
    root: Option<String>,
    begun: bool,
}

/// What is known of a thread.
#[derive(Debug, Clone, Default)]
struct Task {
    exe: Option<String>,
    process: Option<i32>,
    abi: Option<Abi>,
}

impl Trace {
    /// Whether a line is certainly strace's.
    pub(crate) fn is_call(&self, line: &str) -> bool {
        let ends = |text: &str| text.contains(" = ") || text.ends_with("<unfinished ...>");
        match line::read(line) {
            (_, Line::Call { name, text }) => is_known(name) && ends(text),
            (_, Line::Resumed { name, text }) => is_known(name) && ends(text),
            _ => false,
        }
    }

    /// Takes up a line.
    pub(crate) fn line(&mut self, line: &str) -> Outcome {
        let (head, said) = line::read(line);
        match said {
            Line::Call { name, text } if !is_known(name) => {
                // A program whose output is in between writes no number of a process before it.
                let call = head.process.and_then(|_| words::Call::read(text));
                let (why, at) = ("no system call has this name", line.len() - text.len());
                call.map_or(Outcome::Other, |_| Outcome::Broken(Mistake { why, at }))
            }
            Line::Call { text, .. } => match text.strip_suffix("<unfinished ...>") {
                Some(begun) => self.begin(head, begun.trim_end()),
                None => self.call(&head, text, line.len() - text.len()),
            },
            Line::Resumed { name, text } => {
                let begun = match self.unfinished.entry(head.thread()) {
                    Entry::Occupied(begun) if starts_with(&begun.get().1, name) => {
                        self.begun_bytes -= begun.get().1.len();
                        begun.remove()
                    }
                    // The trace began when the call had.
                    _ => (head, format!("{name}(?")),
                };
                self.call(&begun.0, &format!("{}{text}", begun.1), 0)
            }
            Line::Mode { process, abi } => {
                self.task(process).abi = Some(abi);
                Outcome::Other
            }
            Line::Other => Outcome::Other,
        }
    }

    /// Keeps the beginning of a call until its end comes.
    fn begin(&mut self, head: Head, text: &str) -> Outcome {
        let bytes = self.begun_bytes + text.len();
        if self.unfinished.len() >= MOST_PROCESSES || bytes > MOST_BEGUN {
            return self.endless(&head, text);
        }
        self.begun_bytes = bytes;
        let text = text.to_owned();
        match self.unfinished.insert(head.thread(), (head, text)) {
            // The end of the one before is not in the trace.
            Some((head, text)) => {
                self.begun_bytes -= text.len();
                self.endless(&head, &text)
            }
            None => Outcome::Waits,
        }
    }

    fn endless(&mut self, head: &Head, text: &str) -> Outcome {
        self.call(head, &format!("{text}) = ?"), 0)
    }

    /// Calls that never ended: their threads were killed, or the trace was cut.
    pub(crate) fn finish(&mut self, each: &mut dyn FnMut(Outcome)) {
        let mut left: Vec<(Head, String)> = self.unfinished.drain().map(|(_, one)| one).collect();
        left.sort_by_key(|(head, _)| head.thread());
        for (head, text) in left {
            each(self.endless(&head, &text));
        }
    }

    /// A whole call, from its name on; `at` is where in the line that is.
    fn call(&mut self, head: &Head, text: &str, at: usize) -> Outcome {
        let Some(call) = words::Call::read(text) else {
            let why = "the call has no end";
            return Outcome::Broken(Mistake { why, at });
        };
        let abi = self.tasks.get(&head.thread()).and_then(|task| task.abi);
        let abi = abi.unwrap_or(Abi::NATIVE);
        let Some(number) = words::number(abi, call.name) else {
            let why = "no system call of this ABI has this name";
            return Outcome::Broken(Mistake { why, at });
        };
        if self.follow(head, &call) {
            return Outcome::Other;
        }
        let task = self.task(head.thread()).clone();
        let exe = task.exe.or_else(|| self.root.clone()).unwrap_or_default();
        Outcome::Call(Box::new(Record {
            origin: Origin::Trace,
            time: head.time,
            serial: None,
            process: task.process.or(head.process),
            thread: head.process,
            uid: None,
            comm: name_of(&exe),
            exe,
            root: Some(self.root.clone().unwrap_or_default()),
            signal: 0,
            audit: abi.audit(),
            number,
            arguments: call.values(abi),
            instruction: 0,
            code: None,
            shown: Some(call.shown().to_owned()),
        }))
    }

    /// What a call says of processes. Whether it is the one that started the program.
    fn follow(&mut self, head: &Head, call: &words::Call<'_>) -> bool {
        let first = !std::mem::replace(&mut self.begun, true);
        match call.name {
            "execve" | "execveat" => {
                let path = call.path().filter(|_| call.result() == Some(0));
                if let Some(path) = path {
                    if first {
                        self.root = Some(path.clone());
                    }
                    self.task(head.thread()).exe = Some(path);
                }
                first
            }
            "clone" | "clone3" | "fork" | "vfork" => {
                if let Some(child) = call.result().filter(|child| *child > 0) {
                    let parent = self.task(head.thread()).clone();
                    let process = parent.process.or(head.process);
                    let thread = call.shown().contains("CLONE_THREAD");
                    let task = self.task(child);
                    task.exe = task.exe.take().or(parent.exe);
                    task.abi = task.abi.or(parent.abi);
                    task.process = process.filter(|_| thread);
                }
                false
            }
            _ => false,
        }
    }

    fn task(&mut self, thread: i32) -> &mut Task {
        if self.tasks.len() >= MOST_PROCESSES {
            self.tasks.clear();
        }
        self.tasks.entry(thread).or_default()
    }
}

fn is_known(name: &str) -> bool {
    syscalls::exists(name) || words::numbered(name).is_some()
}

fn starts_with(begun: &str, name: &str) -> bool {
    begun
        .strip_prefix(name)
        .is_some_and(|rest| rest.starts_with('('))
}

/// What the kernel makes of a path: its last part, cut to 15 bytes (prctl(2), PR_SET_NAME).
fn name_of(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut end = last.len().min(15);
    while !last.is_char_boundary(end) {
        end -= 1;
    }
    last.get(..end).unwrap_or_default().to_owned()
}
