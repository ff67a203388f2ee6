//! What the kernel left for the process when it started: the auxiliary vector and the place of the stack.

use alloc::format;
use alloc::string::String;

use filter::sys::read_file;

use crate::sys;

/// Whether the kernel started this program with privileges that its caller does not have
/// (AT_SECURE, getauxval(3)). Asked of the kernel, since the copy on the stack may have moved.
pub(crate) fn secure_execution() -> Result<bool, String> {
    let mut vector = [0_usize; 128];
    let bytes = match sys::auxiliary_vector(&mut vector) {
        Ok(bytes) => bytes,
        Err(_) => read_auxiliary_vector(&mut vector)?,
    };
    let words = &vector[..(bytes / size_of::<usize>()).min(vector.len())];
    let secure = words.chunks_exact(2).find(|pair| pair[0] == AT_SECURE);
    match secure {
        Some(pair) => Ok(pair[1] != 0),
        None => Err(String::from(
            "cannot tell whether this program runs with its caller's privileges: AT_SECURE is missing",
        )),
    }
}

/// The key of the entry (include/uapi/linux/auxvec.h), as wide as the entry.
const AT_SECURE: usize = 23;

/// For kernels before 6.4.
fn read_auxiliary_vector(vector: &mut [usize]) -> Result<usize, String> {
    let mut raw = [0_u8; 1024];
    let count = read_file(c"/proc/self/auxv", &mut raw).map_err(|errno| {
        format!("cannot tell whether this program runs with its caller's privileges: /proc/self/auxv: error {errno}; mount /proc")
    })?;
    let words = raw[..count].chunks_exact(size_of::<usize>());
    for (word, bytes) in vector.iter_mut().zip(words) {
        *word = bytes
            .iter()
            .rev()
            .fold(0, |value, &byte| value << 8 | usize::from(byte));
    }
    Ok(count)
}

/// The initial stack pointer (field 28 of `/proc/self/stat`, proc_pid_stat(5)).
pub(crate) fn start() -> Result<usize, String> {
    let mut text = [0_u8; 1024];
    let count = read_file(c"/proc/self/stat", &mut text).map_err(|errno| {
        format!("cannot find the environment: /proc/self/stat: error {errno}; mount /proc")
    })?;
    start_in(&text[..count])
        .ok_or_else(|| String::from("cannot find the environment: /proc/self/stat has no field 28"))
}

/// The second field is the command in parentheses and may hold blanks; fields are counted behind it.
fn start_in(stat: &[u8]) -> Option<usize> {
    const FIELDS_UP_TO_COMMAND: usize = 2;
    let command_end = stat.iter().rposition(|&byte| byte == b')')?;
    let mut fields = stat[command_end + 1..]
        .trim_ascii_start()
        .split(|&byte| byte == b' ');
    let field = fields.nth(28 - FIELDS_UP_TO_COMMAND - 1)?;
    let start = core::str::from_utf8(field).ok()?.parse().ok()?;
    (start != 0).then_some(start)
}
