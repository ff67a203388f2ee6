//! JSON values that know where they stand.

use serde_json::Value;

use crate::Error;

/// A value and the way to it.
#[derive(Clone)]
pub(super) struct Located<'a> {
    path: &'a str,
    place: String,
    value: &'a Value,
}

impl<'a> Located<'a> {
    pub(super) fn root(path: &'a str, value: &'a Value) -> Located<'a> {
        Located {
            path,
            place: String::new(),
            value,
        }
    }

    /// `syscalls[3].args[0].op`
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn wrong(&self, problem: impl Into<String>) -> Error {
        let place = match self.place.as_str() {
            "" => "the document",
            place => place,
        };
        Error::Value {
            path: self.path.into(),
            place: place.into(),
            problem: problem.into(),
        }
    }

    /// A member of an object, if it is there. `null` stands for nothing, as Go's readers have it.
    pub(super) fn member(&self, key: &str) -> Result<Option<Located<'a>>, Error> {
        let Value::Object(members) = self.value else {
            return Err(self.wrong("not an object"));
        };
        let found = members.get(key).filter(|value| !value.is_null());
        Ok(found.map(|value| self.below(key, value)))
    }

    /// A member that has to be there.
    pub(super) fn required(&self, key: &str) -> Result<Located<'a>, Error> {
        let member = self.member(key)?;
        member.ok_or_else(|| self.wrong(format!("\"{key}\" is missing")))
    }

    /// The items of a member that is an array; none where it is not there.
    pub(super) fn items(&self, key: &str) -> Result<Vec<Located<'a>>, Error> {
        let Some(array) = self.member(key)? else {
            return Ok(Vec::new());
        };
        let Value::Array(items) = array.value else {
            return Err(array.wrong("not an array"));
        };
        let located = items.iter().enumerate().map(|(at, value)| Located {
            path: self.path,
            place: format!("{}[{at}]", array.place),
            value,
        });
        Ok(located.collect())
    }

    /// The items of a member that is an array of strings.
    pub(super) fn words(&self, key: &str) -> Result<Vec<&'a str>, Error> {
        let items = self.items(key)?;
        items.iter().map(Located::text).collect()
    }

    pub(super) fn text(&self) -> Result<&'a str, Error> {
        self.value
            .as_str()
            .ok_or_else(|| self.wrong("not a string"))
    }

    pub(super) fn number(&self) -> Result<u64, Error> {
        let number = self.value.as_u64();
        number.ok_or_else(|| self.wrong("not a number from 0 to 18446744073709551615"))
    }

    /// Notes on members that nobody reads: a slip of the pen must not go unseen.
    ///
    /// # Errors
    /// As [`Located::spelled`].
    pub(super) fn strangers(&self, known: &[&str], notes: &mut Vec<String>) -> Result<(), Error> {
        self.spelled(known)?;
        for key in self.strange(known) {
            let place = match self.place.as_str() {
                "" => format!("{key:?}"),
                place => format!("{place}: {key:?}"),
            };
            notes.push(format!("{place} means nothing here and is ignored"));
        }
        Ok(())
    }

    /// Refuses members that nobody reads, where passing over one would change what a rule means.
    pub(super) fn no_strangers(&self, known: &[&str]) -> Result<(), Error> {
        self.spelled(known)?;
        match self.strange(known).next() {
            Some(key) => Err(self.below(key, self.value).wrong("means nothing here")),
            None => Ok(()),
        }
    }

    /// Refuses members that differ from known ones by case alone: engines, which are written in Go,
    /// take them for these.
    pub(super) fn spelled(&self, known: &[&str]) -> Result<(), Error> {
        for key in self.strange(known) {
            if let Some(meant) = known.iter().find(|known| folded(known) == folded(key)) {
                let problem = format!("write it as \"{meant}\"");
                return Err(self.below(key, self.value).wrong(problem));
            }
        }
        Ok(())
    }

    fn strange(&self, known: &[&str]) -> impl Iterator<Item = &'a str> {
        let members = self.value.as_object().into_iter().flatten();
        let keys = members.map(|(key, _)| key.as_str());
        keys.filter(|key| !known.contains(key))
    }

    fn below(&self, key: &str, value: &'a Value) -> Located<'a> {
        Located {
            path: self.path,
            place: match self.place.as_str() {
                "" => key.into(),
                place => format!("{place}.{key}"),
            },
            value,
        }
    }
}

/// A name without case. Go's decoder also takes the long s and the sign for kelvins as letters.
fn folded(name: &str) -> String {
    let letter = |letter| match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    };
    name.chars().map(letter).collect()
}
