//! Names of channels and interfaces: whom they stand for.
//!
//! An agent is known by the extension: `Local/104@from-queue/n`, `PJSIP/104` and the channel `PJSIP/104-0000002a` are one
//! person. Member names are free text and can be equal, so they name nobody.

/// Whether a channel is half of a Local pair, which is nobody's telephone.
pub(super) fn is_local(channel: &str) -> bool {
    channel.starts_with("Local/")
}

/// The two halves of a Local pair: this one's number, and the other's name.
pub(super) fn other_half(channel: &str) -> Option<(u8, String)> {
    if let Some(pair) = channel.strip_suffix(";1") {
        return Some((1, format!("{pair};2")));
    }
    channel
        .strip_suffix(";2")
        .map(|pair| (2, format!("{pair};1")))
}

/// The technology and name of the telephone that a channel belongs to: `PJSIP/trunk` of `PJSIP/trunk-00000116`.
pub(super) fn device_of(channel: &str) -> &str {
    // Zombies and masqueraded channels carry a mark at the end.
    let channel = channel.split('<').next().unwrap_or(channel);
    channel
        .rsplit_once('-')
        .map_or(channel, |(device, _)| device)
}

/// The extension of an interface or of a device: what lies between the technology and anything technical.
pub(super) fn extension_of(interface: &str) -> &str {
    let name = interface
        .split_once('/')
        .map_or(interface, |(_, name)| name);
    let end = name.find(['@', '/', ',', ';']).unwrap_or(name.len());
    match &name[..end] {
        "" => name,
        extension => extension,
    }
}

/// The number dialled by a Local channel: `104` of `Local/104@from-internal-00000000;1`.
pub(super) fn number_of_local(channel: &str) -> Option<&str> {
    channel
        .strip_prefix("Local/")
        .map(|_| extension_of(channel))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_extension() {
        let cases = [
            ("PJSIP/104", "104"),
            ("Local/104@from-queue/n", "104"),
            ("SIP/anna-maria", "anna-maria"),
            ("hint:104@ext-local", "hint:104"),
            ("Agent/1001", "1001"),
            ("104", "104"),
            ("PJSIP/", ""),
        ];
        for (interface, extension) in cases {
            assert_eq!(extension_of(interface), extension, "{interface}");
        }
        assert_eq!(device_of("PJSIP/104-0000002a"), "PJSIP/104");
        assert_eq!(device_of("PJSIP/anna-maria-0000002a"), "PJSIP/anna-maria");
        assert_eq!(extension_of(device_of("PJSIP/trunk-00000116")), "trunk");
    }

    #[test]
    fn a_local_pair_has_two_halves() {
        let half = other_half("Local/104@from-queue-00000001;1");
        assert_eq!(half, Some((1, "Local/104@from-queue-00000001;2".into())));
        assert_eq!(other_half("PJSIP/104-0000002a"), None);
        assert_eq!(
            number_of_local("Local/1600@from-internal-0;2"),
            Some("1600")
        );
        assert_eq!(number_of_local("PJSIP/104-0000002a"), None);
    }
}
