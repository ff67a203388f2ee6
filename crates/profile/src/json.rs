//! JSON values that know where they stand, and how they are read.
//!
//! A reader of our own, because every message about a profile has a line and a column, Oz's comments are
//! no JSON, and of two equal keys neither may win in silence.

mod reader;
mod string;

pub(crate) use reader::{Fault, read};

/// The most bytes that a file may have.
pub const MOST_BYTES: usize = 1 << 20;

/// How deep values may lie in each other.
pub(crate) const DEEPEST: usize = 32;

/// A value, and the byte of the file at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) offset: usize,
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Flag(bool),
    /// A number, if it is a whole one from 0 to 2⁶⁴−1; a schema has no use for others.
    Number(Option<u64>),
    Text(String),
    List(Vec<Value>),
    Object(Vec<Member>),
}

/// A member of an object, and the byte of the file at which its key begins. Equal keys are both here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) offset: usize,
    pub(crate) value: Value,
}

impl Kind {
    /// The name of the type, with its article.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Flag(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Object(_) => "an object",
        }
    }
}
