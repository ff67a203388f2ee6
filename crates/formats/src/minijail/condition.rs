//! Rows of tests as conditions of minijail: any of several conjunctions.

use crate::normal::{Row, Test};

/// A test, or any of several bits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Test(Test),
    AnyOf(u64),
}

/// Rows as minijail has them. Rows that test one bit after the other become one test of all.
pub(super) fn disjunction(rows: &[Row]) -> String {
    let mut pieces: Vec<[Option<Piece>; 6]> = Vec::new();
    for row in rows {
        let row = row.map(|test| test.map(piece));
        if !pieces.last_mut().is_some_and(|last| merge(last, &row)) {
            pieces.push(row);
        }
    }
    let mut conjunctions = Vec::new();
    for row in &pieces {
        let tested = (0..)
            .zip(row)
            .filter_map(|(at, piece)| Some((at, (*piece)?)));
        let atoms: Vec<String> = tested.flat_map(|(at, piece)| atoms(at, piece)).collect();
        conjunctions.push(atoms.join(" && "));
    }
    conjunctions.join(" || ")
}

fn piece(test: Test) -> Piece {
    match test {
        Test::Bits { mask, value } if mask == value && mask.is_power_of_two() => Piece::AnyOf(mask),
        test => Piece::Test(test),
    }
}

/// Adds a row to the one before it, if only one argument differs and there it is one more bit of any.
fn merge(last: &mut [Option<Piece>; 6], row: &[Option<Piece>; 6]) -> bool {
    let differ = last
        .iter_mut()
        .zip(row)
        .filter(|(one, other)| **one != **other);
    let mut differ: Vec<_> = differ.collect();
    let [(one, other)] = &mut differ[..] else {
        return false;
    };
    let more = match (**one, **other) {
        (Some(Piece::AnyOf(known)), Some(Piece::AnyOf(bit))) => known | bit,
        // Another bit, where those before it are not set.
        (Some(Piece::AnyOf(known)), Some(Piece::Test(Test::Bits { mask, value })))
            if mask == known | value && value.is_power_of_two() =>
        {
            mask
        }
        _ => return false,
    };
    **one = Some(Piece::AnyOf(more));
    true
}

/// A test as minijail's comparisons, all of which must hold.
fn atoms(index: u8, piece: Piece) -> Vec<String> {
    let (mask, value) = match piece {
        Piece::AnyOf(bits) => return vec![format!("arg{index} & {bits:#x}")],
        Piece::Test(Test::Not(value)) => return vec![format!("arg{index} != {value:#x}")],
        Piece::Test(Test::Below(value)) => return vec![format!("arg{index} < {value:#x}")],
        Piece::Test(Test::Above(value)) => return vec![format!("arg{index} > {value:#x}")],
        Piece::Test(Test::Bits { mask, value }) => (mask, value),
    };
    if mask == u64::MAX {
        return vec![format!("arg{index} == {value:#x}")];
    }
    // There is no comparison under a mask: each bit that must be set is tested, then that no other is.
    let set = (0..u64::BITS)
        .map(|bit| 1_u64 << bit)
        .filter(|bit| value & bit != 0);
    let mut atoms: Vec<String> = set.map(|bit| format!("arg{index} & {bit:#x}")).collect();
    if mask != value {
        atoms.push(format!("arg{index} in {:#x}", !mask | value));
    }
    atoms
}
