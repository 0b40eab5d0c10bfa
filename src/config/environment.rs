//! `DOZVON_*` variables: each key that is one value has one, `[server] grpc` is `DOZVON_SERVER_GRPC`.
//!
//! A name that is almost one of these is an error. Any other one is somebody else's: Kubernetes sets variables after
//! the names of services, the command line has its own.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;

use strsim::damerau_levenshtein;
use toml::{Table, Value};

use super::place::message;
use super::{Config, DatabaseUrl, Error, Origin, Retention};

const PREFIX: &str = "DOZVON_";

/// So few slips make it a misspelling, not another name.
const SLIPS_MAX: usize = 2;

/// The process's variables with our prefix.
///
/// # Errors
/// `Wrong` when the value of one of them is no text.
pub fn variables() -> Result<BTreeMap<String, String>, Error> {
    let all = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = all.filter(|(name, _)| name.starts_with(PREFIX));
    let read = |(name, value): (String, OsString)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(Error::Wrong {
            origin: Origin::Variable(name),
            message: "is no UTF-8 text".to_owned(),
        }),
    };
    ours.map(read).collect()
}

/// Lays the variables over, and says which key each one set.
pub(crate) fn apply(
    config: &mut Config,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<String, String>, Error> {
    let known = known();
    let ours = env.into_iter().filter(|(name, _)| name.starts_with(PREFIX));
    // In order of names, so that of two wrong ones the same is told every time.
    let ours: BTreeMap<String, String> = ours.collect();
    let mut set = BTreeMap::new();
    for (name, text) in ours {
        let wrong = |message: String| Error::Wrong {
            origin: Origin::Variable(name.clone()),
            message,
        };
        let Some((path, example)) = known.get(&name) else {
            let near = known
                .keys()
                .find(|known| damerau_levenshtein(known, &name) <= SLIPS_MAX);
            match near {
                Some(near) => {
                    return Err(wrong(format!(
                        "there is no such variable, did you mean {near}?"
                    )));
                }
                None => continue,
            }
        };
        let value = read(&text, example).map_err(&wrong)?;
        *config =
            with(config, path, value).map_err(|error| wrong(message(error.message(), &[])))?;
        set.insert(path.clone(), name);
    }
    Ok(set)
}

/// Every variable, with the key it sets and an example of its value.
fn known() -> BTreeMap<String, (String, Value)> {
    let mut config = Config::default();
    config.privacy.key_file = Some("pseudonym.key".into());
    let span = Some(std::time::Duration::from_secs(24 * 60 * 60));
    config.retention = Retention {
        journal: span,
        calls: span,
        rollups: span,
        pseudonyms: span,
    };
    config.database = DatabaseUrl::new("postgres://").ok();
    config.service_level.calendar = Some("office".into());
    config.survey.survey = Some("survey".to_owned());
    let mut known = BTreeMap::new();
    let table = table(&config);
    for (key, value) in &table {
        if let Value::Table(section) = value {
            for (inner, value) in section {
                let name = format!("{PREFIX}{key}_{inner}").to_uppercase();
                known.insert(name, (format!("{key}.{inner}"), value.clone()));
            }
        } else {
            let name = format!("{PREFIX}{key}").to_uppercase();
            known.insert(name, (key.clone(), value.clone()));
        }
    }
    known
}

/// A variable's text as a value of the example's kind.
fn read(text: &str, example: &Value) -> Result<Value, String> {
    if example.is_integer() {
        let number = text.parse().map(Value::Integer);
        return number.map_err(|_| format!("expected a whole number, got \"{text}\""));
    }
    if example.is_bool() {
        let flag = text.parse().map(Value::Boolean);
        return flag.map_err(|_| format!("expected true or false, got \"{text}\""));
    }
    Ok(Value::String(text.to_owned()))
}

/// The configuration with one key set.
fn with(config: &Config, path: &str, value: Value) -> Result<Config, toml::de::Error> {
    let mut table = table(config);
    match path.split_once('.') {
        Some((section, key)) => {
            let section = table.entry(section).or_insert_with(|| Table::new().into());
            if let Value::Table(section) = section {
                section.insert(key.to_owned(), value);
            }
        }
        None => {
            table.insert(path.to_owned(), value);
        }
    }
    table.try_into()
}

fn table(config: &Config) -> Table {
    Table::try_from(config).expect("a path that came from text is text")
}
