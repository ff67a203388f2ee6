//! Becoming the user: what a process gives up between its fork and the program.
//!
//! The order matters. Groups can be set only while privileged; the bounding set and the secure bits can
//! be changed only with CAP_SETPCAP, which the change of the user id takes away.

use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Gid, Resource, Rlimit, Uid, geteuid, getrlimit, set_dumpable_behavior,
    setrlimit,
};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, capabilities,
    clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_capabilities_secure_bits, set_keep_capabilities, set_no_new_privs, set_thread_res_gid,
    set_thread_res_uid,
};

use crate::error::{Error, call};
use crate::plan::{self, Limits, Owner, User};
use crate::{rights, sys};

/// Becomes the user, for good: no capability is left in any set, and none can be gained, neither by a
/// program's file nor by a user id (capabilities(7), PR_SET_NO_NEW_PRIVS in prctl(2)). The groups are
/// set before.
///
/// # Errors
/// [`Error::Call`] with what could not be given up; this process must end then.
pub(crate) fn assume(user: &User) -> Result<(), Error> {
    empty_bounding_set()?;
    set_capabilities_secure_bits(SECURE).map_err(call("lock the secure bits"))?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    set_thread_res_gid(gid, gid, gid).map_err(call("set the group"))?;
    set_thread_res_uid(uid, uid, uid).map_err(call("set the user"))?;
    clear_ambient_capability_set().map_err(call("clear the ambient capabilities"))?;
    keep(CapabilitySet::empty())?;
    set_no_new_privs(true).map_err(call("forgo new privileges"))?;
    // The user's own, made now: the one of whoever called us is out of reach.
    sys::join_new_keyring()
        .or_else(absent)
        .map_err(call("leave the session keyring"))
}

/// Becomes a user who may take up the one right to look into processes ([`look_into_processes`]), which
/// whoever watches a cell needs, and has no right yet. Whoever is not root stays as he is: he owns his cells' namespaces, which
/// gives him that right inside (user_namespaces(7)).
///
/// # Errors
/// [`Error::Call`]; this process must end then.
pub fn observe_as(user: &User) -> Result<(), Error> {
    set_no_new_privs(true).map_err(call("forgo new privileges"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(call("become undumpable"))?;
    if !geteuid().is_root() {
        return Ok(());
    }
    rights::groups(&user.groups)?;
    set_keep_capabilities(true).map_err(call("keep capabilities"))?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    set_thread_res_gid(gid, gid, gid).map_err(call("set the group"))?;
    set_thread_res_uid(uid, uid, uid).map_err(call("set the user"))?;
    let sets = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::SYS_PTRACE,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets).map_err(call("give up capabilities"))
}

/// Takes up the right to look into processes (CAP_SYS_PTRACE, capabilities(7)) that [`observe_as`] has left.
///
/// # Errors
/// [`Error::Call`].
pub fn look_into_processes() -> Result<(), Error> {
    let sets = capabilities(None).map_err(call("look at capabilities"))?;
    let sets = CapabilitySets {
        effective: sets.permitted,
        ..sets
    };
    set_capabilities(None, sets).map_err(call("take up a capability"))
}

/// Root is a user without privileges, ids do not bring capabilities, and nothing of that can be changed.
const SECURE: CapabilitiesSecureBits = CapabilitiesSecureBits::NO_ROOT
    .union(CapabilitiesSecureBits::NO_ROOT_LOCKED)
    .union(CapabilitiesSecureBits::NO_SETUID_FIXUP)
    .union(CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED)
    .union(CapabilitiesSecureBits::KEEP_CAPS_LOCKED)
    .union(CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE)
    .union(CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED);

/// Keeps these capabilities and no others; none is handed on to programs.
///
/// # Errors
/// [`Error::Call`].
pub(crate) fn keep(capabilities: CapabilitySet) -> Result<(), Error> {
    let sets = CapabilitySets {
        effective: capabilities,
        permitted: capabilities,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, sets).map_err(call("give up capabilities"))
}

/// Takes every capability that this kernel knows out of the bounding set.
pub(crate) fn empty_bounding_set() -> Result<(), Error> {
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // The first number that is no capability is behind the last one.
            Err(Errno::INVAL) => break,
            Err(error) => return Err(call("empty the bounding set")(error)),
        }
    }
    Ok(())
}

/// Sets what a process of the cell may use up (setrlimit(2)). What an ordinary user is limited to himself
/// stays where it is lower: he cannot raise it.
///
/// # Errors
/// [`Error::Call`].
pub(crate) fn limit(limits: &Limits, maker: Owner) -> Result<(), Error> {
    for &(resource, value) in &limits.resources {
        let value = match maker {
            Owner::Root => value,
            Owner::User => lower(value, getrlimit(named(resource)).maximum),
        };
        let limit = Rlimit {
            current: value,
            maximum: value,
        };
        setrlimit(named(resource), limit).map_err(call("set a limit"))?;
    }
    Ok(())
}

/// The lower one of two limits; none is higher than all.
fn lower(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

fn named(resource: plan::Resource) -> Resource {
    match resource {
        plan::Resource::As => Resource::As,
        plan::Resource::Core => Resource::Core,
        plan::Resource::Cpu => Resource::Cpu,
        plan::Resource::Data => Resource::Data,
        plan::Resource::Fsize => Resource::Fsize,
        plan::Resource::Memlock => Resource::Memlock,
        plan::Resource::Msgqueue => Resource::Msgqueue,
        plan::Resource::Nofile => Resource::Nofile,
        plan::Resource::Nproc => Resource::Nproc,
        plan::Resource::Stack => Resource::Stack,
    }
}

/// A kernel without keyrings has none to leave.
fn absent(error: Errno) -> Result<(), Errno> {
    match error {
        Errno::NOSYS => Ok(()),
        error => Err(error),
    }
}
