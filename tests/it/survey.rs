//! `dozvon survey`: looked over, tried out and spoken through the binary, as a person would.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Said, dozvon, run};
use crate::sender::until;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("deploy/surveys/{name}.toml"))
}

fn survey(args: &[&str]) -> Command {
    let mut command = dozvon();
    command.arg("survey").args(args);
    command
}

/// Lints one file.
async fn lint(path: &Path, args: &[&str]) -> Said {
    let mut command = survey(&["lint"]);
    command.arg(path).args(args);
    run(command).await
}

/// Tries two-questions by a script.
pub(crate) async fn attempt(script: &str, args: &[&str]) -> Said {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("script.jsonl");
    std::fs::write(&path, script).unwrap();
    let mut command = survey(&["try"]);
    command
        .arg(shipped("two-questions"))
        .arg("--script")
        .arg(&path)
        .args(args);
    run(command).await
}

fn lines(said: &Said) -> Vec<Value> {
    let lines = said.stdout.lines().map(serde_json::from_str);
    lines
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}: {}", said.stdout))
}

#[tokio::test]
async fn the_shipped_surveys_lint_as_they_should() {
    for (name, strict) in [
        ("two-questions", 0),
        ("courtesy", 0),
        ("questionnaire", 0),
        ("phone-block", 3),
    ] {
        let said = lint(&shipped(name), &[]).await;
        assert_eq!(said.code, 0, "{name}: {}{}", said.stdout, said.stderr);
        let said = lint(&shipped(name), &["--strict"]).await;
        assert_eq!(said.code, strict, "{name}: {}{}", said.stdout, said.stderr);
    }
    let said = lint(&shipped("phone-block"), &["--strict"]).await;
    let first = format!("{}:", shipped("phone-block").display());
    assert!(
        said.stdout
            .lines()
            .all(|line| line.starts_with(&first) && line.contains(": warning: ")),
        "{}",
        said.stdout
    );
}

#[tokio::test]
async fn a_broken_file_is_told_by_line_and_column() {
    let folder = TempDir::new().unwrap();
    let text = std::fs::read_to_string(shipped("two-questions")).unwrap();
    let path = folder.path().join("broken.toml");
    std::fs::write(
        &path,
        text.replace("key = \"2\", code = \"no\"", "key = \"1\", code = \"no\""),
    )
    .unwrap();
    let said = lint(&path, &[]).await;
    assert_eq!(said.code, 3, "{}", said.stderr);
    let line = 1 + text
        .lines()
        .position(|line| line.contains("code = \"no\""))
        .unwrap();
    let expected = format!(
        "{}:{line}:3: key 1 is used twice: it is \"yes\" already; give each answer its own key\n",
        path.display()
    );
    assert_eq!(said.stdout, expected);
    assert_eq!(said.stderr, "dozvon: 1 error, 0 warnings\n");
    // It cannot be tried either, and says why.
    let mut command = survey(&["try"]);
    command.arg(&path).args(["--script", "-"]);
    let said = run(command).await;
    assert_eq!((said.code, &*said.stdout), (3, ""));
    assert!(said.stderr.contains(expected.trim_end()), "{}", said.stderr);
}

#[tokio::test]
async fn what_is_no_survey_is_told_so() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for (path, expected) in [
        (put("empty.toml", b""), ":1:1: the file is empty;"),
        (
            put("binary.toml", b"\x7fELF\x02\0\0\xff"),
            ":1:8: this is no UTF-8 text",
        ),
        (put("broken.toml", b"survey = \"a\nversion = 1\n"), ":1:"),
        (folder.path().to_owned(), ": this is a folder;"),
        (
            folder.path().join("missing.toml"),
            ": there is no such file",
        ),
    ] {
        let said = lint(&path, &[]).await;
        assert_eq!(said.code, 3, "{}", path.display());
        let expected = format!("{}{expected}", path.display());
        assert!(
            said.stdout.starts_with(&expected),
            "wanted {expected}, got {}",
            said.stdout
        );
        assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    }
}

#[tokio::test]
async fn a_script_is_played_in_virtual_time() {
    let script = "{\"at_ms\":18000,\"prompt_ended\":true}\n{\"at_ms\":25000,\"digit\":\"4\"}\n\n\
                  {\"at_ms\":30000,\"prompt_ended\":true}\n{\"at_ms\":31000,\"prompt_ended\":true}\n\
                  {\"at_ms\":33000,\"digit\":\"1\"}";
    let said = attempt(script, &["--lang", "en"]).await;
    assert_eq!(said.code, 0, "{}", said.stderr);
    let lines = lines(&said);
    let kinds: Vec<_> = lines
        .iter()
        .filter_map(|line| line["order"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "play", "record", "play", "collect", "record", "play", "collect", "record", "play",
            "end"
        ]
    );
    assert_eq!(lines[4]["answer"], "4");
    assert_eq!(
        (&lines[4]["at_ms"], &lines[4]["question"]),
        (&json!(25_000), &json!("satisfaction"))
    );
    assert_eq!(lines[0]["language"], "en");
    let last =
        json!({ "disposition": "complete", "answers": { "satisfaction": "4", "solved": "yes" } });
    assert_eq!(lines.last(), Some(&last));
    // The same script, the same bytes.
    assert_eq!(attempt(script, &["--lang", "en"]).await.stdout, said.stdout);
}

