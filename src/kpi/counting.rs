//! How the sums of a roll-up were counted: waits on which edges, transfers along which planned routes.
//!
//! ```text
//! version 1 │ count │ microseconds more than the one before …                     │ CRC-32C
//! version 2 │ count │ microseconds more than the one before … │ routes, 16 bytes │ CRC-32C
//! ```
//!
//! Version 2 is written where routes are planned. The edges of `WAIT_EDGES` are left out, since all have them.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use crate::model::{CodecError, PlannedRoutes, Reader, put_text, put_uint};

use super::cells::Edges;
use super::histogram::WAIT_EDGES;
use super::rollup::{opened, sealed};
use super::visit_tally::put_span;

const VERSION: u8 = 1;
const VERSION_WITH_ROUTES: u8 = 2;

/// What sums were counted by, that cannot be told from them any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    /// Edges on which counts of waits are exact.
    pub edges: Edges,
    /// Routes that T8 and T10 leave out.
    pub routes: RoutesDigest,
}

/// Which routes are planned, as a hash of them all; the default is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoutesDigest(Option<u128>);

impl RoutesDigest {
    /// Of these routes.
    pub fn of(routes: &PlannedRoutes) -> Self {
        let mut bytes = Vec::new();
        for (from, to) in routes.iter() {
            put_text(&mut bytes, from.as_str());
            put_text(&mut bytes, to.as_str());
        }
        Self((!bytes.is_empty()).then(|| xxh3_128(&bytes)))
    }
}

/// The fixed edges and these thresholds.
pub fn wait_edges(thresholds: impl IntoIterator<Item = Duration>) -> Edges {
    let mut edges: Vec<_> = WAIT_EDGES.into_iter().chain(thresholds).collect();
    edges.sort_unstable();
    edges.dedup();
    edges.into()
}

impl Counting {
    /// On the fixed edges and these thresholds, with these routes.
    pub fn of(thresholds: impl IntoIterator<Item = Duration>, routes: &PlannedRoutes) -> Self {
        Self {
            edges: wait_edges(thresholds),
            routes: RoutesDigest::of(routes),
        }
    }

    /// Its bytes.
    pub fn write(&self) -> Vec<u8> {
        let version = match self.routes.0 {
            None => VERSION,
            Some(_) => VERSION_WITH_ROUTES,
        };
        let mut out = vec![version];
        let edges = self.edges.iter();
        let own: Vec<_> = edges.filter(|edge| !WAIT_EDGES.contains(edge)).collect();
        put_uint(&mut out, own.len() as u64);
        let mut before = Duration::ZERO;
        for edge in own {
            put_span(&mut out, edge.saturating_sub(before));
            before = *edge;
        }
        if let Some(routes) = self.routes.0 {
            out.extend(routes.to_le_bytes());
        }
        sealed(out)
    }

    /// Reads what `write` wrote; `None` = damaged, or of an unknown version.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (version, mut reader) = opened(bytes)?;
        let with_routes = match version {
            VERSION => false,
            VERSION_WITH_ROUTES => true,
            _ => return None,
        };
        let read = Self::read_body(&mut reader, with_routes).ok()?;
        reader.is_empty().then_some(read)
    }

    fn read_body(reader: &mut Reader<'_>, with_routes: bool) -> Result<Self, CodecError> {
        let mut edges = WAIT_EDGES.to_vec();
        let mut edge = Duration::ZERO;
        for _ in 0..reader.uint()? {
            edge = edge.saturating_add(Duration::from_micros(reader.uint()?));
            edges.push(edge);
        }
        edges.sort_unstable();
        let mut routes = RoutesDigest::default();
        if with_routes {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(reader.take(16)?);
            routes = RoutesDigest(Some(u128::from_le_bytes(bytes)));
        }
        Ok(Self {
            edges: edges.into(),
            routes,
        })
    }

    /// Those of these edges that were not counted on.
    pub fn lacking<'a>(&'a self, edges: &'a [Duration]) -> impl Iterator<Item = Duration> + 'a {
        let known = |edge: &&Duration| self.edges.binary_search(edge).is_err();
        edges.iter().filter(known).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::QueueId;

    fn routes(pairs: &[(&str, &str)]) -> PlannedRoutes {
        let pairs = pairs.iter();
        pairs
            .map(|(from, to)| (QueueId::new(*from), QueueId::new(*to)))
            .collect()
    }

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_is_not() {
        let own = [17_500, 33_000].map(Duration::from_millis);
        for planned in [routes(&[]), routes(&[("first", "second")])] {
            let counting = Counting::of(own, &planned);
            let bytes = counting.write();
            assert_eq!(Counting::read(&bytes), Some(counting));
            for place in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[place] ^= 1;
                assert_eq!(Counting::read(&damaged), None, "byte {place}");
                assert_eq!(Counting::read(&bytes[..place]), None);
            }
        }
    }

    #[test]
    fn version_2_stays_what_it_is() {
        let bytes = Counting::of([], &routes(&[("first", "second")])).write();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "02006844a79f926b52a661d17e3e44eed0222ed8ed45");
    }

    #[test]
    fn other_routes_are_others() {
        let digest = |pairs: &[(&str, &str)]| RoutesDigest::of(&routes(pairs));
        assert_eq!(digest(&[]), RoutesDigest::default());
        let (one, two) = (("a", "b"), ("b", "c"));
        assert_eq!(digest(&[one, two]), digest(&[two, one]));
        assert_ne!(digest(&[one]), digest(&[one, two]));
        assert_ne!(digest(&[("a", "bc")]), digest(&[("ab", "c")]));
    }

    #[test]
    fn edges_that_were_not_counted_on_are_named() {
        let counting = Counting::of([Duration::from_secs(33)], &routes(&[]));
        let asked = [20, 33, 77].map(Duration::from_secs);
        let lacking: Vec<_> = counting.lacking(&asked).collect();
        assert_eq!(lacking, [Duration::from_secs(77)]);
    }
}
