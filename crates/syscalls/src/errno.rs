//! Names of error numbers, the generic set that x86 and Arm share
//! (include/uapi/asm-generic/errno-base.h and errno.h).

/// The names in the order of their numbers, from 1; `-` where no error has the number.
const NAMES: &str = "\
    EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT \
    ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG \
    ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY \
    ELOOP - ENOMSG EIDRM ECHRNG EL2NSYNC EL3HLT EL3RST ELNRNG EUNATCH ENOCSI EL2HLT EBADE \
    EBADR EXFULL ENOANO EBADRQC EBADSLT - EBFONT ENOSTR ENODATA ETIME ENOSR ENONET ENOPKG \
    EREMOTE ENOLINK EADV ESRMNT ECOMM EPROTO EMULTIHOP EDOTDOT EBADMSG EOVERFLOW ENOTUNIQ \
    EBADFD EREMCHG ELIBACC ELIBBAD ELIBSCN ELIBMAX ELIBEXEC EILSEQ ERESTART ESTRPIPE EUSERS \
    ENOTSOCK EDESTADDRREQ EMSGSIZE EPROTOTYPE ENOPROTOOPT EPROTONOSUPPORT ESOCKTNOSUPPORT \
    EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH \
    ENETRESET ECONNABORTED ECONNRESET ENOBUFS EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS \
    ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS ESTALE EUCLEAN ENOTNAM \
    ENAVAIL EISNAM EREMOTEIO EDQUOT ENOMEDIUM EMEDIUMTYPE ECANCELED ENOKEY EKEYEXPIRED \
    EKEYREVOKED EKEYREJECTED EOWNERDEAD ENOTRECOVERABLE ERFKILL EHWPOISON";

/// Second names of the same number.
const ALIASES: &str = "EWOULDBLOCK=EAGAIN EDEADLOCK=EDEADLK ENOTSUP=EOPNOTSUPP";

/// The highest error number that a system call can return (MAX_ERRNO, include/linux/err.h).
pub const MAX: u16 = 4095;

/// "Function not implemented": the one error that makes a libc try an older call.
pub const ENOSYS: u16 = 38;

/// The number behind a name such as `EPERM`.
pub fn number(name: &str) -> Option<u16> {
    find(name, |known, name| known == name)
}

/// The number behind a name whose letters may be small.
pub(crate) fn number_in_any_case(name: &str) -> Option<u16> {
    find(name, |known, name| {
        let upper = name.bytes().map(|byte| byte.to_ascii_uppercase());
        known.bytes().eq(upper)
    })
}

/// Both ways share one function, by pointer, because the preloaded object has both.
fn find(name: &str, same: fn(&str, &str) -> bool) -> Option<u16> {
    let canonical = ALIASES
        .split(' ')
        .filter_map(|alias| alias.split_once('='))
        .find_map(|(alias, canonical)| same(alias, name).then_some(canonical))
        .unwrap_or(name);
    (1..=MAX)
        .zip(NAMES.split(' '))
        .find_map(|(number, known)| (known != "-" && same(known, canonical)).then_some(number))
}

/// The name of an error number.
pub fn name(number: u16) -> Option<&'static str> {
    let position = usize::from(number).checked_sub(1)?;
    NAMES.split(' ').nth(position).filter(|&name| name != "-")
}

/// All names, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.split(' ').filter(|&name| name != "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree_with_the_headers() {
        for (spelled, value) in [
            ("EPERM", 1),
            ("EACCES", 13),
            ("ENOSYS", ENOSYS),
            ("EHWPOISON", 133),
        ] {
            assert_eq!(number(spelled), Some(value));
            assert_eq!(name(value), Some(spelled));
        }
        assert_eq!(number("EWOULDBLOCK"), Some(11));
        assert_eq!(number("ENOTSUP"), Some(95));
        assert_eq!(
            (name(0), name(41), name(58), name(134)),
            (None, None, None, None)
        );
        assert_eq!((number("-"), number("EWRONG")), (None, None));
    }
}
