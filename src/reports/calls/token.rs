//! The token by which a list of calls goes on: where it stands, and in which query.
//!
//! ```text
//! token := hexadecimal digits of ( 1 version | u64 digest of the query | i64 arrival µs | i64 source | call id | u32 check )
//! ```
//!
//! Numbers are big-endian. The check tells a damaged token from a whole one. It is no seal, and needs none: whoever makes
//! a token up gets the calls behind a place of their own choosing, which the query could have asked for as well.

use std::hash::{Hash as _, Hasher as _};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::model::{CallId, Timestamp};
use crate::store::Place;

use super::super::error::Error;
use super::super::plan::Plan;
use super::filter::Filter;

const VERSION: u8 = 1;

/// What a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QueryDigest(u64);

impl QueryDigest {
    /// Of everything that decides which calls are listed, and in which zone they are written.
    pub(super) fn of(plan: &Plan, filter: &Filter) -> Self {
        let mut digest = Xxh3::new();
        (plan.start, plan.end, plan.zone.name(), plan.queues()).hash(&mut digest);
        // What is not asked for is not hashed: a token stays good over an upgrade.
        if plan.choice.is_set() {
            plan.choice.hash(&mut digest);
        }
        filter.hash(&mut digest);
        Self(digest.finish())
    }
}

/// The token of the calls behind a place.
pub(super) fn write(place: &Place, query: QueryDigest) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(query.0.to_be_bytes());
    bytes.extend(place.arrived_at.as_micros().to_be_bytes());
    bytes.extend(place.source.to_be_bytes());
    bytes.extend(place.call.as_str().as_bytes());
    bytes.extend(check(&bytes));
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The place of a token; `None` of an empty one.
pub(super) fn read(token: &str, query: QueryDigest) -> Result<Option<Place>, Error> {
    if token.is_empty() {
        return Ok(None);
    }
    let refused = |problem| Error::PageToken { problem };
    let bytes = bytes(token).ok_or(refused("is not one of ours: it was cut or changed"))?;
    match bytes.first() {
        Some(&VERSION) => {}
        Some(_) | None => return Err(refused("is of another version of dozvon")),
    }
    let parts = parts(&bytes).ok_or(refused("is damaged: it was cut or changed"))?;
    let (digest, place) = parts;
    if digest != query {
        let problem = "is of another query: period, zone, queues and filters must stay the same";
        return Err(refused(problem));
    }
    Ok(Some(place))
}

fn bytes(token: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = token.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? * 16 + digit(*low)?) as u8);
    let bytes = pairs.iter().map(byte).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| rest.is_empty())
}

fn parts(bytes: &[u8]) -> Option<(QueryDigest, Place)> {
    let (body, told) = bytes.split_last_chunk::<4>()?;
    if check(body) != *told {
        return None;
    }
    let (digest, rest) = body.get(1..)?.split_first_chunk::<8>()?;
    let (arrived_at, rest) = rest.split_first_chunk::<8>()?;
    let (source, call) = rest.split_first_chunk::<8>()?;
    let call = std::str::from_utf8(call).ok()?;
    // No call has such an id, and a database may not take it for a text.
    if call.contains(char::is_control) {
        return None;
    }
    let place = Place {
        arrived_at: Timestamp::from_micros(i64::from_be_bytes(*arrived_at)),
        source: i64::from_be_bytes(*source),
        call: CallId::new(call),
    };
    Some((QueryDigest(u64::from_be_bytes(*digest)), place))
}

fn check(bytes: &[u8]) -> [u8; 4] {
    (xxh3_64(bytes) as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUERY: QueryDigest = QueryDigest(7);

    fn place() -> Place {
        Place {
            arrived_at: Timestamp::from_micros(-5),
            source: 3,
            call: CallId::new("вызов-1"),
        }
    }

    fn problem(token: &str, query: QueryDigest) -> &'static str {
        match read(token, query) {
            Err(Error::PageToken { problem }) => problem,
            other => panic!("{token} is refused: {other:?}"),
        }
    }

    #[test]
    fn a_place_comes_back() {
        let token = write(&place(), QUERY);
        assert_eq!(read(&token, QUERY).unwrap(), Some(place()));
        assert_eq!(read("", QUERY).unwrap(), None);
    }

    #[test]
    fn what_is_no_token_of_this_query_is_refused_in_words() {
        let token = write(&place(), QUERY);
        assert!(problem(&token, QueryDigest(8)).contains("another query"));
        assert!(problem("02", QUERY).contains("another version"));
        for cut in 1..token.len() {
            problem(&token[..cut], QUERY);
        }
        for wrong in ["page 2", "=", "ёё", "0", "zz", &format!("{token}0")] {
            assert!(problem(wrong, QUERY).contains("cut or changed"), "{wrong}");
        }
        for index in 2..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[index] = if changed[index] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(problem(&changed, QUERY).contains("damaged"), "{changed}");
        }
    }

    #[test]
    fn a_made_up_call_is_no_place() {
        let made_up = Place {
            call: CallId::new("a\0b"),
            ..place()
        };
        assert!(problem(&write(&made_up, QUERY), QUERY).contains("damaged"));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_place_or_a_refusal(token in ".{0,80}", body in proptest::collection::vec(any::<u8>(), 0..60)) {
            for text in [token, body.iter().map(|byte| format!("{byte:02x}")).collect()] {
                let read = read(&text, QUERY);
                let is_known = matches!(read, Ok(_) | Err(Error::PageToken { .. }));
                prop_assert!(is_known);
            }
            // Sealed by somebody who knows how: still a place, or refused.
            let mut sealed = body;
            sealed.insert(0, VERSION);
            let check = check(&sealed);
            sealed.extend(check);
            let text: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
            let is_known = matches!(read(&text, QUERY), Ok(Some(_)) | Err(Error::PageToken { .. }));
            prop_assert!(is_known);
        }
    }
}
