//! Numbers as a reader wants them: three digits, a unit that fits.

use crate::workload::Unit;

/// `value` with three digits that count: 0.032, 0.320, 3.20, 32.0, 320, 3,200.
pub(super) fn digits(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if size.is_infinite() {
        return "∞".to_owned();
    }
    // Where rounding adds a digit, the larger number's form is right: 9.996 is 10.0.
    if size >= 999.5 {
        return thousands(value);
    }
    let decimals = match size {
        99.95.. => 0,
        9.995.. => 1,
        0.9995.. => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// A ratio: two decimals say enough, but for those near nothing and the large.
pub(super) fn ratio(value: f64) -> String {
    if (0.095..9.995).contains(&value) {
        format!("{value:.2}")
    } else {
        digits(value)
    }
}

/// The label of a tick: as short as it can be.
pub(super) fn tick(value: f64) -> String {
    if value >= 999.5 {
        return thousands(value);
    }
    // Ticks are computed, so that a tenth may be 0.1000…01.
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn thousands(value: f64) -> String {
    let plain = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && (plain.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 {
        text.insert(0, '−');
    }
    text
}

/// A unit that fits figures of one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    /// How much of the figure's unit one of this is.
    pub(super) size: f64,
    /// What stands behind a number: "µs".
    pub(super) name: &'static str,
}

impl Measure {
    /// The largest measure of `unit` that `value` has at least one of.
    pub(super) fn fitting(unit: Unit, value: f64) -> Self {
        let measures: &[(f64, &str)] = match unit {
            Unit::Nanoseconds => &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")],
            Unit::Bytes => &[
                (1_073_741_824.0, "GiB"),
                (1_048_576.0, "MiB"),
                (1024.0, "KiB"),
                (1.0, "B"),
            ],
            Unit::PerSecond => &[(1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")],
            Unit::Percent => &[(1.0, "%")],
            Unit::Count => &[(1.0, "")],
        };
        let last = measures[measures.len() - 1];
        let (size, name) = measures
            .iter()
            .copied()
            .find(|(size, _)| value.abs() >= *size)
            .unwrap_or(last);
        Self { size, name }
    }

    /// The number alone.
    pub(super) fn number(self, value: f64) -> String {
        digits(value / self.size)
    }

    /// The number and the measure.
    pub(super) fn with_name(self, value: f64) -> String {
        joined(&self.number(value), self.name)
    }
}

/// A figure on its own.
pub(super) fn figure(unit: Unit, value: f64) -> String {
    Measure::fitting(unit, value).with_name(value)
}

/// The label of a tick for a figure.
pub(super) fn figure_tick(unit: Unit, value: f64) -> String {
    // Half a part in a million: a computed thousand may be 999.999….
    let measure = Measure::fitting(unit, value * 1.000_000_5);
    joined(&tick(value / measure.size), measure.name)
}

fn joined(number: &str, name: &str) -> String {
    match name {
        "" => number.to_owned(),
        "%" => format!("{number} %"),
        _ if name.starts_with('/') => format!("{number}{name}"),
        _ => format!("{number} {name}"),
    }
}

/// "2026-03-01 09:30 UTC" of the seconds since 1970.
pub(super) fn date(seconds: u64) -> String {
    let days = seconds / 86_400;
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    // Counting from a first of March, leap days come last, and the months' lengths repeat every five.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year_of_era + next;
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// "1 row", "2 rows".
pub(super) fn counted(count: usize, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        for (value, text) in [
            (0.0, "0"),
            (0.0321, "0.032"),
            (0.32, "0.320"),
            (9.996, "10.0"),
            (15.94, "15.9"),
            (99.96, "100"),
            (999.6, "1,000"),
            (1_234_567.0, "1,234,567"),
            (-1234.0, "−1,234"),
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(digits(value), text);
        }
    }

    #[test]
    fn units_fit() {
        assert_eq!(figure(Unit::Nanoseconds, 0.5), "0.500 ns");
        assert_eq!(figure(Unit::Nanoseconds, 11_508.9), "11.5 µs");
        assert_eq!(figure(Unit::PerSecond, 178_000.0), "178 k/s");
        assert_eq!(figure(Unit::PerSecond, 12.0), "12.0/s");
        assert_eq!(figure(Unit::Bytes, 1536.0), "1.50 KiB");
        assert_eq!(figure(Unit::Count, 1536.0), "1,536");
        assert_eq!(figure_tick(Unit::Nanoseconds, 1000.0), "1 µs");
    }

    #[test]
    fn ratios_are_short() {
        assert_eq!(ratio(0.9712), "0.97");
        assert_eq!(ratio(0.041), "0.041");
        assert_eq!(ratio(12.34), "12.3");
        assert_eq!(tick(0.1 + 0.2), "0.3");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_827_696), "2000-02-29 12:34 UTC");
        assert_eq!(date(1_798_761_599), "2026-12-31 23:59 UTC");
    }
}
