//! Any bytes from the other end of a connection: messages or an error, and never more than there is room for.
//! And frames as the other end should make them, with any texts inside: all messages up to the first that is
//! none, and none behind it.
//!
//! ```text
//! cargo +nightly fuzz run wire -- -max_len=4096
//! ```
#![no_main]

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wire::{Channel, LARGEST};

/// So much fits into a socket without a reader.
const ROOM: usize = 8192;

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, bytes)) = bytes.split_first() else {
        return;
    };
    if kind % 2 == 0 {
        received(bytes);
        return;
    }
    let texts: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let frames = texts.iter().flat_map(|text| {
        let length = u32::try_from(text.len()).expect("a short text");
        let mut frame = length.to_be_bytes().to_vec();
        frame.extend(*text);
        frame
    });
    let frames: Vec<u8> = frames.collect();
    if frames.len() > ROOM {
        return;
    }
    let messages = texts.iter().map(|text| serde_json::from_slice::<Value>(text));
    let messages: Vec<Value> = messages.map_while(Result::ok).collect();
    assert_eq!(received(&frames), messages);
});

/// The messages in what is sent, up to the first error.
fn received(bytes: &[u8]) -> Vec<Value> {
    let mut messages = Vec::new();
    let Ok((mut writer, reader)) = UnixStream::pair() else {
        return messages;
    };
    if writer.write_all(bytes.get(..ROOM).unwrap_or(bytes)).is_err() {
        return messages;
    }
    drop(writer);
    let mut channel = Channel::new(reader.into());
    while let Ok((value, descriptors)) = channel.receive::<Value>(Duration::from_secs(1)) {
        assert!(descriptors.is_empty() && value.to_string().len() <= LARGEST);
        messages.push(value);
    }
    messages
}
