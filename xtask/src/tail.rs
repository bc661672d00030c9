//! The last lines of an output.

use std::{collections::VecDeque, fmt};

/// How many lines are kept.
const LINES: usize = 30;

/// The last lines of an output; the older ones are forgotten.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
}

impl Tail {
    /// Adds a line.
    pub fn push(&mut self, line: &str) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}    {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_stay() {
        let mut tail = Tail::default();
        (0..LINES + 2).for_each(|number| tail.push(&number.to_string()));
        let text = tail.to_string();
        assert_eq!(text.lines().count(), LINES);
        assert!(text.starts_with("    2\n    3\n"), "{text}");
    }
}
