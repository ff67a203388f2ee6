# Writes what a program finds at its first instruction: 16 registers, the flags, the two words below the
# stack pointer, then 8 KiB of the stack or what there is of it, which a failing write (rax < 0) ends. Nothing is pushed before all is kept.
	.intel_syntax noprefix
	.globl _start
	.text
_start:
	mov [rip + kept], rax
	mov [rip + kept + 8], rbx
	mov [rip + kept + 16], rcx
	mov [rip + kept + 24], rdx
	mov [rip + kept + 32], rsi
	mov [rip + kept + 40], rdi
	mov [rip + kept + 48], rbp
	mov [rip + kept + 56], rsp
	mov [rip + kept + 64], r8
	mov [rip + kept + 72], r9
	mov [rip + kept + 80], r10
	mov [rip + kept + 88], r11
	mov [rip + kept + 96], r12
	mov [rip + kept + 104], r13
	mov [rip + kept + 112], r14
	mov [rip + kept + 120], r15
	mov rax, [rsp - 8]
	mov [rip + kept + 136], rax
	mov rax, [rsp - 16]
	mov [rip + kept + 144], rax
	pushfq
	pop [rip + kept + 128]
	mov edi, 1
	lea rsi, [rip + kept]
	mov edx, 152
	mov eax, 1
	syscall
	mov ebx, 1024
	mov rbp, rsp
again:
	mov edi, 1
	mov rsi, rbp
	mov edx, 8
	mov eax, 1
	syscall
	add rbp, rax
	test rax, rax
	js end
	dec ebx
	jnz again
end:
	xor edi, edi
	mov eax, 231
	syscall
	.bss
	.balign 8
kept:	.skip 152
	.section .note.kept, "a", @note
	.long 4, 4, 1
	.ascii "own"
	.byte 0
	.long 0
	.section .note.GNU-stack, "", @progbits