#[tokio::test]
async fn every_disposition_is_a_success() {
    for (script, disposition) in [
        ("", "noinput"),
        ("{\"at_ms\":1000,\"hangup\":true}", "refused"),
        ("{\"at_ms\":1000,\"failed\":true}", "technical_failure"),
        ("{\"at_ms\":60000,\"digit\":\"3\"}", "partial"),
        (
            "{\"at_ms\":60000,\"digit\":\"9\"}\n{\"at_ms\":61000,\"hangup\":true}",
            "break_off",
        ),
    ] {
        let said = attempt(script, &[]).await;
        assert_eq!(said.code, 0, "{script}: {}", said.stderr);
        assert_eq!(
            lines(&said).last().unwrap()["disposition"],
            disposition,
            "{script}"
        );
    }
}

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_is_played() {
    let good = "{\"at_ms\":5000,\"prompt_ended\":true}";
    for (line, words) in [
        ("digit 4", "no JSON at column 1"),
        ("[1]", "expected an object"),
        ("{\"digit\":\"4\"}", "\"at_ms\" is missing"),
        (
            "{\"at_ms\":-5,\"digit\":\"4\"}",
            "at_ms: expected milliseconds from 0 to 86400000, got -5",
        ),
        (
            "{\"at_ms\":4000,\"digit\":\"4\"}",
            "at_ms 4000 is before the line above, which is at 5000",
        ),
        ("{\"at_ms\":6000}", "nothing happens"),
        (
            "{\"at_ms\":6000,\"digit\":\"44\"}",
            "digit: expected one key in quotes",
        ),
        (
            "{\"at_ms\":6000,\"digit\":4}",
            "digit: expected one key in quotes",
        ),
        (
            "{\"at_ms\":6000,\"hangup\":false}",
            "hangup: expected true, got false",
        ),
        (
            "{\"at_ms\":6000,\"hang_up\":true}",
            "unknown key \"hang_up\"",
        ),
        (
            "{\"at_ms\":6000,\"hangup\":true,\"digit\":\"1\"}",
            "digit and hangup happen at once",
        ),
        (
            "{\"at_ms\":6000,\"digit\":\"1\",\"input_seq\":0}",
            "input_seq: expected a number from 1 on",
        ),
        (
            "{\"at_ms\":6000,\"digit\":\"1\",\"heard\":\"twice\"}",
            "heard: expected \"rfc4733\" or \"inband\"",
        ),
    ] {
        let said = attempt(&format!("{good}\n{line}\n"), &[]).await;
        assert_eq!(
            (said.code, &*said.stdout),
            (2, ""),
            "{line}: {}",
            said.stderr
        );
        assert!(
            said.stderr.contains("script.jsonl: line 2: "),
            "{}",
            said.stderr
        );
        assert!(said.stderr.contains(words), "{words:?} in {}", said.stderr);
    }
}

#[tokio::test]
async fn what_cannot_be_tried_is_told_so() {
    let mut command = survey(&["try"]);
    command
        .arg(shipped("questionnaire"))
        .args(["--script", "-"]);
    let said = run(command).await;
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.contains("is not asked by phone"),
        "{}",
        said.stderr
    );
    let said = attempt("", &["--lang", "udm"]).await;
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("it speaks ru, en"), "{}", said.stderr);
    let mut command = survey(&["try"]);
    command.arg(shipped("two-questions"));
    let said = run(command).await;
    assert_eq!(said.code, 2);
    assert!(
        said.stderr.contains("this needs a terminal"),
        "{}",
        said.stderr
    );
}

#[tokio::test]
async fn without_the_speech_program_it_says_what_to_install() {
    let folder = TempDir::new().unwrap();
    let mut command = survey(&["render"]);
    command
        .arg(shipped("two-questions"))
        .arg("--to")
        .arg(folder.path());
    command.env("DOZVON_ESPEAK", folder.path().join("not-there"));
    let said = run(command).await;
    assert_eq!(said.code, 1);
    assert!(
        said.stderr.contains("apt-get install espeak-ng"),
        "{}",
        said.stderr
    );
}

