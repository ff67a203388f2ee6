//! Random conditions, and the numbers at which they may change their minds.

#![allow(dead_code, reason = "each test uses a part of this")]

use policy::{Conditions, Id, Node};
use proptest::prelude::*;

pub const HIGH: u64 = 0xdead_beef_0000_0000;

/// Every number that occurs in a condition, and its neighbours, in both halves.
pub fn boundaries(conditions: &Conditions, id: Id, found: &mut Vec<u64>) {
    match conditions.node(id) {
        Node::All(left, right)
        | Node::Any(left, right)
        | Node::Compare(_, left, right)
        | Node::Binary(_, left, right) => {
            boundaries(conditions, left, found);
            boundaries(conditions, right, found);
        }
        Node::Number(number) => {
            for near in [
                number,
                number.wrapping_add(1),
                number.wrapping_sub(1),
                !number,
            ] {
                found.extend([near, near << 32, near | HIGH, near & 0xffff_ffff]);
            }
        }
        Node::Constant(_) | Node::Argument(..) => {}
    }
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0_u64..9).prop_map(|small| small.to_string()),
        prop_oneof![
            Just(u64::MAX),
            Just(1 << 32),
            Just(0xffff_ffff),
            Just(0x1_0000_0001),
            any::<u64>()
        ]
        .prop_map(|wide| format!("{wide:#x}")),
    ]
}

fn small() -> impl Strategy<Value = String> {
    prop_oneof![(0_u32..9), any::<u32>()].prop_map(|small| small.to_string())
}

fn wide_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..3).prop_map(|index| format!("arg{index}")),
        (0..3).prop_map(|index| format!("arg{index}")),
        number(),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                inner.clone(),
                prop_oneof![Just("&"), Just("|"), Just("^")]
            )
                .prop_map(|(left, right, sign)| format!("({left} {sign} {right})")),
            (inner.clone(), 0..70, prop_oneof![Just("<<"), Just(">>")])
                .prop_map(|(left, by, sign)| format!("({left} {sign} {by})")),
            inner.prop_map(|inner| format!("~{inner}")),
        ]
    })
}

fn narrow_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..3).prop_map(|index| format!("argL{index}")),
        (0..3).prop_map(|index| format!("argH{index}")),
        Just("argL5".to_string()),
        small(),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                inner.clone(),
                prop_oneof![
                    Just("&"),
                    Just("|"),
                    Just("^"),
                    Just("+"),
                    Just("-"),
                    Just("*")
                ]
            )
                .prop_map(|(left, right, sign)| format!(
                    "(({left}) {sign} ({right}) & 0xffffffff)"
                )),
            (
                inner.clone(),
                1..40,
                prop_oneof![Just("<<"), Just(">>"), Just("/"), Just("%")]
            )
                .prop_map(|(left, by, sign)| format!("((({left}) {sign} {by}) & 0xffffffff)")),
        ]
    })
}

fn comparison() -> impl Strategy<Value = String> {
    let sign = prop_oneof![
        Just("=="),
        Just("!="),
        Just("<"),
        Just("<="),
        Just(">"),
        Just(">="),
        Just("&?")
    ];
    let values = prop_oneof![
        (wide_value(), wide_value()),
        (narrow_value(), narrow_value()),
        (narrow_value(), small()),
    ];
    (values, sign).prop_map(|((left, right), sign)| format!("{left} {sign} {right}"))
}

/// Conditions of any shape.
pub fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => comparison(),
        1 => (wide_value(), prop::collection::vec(number(), 1..6))
            .prop_map(|(value, list)| format!("in({value}, {})", list.join(", "))),
        1 => prop_oneof![Just("true".to_string()), Just("false".to_string())],
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| format!("({left}) || ({right})")),
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| format!("({left}) && ({right})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}
