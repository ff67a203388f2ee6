//! Files of other formats are learned into by way of a `.seccomp` text.

use std::path::Path;

use formats::{Format, Source};
use policy::{Action, Mode, Request};
use syscalls::Abi;

use crate::Error;

/// The formats by the ends of file names.
const ENDS: [(&str, Format); 8] = [
    ("seccomp", Format::Seccomp),
    ("json", Format::Oci),
    ("service", Format::Systemd),
    ("conf", Format::Systemd),
    ("policy", Format::Minijail),
    ("yaml", Format::Crd),
    ("yml", Format::Crd),
    ("list", Format::List),
];

/// The format of a file to learn into, by its name.
pub(crate) fn format_of(path: &Path) -> Format {
    let end = path.extension().unwrap_or_default();
    let known = ENDS.iter().find(|(known, _)| *known == end);
    known.map_or(Format::Seccomp, |(_, format)| *format)
}

/// A file's policy as a `.seccomp` text.
pub(crate) fn to_seccomp(source: &Source) -> Result<String, Error> {
    let others = filter::sys::read_policy;
    let request = source.reading.request("--learn");
    let compiled = request.compile(Abi::NATIVE, &source.files(&others))?;
    Ok(formats::write(Format::Seccomp, &compiled.policy, false)?)
}

/// A `.seccomp` text in another format.
pub(crate) fn from_seccomp(text: &str, format: Format) -> Result<String, Error> {
    if format == Format::Seccomp {
        return Ok(text.to_owned());
    }
    let own = |path: &[u8]| match path {
        b"/learned" => Ok(text.as_bytes().to_vec()),
        other => filter::sys::read_policy(other),
    };
    let request = Request::plain(Mode::AllowList, "--learn", b"/learned", Action::KillProcess);
    let compiled = request.compile(Abi::NATIVE, &own)?;
    Ok(formats::write(format, &compiled.policy, false)?)
}
