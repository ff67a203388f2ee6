//! Entries of the journal as `journalctl -o json` prints them: an object a line. A value that is no
//! UTF-8, or holds control characters, is an array of bytes there.

use serde_json::Value;

use crate::journal::{Item, wanted};

/// Reads an entry; nothing where it is no object, and the place of the mistake.
pub(crate) fn item(line: &str) -> Result<Item, usize> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.column())?;
    let Value::Object(fields) = value else {
        return Err(1);
    };
    let mut item = Item::default();
    for (name, value) in &fields {
        if wanted(name) {
            text(value)
                .into_iter()
                .for_each(|value| item.add(name, &value));
        }
    }
    Ok(item)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(bytes) => {
            let byte = |value: &Value| u8::try_from(value.as_u64()?).ok();
            let bytes: Option<Vec<u8>> = bytes.iter().map(byte).collect();
            Some(String::from_utf8_lossy(&bytes?).into_owned())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
