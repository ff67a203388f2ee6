//! Whether a kernel log ends where the kernel stopped writing it.
//!
//! The kernel takes ten messages in five seconds and says how many it left out when the next one comes
//! after that (___ratelimit in lib/ratelimit.c). Where none comes, nobody says so.

/// kernel.printk_ratelimit, in milliseconds.
const INTERVAL: u64 = 5_000;
/// kernel.printk_ratelimit_burst.
const BURST: u32 = 10;

/// The messages since the kernel began to count.
#[derive(Debug, Default)]
pub(crate) struct Burst {
    begin: Option<u64>,
    count: u32,
}

impl Burst {
    /// Takes up a message, with its time in milliseconds.
    pub(crate) fn add(&mut self, time: u64) {
        match self.begin {
            Some(begin) if time.saturating_sub(begin) < INTERVAL => {
                self.count = self.count.saturating_add(1);
            }
            _ => {
                self.begin = Some(time);
                self.count = 1;
            }
        }
    }

    /// When the kernel began to count.
    pub(crate) fn begin(&self) -> Option<u64> {
        self.begin
    }

    /// Whether more may have come than was written. More than ten at once show that the limit is another.
    pub(crate) fn is_full(&self) -> bool {
        self.count == BURST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(times: impl IntoIterator<Item = u64>) -> bool {
        let mut burst = Burst::default();
        times.into_iter().for_each(|time| burst.add(time));
        burst.is_full()
    }

    #[test]
    fn ten_at_once_are_as_many_as_the_kernel_writes() {
        assert!(full(0..10));
        assert!(!full(0..9));
        assert!(!full(0..11), "here the limit is another");
        assert!(!full((0..10).chain([5_000])), "it would have been said");
        assert!(!full((0..20).map(|n| n * 1_000)));
        assert!(full([0, 1].into_iter().chain((0..10).map(|n| 9_000 + n))));
    }
}
