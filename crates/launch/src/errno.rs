//! Error numbers for people.

/// An error number in words, without the C library's tables: these are the ones that exec, the
/// file system and our own calls give.
pub fn in_words(errno: i32) -> &'static str {
    match errno {
        libc::ENOENT => "no such file, or the interpreter that it names is missing",
        libc::EACCES => "permission denied",
        libc::EPERM => "operation not permitted",
        libc::ENOEXEC => "not a program in a format that the kernel knows",
        libc::ETXTBSY => "the file is open for writing",
        libc::E2BIG => "arguments and environment are too long",
        libc::ENOTDIR => "a part of the path is not a directory",
        libc::ELOOP => "too many symbolic links",
        libc::ENOMEM => "out of memory",
        libc::EISDIR => "is a directory",
        libc::ELIBBAD => "a broken ELF file",
        libc::ENAMETOOLONG => "the name is too long",
        libc::EMFILE | libc::ENFILE => "too many open files",
        libc::EIO => "input/output error",
        other => u16::try_from(other)
            .ok()
            .and_then(syscalls::errno::name)
            .unwrap_or("unknown error"),
    }
}

/// The exit status for a program that execve(2) did not execute, as env(1) has it: 127 where there is
/// nothing to execute, 126 where there is something that cannot be.
pub fn exec_status(errno: i32) -> u8 {
    match errno {
        libc::ENOENT | libc::ENOTDIR => 127,
        _ => 126,
    }
}
