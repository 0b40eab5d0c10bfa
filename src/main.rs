//! dozvon
fn main() {}
