//! What a scraper asks for: in which form the figures shall come, and whether packed.
//!
//! Pure. By RFC 9110, 12.4 and 12.5: the most specific range that fits decides, and its quality is compared. A range that
//! makes no sense counts for nothing; when nothing is left, the oldest form is what everybody reads.

use super::text::Format;

/// The form that an `Accept` header likes best; the text format where both are liked alike.
pub(crate) fn format(accept: &str) -> Format {
    let text = liked(accept, "text/plain", "text/*", &["0.0.4"]);
    let open_metrics = liked(
        accept,
        "application/openmetrics-text",
        "application/*",
        &["0.0.1", "1.0.0"],
    );
    if open_metrics > text {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

/// Whether an `Accept-Encoding` header takes gzip.
pub(crate) fn takes_gzip(accept_encoding: &str) -> bool {
    liked(accept_encoding, "gzip", "x-gzip", &[]).0 > 0.0
}

/// How much a name is liked, and how closely it was named: by itself, by its family, by `*`.
fn liked(header: &str, name: &str, family: &str, versions: &[&str]) -> (f32, u8) {
    let closely = |range: &Range<'_>| match range.name {
        exact if exact.eq_ignore_ascii_case(name) => {
            let fits = |version: &str| versions.contains(&version);
            u8::from(range.version.is_none_or(fits)) * 3
        }
        part if part.eq_ignore_ascii_case(family) => 2,
        "*" | "*/*" => 1,
        _ => 0,
    };
    let ranges = header.split(',').filter_map(Range::read);
    ranges
        .map(|range| (closely(&range), range.quality))
        .filter(|(closely, _)| *closely > 0)
        .max_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)))
        .map_or((0.0, 0), |(closely, quality)| (quality, closely))
}

/// One range of a header.
struct Range<'a> {
    name: &'a str,
    version: Option<&'a str>,
    quality: f32,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next()?;
        let (mut version, mut quality) = (None, 1.0);
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            match key.trim().to_ascii_lowercase().as_str() {
                "version" => version = Some(value.trim().trim_matches('"')),
                "q" => quality = value.trim().parse().ok()?,
                _ => {}
            }
        }
        let range = Self {
            name,
            version,
            quality,
        };
        (0.0..=1.0).contains(&quality).then_some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_liked_best() {
        let text = [
            "",
            "*/*",
            "text/plain",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/plain;version=0.0.4;q=0.5,application/openmetrics-text;q=0.4",
            "application/openmetrics-text;q=0,*/*",
            "application/openmetrics-text;version=2.0.0,text/plain;q=0.1",
            // Of both alike the oldest.
            "application/openmetrics-text,text/plain",
            // Nonsense.
            ";;;,,,q=,=,\u{fffd}",
            "application/openmetrics-text;q=best",
            "application/openmetrics-text;q=NaN",
            "application/openmetrics-text;q=-1",
            "application/openmetrics-text;q=1e9",
            "image/png",
        ];
        for accept in text {
            assert_eq!(format(accept), Format::Text, "{accept}");
        }
        let open_metrics = [
            // Prometheus 2.42, then 3.
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
             text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;\
             version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,\
             */*;q=0.2",
            "application/openmetrics-text",
            "Application/OpenMetrics-Text; Version=\"1.0.0\" , */*",
            "application/*",
            "text/plain;q=0,*/*",
        ];
        for accept in open_metrics {
            assert_eq!(format(accept), Format::OpenMetrics, "{accept}");
        }
    }

    #[test]
    fn gzip_is_packed_for_those_alone_who_unpack_it() {
        for yes in [
            "gzip",
            "GZIP",
            "x-gzip",
            "*",
            "br, gzip;q=0.1",
            "deflate;q=0, gzip",
        ] {
            assert!(takes_gzip(yes), "{yes}");
        }
        for no in [
            "",
            "identity",
            "br",
            "gzip;q=0",
            "gzip;q=0, *",
            "gzip;q=much",
            "gzipped",
        ] {
            assert!(!takes_gzip(no), "{no}");
        }
    }
}
