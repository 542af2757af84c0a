//! Figures for people: three digits and a unit.

use crate::workload::Unit;

/// The figure with its unit: "15.9 ns", "1.25 M/s".
pub fn human(value: f64, unit: Unit) -> String {
    let (scales, suffix): (&[(f64, &str)], &str) = match unit {
        Unit::Nanoseconds => (&[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")], ""),
        Unit::Bytes => (
            &[
                (1_073_741_824.0, "GiB"),
                (1_048_576.0, "MiB"),
                (1024.0, "KiB"),
                (1.0, "B"),
            ],
            "",
        ),
        Unit::PerSecond => (&[(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")], "/s"),
        Unit::Count => (&[(1.0, "")], ""),
        Unit::Percent => (&[(1.0, "%")], ""),
    };
    // What would be rounded to 1000 of a unit is 1.00 of the next.
    let reached = |scale: f64| value.abs() >= scale * 0.9995;
    let (scale, prefix) = scales
        .iter()
        .copied()
        .find(|(scale, _)| reached(*scale))
        .unwrap_or(scales[scales.len() - 1]);
    let number = digits(value / scale);
    match (prefix, suffix) {
        ("", "") => number,
        (prefix, suffix) => format!("{number} {prefix}{suffix}"),
    }
}

/// Three digits, or as many as stand before the point.
fn digits(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if size < 0.0995 {
        format!("{value:.3}")
    } else if size < 9.995 {
        format!("{value:.2}")
    } else if size < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// A ratio: "0.32", "∞".
pub fn ratio(value: f64) -> String {
    if value.is_infinite() {
        "∞".to_owned()
    } else {
        digits(value)
    }
}

/// A count for people: `20,000`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The number of workers: 0 is the current-thread runtime.
pub fn workers(workers: usize) -> String {
    match workers {
        0 => "current-thread".to_owned(),
        workers => workers.to_string(),
    }
}

/// The same in a sentence: "2 workers".
pub fn with_workers(number: usize) -> String {
    match number {
        0 => "current-thread".to_owned(),
        1 => "1 worker".to_owned(),
        number => format!("{number} workers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_suit_their_figures() {
        let cases = [
            (0.0, Unit::Nanoseconds, "0 ns"),
            (0.25, Unit::Nanoseconds, "0.25 ns"),
            (15.94, Unit::Nanoseconds, "15.9 ns"),
            (431.5, Unit::Nanoseconds, "432 ns"),
            (999.7, Unit::Nanoseconds, "1.00 µs"),
            (11_508.9, Unit::Nanoseconds, "11.5 µs"),
            (2.5e6, Unit::Nanoseconds, "2.50 ms"),
            (6e10, Unit::Nanoseconds, "60.0 s"),
            (3e12, Unit::Nanoseconds, "3000 s"),
            (1.25e6, Unit::PerSecond, "1.25 M/s"),
            (12.0, Unit::PerSecond, "12.0 /s"),
            (97.25, Unit::Percent, "97.2 %"),
            (2048.0, Unit::Bytes, "2.00 KiB"),
            (-64.0, Unit::Bytes, "-64.0 B"),
            (1.0, Unit::Count, "1.00"),
            (123_456.0, Unit::Count, "123456"),
        ];
        for (value, unit, text) in cases {
            assert_eq!(human(value, unit), text);
        }
    }

    #[test]
    fn ratios_may_be_infinite() {
        assert_eq!(ratio(f64::INFINITY), "∞");
        assert_eq!(ratio(0.0371), "0.037");
        assert_eq!(ratio(12.34), "12.3");
    }
}
