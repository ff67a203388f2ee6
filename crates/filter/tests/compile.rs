//! The compiled program says what the policy says, on every call that could set them apart.
#![allow(clippy::unwrap_used, clippy::panic)]

use filter::{Call, Error, Instruction, Program, Ticket, action_value, run};
use policy::{Action, Mode, Policy, Request};
use proptest::collection;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use syscalls::Abi;

const BOTH_MACHINES: [Abi; 2] = [Abi::X86_64, Abi::Aarch64];
const DEFAULTS: [&str; 5] = ["kill_process", "trap", "log", "EPERM", "errno(4095)"];
const WORDS: [u64; 3] = [0x0123_4567_89ab_cdef, u64::MAX, 0x8000_0000_0000_0001];

fn compile(mode: Mode, list: &str, default: &str, abi: Abi) -> Policy {
    let request = Request::plain(
        mode,
        "LIST",
        list.as_bytes(),
        Action::parse(default).unwrap(),
    );
    request.compile(abi, &policy::no_files).unwrap().policy
}

fn names(count: usize) -> String {
    let names: Vec<&str> = syscalls::names(Abi::X86_64)
        .map(|(name, _)| name)
        .take(count)
        .collect();
    names.join(":")
}

fn numbers(numbers: impl Iterator<Item = u32>) -> String {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    numbers.join(":")
}

/// Lists of every shape: short, long, scattered, far above the table, with and without actions.
fn lists() -> Vec<String> {
    let newest = syscalls::newest(Abi::X86_64);
    let fixed = [
        "",
        "newfstatat:write:exit_group",
        "read:write:close:fstat:mmap:mprotect:munmap:brk:pread64:access:execve:arch_prctl:openat:exit_group",
        "@system-service",
        "@system-service:execve=log:write=EPERM:!@basic-io:exit_group=kill_thread",
        "@known",
        "@known=allow",
        "execve:mprotect",
        "@mount=EPERM:@swap:@reboot=trap",
        "1000:1001:1003:0x3fffffff",
        "0:0x3ffffffe=EPERM",
    ];
    let made = [
        names(300),
        numbers((0..newest).step_by(2)),
        numbers((1..=newest).step_by(2)),
        numbers((newest - 2)..=newest),
        numbers([newest + 1].into_iter()),
        numbers([newest + 2].into_iter()),
        numbers((0..1_000_000).step_by(1000)),
    ];
    fixed.into_iter().map(String::from).chain(made).collect()
}

fn policies() -> impl Iterator<Item = (Policy, String)> {
    let modes = [Mode::AllowList, Mode::DenyList];
    let settings = modes
        .into_iter()
        .flat_map(|mode| DEFAULTS.map(|default| (mode, default)));
    settings.flat_map(|(mode, default)| {
        let each = move |list: String| {
            BOTH_MACHINES.map(|abi| {
                let title = format!("{mode:?} {default} {abi} {:.60}", list);
                (compile(mode, &list, default, abi), title)
            })
        };
        lists().into_iter().flat_map(each)
    })
}

/// Calls as the kernel can present them: 0 to 1023 and around 2^30, 2^31 and 2^32, on every ABI.
fn calls(arguments: [u64; 6]) -> impl Iterator<Item = Call> {
    const NO_ABI: u32 = 0;
    let numbers = || {
        let x32 = Abi::X32_BIT - 64..=Abi::X32_BIT + 1023;
        let middle = (1 << 31) - 64..=(1 << 31) + 64;
        (0..1024)
            .chain(x32)
            .chain(middle)
            .chain(u32::MAX - 64..=u32::MAX)
    };
    let audits = [Abi::X86_64, Abi::X86, Abi::Aarch64, Abi::Arm].map(Abi::audit);
    audits.into_iter().chain([NO_ABI]).flat_map(move |audit| {
        numbers().map(move |number| Call {
            audit,
            number,
            arguments,
        })
    })
}

/// The first call on which program and policy differ, where `opened` calls are allowed anyway.
fn difference(
    program: &[Instruction],
    policy: &Policy,
    arguments: [u64; 6],
    opened: &[u32],
) -> Option<String> {
    calls(arguments).find_map(|call| {
        let held = call.audit == policy.abi().audit() && opened.contains(&call.number);
        let decided = if held {
            Action::Allow
        } else {
            policy.decide(call.audit, call.number, &[0; 6])
        };
        let answer = run(program, &call);
        (answer != Ok(action_value(decided)))
            .then(|| format!("{call:x?}: {answer:x?}, not {decided}"))
    })
}

fn jumps_stay_inside(program: &[Instruction]) -> bool {
    const RETURN: u16 = 0x06;
    const JUMP: u16 = 0x05;
    const JUMPS: u16 = 0x05;
    let inside = |at: usize, distance: u32| at + 1 + (distance as usize) < program.len();
    let fits = |(at, instruction): (usize, &Instruction)| match instruction.code {
        JUMP => inside(at, instruction.k),
        code if code & 7 == JUMPS => {
            inside(at, instruction.jt.into()) && inside(at, instruction.jf.into())
        }
        _ => true,
    };
    program.iter().enumerate().all(fits) && program.last().unwrap().code == RETURN
}

/// The calls that a ticket opens.
fn opened(abi: Abi) -> [u32; 3] {
    ["execve", "write", "exit_group"].map(|name| syscalls::number(abi, name).unwrap())
}

fn checked(policy: &Policy, ticket: Option<&Ticket>) -> Result<Vec<Instruction>, Error> {
    let checked = Program::compile(policy, ticket)?.check(policy, ticket)?;
    Ok(checked.instructions().to_vec())
}

