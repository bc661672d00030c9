//! Sizes for people.

/// A number of bytes in the largest unit of which it has one, in whole numbers where it is one.
pub(super) fn format(bytes: u64) -> String {
    let (unit, name) = match bytes {
        1_000_000.. => (1_000_000, "MB"),
        1_000.. => (1_000, "KB"),
        _ => (1, "B"),
    };
    if bytes.is_multiple_of(unit) {
        format!("{} {name}", bytes / unit)
    } else {
        format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [999, 1000, 1500, 100_000, 1_000_000, 9_900_000].map(format);
        assert_eq!(sizes, ["999 B", "1 KB", "1.5 KB", "100 KB", "1 MB", "9.9 MB"]);
    }
}
