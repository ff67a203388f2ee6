//! Lists at random: any actions, and conditions of every shape.

use policy::{Action, Mode, Request};
use proptest::prelude::*;
use proptest::sample::select;

/// What a list needs to be a request.
#[derive(Debug, Clone)]
pub struct Said {
    pub mode: Mode,
    pub default: Action,
    pub list: String,
}

impl Said {
    pub fn request(&self) -> Request<'_> {
        Request {
            whole_registers: true,
            ..Request::plain(self.mode, "LIST", self.list.as_bytes(), self.default)
        }
    }
}

const CALLS: [&str; 6] = ["read", "socket", "clone", "fcntl", "nanosleep", "clone3"];
const ACTIONS: [&str; 9] = [
    "",
    "",
    "",
    "=EPERM",
    "=EACCES",
    "=kill_process",
    "=trap",
    "=allow",
    "=errno(4000)",
];
const REGISTERS: [&str; 8] = [
    "arg0", "arg0", "arg1", "arg2", "argL0", "argL1", "argH0", "argH1",
];
const NUMBERS: [u64; 10] = [0, 1, 2, 5, 6, 7, 0x20, 0xff00, 0x8000_0000, 0xffff_ffff];
const SIGNS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

fn comparison() -> impl Strategy<Value = String> {
    let register = || select(&REGISTERS[..]);
    let number = || select(&NUMBERS[..]);
    prop_oneof![
        (register(), select(&SIGNS[..]), number())
            .prop_map(|(left, sign, right)| format!("{left} {sign} {right:#x}")),
        (number(), select(&SIGNS[..]), register())
            .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (register(), number(), select(&SIGNS[..]), number())
            .prop_map(|(left, mask, sign, right)| format!("({left} & {mask}) {sign} {right}")),
        (register(), number()).prop_map(|(left, bits)| format!("{left} &? {bits}")),
        (register(), number(), number())
            .prop_map(|(left, one, other)| format!("notIn({left}, {one}, {other})")),
        (register(), number(), number())
            .prop_map(|(left, one, other)| format!("in({left}, {one}, {other})")),
        (register(), register()).prop_map(|(left, right)| format!("{left} < {right}")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    comparison().prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) && ({other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) || ({other})")),
            inner.prop_map(|one| format!("!({one})")),
        ]
    })
}

fn item() -> impl Strategy<Value = String> {
    let guard = prop_oneof![
        1 => Just(String::new()),
        2 => condition().prop_map(|condition| format!("({condition})")),
    ];
    (select(&CALLS[..]), guard, select(&ACTIONS[..]))
        .prop_map(|(name, guard, action)| format!("{name}{guard}{action}"))
}

/// Any list in either mode.
pub fn said() -> impl Strategy<Value = Said> {
    let mode = select(vec![Mode::AllowList, Mode::DenyList]);
    let default = select(vec!["kill_process", "trap", "EPERM", "kill_thread", "log"]);
    (mode, default, prop::collection::vec(item(), 0..6)).prop_map(|(mode, default, items)| Said {
        mode,
        default: Action::parse(default).unwrap(),
        list: items.join(":"),
    })
}
