//! Registers and memory around the stack, as they are at a place that a program without a C library
//! sets up itself.

use sandbox_tests::{Run, assemble_free_standing, skip};

use crate::programs::{PLACES, injected};

/// Fills the registers and 8 KiB below the stack pointer before main, and writes them out in main:
/// first what it found at its very start, then what it finds in main.
const PROGRAM: &str = r#"
.bss
.balign 64
found:	.skip 1024
.text
.macro keep base
	mov %rax, found+\base(%rip)
	mov %rbx, found+\base+8(%rip)
	mov %rcx, found+\base+16(%rip)
	mov %rdx, found+\base+24(%rip)
	mov %rsi, found+\base+32(%rip)
	mov %rdi, found+\base+40(%rip)
	mov %rbp, found+\base+48(%rip)
	mov %r8, found+\base+56(%rip)
	mov %r9, found+\base+64(%rip)
	mov %r10, found+\base+72(%rip)
	mov %r11, found+\base+80(%rip)
	mov %r12, found+\base+88(%rip)
	mov %r13, found+\base+96(%rip)
	mov %r14, found+\base+104(%rip)
	mov %r15, found+\base+112(%rip)
	movups %xmm0, found+\base+128(%rip)
	movups %xmm15, found+\base+144(%rip)
.endm
.globl _start, main
_start:
	keep 0
	lea -8192(%rsp), %rdi
	mov $1024, %ecx
	mov $0x1122334455667788, %rax
	rep stosq
	mov $0x0101010101010101, %rbx
	mov $0x0202020202020202, %rdx
	mov $0x0303030303030303, %rsi
	mov $0x0404040404040404, %rdi
	mov $0x0505050505050505, %rbp
	mov $0x0606060606060606, %r8
	mov $0x0707070707070707, %r9
	mov $0x0808080808080808, %r10
	mov $0x0909090909090909, %r11
	mov $0x0a0a0a0a0a0a0a0a, %r12
	mov $0x0b0b0b0b0b0b0b0b, %r13
	mov $0x0c0c0c0c0c0c0c0c, %r14
	mov $0x0d0d0d0d0d0d0d0d, %r15
	mov $0x0e0e0e0e0e0e0e0e, %rcx
	movq %rbx, %xmm0
	movq %rdx, %xmm15
	mov $0xfffffffffffffe00, %rax
	stc
	jmp main
	hlt
main:
	keep 256
	lahf
	movzx %ah, %eax
	mov %rax, found+512(%rip)
	lea found(%rip), %rsi
	mov $1024, %edx
	mov $1, %edi
	mov $1, %eax
	syscall
	lea -8192(%rsp), %rsi
	mov $8192, %edx
	mov $1, %edi
	mov $1, %eax
	syscall
	mov $60, %eax
	xor %edi, %edi
	syscall
"#;

#[test]
fn registers_and_memory_are_as_they_would_have_been() {
    if !cfg!(target_arch = "x86_64") {
        return skip("written for the registers of x86_64");
    }
    for flags in [&["-static"][..], &["-static-pie"], &["-static", "-no-pie"]] {
        let program = assemble_free_standing(PROGRAM, flags);
        let output = |mut run: Run| {
            let output = run.command().output().expect("a run");
            assert!(output.status.success(), "{output:?}");
            output.stdout
        };
        let bare = output(Run::new(&program));
        assert_eq!(bare.len(), 1024 + 8192);
        assert_eq!(bare[256 + 8..][..8], [1; 8], "rbx");
        assert_eq!(bare[1024..][..8], 0x1122_3344_5566_7788_u64.to_le_bytes());
        for place in PLACES {
            let found = output(injected(place, "acct", &program));
            let differs = bare
                .iter()
                .zip(&found)
                .position(|(one, other)| one != other);
            assert_eq!(differs, None, "--at {place}: first difference");
        }
    }
}

#[test]
fn a_call_that_looks_interrupted_at_main_is_not_made_again() {
    // The program above has a restart's error number in its result register; a shorter one checks that
    // main begins at its first instruction.
    if !cfg!(target_arch = "x86_64") {
        return skip("written for the registers of x86_64");
    }
    let source = r#"
.globl _start, main
_start:
	mov $39, %eax
	syscall
	mov $-512, %rax
	xor %ebx, %ebx
	jmp main
	hlt
	inc %ebx
	inc %ebx
main:
	inc %ebx
	mov %ebx, %edi
	mov $60, %eax
	syscall
"#;
    let program = assemble_free_standing(source, &["-static"]);
    for place in PLACES {
        injected(place, "acct", &program).outcome().status(1);
    }
}
