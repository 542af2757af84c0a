//! Logarithmic axes: where a value stands, and which values get a tick.

/// A logarithmic axis from `low` to `high`, both positive and finite, `low` the smaller.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// An axis that has room for all of `values`, and for `least` at least. What cannot be drawn is passed
    /// over.
    pub(super) fn around(values: impl IntoIterator<Item = f64>, least: (f64, f64)) -> Self {
        let (low, high) = values
            .into_iter()
            .filter(|value| is_drawable(*value))
            .fold(least, |(low, high), value| {
                (low.min(value), high.max(value))
            });
        // A little air, so that no mark is cut by the edge.
        let air = (high / low).powf(0.03);
        Self {
            low: low / air,
            high: high * air,
        }
    }

    /// An axis for `values` alone; `None` if none of them can be drawn.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values = values.into_iter().filter(|value| is_drawable(*value));
        let first = values.next()?;
        // A flat line is drawn in the middle, not on the edge.
        Some(Self::around(values, (first / 1.05, first * 1.05)))
    }

    /// The same axis, cut off at the given limits.
    pub(super) fn within(self, low: f64, high: f64) -> Self {
        Self {
            low: self.low.max(low),
            high: self.high.min(high),
        }
    }

    /// Where `value` stands, in percent of the axis; what is off the axis stands at its edge.
    pub(super) fn percent(self, value: f64) -> f64 {
        if value <= self.low {
            return 0.0;
        }
        if value >= self.high {
            return 100.0;
        }
        100.0 * (value / self.low).ln() / (self.high / self.low).ln()
    }

    /// Whether `value` has a place of its own.
    pub(super) fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Round values on the axis: as many as there are, but no more than `most`.
    pub(super) fn ticks(self, most: usize) -> Vec<f64> {
        const STEPS: [&[f64]; 5] = [
            &[
                1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
            ],
            &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
            &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            &[1.0, 2.0, 5.0],
            &[1.0],
        ];
        for steps in STEPS {
            let ticks = self.multiples(steps);
            if ticks.len() <= most {
                return ticks;
            }
        }
        // Many decades: every second of them, or third.
        let decades = self.multiples(&[1.0]);
        let every = decades.len().div_ceil(most.max(1));
        decades.into_iter().step_by(every).collect()
    }

    /// Those of `steps` times a power of ten that are on the axis.
    fn multiples(self, steps: &[f64]) -> Vec<f64> {
        let first = self.low.log10().floor() as i32;
        let last = self.high.log10().ceil() as i32;
        (first..=last)
            .flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)))
            .filter(|value| self.holds(*value))
            .collect()
    }
}

/// Whether an axis can reach to `value`: it has a logarithm, and is no further off than any measurement could be.
pub(super) fn is_drawable(value: f64) -> bool {
    (1e-30..1e30).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_in_the_middle_between_a_half_and_two() {
        let scale = Scale::around([], (0.5, 2.0));
        assert!((scale.percent(1.0) - 50.0).abs() < 1e-9);
        assert_eq!(scale.percent(1e-9), 0.0);
        assert_eq!(scale.percent(1e9), 100.0);
    }

    #[test]
    fn what_has_no_logarithm_is_passed_over() {
        let scale = Scale::around([0.0, -1.0, f64::NAN, f64::INFINITY, 1e300], (0.5, 2.0));
        assert!(scale.holds(1.0) && !scale.holds(3.0) && !scale.holds(0.1));
        assert!(Scale::of([0.0, f64::NAN]).is_none());
    }

    #[test]
    fn a_single_value_is_in_the_middle() {
        let scale = Scale::of([42.0]).expect("it can be drawn");
        assert!((scale.percent(42.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(Scale::around([], (0.9, 110.0)).ticks(3), [1.0, 10.0, 100.0]);
        for high in [1.2, 2.0, 7.0, 50.0, 1e3, 1e6, 1e12] {
            let ticks = Scale::around([], (0.8, high)).ticks(8);
            assert!((2..=8).contains(&ticks.len()), "{high}: {ticks:?}");
            assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
