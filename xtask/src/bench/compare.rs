//! Two rates, measured in turns.

/// The rates of a subject and of what it is compared with, in pairs that were measured one right after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    pairs: Vec<(f64, f64)>,
}

impl Comparison {
    pub(super) fn push(&mut self, subject: f64, reference: f64) {
        self.pairs.push((subject, reference));
    }

    pub(super) fn subject(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.0).collect())
    }

    pub(super) fn reference(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.1).collect())
    }

    /// The median of the pairs' ratios: the two of a pair saw the same machine.
    pub(super) fn ratio(&self) -> f64 {
        median(self.pairs.iter().map(|pair| pair.0 / pair.1).collect())
    }
}

/// The middle one.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert!(median(vec![]).is_nan());
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_ratio_is_that_of_the_pairs() {
        let mut comparison = Comparison::default();
        for (subject, reference) in [(5.0, 10.0), (80.0, 100.0), (900.0, 1000.0)] {
            comparison.push(subject, reference);
        }
        assert!((comparison.ratio() - 0.8).abs() < 1e-9);
        assert!((comparison.subject() - 80.0).abs() < f64::EPSILON);
        assert!((comparison.reference() - 100.0).abs() < f64::EPSILON);
    }
}
