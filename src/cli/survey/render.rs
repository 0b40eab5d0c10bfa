//! `dozvon survey render`: every prompt as a sound file, so that a hotline can start today and record a human voice later.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::espeak::Voice;
use super::{Exit, Failure, language, load};
use crate::survey::Definition;

/// Speaks every prompt with espeak-ng: DIR/LANGUAGE/AUDIO.wav, 8 kHz, one channel, 16 bits.
///
/// A prompt whose text has not changed is not made again, and a file that somebody put in its place is left alone.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon survey render deploy/surveys/two-questions.toml --to prompts
  dozvon survey render deploy/surveys/two-questions.toml --to /var/lib/asterisk/sounds --lang ru

At the end one line of JSON on stdout: how many were made, unchanged, or kept because they are not ours.")]
pub(super) struct Args {
    /// The definition.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder of the sounds
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// This language alone; may be repeated
    #[arg(long, value_name = "TAG")]
    lang: Vec<String>,
}

/// One prompt in one language.
struct Spoken<'a> {
    voice: &'a Voice,
    text: &'a str,
    /// Under the folder, with `/`.
    path: String,
}

/// What was made: for each file what it was made from and what came out.
type Made = BTreeMap<String, (String, String)>;

#[derive(Debug, Default, serde::Serialize)]
struct Counts {
    made: usize,
    unchanged: usize,
    kept: usize,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let definition = load(&args.file)?;
    let languages: Vec<String> = if args.lang.is_empty() {
        definition.languages.clone()
    } else {
        let asked = args.lang.iter().map(|tag| language(&definition, Some(tag)));
        let asked: Result<Vec<_>, _> = asked.map(|tag| tag.map(str::to_owned)).collect();
        asked?
    };
    let voices: Result<Vec<_>, _> = languages.iter().map(|tag| Voice::find(tag)).collect();
    let voices = voices?;
    let spoken: Vec<_> = languages
        .iter()
        .zip(&voices)
        .flat_map(|(tag, voice)| spoken(&definition, tag, voice))
        .collect();
    let list = args.to.join(format!("{}.rendered.json", definition.survey));
    let mut made = read_list(&list);
    let progress = progress(spoken.len() as u64);
    let mut counts = Counts::default();
    let result = spoken.iter().try_for_each(|spoken| {
        progress.set_message(spoken.path.clone());
        let done = speak(&args.to, spoken, &mut made, &mut counts);
        progress.inc(1);
        done
    });
    progress.finish_and_clear();
    // What was made before something failed is known the next time.
    if counts.made > 0 {
        let text = serde_json::to_vec_pretty(&made).map_err(anyhow::Error::from)?;
        write(&list, &text)?;
    }
    result?;
    let counts = serde_json::to_string(&counts).map_err(anyhow::Error::from)?;
    writeln!(io::stdout(), "{counts}")
        .map_err(|error| Failure::new(Exit::Failure, format!("cannot print: {error}")))
}

fn spoken<'a>(definition: &'a Definition, tag: &str, voice: &'a Voice) -> Vec<Spoken<'a>> {
    let language = definition.language(tag);
    let spoken = definition.prompts.iter().filter_map(|prompt| {
        let said = prompt.said.get(language)?;
        Some(Spoken {
            voice,
            text: &said.text,
            path: format!("{tag}/{}.wav", prompt.audio),
        })
    });
    spoken.collect()
}

fn speak(
    folder: &Path,
    spoken: &Spoken<'_>,
    made: &mut Made,
    counts: &mut Counts,
) -> Result<(), Failure> {
    let path = folder.join(&spoken.path);
    let from = digest(format!("{}\n{}", spoken.voice.name(), spoken.text).as_bytes());
    if let Ok(there) = std::fs::read(&path) {
        match made.get(&spoken.path) {
            Some((_, sound)) if *sound != digest(&there) => {
                counts.kept += 1;
                return Ok(());
            }
            None => {
                counts.kept += 1;
                return Ok(());
            }
            Some((before, _)) if *before == from => {
                counts.unchanged += 1;
                return Ok(());
            }
            Some(_) => {}
        }
    }
    let sound = spoken.voice.sound(spoken.text)?.to_wav();
    write(&path, &sound)?;
    made.insert(spoken.path.clone(), (from, digest(&sound)));
    counts.made += 1;
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was made before; nothing when the list is missing or damaged, and then every file counts as somebody's own.
fn read_list(path: &Path) -> Made {
    let bytes = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let wrong = |error: io::Error| {
        let path = path.display();
        Failure::new(Exit::Failure, format!("cannot write {path}: {error}"))
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(wrong)?;
    let mut file = NamedTempFile::new_in(folder).map_err(wrong)?;
    file.write_all(bytes).map_err(wrong)?;
    readable(&file).map_err(wrong)?;
    file.persist(path).map_err(|error| wrong(error.error))?;
    Ok(())
}

/// The switch that plays it is another user; a temporary file is its owner's alone.
fn readable(file: &NamedTempFile) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(permissions)?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn progress(count: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {eta}");
    let bar = ProgressBar::new(count);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
