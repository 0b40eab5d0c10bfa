//! What the benches share.

#![allow(dead_code, reason = "each bench uses a part of it")]

pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod service;
pub(crate) mod sqlite;
pub(crate) mod steady;

/// What the program itself allocates with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
