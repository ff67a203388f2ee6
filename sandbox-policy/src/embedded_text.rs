//! The text of an embedded policy: a comment with what was asked for, then the policy in a format that gives
//! it back. The same text, found in a file of unknown origin, is read by the same function.

use filter::{Checked, Program};
use formats::{Context, Format};
use policy::{Action, Compiled, Policy, Request};
use syscalls::Abi;

use crate::arguments::EmbeddedPolicy;
use crate::failure::Failure;

/// How the text is called in messages.
const NAME: &str = "embedded";

/// The text for a policy, and the filter that it comes to when it is read again. The filter was compared
/// with the policy that was asked for.
pub(crate) fn write(asked: &EmbeddedPolicy, policy: &Policy) -> Result<(String, Checked), Failure> {
    let mut failed = String::new();
    // A list with its variables has words for other ABIs and all actions; a few mixed policies only fit
    // into a file.
    for format in [Format::List, Format::Seccomp] {
        let text = match formats::write(format, policy, false) {
            Ok(text) => text,
            Err(error) => {
                failed = error.to_string();
                continue;
            }
        };
        let text = match format {
            Format::List => formats::assignments(policy, &text),
            _ => text,
        };
        let text = format!("{}{text}", heading(asked));
        let (_, program) = read(&text, policy.abi())?;
        let again = Program::from(program.instructions().to_vec());
        match again.check(policy, None) {
            Ok(checked) => return Ok((text, checked)),
            Err(error) => failed = error.to_string(),
        }
    }
    Err(Failure::Unwritten(failed))
}

/// The policy of a text and its filter. The text has all that it needs: it can name no file.
pub(crate) fn read(text: &str, abi: Abi) -> Result<(Compiled, Checked), Failure> {
    let format = match formats::detect(NAME, text.as_bytes()) {
        format @ (Format::List | Format::Seccomp) => format,
        format => return Err(formats::Error::NotReadable { format }.into()),
    };
    let files = |path: &[u8]| match format {
        Format::Seccomp if path == format!("./{NAME}").as_bytes() => Ok(text.as_bytes().to_vec()),
        _ => Err(libc::EACCES),
    };
    let context = Context {
        path: NAME,
        read: &policy::no_files,
        abi,
        kernel: (u32::MAX, 0),
        capabilities: &[],
    };
    let reading = formats::read(format, text.as_bytes(), &context)?;
    let request = Request {
        besides: reading.besides,
        quiet: true,
        ..Request::plain(reading.mode, NAME, reading.list.as_bytes(), reading.default)
    };
    let compiled = request.compile(abi, &files)?;
    if compiled.policy.actions().contains(&Action::Trace) {
        return Err(filter::Error::Trace.into());
    }
    let program = Program::compile(&compiled.policy, None)?;
    let program = program.check(&compiled.policy, None)?;
    Ok((compiled, program))
}

/// What was asked for, as a comment of one line.
fn heading(asked: &EmbeddedPolicy) -> String {
    let mut line = format!("# sandbox-policy {} embed", env!("CARGO_PKG_VERSION"));
    for (option, value) in [
        ("--allow", &asked.origin.allow),
        ("--deny", &asked.origin.deny),
        ("--policy", &asked.origin.policy),
        ("--default-action", &asked.default_action),
        ("--add-arch", &asked.files.add_arch),
    ] {
        if let Some(value) = value {
            let value = formats::shell_quoted(&value.to_string_lossy());
            line.push_str(&format!(" {option} {}", printable(&value)));
        }
    }
    line.replace('\n', "\\n") + "\n"
}

/// A text that a terminal shows and does not obey: lines of printable ASCII.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | ' '..='~' => shown.push(letter),
            other => shown.extend(other.escape_default()),
        }
    }
    shown
}
