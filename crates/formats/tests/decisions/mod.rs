//! Whether two policies decide alike: every call, and for calls with conditions the numbers around
//! every constant, with and without garbage in the upper half of a register.
// Each test file has this module to itself and uses a part of it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use policy::{Action, Answer, Conditions, Id, Mode, Node, Policy, Request};
use syscalls::Abi;

/// The policy that a request comes to.
pub fn compile(request: &Request<'_>) -> Policy {
    request
        .compile(Abi::X86_64, &policy::no_files)
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(request.list)))
        .policy
}

/// The policy of a list.
pub fn list(mode: Mode, list: &str, default: &str) -> Policy {
    // As of a reader, so that conditions may be on whole registers of narrow arguments.
    let request = Request {
        whole_registers: true,
        ..Request::plain(mode, "LIST", list.as_bytes(), action(default))
    };
    compile(&request)
}

/// An action by its word.
pub fn action(text: &str) -> Action {
    Action::parse(text).unwrap()
}

/// What a call of the native ABI gets.
pub fn gets(policy: &Policy, name: &str, arguments: &[u64]) -> Action {
    let number = syscalls::number(Abi::X86_64, name).unwrap();
    let mut registers = [0; 6];
    registers[..arguments.len()].copy_from_slice(arguments);
    policy.decide(Abi::X86_64.audit(), number, &registers)
}

/// Fails where two policies decide differently on the ABIs of the first.
pub fn assert_same(one: &Policy, other: &Policy, text: &str) {
    let values = values(&[one, other]);
    for table in one.tables() {
        let abi = table.abi();
        for number in numbers(one, other, abi) {
            let depends = [one, other].into_iter().any(|policy| {
                let tables = policy.tables().iter();
                let mut same = tables.filter(|table| table.abi() == abi);
                same.any(|table| matches!(table.answer(number), Answer::Decision(_)))
            });
            let vectors = if depends {
                vectors(&values)
            } else {
                vec![[0; 6]]
            };
            for arguments in vectors {
                let [left, right] =
                    [one, other].map(|policy| policy.decide(abi.audit(), number, &arguments));
                let name = syscalls::name(abi, number).unwrap_or("no name");
                assert_eq!(
                    left, right,
                    "{name} ({number}) on {abi} with {arguments:#x?}\n{text}"
                );
            }
        }
    }
}

fn numbers(one: &Policy, other: &Policy, abi: Abi) -> Vec<u32> {
    let tables = one.tables().iter().chain(other.tables());
    let rules = tables.flat_map(|table| table.rules());
    let beyond = rules
        .map(|rule| rule.number)
        .filter(|&number| number > syscalls::newest(abi));
    (0..=syscalls::newest(abi) + 1).chain(beyond).collect()
}

fn values(policies: &[&Policy]) -> Vec<u64> {
    let mut values = vec![0, 1, u64::MAX, 1 << 32, 0xffff_ffff];
    for policy in policies {
        for table in policy.tables() {
            for rule in table.rules() {
                if let Answer::Decision(decision) = &rule.answer {
                    for case in policy.cases(decision) {
                        collect(policy.conditions(), case.condition, &mut values);
                    }
                }
            }
        }
    }
    values.sort_unstable();
    values.dedup();
    values
}

fn collect(conditions: &Conditions, id: Id, values: &mut Vec<u64>) {
    match conditions.node(id) {
        Node::Number(number) => values.extend([
            number,
            !number,
            number.wrapping_sub(1),
            number.wrapping_add(1),
            number | 0xdead_beef << 32,
            number << 32,
        ]),
        Node::All(left, right)
        | Node::Any(left, right)
        | Node::Compare(_, left, right)
        | Node::Binary(_, left, right) => {
            collect(conditions, left, values);
            collect(conditions, right, values);
        }
        Node::Constant(_) | Node::Argument(..) => {}
    }
}

/// Each value in each register alone and in all of them, then mixtures.
fn vectors(values: &[u64]) -> Vec<[u64; 6]> {
    let mut vectors: Vec<[u64; 6]> = values.iter().map(|&value| [value; 6]).collect();
    for index in 0..6 {
        for &value in values {
            let mut vector = [0; 6];
            vector[index] = value;
            vectors.push(vector);
        }
    }
    let mut state = 1_u64;
    let mut pick = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        values[usize::try_from(state >> 33).unwrap() % values.len()]
    };
    vectors.extend((0..300).map(|_| [(); 6].map(|()| pick())));
    vectors
}
