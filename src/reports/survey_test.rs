//! The survey report over small stories, the arithmetic visible.
