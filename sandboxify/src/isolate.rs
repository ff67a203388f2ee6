//! `--isolate`: a Landlock domain of the program's own.
//!
//! A domain may not trace what lies outside it, so a sandboxed program can read neither memory nor
//! registers of its siblings through /proc, even with the same user id (landlock(7), "Ptrace
//! restrictions"). The domain restricts no file; with its scopes (Landlock ABI 6, Linux 6.12) it
//! also cannot signal what lies outside or connect to abstract sockets there.

use crate::failure::Failure;
use crate::sys;

/// The first Landlock ABI with scopes.
const SCOPES: usize = 6;

/// Puts this process into a new domain. `no_new_privs` must be set.
pub(crate) fn isolate() -> Result<(), Failure> {
    match sys::landlock_abi() {
        Ok(abi) if abi >= SCOPES => {}
        Ok(_) | Err(libc::ENOSYS | libc::EOPNOTSUPP) => {
            let why = "needs Landlock ABI 6 (Linux 6.12), and this kernel has less".to_string();
            return Err(Failure::Unavailable {
                option: "--isolate",
                why,
            });
        }
        Err(errno) => {
            return Err(Failure::System {
                what: "--isolate: landlock_create_ruleset",
                errno,
            });
        }
    }
    sys::landlock_scope().map_err(|errno| Failure::System {
        what: "--isolate: landlock_restrict_self",
        errno,
    })
}
