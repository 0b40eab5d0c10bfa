//! The words of the Prometheus text format 0.0.4 and of OpenMetrics 1.0: labels, escapes, exact decimals.
//!
//! Pure. Both forms have the same samples; what opens a metric and ends the text differs, and how a histogram's edges are
//! written: `20` in the text, `20.0` in OpenMetrics, as Prometheus' own clients do. See
//! <https://prometheus.io/docs/instrumenting/exposition_formats/> and
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::name::Metric;

/// One million: the parts in which sums and edges are counted, so that a second is a million microseconds.
const PARTS: u64 = 1_000_000;

/// The form in which figures are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// How it is called over HTTP.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Lines whose edges are as in the text format, as this one has them.
    pub(crate) fn lines(self, lines: &str) -> Cow<'_, str> {
        match self {
            Self::Text => lines.into(),
            Self::OpenMetrics => with_points(lines).into(),
        }
    }

    /// The line that ends the whole.
    pub(crate) const fn end(self) -> &'static str {
        match self {
            Self::Text => "",
            Self::OpenMetrics => "# EOF\n",
        }
    }
}

/// A label's value as it stands between its quotes.
pub(crate) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn unescape(escaped: &str) -> String {
    let mut value = String::with_capacity(escaped.len());
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some('n')) => value.push('\n'),
            ('\\', Some(next)) => value.push(next),
            (c, _) => {
                value.push(c);
                continue;
            }
        }
        chars.next();
    }
    value
}

/// Labels as they stand between the braces, in the order given.
pub(crate) fn labels(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        let comma = if text.is_empty() { "" } else { "," };
        let _ = write!(text, "{comma}{name}=\"{}\"", escape(value));
    }
    text
}

/// The value of the first label, if it bears that name: `queue` of `queue="a",exit="timeout"`.
pub(crate) fn first_label(labels: &str, name: &str) -> Option<String> {
    let value = labels.strip_prefix(name)?.strip_prefix("=\"")?;
    let mut escaped = false;
    let end = value.find(|c| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    })?;
    Some(unescape(&value[..end]))
}

/// Millionths as a decimal, exact and without trailing zeros: 2500000 is `2.5`.
pub(crate) fn decimal(millionths: u64) -> String {
    let (whole, part) = (millionths / PARTS, millionths % PARTS);
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{part:06}");
    text.trim_end_matches('0').to_owned()
}

/// The same below zero too.
pub(crate) fn signed_decimal(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    format!("{sign}{}", decimal(millionths.unsigned_abs()))
}

/// A text's samples as OpenMetrics has them: an edge that is a whole number gets its point. It is a bucket's last label.
pub(crate) fn with_points(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive('\n') {
        let name = line.split(['{', ' ']).next().unwrap_or(line);
        let parts = line
            .rsplit_once("le=\"")
            .filter(|_| name.ends_with("_bucket"));
        match parts.and_then(|(before, rest)| Some((before, rest.split_once('"')?))) {
            Some((before, (edge, after))) if !edge.contains(['.', 'I']) => {
                for part in [before, "le=\"", edge, ".0\"", after] {
                    out.push_str(part);
                }
            }
            Some(_) | None => out.push_str(line),
        }
    }
    out
}

/// The lines that open a metric.
pub(crate) fn header(metric: Metric, format: Format) -> String {
    let (kind, help) = (metric.kind().as_str(), metric.help());
    let name = match format {
        Format::Text => metric.name(),
        Format::OpenMetrics => metric.family(),
    };
    let mut lines = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    if format == Format::OpenMetrics
        && let Some(unit) = metric.unit()
    {
        let _ = writeln!(lines, "# UNIT {name} {unit}");
    }
    lines
}

/// Appends one line.
pub(crate) fn write_sample(out: &mut String, name: &str, labels: &str, value: &str) {
    out.push_str(name);
    if !labels.is_empty() {
        out.push('{');
        out.push_str(labels);
        out.push('}');
    }
    out.push(' ');
    out.push_str(value);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [(&str, &str); 7] = [
        ("sales", "sales"),
        ("a\"b", "a\\\"b"),
        ("a\\b", "a\\\\b"),
        ("a\\nb", "a\\\\nb"),
        ("a\nb", "a\\nb"),
        ("ends\\", "ends\\\\"),
        ("очередь 1", "очередь 1"),
    ];

    #[test]
    fn values_are_escaped_and_read_back() {
        for (value, escaped) in NAMES {
            assert_eq!(escape(value), escaped);
            let text = labels(&[("queue", value), ("exit", "timeout")]);
            assert_eq!(text, format!("queue=\"{escaped}\",exit=\"timeout\""));
            assert_eq!(first_label(&text, "queue").as_deref(), Some(value));
            assert_eq!(first_label(&text, "exit"), None);
        }
        assert_eq!(first_label("", "queue"), None);
        assert_eq!(first_label("queue=\"cut", "queue"), None);
    }

    #[test]
    fn an_edge_has_its_point() {
        let line = |edge: &str| format!("x_bucket{{queue=\"a,le=\\\"5\\\"\",le=\"{edge}\"}} 2\n");
        for (text, open_metrics) in [
            ("0", "0.0"),
            ("3600", "3600.0"),
            ("0.25", "0.25"),
            ("+Inf", "+Inf"),
        ] {
            assert_eq!(with_points(&line(text)), line(open_metrics));
        }
        for same in [
            "# TYPE x histogram\n",
            "x_count{le=\"5\"} 2\n",
            "x_sum 20\n",
            "",
        ] {
            assert_eq!(with_points(same), same);
        }
    }

    #[test]
    fn decimals_are_exact() {
        let cases = [
            (0, "0"),
            (1, "0.000001"),
            (500_000, "0.5"),
            (1_000_000, "1"),
            (20_000_400, "20.0004"),
            (10_000_000, "10"),
            (u64::MAX, "18446744073709.551615"),
        ];
        for (millionths, text) in cases {
            assert_eq!(decimal(millionths), text);
        }
        assert_eq!(signed_decimal(-1_500_000), "-1.5");
        assert_eq!(signed_decimal(-1), "-0.000001");
        assert_eq!(signed_decimal(0), "0");
    }
}
