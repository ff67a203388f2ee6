//! Paths, arguments and texts of a plan: any bytes, as text wherever they are one.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any bytes. In JSON a string, or a list of numbers where they are no UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// As a path.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Bytes {
        Bytes(text.as_bytes().to_vec())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Bytes {
        Bytes(text.into_bytes())
    }
}

impl From<&Path> for Bytes {
    fn from(path: &Path) -> Bytes {
        Bytes(path.as_os_str().as_bytes().to_vec())
    }
}

impl From<&OsStr> for Bytes {
    fn from(text: &OsStr) -> Bytes {
        Bytes(text.as_bytes().to_vec())
    }
}

/// As a person may read it on a terminal, whatever the bytes are.
impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(&self.0) {
            Ok(text) => write!(formatter, "{}", text.escape_debug()),
            Err(_) => write!(formatter, "{}", self.0.escape_ascii()),
        }
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{self}\"")
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Bytes;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a list of bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(Bytes::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Bytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        Ok(Bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Bind, Missing, Owner, Step};
    use super::*;

    fn any_bytes() -> impl Strategy<Value = Bytes> {
        let any = prop::collection::vec(any::<u8>(), 0..60).prop_map(Bytes);
        let text = ".{0,30}".prop_map(|text: String| Bytes::from(text));
        prop_oneof![any, text]
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_from_json(bytes in any_bytes()) {
            let text = serde_json::to_string(&bytes).unwrap();
            prop_assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap(), bytes);
        }

        #[test]
        fn steps_come_back_from_json(source in any_bytes(), target in any_bytes(), mode: u32, flags: [bool; 4]) {
            let bind = Bind {
                source: source.clone(),
                target: target.clone(),
                reader: Owner::User,
                follow: flags[0],
                missing: Missing::Create,
                replace: flags[1],
                read_only: flags[2],
                executable: flags[3],
            };
            let steps = vec![
                Step::Bind(bind),
                Step::Directory { path: source.clone(), mode, owner: Owner::Root },
                Step::File { path: target.clone(), mode, text: source.clone() },
                Step::Cover { path: target, follow: flags[0] },
                Step::Mask { path: source },
            ];
            let text = serde_json::to_vec(&steps).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Vec<Step>>(&text).unwrap(), steps);
        }

        #[test]
        fn any_bytes_are_one_line_that_changes_no_terminal(bytes in any_bytes()) {
            let shown = bytes.to_string();
            prop_assert!(!shown.chars().any(char::is_control), "{:?}", shown);
        }

        #[test]
        fn any_text_is_a_step_or_an_error(text in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(step) = serde_json::from_slice::<Step>(&text) {
                prop_assert!(step.place().0.len() <= text.len());
            }
        }
    }
}
