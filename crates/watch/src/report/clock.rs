//! Points in time as text, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// Milliseconds since 1970; a clock that is set before that shows 1970.
fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970, with milliseconds behind the point.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact for the next 280 000 years"
)]
pub(crate) fn seconds(time: SystemTime) -> f64 {
    milliseconds(time) as f64 / 1000.0
}

/// `HH:MM:SS.mmm`
pub(crate) fn time_of_day(time: SystemTime) -> String {
    let milliseconds = milliseconds(time);
    let seconds = milliseconds / 1000 % SECONDS_A_DAY;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let (seconds, rest) = (seconds % 60, milliseconds % 1000);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{rest:03}")
}

/// `YYYY-MM-DDTHH:MM:SS.mmmZ` (RFC 3339)
pub(crate) fn date_and_time(time: SystemTime) -> String {
    let (year, month, day) = date(milliseconds(time) / 1000 / SECONDS_A_DAY);
    format!("{year:04}-{month:02}-{day:02}T{}Z", time_of_day(time))
}

/// Year, month and day of the day that is so many days behind the first of January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    // Years are counted from the first of March, so that the leap day is a year's last. 719468 days
    // lie between March of the year 0 and 1970; 400 years have 146097.
    let days = days + 719_468;
    let (era, in_era) = (days / 146_097, days % 146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let january = month >= 10;
    let month = if january { month - 9 } else { month + 3 };
    (era * 400 + year + u64::from(january), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shown(milliseconds: u64) -> String {
        date_and_time(UNIX_EPOCH + Duration::from_millis(milliseconds))
    }

    /// The expected texts are those of date(1).
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (milliseconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_800_123, "2024-02-29T00:00:00.123Z"),
            (1_767_225_599_000, "2025-12-31T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(shown(milliseconds), expected);
        }
    }

    #[test]
    fn a_clock_before_1970_shows_1970() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(date_and_time(before), shown(0));
    }
}
