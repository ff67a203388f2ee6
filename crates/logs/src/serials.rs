//! Which serial numbers came: each audit event has the next one (audit_serial in kernel/auditsc.c), so
//! that a reader of all events knows how many it missed. They may come a little out of order.

use std::collections::BTreeMap;

/// Ranges of numbers: more than these would mean that hardly anything arrives.
const MOST_RANGES: usize = 1 << 16;

/// The numbers that came, as ranges.
#[derive(Debug, Default)]
pub(crate) struct Serials {
    /// First and last number of each range.
    ranges: BTreeMap<u64, u64>,
}

impl Serials {
    pub(crate) fn add(&mut self, serial: u64) {
        let before = self.ranges.range(..=serial).next_back();
        let before = before.map(|(first, last)| (*first, *last));
        let after = serial
            .checked_add(1)
            .and_then(|next| self.ranges.get(&next).copied());
        let last = after.unwrap_or(serial);
        match before {
            Some((_, end)) if end >= serial => return,
            Some((first, end)) if end.checked_add(1) == Some(serial) => {
                self.ranges.insert(first, last);
            }
            _ if self.ranges.len() >= MOST_RANGES => return,
            _ => {
                self.ranges.insert(serial, last);
            }
        }
        if after.is_some() {
            self.ranges.remove(&serial.saturating_add(1));
        }
    }

    /// How many numbers are missing between the first and the last.
    pub(crate) fn missing(&self) -> u64 {
        let ends = self.ranges.values();
        let gaps = ends.zip(self.ranges.keys().skip(1));
        gaps.map(|(end, next)| next - end - 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_come_is_counted() {
        let missing = |all: &[u64]| {
            let mut serials = Serials::default();
            all.iter().for_each(|serial| serials.add(*serial));
            serials.missing()
        };
        assert_eq!(missing(&[]), 0);
        assert_eq!(missing(&[7, 8, 8, 10, 9, 11]), 0);
        assert_eq!(missing(&[7, 9, 13]), 4);
        assert_eq!(missing(&[9, 7, 8, 6]), 0);
        assert_eq!(missing(&[u64::MAX, u64::MAX - 2]), 1);
    }
}
