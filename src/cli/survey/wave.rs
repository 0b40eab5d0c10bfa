//! Sound as telephones have it: WAV, 8 kHz, one channel, 16 bits. Pure; what comes in is the sound of a speech program.

use std::f64::consts::PI;

/// The rate of telephones, in samples a second.
pub(super) const RATE: u32 = 8_000;
/// Telephones carry up to 3.4 kHz; what is above would come back as a rasp.
const CUTOFF_HZ: f64 = 3_600.0;
/// Half the length of the filter, in samples of the lower rate.
const HALF_WIDTH: f64 = 24.0;

/// One channel of 16 bits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sound {
    rate: u32,
    samples: Vec<i16>,
}

impl Sound {
    /// Reads a WAV file of one channel of 16 bits; a stream's length may be unknown, then all there is counts.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let wrong = "it is no WAV file";
        if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
            return Err(wrong);
        }
        let (mut rest, mut rate) = (&bytes[12..], None);
        while let Some((head, body)) = rest.split_at_checked(8) {
            let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            let chunk = &body[..length.min(body.len())];
            match &head[..4] {
                b"fmt " => {
                    let format = chunk.first_chunk::<16>().ok_or(wrong)?;
                    // PCM, one channel, 16 bits a sample.
                    if format[..4] != [1, 0, 1, 0] || format[14..] != [16, 0] {
                        return Err("it is not of one channel of 16 bits");
                    }
                    rate = Some(u32::from_le_bytes([
                        format[4], format[5], format[6], format[7],
                    ]));
                }
                b"data" => {
                    let samples = chunk.as_chunks::<2>().0.iter();
                    let samples = samples.map(|pair| i16::from_le_bytes(*pair)).collect();
                    let rate = rate.filter(|rate| *rate > 0).ok_or(wrong)?;
                    return Ok(Self { rate, samples });
                }
                _ => {}
            }
            // Chunks begin at even bytes.
            rest = body.get(length + length % 2..).unwrap_or(&[]);
        }
        Err("it holds no sound")
    }

    /// The same sound at the rate of telephones: each sample is what a band-limited signal has at that moment.
    pub(super) fn for_telephones(&self) -> Self {
        if self.rate == RATE {
            return Self {
                rate: RATE,
                samples: self.samples.clone(),
            };
        }
        let from = f64::from(self.rate);
        let step = from / f64::from(RATE);
        // Frequencies are counted in parts of the rate that comes in.
        let cutoff = CUTOFF_HZ.min(from / 2.0) / from;
        let half = HALF_WIDTH * step.max(1.0);
        let count = (self.samples.len() as f64 / step) as usize;
        let sample = |place: usize| {
            let centre = place as f64 * step;
            let first = (centre - half).ceil().max(0.0) as usize;
            let last = ((centre + half).floor() as usize).min(self.samples.len().saturating_sub(1));
            let part = |at: usize| {
                let distance = at as f64 - centre;
                // Hann's window over a sinc.
                let window = 0.5 + 0.5 * (PI * distance / half).cos();
                f64::from(self.samples[at]) * window * sinc(2.0 * cutoff * distance)
            };
            let sum: f64 = (first..=last).map(part).sum();
            (2.0 * cutoff * sum)
                .round()
                .clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        };
        Self {
            rate: RATE,
            samples: (0..count).map(sample).collect(),
        }
    }

    /// The bytes of a WAV file.
    pub(super) fn to_wav(&self) -> Vec<u8> {
        let data = u32::try_from(self.samples.len() * 2).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(44 + self.samples.len() * 2);
        bytes.extend(b"RIFF");
        bytes.extend((36 + data).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(16_u32.to_le_bytes());
        bytes.extend([1, 0, 1, 0]);
        bytes.extend(self.rate.to_le_bytes());
        bytes.extend((self.rate * 2).to_le_bytes());
        bytes.extend([2, 0, 16, 0]);
        bytes.extend(b"data");
        bytes.extend(data.to_le_bytes());
        bytes.extend(self.samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of one tone at 22,050 samples a second.
    fn tone(hertz: f64) -> Sound {
        let sample =
            |n: u32| (10_000.0 * (2.0 * PI * hertz * f64::from(n) / 22_050.0).sin()) as i16;
        Sound {
            rate: 22_050,
            samples: (0..22_050).map(sample).collect(),
        }
    }

    /// The loudest sample, the ends left out.
    fn peak(sound: &Sound) -> i32 {
        let middle = &sound.samples[500..sound.samples.len() - 500];
        middle
            .iter()
            .map(|sample| i32::from(*sample).abs())
            .max()
            .unwrap()
    }

    #[test]
    fn a_file_reads_back() {
        let sound = tone(440.0);
        assert_eq!(Sound::read(&sound.to_wav()), Ok(sound));
    }

    #[test]
    fn a_stream_without_a_length_is_read_to_its_end() {
        let mut bytes = tone(440.0).to_wav();
        bytes[4..8].copy_from_slice(&0x7fff_f024_u32.to_le_bytes());
        bytes[40..44].copy_from_slice(&0x7fff_f000_u32.to_le_bytes());
        assert_eq!(Sound::read(&bytes), Ok(tone(440.0)));
    }

    #[test]
    fn what_is_no_sound_is_refused() {
        let stereo = {
            let mut bytes = tone(440.0).to_wav();
            bytes[22] = 2;
            bytes
        };
        assert!(Sound::read(&stereo).is_err());
        assert!(Sound::read(b"RIFF").is_err());
        assert!(Sound::read(&tone(440.0).to_wav()[..40]).is_err());
    }

    #[test]
    fn voices_pass_and_what_telephones_cannot_carry_does_not() {
        for hertz in [300.0, 1_000.0, 3_000.0] {
            let heard = tone(hertz).for_telephones();
            assert_eq!((heard.rate, heard.samples.len()), (8_000, 8_000));
            let peak = peak(&heard);
            assert!((9_500..10_500).contains(&peak), "{hertz} Hz: {peak}");
        }
        // 5 kHz would come back as 3 kHz.
        let peak = peak(&tone(5_000.0).for_telephones());
        assert!(peak < 100, "{peak}");
    }
}
