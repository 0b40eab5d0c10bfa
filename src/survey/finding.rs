//! What is wrong with a definition, and where.

use std::fmt;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The survey cannot be asked like this.
    Error,
    /// It can, but a caller will have a harder time.
    Warning,
}

/// One thing that is wrong: what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in letters, counted from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Findings as they are gathered, by their place in the text.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(usize, Severity, String)>);

impl Findings {
    /// Adds what makes the survey impossible.
    pub(super) fn error(&mut self, at: usize, message: impl Into<String>) {
        self.add(at, Severity::Error, message.into());
    }

    /// Adds what makes it harder.
    pub(super) fn warning(&mut self, at: usize, message: impl Into<String>) {
        self.add(at, Severity::Warning, message.into());
    }

    fn add(&mut self, at: usize, severity: Severity, message: String) {
        self.0.push((at, severity, message));
    }

    /// Whether anything makes the survey impossible.
    pub(super) fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|(_, severity, _)| *severity == Severity::Error)
    }

    /// All of them in the order of the text, each once.
    pub(super) fn placed(mut self, text: &str) -> Vec<Finding> {
        self.0.sort();
        self.0.dedup();
        let placed = self.0.into_iter().map(|(at, severity, message)| {
            let (line, column) = place(text.as_bytes(), at);
            Finding {
                severity,
                line,
                column,
                message,
            }
        });
        placed.collect()
    }
}

/// Line and column of a byte, both from 1; the column in letters.
pub(super) fn place(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let begin = before.iter().rposition(|byte| *byte == b'\n');
    let start = &before[begin.map_or(0, |newline| newline + 1)..];
    (line, String::from_utf8_lossy(start).chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_letters() {
        let text = "да\nнет = 1\n";
        assert_eq!(place(text.as_bytes(), 0), (1, 1));
        assert_eq!(place(text.as_bytes(), text.find('=').unwrap()), (2, 5));
        assert_eq!(place(text.as_bytes(), 999), (3, 1));
    }

    #[test]
    fn findings_come_in_the_order_of_the_text_and_once() {
        let mut findings = Findings::default();
        findings.warning(3, "late");
        findings.error(0, "early");
        findings.error(0, "early");
        assert!(findings.has_errors());
        let shown: Vec<_> = findings
            .placed("a\nbc")
            .iter()
            .map(Finding::to_string)
            .collect();
        assert_eq!(shown, ["1:1: early", "2:2: warning: late"]);
    }
}
