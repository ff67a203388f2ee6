//! `preload`: libsandbox.so in the program, where the loader is sure to load it.
//!
//! The loader skips what it cannot preload and says at most a line; a program that runs unfiltered
//! is the result. So whatever would make it skip is refused here.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use launch::Image;
use policy::{Mode, Request};

use crate::elf::Elf;
use crate::failure::Failure;
use crate::sys;
use crate::target::{Format, Target};

/// Sets the variables that make the loader load libsandbox.so, and that it reads.
pub(crate) fn arrange(
    target: &Target,
    request: &Request<'_>,
    image: &mut Image,
) -> Result<(), Failure> {
    let refuse = |why: &str| Failure::NotExecutable {
        path: target.path.clone(),
        why: why.into(),
    };
    if let Some(why) = preloads_nothing(&target.format) {
        return Err(refuse(why));
    }
    if request.whole_registers {
        let ours = Request {
            whole_registers: false,
            ..*request
        };
        // The object has no word for it: it would refuse such a rule in the program itself.
        ours.compile(syscalls::Abi::NATIVE, &filter::sys::read_policy)?;
    }
    if sys::executes_securely() {
        return Err(refuse(
            "real and effective ids differ, so the loader preloads nothing from a path; use --method ticket",
        ));
    }
    let object = find_object().map_err(|why| refuse(&why))?;
    image.set("LD_PRELOAD", &with_the_users_own(&object))?;
    pass_on(request, image)
}

/// Why a program of this format preloads no object, if it does not.
fn preloads_nothing(format: &Format) -> Option<&'static str> {
    match format {
        Format::Dynamic => None,
        Format::Static => Some("a static program preloads nothing; use --method ticket"),
        Format::OtherAbi => Some("a 32-bit program preloads no 64-bit object; use --method ticket"),
        Format::Unknown => Some(
            "it cannot be read, is no ELF file, or has a loader that is neither glibc's nor musl's, so nobody knows whether it preloads; use --method ticket",
        ),
    }
}

/// The object first: constructors run from the last to the first, so it comes after all others.
fn with_the_users_own(object: &Path) -> Vec<u8> {
    let mut list = object.as_os_str().as_bytes().to_vec();
    if let Some(own) = std::env::var_os("LD_PRELOAD").filter(|own| !own.is_empty()) {
        list.push(b':');
        list.extend_from_slice(own.as_bytes());
    }
    list
}

/// The request as the variables that libsandbox.so reads.
fn pass_on(request: &Request<'_>, image: &mut Image) -> Result<(), Failure> {
    let list = match request.mode {
        Mode::AllowList => policy::ALLOW,
        Mode::DenyList => policy::DENY,
    };
    image.set(list, request.list)?;
    image.set(
        policy::DEFAULT_ACTION,
        request.default.to_string().as_bytes(),
    )?;
    if let Some(abi) = request.besides {
        image.set(policy::ARCH, abi.name().as_bytes())?;
    }
    for (name, wanted) in [(policy::LOG, request.log), (policy::QUIET, request.quiet)] {
        if wanted {
            image.set(name, b"1")?;
        }
    }
    Ok(())
}

/// libsandbox.so beside this program (where `make` puts it) or in the lib directory beside its own
/// (where `make install` does), as long as the loader can load it from there.
fn find_object() -> Result<PathBuf, String> {
    let own = std::env::current_exe()
        .map_err(|error| format!("cannot find libsandbox.so: /proc/self/exe: {error}"))?;
    let directory = own.parent().unwrap_or(Path::new("/"));
    let places = [
        directory.join("libsandbox.so"),
        directory.join("../lib/libsandbox.so"),
    ];
    let object = places.iter().find(|place| place.exists());
    let object = object.ok_or_else(|| {
        format!(
            "libsandbox.so is neither in {} nor in ../lib beside it",
            directory.display()
        )
    })?;
    let object = object
        .canonicalize()
        .map_err(|error| format!("{}: {error}", object.display()))?;
    let unsplit = |byte: &u8| !b": \t\n$".contains(byte);
    if !object.as_os_str().as_bytes().iter().all(unsplit) {
        return Err(format!(
            "the loader would split the path {} (blank, colon or dollar sign)",
            object.display()
        ));
    }
    let bytes = std::fs::read(&object).map_err(|error| format!("{}: {error}", object.display()))?;
    if !is_ours(&bytes) {
        return Err(format!(
            "{} is broken or something else, and the loader might ignore it",
            object.display()
        ));
    }
    if sys::forbids_execution(&object) {
        return Err(format!(
            "{} lies on a file system mounted noexec, where the loader cannot map it",
            object.display()
        ));
    }
    Ok(object)
}

/// Whether these bytes are a whole libsandbox.so: a shared object of this machine with the version
/// node that ours has and no other.
fn is_ours(bytes: &[u8]) -> bool {
    const NODE: &[u8] = b"\0LIBSANDBOX_1.0\0";
    let whole = Elf::new(bytes).is_some_and(Elf::is_whole_object);
    whole && bytes.windows(NODE.len()).any(|window| window == NODE)
}
