//! The stub for x86_64, to be audited line by line.
//!
//! The kernel jumps here with all registers zero, `rsp` at argc, and in `rdx` what the program may
//! register with atexit(3): zero for static programs (System V ABI, 3.4.1; ELF_PLAT_INIT,
//! arch/x86/include/asm/elf.h). The stub makes two system calls, prctl(2) and seccomp(2); any answer but zero to
//! either leads to a message and the end of the process, and behind that end to an instruction that only the
//! kernel may run. Else what was used is put back, and the program begins as if nothing had been: the
//! kernel keeps all registers but rax, rcx and r11 over a call (entry_SYSCALL_64, arch/x86/entry/entry_64.S).
//!
//! `count` and `filter` are behind the stub in the same segment (`seal.rs`), which nobody can write to.

use crate::stub::Line;

/// What lies behind the message: int3, which ends a process that would ever get there.
pub(crate) const FILLING: [u8; 4] = [0xcc; 4];

/// The stub. The bytes of `jmp entry` are those of [`jump`].
#[rustfmt::skip]
pub(crate) const LINES: [Line; 45] = [
    ("mov rbx, rdx", &[0x48, 0x89, 0xd3], "keep what the program is to find in rdx"),
    ("mov eax, 157", &[0xb8, 0x9d, 0, 0, 0], "the call prctl"),
    ("mov edi, 38", &[0xbf, 0x26, 0, 0, 0], "PR_SET_NO_NEW_PRIVS, without which only root may filter"),
    ("mov esi, 1", &[0xbe, 0x01, 0, 0, 0], "on"),
    ("xor edx, edx", &[0x31, 0xd2], "must be zero"),
    ("xor r10d, r10d", &[0x45, 0x31, 0xd2], "must be zero"),
    ("xor r8d, r8d", &[0x45, 0x31, 0xc0], "must be zero"),
    ("syscall", &[0x0f, 0x05], "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)"),
    ("test rax, rax", &[0x48, 0x85, 0xc0], "zero is success, of the whole register"),
    ("jnz fail", &[0x75, 0x5c], "all else is not"),
    ("lea rax, [rip + filter]", &[0x48, 0x8d, 0x05, 0xf8, 0, 0, 0], "where the instructions are"),
    ("push rax", &[0x50], "struct sock_fprog: the pointer"),
    ("mov eax, dword ptr [rip + count]", &[0x8b, 0x05, 0xdd, 0, 0, 0], "how many there are; the kernel reads 16 bits, and 4096 is the most"),
    ("push rax", &[0x50], "struct sock_fprog: the length, and padding"),
    ("mov eax, 317", &[0xb8, 0x3d, 0x01, 0, 0], "the call seccomp"),
    ("mov edi, 1", &[0xbf, 0x01, 0, 0, 0], "SECCOMP_SET_MODE_FILTER"),
    ("xor esi, esi", &[0x31, 0xf6], "no flags: there is one thread, so none to synchronise"),
    ("mov rdx, rsp", &[0x48, 0x89, 0xe2], "struct sock_fprog is what was pushed"),
    ("syscall", &[0x0f, 0x05], "seccomp(SECCOMP_SET_MODE_FILTER, 0, &program)"),
    ("test rax, rax", &[0x48, 0x85, 0xc0], "zero is success, of the whole register"),
    ("jnz fail", &[0x75, 0x37], "all else is not"),
    ("mov qword ptr [rsp], rax", &[0x48, 0x89, 0x04, 0x24], "rax is zero: the stack as it was"),
    ("mov qword ptr [rsp + 8], rax", &[0x48, 0x89, 0x44, 0x24, 0x08], "and its other word"),
    ("lea rsp, [rsp + 16]", &[0x48, 0x8d, 0x64, 0x24, 0x10], "rsp at argc again"),
    ("mov rdx, rbx", &[0x48, 0x89, 0xda], "rdx as it was"),
    ("inc eax", &[0xff, 0xc0], "one: clears the arithmetic flags, as the kernel had them"),
    ("mov eax, 0", &[0xb8, 0, 0, 0, 0], "zero as at the start; unlike xor, mov leaves the flags alone"),
    ("mov ebx, 0", &[0xbb, 0, 0, 0, 0], "zero as at the start"),
    ("mov ecx, 0", &[0xb9, 0, 0, 0, 0], "the system call left its own address here"),
    ("mov edi, 0", &[0xbf, 0, 0, 0, 0], "zero as at the start"),
    ("mov esi, 0", &[0xbe, 0, 0, 0, 0], "zero as at the start"),
    ("mov r11d, 0", &[0x41, 0xbb, 0, 0, 0, 0], "the system call left the flags here"),
    ("jmp entry", &[0xe9, 0, 0, 0, 0], "the program's own beginning"),
    ("fail:", &[], "no filter, no program"),
    ("mov eax, 1", &[0xb8, 0x01, 0, 0, 0], "the call write"),
    ("mov edi, 2", &[0xbf, 0x02, 0, 0, 0], "standard error"),
    ("lea rsi, [rip + message]", &[0x48, 0x8d, 0x35, 0x16, 0, 0, 0], "the message behind this code"),
    ("mov edx, 73", &[0xba, 0x49, 0, 0, 0], "its length"),
    ("syscall", &[0x0f, 0x05], "whether it could be written makes no difference"),
    ("end:", &[], "again and again, should it return"),
    ("mov eax, 231", &[0xb8, 0xe7, 0, 0, 0], "the call exit_group"),
    ("mov edi, 126", &[0xbf, 0x7e, 0, 0, 0], "cannot be executed, as shells and launchers say it"),
    ("syscall", &[0x0f, 0x05], "exit_group(126)"),
    ("hlt", &[0xf4], "an outer filter may forbid even that: this raises SIGSEGV"),
    ("jmp end", &[0xeb, 0xf1], "where that is ignored"),
];

/// `jmp entry`: its distance counts from its own end, and has 32 bits.
pub(crate) fn jump(address: u64, entry: u64) -> Option<Vec<u8>> {
    const END: u64 = 0x7d;
    let from = i64::try_from(address.checked_add(END)?).ok()?;
    let distance = i64::try_from(entry).ok()?.checked_sub(from)?;
    let distance = i32::try_from(distance).ok()?;
    let mut bytes = vec![0xe9];
    bytes.extend_from_slice(&distance.to_le_bytes());
    Some(bytes)
}
