//! What one argument may be.
//!
//! libseccomp compares the bits in a mask with a value, or the whole register with a constant, and it
//! does so once per argument and rule. A set of bits with given values can stand for all else: what is
//! not equal, larger, or between two numbers is a union of at most 64 such sets.

/// A set of values of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Limit {
    /// The bits in `mask` are those of `value`, which has no others.
    Masked { mask: u64, value: u64 },
    /// All values but one.
    NotEqual(u64),
    /// This value and all above.
    AtLeast(u64),
    /// All values below this one.
    Below(u64),
}

use Limit::{AtLeast, Below, Masked, NotEqual};

/// The bits from this one upwards.
fn from_bit(bit: u32) -> u64 {
    u64::MAX << bit
}

/// The numbers of the bits that are set, highest first.
fn bits(set: u64) -> impl Iterator<Item = u32> {
    (0..u64::BITS).rev().filter(move |bit| set >> bit & 1 == 1)
}

/// For each bit of `split`: that bit of `value` turned over, and those above it in `mask` or `split`
/// as they are. These sets are disjoint, and together all of `mask` but where `split` agrees, too.
fn differing(mask: u64, split: u64, value: u64) -> Vec<Limit> {
    let piece = |bit| {
        let mask = mask | split & from_bit(bit);
        let value = (value ^ 1 << bit) & mask;
        Masked { mask, value }
    };
    bits(split).map(piece).collect()
}

impl Limit {
    /// This value alone.
    pub(crate) fn equal(value: u64) -> Limit {
        let mask = u64::MAX;
        Masked { mask, value }
    }

    /// All other values, as disjoint sets.
    pub(crate) fn others(self) -> Vec<Limit> {
        match self {
            Masked {
                mask: u64::MAX,
                value,
            } => vec![NotEqual(value)],
            Masked { mask, value } => differing(0, mask, value),
            NotEqual(value) => vec![Limit::equal(value)],
            AtLeast(first) => vec![Below(first)],
            Below(end) => vec![AtLeast(end)],
        }
    }

    /// The same as disjoint sets of given bits.
    pub(crate) fn masked(self) -> Vec<Limit> {
        match self {
            Masked { .. } => vec![self],
            NotEqual(value) => differing(0, u64::MAX, value),
            AtLeast(0) => vec![Masked { mask: 0, value: 0 }],
            // Up to the lowest set bit as the first value, or larger at a clear bit above it.
            AtLeast(first) => {
                let mask = from_bit(first.trailing_zeros());
                let mut sets = prefixes(!first & mask, first);
                sets.push(Masked { mask, value: first });
                sets
            }
            Below(end) => prefixes(end, end),
        }
    }

    /// What is in both sets, as disjoint sets.
    pub(crate) fn and(self, other: Limit) -> Vec<Limit> {
        match (self, other) {
            (one, same) if one == same => vec![one],
            (AtLeast(one), AtLeast(other)) => vec![AtLeast(one.max(other))],
            (Below(one), Below(other)) => vec![Below(one.min(other))],
            (Masked { mask, value }, other) => and_masked(mask, value, other),
            (other, Masked { mask, value }) => and_masked(mask, value, other),
            (one, other) => one
                .masked()
                .into_iter()
                .flat_map(|set| set.and(other))
                .collect(),
        }
    }

    /// Whether every value of `other` is certainly in this set.
    pub(crate) fn covers(self, other: Limit) -> bool {
        match (self, other) {
            (Masked { mask, value }, Masked { mask: m, value: v }) => {
                m & mask == mask && v & mask == value
            }
            (NotEqual(not), Masked { mask, value }) => not & mask != value,
            (AtLeast(first), Masked { value, .. }) => value >= first,
            (Below(end), Masked { mask, value }) => value | !mask < end,
            (one, other) => one == other,
        }
    }
}

/// For each of these bits: it is turned over, and all above are those of `value`.
fn prefixes(turned: u64, value: u64) -> Vec<Limit> {
    let piece = |bit| {
        let mask = from_bit(bit);
        let value = (value ^ 1 << bit) & mask;
        Masked { mask, value }
    };
    bits(turned).map(piece).collect()
}

fn and_masked(mask: u64, value: u64, other: Limit) -> Vec<Limit> {
    let set = Masked { mask, value };
    if other.covers(set) {
        return vec![set];
    }
    match other {
        Masked { mask: m, value: v } if value & m == v & mask => vec![Masked {
            mask: mask | m,
            value: value | v,
        }],
        Masked { .. } => Vec::new(),
        // The value is in the set: else the set would have been covered.
        NotEqual(not) => differing(mask, !mask, not),
        AtLeast(_) | Below(_) => other
            .masked()
            .into_iter()
            .flat_map(|part| part.and(set))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Limit {
        fn has(self, number: u64) -> bool {
            match self {
                Masked { mask, value } => number & mask == value,
                NotEqual(other) => number != other,
                AtLeast(first) => number >= first,
                Below(end) => number < end,
            }
        }
    }

    const NUMBERS: [u64; 12] = [
        0,
        1,
        2,
        5,
        0x80,
        0xffff_ffff,
        1 << 32,
        0x1_0000_0005,
        1 << 63,
        u64::MAX - 1,
        u64::MAX,
        0x1234_5678_9abc_def0,
    ];

    fn limits() -> Vec<Limit> {
        let mut limits = Vec::new();
        for number in NUMBERS {
            limits.extend([NotEqual(number), Limit::equal(number)]);
            limits.extend([AtLeast(number), Below(number)]);
            for mask in [0, 1, 0xff, 0xffff_ffff, 0xffff_ffff << 32] {
                let value = number & mask;
                limits.push(Masked { mask, value });
            }
        }
        limits
    }

    fn count(sets: &[Limit], number: u64) -> usize {
        sets.iter().filter(|set| set.has(number)).count()
    }

    fn near(numbers: [u64; 12]) -> impl Iterator<Item = u64> {
        let around = |number: u64| [number, number.wrapping_add(1), number.wrapping_sub(1)];
        numbers.into_iter().flat_map(around)
    }

    #[test]
    fn others_and_masked_sets_are_disjoint_and_complete() {
        for limit in limits() {
            let (others, masked) = (limit.others(), limit.masked());
            assert!(masked.iter().all(|set| matches!(set, Masked { .. })));
            for number in near(NUMBERS) {
                let inside = usize::from(limit.has(number));
                assert_eq!(count(&masked, number), inside, "{limit:?} at {number:#x}");
                assert_eq!(
                    count(&others, number),
                    1 - inside,
                    "{limit:?} at {number:#x}"
                );
            }
        }
    }

    #[test]
    fn what_is_in_both_is_in_one_part_of_the_intersection() {
        for one in limits() {
            for other in limits() {
                let both = one.and(other);
                for number in near(NUMBERS) {
                    let inside = one.has(number) && other.has(number);
                    assert_eq!(
                        count(&both, number),
                        usize::from(inside),
                        "{one:?} {other:?}"
                    );
                    assert!(!one.covers(other) || !other.has(number) || one.has(number));
                }
            }
        }
    }
}
