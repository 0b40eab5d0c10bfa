//! Calls told in a few words, and what must come of them: stories, settling, limits, properties.

mod chance;
mod kept;
mod limits;
mod notation;
mod properties;
mod render;
mod run;
mod sane;
mod settling;
mod source;
mod stories;
