//! How many tests passed and failed, from what their runners print.

use std::{fmt, ops::AddAssign};

/// How many passed, and how many failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The passed ones.
    pub passed: u64,
    /// The failed ones.
    pub failed: u64,
}

impl Count {
    /// One that passed.
    pub const PASSED: Self = Self { passed: 1, failed: 0 };
    /// One that failed.
    pub const FAILED: Self = Self { passed: 0, failed: 1 };

    /// Reads a summary line of `cargo test` or of `node --test`.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        Self::read_cargo(line).or_else(|| Self::read_node(line))
    }

    /// `test result: ok. 3 passed; 0 failed; …`
    fn read_cargo(line: &str) -> Option<Self> {
        let (_verdict, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let number = |what: &str| {
            counts.split("; ").find_map(|part| part.trim().strip_suffix(what)?.strip_suffix(' ')?.parse().ok())
        };
        Some(Self { passed: number("passed")?, failed: number("failed")? })
    }

    /// `# pass 3` and `# fail 0` in TAP, with an `ℹ` in the other reports.
    fn read_node(line: &str) -> Option<Self> {
        let (what, number) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?.split_once(' ')?;
        let number = number.parse().ok()?;
        match what {
            "pass" => Some(Self { passed: number, failed: 0 }),
            // A cancelled test did not end in time, or its file did not load.
            "fail" | "cancelled" => Some(Self { passed: 0, failed: number }),
            _ => None,
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(u64, u64)> {
        Count::read(line).map(|count| (count.passed, count.failed))
    }

    #[test]
    fn cargo() {
        let tail = "0 ignored; 0 measured; 1 filtered out; finished in 0.00s";
        assert_eq!(read(&format!("test result: ok. 12 passed; 0 failed; {tail}")), Some((12, 0)));
        assert_eq!(read(&format!("test result: FAILED. 3 passed; 4 failed; {tail}")), Some((3, 4)));
        assert_eq!(read("test tests::cargo ... ok"), None);
        assert_eq!(read("running 3 tests"), None);
    }

    #[test]
    fn node() {
        assert_eq!(read("# pass 3"), Some((3, 0)));
        assert_eq!(read("ℹ pass 3"), Some((3, 0)));
        assert_eq!(read("ℹ fail 2"), Some((0, 2)));
        assert_eq!(read("ℹ cancelled 1"), Some((0, 1)));
        assert_eq!(read("# tests 3"), None);
        assert_eq!(read("# Subtest: pass 3"), None);
        assert_eq!(read("ℹ duration_ms 12.5"), None);
    }
}
