//! Handing a program to the kernel.

use policy::Action;

use crate::compile::Checked;
use crate::error::Error;
use crate::instruction::action_value;
use crate::supervised::{Entrusted, Supervised};
use crate::sys;

/// Whether denials with an error leave audit records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logging {
    /// Only kills and logged calls do.
    Default,
    /// All but allowed calls do (SECCOMP_FILTER_FLAG_LOG).
    Denials,
}

/// Asks the kernel whether it knows each action (SECCOMP_GET_ACTION_AVAIL, seccomp(2)).
///
/// # Errors
/// [`Error::Trace`], [`Error::ActionMissing`] for the first that it does not know, [`Error::Refused`] when it cannot be asked.
pub fn require_actions(actions: &[Action]) -> Result<(), Error> {
    // These three are as old as filters themselves (Linux 3.5).
    let oldest = |action: &&Action| {
        matches!(
            action,
            Action::Allow | Action::KillThread | Action::Errno(_) | Action::Trap
        )
    };
    if actions.contains(&Action::Trace) {
        return Err(Error::Trace);
    }
    for &action in actions.iter().filter(|action| !oldest(action)) {
        match sys::action_available(action_value(action)) {
            Ok(()) => {}
            Err(libc::EOPNOTSUPP | libc::EINVAL) => {
                return Err(Error::ActionMissing {
                    action,
                    needs: "4.14",
                });
            }
            Err(errno) => return Err(Error::Refused { errno }),
        }
    }
    Ok(())
}

/// Gives up gaining privileges through exec, which the kernel wants from whoever loads a filter
/// without CAP_SYS_ADMIN, and which is right for anyone (PR_SET_NO_NEW_PRIVS, prctl(2)).
///
/// # Errors
/// [`Error::NoNewPrivileges`].
pub fn forgo_new_privileges() -> Result<(), Error> {
    sys::set_no_new_privileges().map_err(|errno| Error::NoNewPrivileges { errno })
}

/// Loads a checked program for all threads of this process. `no_new_privs` must be set.
///
/// # Errors
/// [`Error::Refused`] for any answer of seccomp(2) but zero: a thread that could not be
/// synchronised would stay without a filter.
pub fn load(program: &Checked, logging: Logging) -> Result<(), Error> {
    sys::load(program.instructions(), logging).map_err(|errno| Error::Refused { errno })
}

/// Loads a supervised program for all threads of this process, and gives the number of the descriptor
/// at which its notifications arrive, which is closed by exec. Waiting calls cannot be called back by
/// signals where the kernel can do that (Linux 5.19).
///
/// # Errors
/// [`Error::Refused`]: with EBUSY when there is a listener already, which may be only one.
pub fn load_with_listener(program: &Supervised, logging: Logging) -> Result<i32, Error> {
    sys::load_with_listener(program.instructions(), logging)
        .map_err(|errno| Error::Refused { errno })
}

/// Loads a supervised program whose supervisor is this process's tracer.
///
/// # Errors
/// As [`load`].
pub fn load_for_tracer(program: &Supervised, logging: Logging) -> Result<(), Error> {
    sys::load(program.instructions(), logging).map_err(|errno| Error::Refused { errno })
}

/// Loads a program that was handed over, for all threads of this process; where it `listens`, gives the
/// number of the descriptor as [`load_with_listener`] does.
///
/// # Errors
/// As [`load`] and [`load_with_listener`].
pub fn load_entrusted(program: &Entrusted, listens: bool) -> Result<Option<i32>, Error> {
    let loaded = match listens {
        true => sys::load_with_listener(program.instructions(), Logging::Default).map(Some),
        false => sys::load(program.instructions(), Logging::Default).map(|()| None),
    };
    loaded.map_err(|errno| Error::Refused { errno })
}

/// Whether the kernel keeps no records of logged calls (seccomp(2), `actions_logged`). Where that
/// cannot be read, it counts as no.
pub fn log_records_are_dropped() -> bool {
    let mut text = [0_u8; 256];
    match sys::read_file(c"/proc/sys/kernel/seccomp/actions_logged", &mut text) {
        Ok(count) => !text[..count]
            .split(u8::is_ascii_whitespace)
            .any(|word| word == b"log"),
        Err(_) => false,
    }
}
