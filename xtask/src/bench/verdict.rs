//! The last line of a benchmark.

/// Says that all of `what` are as they should, or which miss it.
pub(super) fn verdict(what: &str, misses: &[String]) -> String {
    if misses.is_empty() { format!("every {what}") } else { format!("not every {what}: {}", misses.join(", ")) }
}

/// Whether a figure is below its goal, or none at all.
pub(super) fn misses(figure: f64, goal: f64) -> bool {
    figure.is_nan() || figure < goal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misses_it_is_named() {
        assert_eq!(verdict("ratio is at least 1", &[]), "every ratio is at least 1");
        let misses = ["0.9 with 5 clients", "0.8 with 50 clients"].map(str::to_owned);
        assert_eq!(
            verdict("ratio is at least 1", &misses),
            "not every ratio is at least 1: 0.9 with 5 clients, 0.8 with 50 clients"
        );
    }
}
