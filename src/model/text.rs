//! Short text that came from outside and passed its checks.

/// Checked text of a bounded length.
pub type Text = Box<str>;
