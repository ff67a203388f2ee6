//! Messages on standard error, which may be closed, full or a pipe that nobody reads.

use crate::sys;

/// Writes `text` in one write(2). A broken pipe raises no SIGPIPE, and nothing that goes wrong
/// here changes what the program does.
pub(crate) fn print(text: &str) {
    if text.is_empty() {
        return;
    }
    let mask = sys::block_sigpipe();
    let already_pending = sys::sigpipe_pending();
    let written = sys::write_to_stderr(text.as_bytes());
    if written == Err(libc::EPIPE) && !already_pending {
        sys::consume_sigpipe();
    }
    sys::restore_mask(mask);
}

/// Whether the kernel keeps no records of logged calls (seccomp(2), `actions_logged`). Unknown counts as no.
pub(crate) fn kernel_drops_log_records() -> bool {
    let mut text = [0_u8; 256];
    match sys::read_file(c"/proc/sys/kernel/seccomp/actions_logged", &mut text) {
        Ok(count) => !text[..count]
            .split(u8::is_ascii_whitespace)
            .any(|word| word == b"log"),
        Err(_) => false,
    }
}
