//! Any bytes from the other end of a connection: messages or an error, and never more than there is room for.
//!
//! ```text
//! cargo +nightly fuzz run wire -- -max_len=4096
//! ```
#![no_main]

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wire::{Channel, LARGEST};

fuzz_target!(|bytes: &[u8]| {
    let Ok((mut writer, reader)) = UnixStream::pair() else {
        return;
    };
    // So much fits into a socket without a reader.
    if writer.write_all(bytes.get(..4096).unwrap_or(bytes)).is_err() {
        return;
    }
    drop(writer);
    let mut channel = Channel::new(reader.into());
    while let Ok((value, descriptors)) = channel.receive::<serde_json::Value>(Duration::from_secs(1)) {
        assert!(descriptors.is_empty() && value.to_string().len() <= LARGEST);
    }
});
