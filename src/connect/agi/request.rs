//! What the dialplan asks for, and of which call: `agi://HOST:4573/survey?survey=two-questions&language=ru`.
//!
//! The interpreter of the manager interface names a call by the `Uniqueid` of the channel that the customer came in by.
//! A survey mostly runs on that very channel, whatever transfers there were: bridges pass channels around, and a channel
//! keeps its id. But an agent behind a `Local/` member who passes the caller on moves his own half of the pair, and the
//! dialplan goes on there; then the call is named by the variable `DOZVON_CALL`, which the dialplan may let channels
//! inherit (`Set(__DOZVON_CALL=${UNIQUEID})` where customers come in), else by the `Linkedid`: the oldest channel's id.

use super::codec::Headers;

/// The longest call id and the longest name, as the contract has them.
const CALL_BYTES_MAX: usize = 128;
const NAME_BYTES_MAX: usize = 64;

/// What a session is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// The call, as said; `None` = to be found.
    pub(super) call: Option<String>,
    /// The channel's own id.
    pub(super) uniqueid: String,
    /// Whether the channel is half of a Local pair, which no customer came in by.
    pub(super) is_local: bool,
    /// The survey; empty = the one of the line.
    pub(super) survey: String,
    /// The language; empty = that of the line.
    pub(super) language: String,
}

impl Request {
    /// Reads it from the headers. Keys that are not known are the dialplan's own.
    pub(super) fn read(headers: &Headers) -> Self {
        let mut request = Self {
            uniqueid: bounded(headers.get("uniqueid"), CALL_BYTES_MAX),
            is_local: headers.get("channel").starts_with("Local/"),
            ..Self::default()
        };
        let script = headers.get("network_script");
        let query = script.split_once('?').map_or("", |(_, query)| query);
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decoded(value);
            match key {
                "call" => request.call = said(&value),
                "survey" => request.survey = bounded(&value, NAME_BYTES_MAX),
                "language" => request.language = bounded(&value, NAME_BYTES_MAX),
                _ => {}
            }
        }
        request
    }

    /// Which variables may still name the call, the more telling one first.
    pub(super) fn asks_for(&self) -> &'static [&'static str] {
        match (&self.call, self.is_local) {
            (Some(_), _) => &[],
            (None, true) => &["DOZVON_CALL", "CHANNEL(linkedid)"],
            (None, false) => &["DOZVON_CALL"],
        }
    }

    /// Takes what a variable holds; the first one counts.
    pub(super) fn named(&mut self, value: Option<&str>) {
        if self.call.is_none() {
            self.call = value.and_then(said);
        }
    }

    /// The call's id.
    pub(super) fn call_id(&self) -> &str {
        self.call.as_deref().unwrap_or(&self.uniqueid)
    }
}

fn said(value: &str) -> Option<String> {
    Some(bounded(value, CALL_BYTES_MAX)).filter(|value| !value.is_empty())
}

/// A text of so many bytes at the most, without anything that is no text.
fn bounded(text: &str, bytes_max: usize) -> String {
    let mut bounded = String::new();
    for one in text.trim().chars().filter(|one| !one.is_control()) {
        if bounded.len() + one.len_utf8() > bytes_max {
            break;
        }
        bounded.push(one);
    }
    bounded
}

/// `%D0%B4` and `+` as they are meant; what is no such sign stands for itself.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let hex = after.split_at_checked(2).filter(|_| *first == b'%');
        let byte = hex.and_then(|(digits, _)| {
            let digits = digits.iter().map(|digit| char::from(*digit).to_digit(16));
            let digits: Option<Vec<u32>> = digits.collect();
            u8::try_from(digits?.into_iter().fold(0, |byte, digit| byte * 16 + digit)).ok()
        });
        match (byte, first) {
            (Some(byte), _) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (None, b'+') => bytes.push(b' '),
            (None, first) => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(lines: &[&str]) -> Request {
        let mut headers = Headers::default();
        for line in lines {
            headers.take(line).unwrap();
        }
        Request::read(&headers)
    }

    #[test]
    fn a_call_is_the_customer_s_channel() {
        let own = request(&[
            "agi_network_script: survey?form=csat&queue=hotline",
            "agi_channel: PJSIP/trunk-00000022",
            "agi_uniqueid: 1795431291.36",
        ]);
        assert_eq!(own.call_id(), "1795431291.36");
        assert_eq!(own.asks_for(), ["DOZVON_CALL"]);
        assert_eq!((own.survey.as_str(), own.language.as_str()), ("", ""));

        let mut half = request(&[
            "agi_channel: Local/104@from-queue-00000001;2",
            "agi_uniqueid: 1795431291.40",
        ]);
        assert_eq!(half.asks_for(), ["DOZVON_CALL", "CHANNEL(linkedid)"]);
        half.named(Some(""));
        half.named(Some("1795431291.36"));
        half.named(Some("1795431291.39"));
        assert_eq!(half.call_id(), "1795431291.36");

        let said = request(&[
            "agi_network_script: survey?call=pbx-17.3&survey=two%2Dquestions&language=ru",
            "agi_channel: Local/104@from-queue-00000001;2",
            "agi_uniqueid: 1795431291.40",
        ]);
        assert!(said.asks_for().is_empty());
        assert_eq!(said.call_id(), "pbx-17.3");
        assert_eq!((&*said.survey, &*said.language), ("two-questions", "ru"));
    }

    #[test]
    fn what_is_odd_is_bounded() {
        assert_eq!(decoded("%D0%B4%+a%4"), "д% a%4");
        let long = format!("agi_network_script: survey?survey={}", "д".repeat(100));
        assert_eq!(request(&[&long]).survey, "д".repeat(32));
        assert_eq!(request(&["agi_uniqueid: a%\u{1}b"]).call_id(), "a%b");
    }
}
