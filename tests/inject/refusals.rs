//! Programs that cannot be held where they should be are refused with the reason, before they have
//! done anything.

use sandbox_tests::{Run, assemble_free_standing, compile, skip};

use crate::programs::{PLACES, ended, injected};

/// Prints and ends with 7; it has no `main`.
const NO_MAIN: &str = r#"
.globl _start
_start:
	mov $1, %eax
	mov $1, %edi
	lea text(%rip), %rsi
	mov $4, %edx
	syscall
	mov $60, %eax
	mov $7, %edi
	syscall
.data
text:	.ascii "RAN\n"
"#;

#[test]
fn a_program_without_main_is_refused_before_it_runs() {
    if !cfg!(target_arch = "x86_64") {
        return skip("written in the assembly of x86_64");
    }
    for flags in [&["-static"][..], &["-static", "-s"], &["-static-pie", "-s"]] {
        let program = assemble_free_standing(NO_MAIN, flags);
        for option in ["", "--audit", "--explain"] {
            let options = ["-q", "--at", "main", "--deny", "acct", option];
            let options = options.into_iter().filter(|option| !option.is_empty());
            let outcome = ended(Run::launched(options, &program));
            let outcome = outcome.status(125).stdout("");
            let outcome = outcome.stderr_has("--at entry");
            outcome.stderr_has("the program was not started\n");
        }
        for place in ["exec", "entry"] {
            let outcome = ended(injected(place, "acct", &program)).status(7);
            outcome.stdout("RAN\n").stderr("");
        }
    }
}

#[test]
fn a_program_of_another_abi_is_refused_with_the_reason() {
    if !cfg!(target_arch = "x86_64") {
        return skip("written in the assembly of x86");
    }
    let source =
        ".globl _start, main\n_start:\nmain:\n\tmov $1, %eax\n\tmov $7, %ebx\n\tint $0x80\n";
    let program = assemble_free_standing(source, &["-m32", "-static"]);
    for place in PLACES {
        for arch in [&[][..], &["--arch", "x86"]] {
            let options = ["-q", "--method", "inject", "--at", place];
            let options = [&options[..], arch].concat();
            let run = Run::launched(options, "--deny").arg("acct").arg(&program);
            let outcome = ended(run);
            assert!([125, 126].contains(&outcome.status), "{outcome:#?}");
            assert!(outcome.stderr.starts_with("sandboxify: "), "{outcome:#?}");
            outcome.stdout("").stderr_has("32-bit program");
        }
    }
}

#[test]
fn a_filter_that_cannot_be_loaded_ends_the_launch_in_good_order() {
    // seccomp(2) is denied by a filter around, so the kernel refuses in the program.
    let launcher = sandbox_tests::sandboxify();
    let program = compile(
        "#include <stdio.h>\nint main(void) { return puts(\"RAN\"); }\n",
        &[],
    );
    for place in PLACES {
        let outer = ["-q", "--method", "ticket", "--deny", "seccomp=EPERM"];
        let run = Run::launched(outer, &launcher)
            .args(["-q", "--method", "inject", "--at", place, "--deny", "acct"])
            .arg(&program);
        let outcome = ended(run).status(125).stdout("");
        outcome.stderr_has("EPERM");
    }
}

#[test]
fn a_program_with_no_room_for_another_filter_is_refused() {
    // There is a limit to the filters of a process (MAX_INSNS_PER_PATH, kernel/seccomp.c).
    let source = r#"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>

static struct sock_filter code[4096];
__attribute__((constructor)) static void start(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (int i = 0; i < 4096; i++)
		code[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	for (int length = 4096; length > 0; length /= 2)
		for (;;) {
			struct sock_fprog filter = {length, code};
			if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
				break;
		}
}

int main(void) { return puts("RAN"); }
"#;
    for flags in [&[][..], &["-static"]] {
        for option in ["--quiet", "--audit", "--explain"] {
            let options = ["-q", "--at", "main", option, "--deny", "acct=EPERM"];
            let outcome = ended(Run::launched(options, compile(source, flags)));
            let outcome = outcome.status(125).stdout("");
            outcome.stderr_has("the program was not started\n");
        }
    }
}