/// The program, with its words in a folder instead of the loudspeaker: a file for each time that it has spoken to the end.
fn speaking_into(folder: &Path) -> PathBuf {
    let espeak = std::env::var("DOZVON_ESPEAK").unwrap_or_else(|_| "espeak-ng".to_owned());
    let program = folder.join("espeak");
    let script = format!(
        "#!/bin/sh\ncase $1 in --*) exec '{espeak}' \"$@\";; esac\n\
         '{espeak}' \"$@\" -w '{0}/'$$.part && mv '{0}/'$$.part '{0}/'$$.wav\n",
        folder.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    program
}

#[tokio::test]
#[ignore = "needs espeak-ng"]
async fn a_survey_that_is_tried_is_spoken_prompt_by_prompt() {
    let folder = TempDir::new().unwrap();
    let spoken = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let files = files.map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|end| end == "wav"))
    };
    // A terminal of its own, by the program that every Linux has for that.
    let tried = format!(
        "'{}' survey try '{}' --say",
        env!("CARGO_BIN_EXE_dozvon"),
        shipped("two-questions").display()
    );
    let mut terminal = Command::new("script")
        .args(["-qefc", &tried, "/dev/null"])
        .env("DOZVON_ESPEAK", speaking_into(folder.path()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = terminal.stdin.take().unwrap();
    // Each prompt is spoken to its end, then the next key comes: two prompts, a question, a change of topic and a question, the
    // goodbye. A file takes no time to play: dozvon says that nothing is heard, and speaks no more.
    until("the first prompts to be spoken", || async {
        (spoken().count() == 1).then_some(())
    })
    .await;
    for key in ["\n", "5", "1", "\n"] {
        tokio::time::sleep(Duration::from_millis(500)).await;
        keys.write_all(key.as_bytes()).unwrap();
    }
    let said = tokio::task::spawn_blocking(move || terminal.wait_with_output().unwrap());
    let said = said.await.unwrap();
    let shown = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "{shown}");
    for words in [
        "♪ Два коротких",
        "espeak-ng is not heard",
        "— complete; the call ends",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // 32 words at 110 a minute are some 17 s.
    let files: Vec<_> = spoken().collect();
    assert_eq!(files.len(), 1);
    let wave = std::fs::read(&files[0]).unwrap();
    let rate = u32::from_le_bytes(wave[24..28].try_into().unwrap());
    let seconds = (wave.len() - 44) as f64 / 2.0 / f64::from(rate);
    assert!((10.0..30.0).contains(&seconds), "{seconds} s");
    let mut samples = wave[44..].as_chunks::<2>().0.iter();
    assert!(
        samples.any(|pair| i16::from_le_bytes(*pair).abs() > 3_000),
        "a voice is heard"
    );
}

#[tokio::test]
#[ignore = "needs espeak-ng"]
async fn prompts_are_spoken_once_and_what_is_not_ours_is_kept() {
    let folder = TempDir::new().unwrap();
    let sounds = folder.path().join("sounds");
    let definition = folder.path().join("survey.toml");
    let text = std::fs::read_to_string(shipped("two-questions")).unwrap();
    std::fs::write(&definition, &text).unwrap();
    let render = async || {
        let mut command = survey(&["render"]);
        command.arg(&definition).arg("--to").arg(&sounds);
        if let Some(program) = std::env::var_os("DOZVON_ESPEAK") {
            command.env("DOZVON_ESPEAK", program);
        }
        let said = run(command).await;
        assert_eq!(said.code, 0, "{}", said.stderr);
        lines(&said).pop().unwrap()
    };
    let prompts = text.matches("\n[prompt.").count();
    assert_eq!(
        render().await,
        json!({ "made": 2 * prompts, "unchanged": 0, "kept": 0 })
    );

    let path = sounds.join("ru/two-questions/satisfaction.wav");
    let wave = std::fs::read(&path).unwrap();
    // RIFF, WAVE; PCM, one channel, 8,000 a second, 16 bits.
    assert_eq!((&wave[..4], &wave[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!(
        (&wave[20..24], &wave[24..28], &wave[34..36]),
        (
            &[1, 0, 1, 0][..],
            &8_000_u32.to_le_bytes()[..],
            &[16, 0][..]
        )
    );
    let samples = wave[44..].as_chunks::<2>().0;
    let seconds = samples.len() as f64 / 8_000.0;
    assert!((5.0..30.0).contains(&seconds), "{seconds} s");
    let loudest = samples
        .iter()
        .map(|pair| i32::from(i16::from_le_bytes(*pair)).abs())
        .max();
    assert!(loudest > Some(3_000), "{loudest:?}: a voice is heard");

    assert_eq!(
        render().await,
        json!({ "made": 0, "unchanged": 2 * prompts, "kept": 0 })
    );
    // One text changes, and somebody records another prompt.
    std::fs::write(
        &definition,
        text.replace("Теперь о другом.", "Другой вопрос."),
    )
    .unwrap();
    std::fs::write(&path, b"a human voice").unwrap();
    assert_eq!(
        render().await,
        json!({ "made": 1, "unchanged": 2 * prompts - 2, "kept": 1 })
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"a human voice");
}
