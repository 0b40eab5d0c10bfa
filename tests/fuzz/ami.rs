//! Whatever a manager interface says, in whatever pieces: nothing panics, nothing grows, and no call ends that has not begun.
//!
//! From the repository's folder, with the recordings as seeds and `cargo install cargo-fuzz`:
//!
//! ```sh
//! cargo +nightly fuzz run --fuzz-dir tests/fuzz ami tests/fuzz/corpus/ami ../shared/fixtures/asterisk/*/ -- -max_total_time=60
//! ```

#![no_main]

use std::collections::HashSet;
use std::time::Duration;

use dozvon::connect::asterisk::codec::{Decoder, HEADERS_MAX, LINE_BYTES_MAX, MESSAGE_BYTES_MAX};
use dozvon::connect::asterisk::interpreter::{Interpreter, Options};
use dozvon::connect::asterisk::members::Members;
use dozvon::connect::asterisk::said::What;
use dozvon::proto::v1::call_event::Kind;
use libfuzzer_sys::fuzz_target;

/// What a decoder may hold: a message, the line that is read, and where each header stands.
const HELD_MAX: usize = MESSAGE_BYTES_MAX + LINE_BYTES_MAX + HEADERS_MAX * 64;
/// Longer than a switch's list or any rule of the interpreter waits.
const A_DAY: Duration = Duration::from_secs(86_400);

fuzz_target!(|bytes: &[u8]| {
    // The first byte says in how large pieces the rest comes.
    let size = bytes.first().map_or(1, |size| usize::from(*size).max(1));
    let mut decoder = Decoder::default();
    let mut interpreter = Interpreter::new(Options::default(), Members::default());
    for piece in bytes.chunks(size) {
        decoder.feed(piece, |_, message| interpreter.handle(&message, None));
        assert!(decoder.held_bytes() <= HELD_MAX);
    }
    decoder.finish(|_, message| interpreter.handle(&message, None));
    let now = interpreter.now();
    interpreter.handle_time(now.plus(A_DAY));
    let mut begun = HashSet::new();
    for said in interpreter.drain() {
        match said.what {
            What::Event(Kind::Arrived(_)) => _ = begun.insert(said.call.to_string()),
            What::Event(Kind::Ended(_)) => assert!(begun.contains(&*said.call), "{}", said.call),
            What::Event(_) | What::Note(_) => {}
        }
    }
});
