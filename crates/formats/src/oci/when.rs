//! Where and when a profile and its rules hold: architectures, capabilities, kernels.

use syscalls::Abi;

use super::value::Located;
use crate::{Context, Error};

/// Whether a rule holds in these circumstances. All of what is included must be there, and nothing
/// of what is excluded.
pub(super) fn holds(rule: &Located<'_>, context: &Context<'_>) -> Result<bool, Error> {
    let has = |capability: &&str| context.capabilities.contains(capability);
    if let Some(includes) = rule.member("includes")? {
        let arches = includes.words("arches")?;
        let held = (arches.is_empty() || arches.contains(&architecture(context.abi)))
            && includes.words("caps")?.iter().all(has)
            && runs_since(&includes, context)?.unwrap_or(true);
        if !held {
            return Ok(false);
        }
    }
    let Some(excludes) = rule.member("excludes")? else {
        return Ok(true);
    };
    let excluded = excludes
        .words("arches")?
        .contains(&architecture(context.abi))
        || excludes.words("caps")?.iter().any(has)
        || runs_since(&excludes, context)?.unwrap_or(false);
    Ok(!excluded)
}

/// Refuses what nobody reads in the conditions of a rule.
pub(super) fn known_members(rule: &Located<'_>) -> Result<(), Error> {
    for key in ["includes", "excludes"] {
        if let Some(condition) = rule.member(key)? {
            condition.no_strangers(&["arches", "caps", "minKernel"])?;
        }
    }
    Ok(())
}

/// Docker's name for an ABI.
fn architecture(abi: Abi) -> &'static str {
    match abi {
        Abi::X86_64 => "amd64",
        Abi::X86 => "x86",
        Abi::X32 => "x32",
        Abi::Aarch64 => "arm64",
        Abi::Arm => "arm",
    }
}

/// Whether the kernel is at least `minKernel`, if there is such a member.
fn runs_since(condition: &Located<'_>, context: &Context<'_>) -> Result<Option<bool>, Error> {
    let Some(member) = condition.member("minKernel")? else {
        return Ok(None);
    };
    let text = member.text()?;
    if text.is_empty() {
        return Ok(None);
    }
    let mut numbers = text.split(['.', '-']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok(Some(context.kernel >= (major, minor))),
        _ => Err(member.wrong("not a kernel version such as 5.10")),
    }
}

/// The ABI besides the native one that a profile speaks for.
pub(super) fn besides(
    profile: &Located<'_>,
    native: Abi,
    notes: &mut Vec<String>,
) -> Result<Option<Abi>, Error> {
    let listed = profile.items("architectures")?;
    let mapped = profile.items("archMap")?;
    if !listed.is_empty() && !mapped.is_empty() {
        return Err(
            profile.wrong("both \"architectures\" and \"archMap\"; engines take one of them")
        );
    }
    let mut named = listed;
    for entry in mapped {
        entry.strangers(&["architecture", "subArchitectures"], notes)?;
        let architecture = entry.required("architecture")?;
        if is_architecture(&architecture)? == own(native) {
            named.extend(entry.items("subArchitectures")?);
        }
    }
    let mut besides = None;
    for architecture in named {
        match (native, is_architecture(&architecture)?) {
            (Abi::X86_64, "SCMP_ARCH_X86") => besides = Some(Abi::X86),
            (Abi::Aarch64, "SCMP_ARCH_ARM") => besides = Some(Abi::Arm),
            (Abi::X86_64, "SCMP_ARCH_X32") => {
                notes.push("x32 calls are refused, although the profile has SCMP_ARCH_X32".into());
            }
            _ => {}
        }
    }
    Ok(besides)
}

/// The name of an architecture; which ones there are is libseccomp's business.
fn is_architecture<'a>(name: &Located<'a>) -> Result<&'a str, Error> {
    let text = name.text()?;
    match text.starts_with("SCMP_ARCH_") {
        true => Ok(text),
        false => Err(name.wrong(format!("{text:?} is no architecture (SCMP_ARCH_...)"))),
    }
}

fn own(native: Abi) -> &'static str {
    match native {
        Abi::Aarch64 => "SCMP_ARCH_AARCH64",
        _ => "SCMP_ARCH_X86_64",
    }
}