#[test]
fn a_program_equals_its_policy() {
    for (policy, title) in policies() {
        let program = checked(&policy, None).unwrap_or_else(|error| panic!("{title}: {error}"));
        assert!(jumps_stay_inside(&program), "{title}");
        assert_eq!(difference(&program, &policy, [0; 6], &[]), None, "{title}");
    }
}

#[test]
fn arguments_make_no_difference_without_a_ticket() {
    for list in ["read:write", "@system-service"] {
        let policy = compile(Mode::AllowList, list, "EPERM", Abi::X86_64);
        let program = checked(&policy, None).unwrap();
        let [first, second, third] = WORDS;
        assert_eq!(
            difference(&program, &policy, [1, 2, 3, first, second, third], &[]),
            None
        );
    }
}

#[test]
fn a_ticket_opens_three_calls_to_its_holder_and_changes_nothing_else() {
    let ticket = Ticket::new(WORDS);
    let [first, second, third] = WORDS;
    let right = [7, 8, 9, first, second, third];
    for (policy, title) in policies() {
        let program =
            checked(&policy, Some(&ticket)).unwrap_or_else(|error| panic!("{title}: {error}"));
        assert!(jumps_stay_inside(&program), "{title}");
        assert_eq!(
            difference(&program, &policy, [0; 6], &[]),
            None,
            "{title}, nothing held"
        );
        let opened = opened(policy.abi());
        assert_eq!(
            difference(&program, &policy, right, &opened),
            None,
            "{title}, held"
        );
    }
}

#[test]
fn one_wrong_bit_of_a_ticket_opens_nothing() {
    let ticket = Ticket::new(WORDS);
    let policy = compile(Mode::AllowList, "read", "EPERM", Abi::X86_64);
    let program = checked(&policy, Some(&ticket)).unwrap();
    for bit in 0..192 {
        let mut words = WORDS;
        words[bit / 64] ^= 1 << (bit % 64);
        for number in opened(Abi::X86_64) {
            let arguments = [0, 0, 0, words[0], words[1], words[2]];
            let call = Call {
                audit: Abi::X86_64.audit(),
                number,
                arguments,
            };
            assert_eq!(
                run(&program, &call),
                Ok(0x0005_0001),
                "bit {bit} of call {number}"
            );
        }
    }
}

#[test]
fn ticket_words_in_other_places_open_nothing() {
    let ticket = Ticket::new(WORDS);
    let policy = compile(Mode::AllowList, "read", "EPERM", Abi::X86_64);
    let program = checked(&policy, Some(&ticket)).unwrap();
    let [a, b, c] = WORDS;
    for arguments in [
        [a, b, c, 0, 0, 0],
        [0, 0, a, b, c, 0],
        [0, 0, 0, c, b, a],
        [a, b, c, b, c, a],
    ] {
        assert_eq!(
            difference(&program, &policy, arguments, &[]),
            None,
            "{arguments:x?}"
        );
    }
}

#[test]
fn programs_of_usual_lists_are_short() {
    for (list, limit) in [
        ("newfstatat:write:exit_group", 20),
        ("@system-service", 400),
    ] {
        let policy = compile(Mode::AllowList, list, "kill_process", Abi::X86_64);
        let length = checked(&policy, None).unwrap().len();
        assert!(length < limit, "{list} takes {length} instructions");
    }
}

#[test]
fn a_policy_that_the_kernel_would_not_take_is_an_error() {
    let scattered = numbers((0..8000).step_by(2));
    let policy = compile(Mode::AllowList, &scattered, "kill_process", Abi::X86_64);
    match Program::compile(&policy, None) {
        Err(Error::TooLong { length, .. }) => assert!(length > 4096),
        Err(other) => panic!("{other}"),
        Ok(program) => panic!("{} instructions", program.instructions().len()),
    }
}

fn random_lists() -> impl Strategy<Value = String> {
    let newest = syscalls::newest(Abi::X86_64);
    let number = prop_oneof![8 => 0..newest + 4, 1 => 0_u32..0x4000_0000];
    let item = (
        select(vec!["", "!"]),
        number,
        select(vec!["", "=EPERM", "=log", "=allow", "=trap"]),
    )
        .prop_map(|(not, number, action)| match not {
            "!" => format!("!{number}"),
            _ => format!("{number}{action}"),
        });
    let items = collection::vec(item, 0..400);
    (select(vec!["", "@system-service", "@known=EACCES"]), items)
        .prop_map(|(group, items)| format!("{group}:{}", items.join(":")))
}

fn configuration() -> ProptestConfig {
    let full = std::env::var_os("SANDBOX_FULL_TESTS").is_some();
    ProptestConfig {
        cases: if full { 2048 } else { 64 },
        rng_seed: if full {
            RngSeed::Random
        } else {
            RngSeed::Fixed(1)
        },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(configuration())]

    #[test]
    fn a_random_program_equals_its_policy(
        list in random_lists(),
        denies in any::<bool>(),
        default in select(DEFAULTS.to_vec()),
        abi in select(BOTH_MACHINES.to_vec()),
        words in any::<Option<[u64; 3]>>(),
    ) {
        let mode = if denies { Mode::DenyList } else { Mode::AllowList };
        let policy = compile(mode, &list, default, abi);
        let ticket = words.map(Ticket::new);
        let program = checked(&policy, ticket.as_ref());
        let program = program.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(jumps_stay_inside(&program));
        prop_assert_eq!(difference(&program, &policy, [u64::MAX - 1; 6], &[]), None);
        if let Some([first, second, third]) = words {
            let right = [0, 0, 0, first, second, third];
            prop_assert_eq!(difference(&program, &policy, right, &opened(abi)), None);
        }
    }
}
