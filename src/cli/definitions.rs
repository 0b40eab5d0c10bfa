//! `dozvon definitions`: the catalogue of figures, in plain words.

use std::io::{self, IsTerminal as _};

use comfy_table::{ContentArrangement, Table, presets};

use super::deliver::deliver;
use super::failure::{Exit, Failure};
use super::report::Lang;
use crate::proto::v1::{CatalogueEntry, ListDefinitionsResponse};
use crate::reports::nearest;
use crate::wire::admin;

/// Width of the catalogue where no terminal says its own.
const WIDTH: u16 = 120;

/// Prints what each figure means: id, version, name, formula, plain words, source.
///
/// The same as `AdminService.ListDefinitions` of a server of this version.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon definitions                       all of them
  dozvon definitions strict journey T8     these
  dozvon definitions --lang ru             in Russian words
  dozvon definitions --output json         for programs")]
pub struct Args {
    /// Only these ids [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// The language of the plain words
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// How to show it
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people
    Table,
    /// The answer of the contract in its JSON mapping
    Json,
}

/// Runs the command.
///
/// # Errors
/// When an id is not known, with the nearest; or stdout cannot be written.
pub fn run(args: &Args) -> Result<(), Failure> {
    let text = shown(args, io::stdout().is_terminal())?;
    deliver(text.as_bytes(), None)
}

fn shown(args: &Args, is_terminal: bool) -> Result<String, Failure> {
    let mut definitions = admin::definitions().definitions;
    if let Some(unknown) = args.ids.iter().find(|id| !known(&definitions, id)) {
        let ids = definitions.iter().map(|entry| entry.id.as_str());
        let nearest = nearest(unknown, ids).unwrap_or_default();
        let words = format!("unknown definition {unknown:?}; the nearest is {nearest:?}");
        return Err(Failure::new(Exit::Usage, words));
    }
    definitions
        .retain(|entry| args.ids.is_empty() || args.ids.iter().any(|id| same(&entry.id, id)));
    match args.output {
        Output::Json => {
            let text = serde_json::to_string_pretty(&ListDefinitionsResponse { definitions });
            let text = text.map_err(|error| {
                Failure::new(Exit::Failure, format!("the catalogue is no JSON: {error}"))
            })?;
            Ok(text + "\n")
        }
        Output::Table => Ok(table(&definitions, args.lang, is_terminal)),
    }
}

fn known(definitions: &[CatalogueEntry], id: &str) -> bool {
    definitions.iter().any(|entry| same(&entry.id, id))
}

/// Ids are known by upper and lower case alike.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn table(definitions: &[CatalogueEntry], lang: Lang, is_terminal: bool) -> String {
    let mut table = Table::new();
    let header = match lang {
        Lang::En => ["Id", "Name", "Formula", "In plain words", "Source"],
        Lang::Ru => ["Код", "Имя", "Формула", "Простыми словами", "Источник"],
    };
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_header(header)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if !is_terminal {
        table.set_width(WIDTH);
    }
    for entry in definitions {
        let words = match lang {
            Lang::En => &entry.english,
            Lang::Ru => &entry.russian,
        };
        let id = format!("{} v{}", entry.id, entry.version);
        table.add_row([&id, &entry.name, &entry.formula, words, &entry.source]);
    }
    format!("{table}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(ids: &[&str], lang: Lang, output: Output) -> Args {
        Args {
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            lang,
            output,
        }
    }

    #[test]
    fn the_catalogue_is_shown_in_both_languages() {
        for (lang, words) in [
            (Lang::En, "Of all who are decided"),
            (Lang::Ru, "Доля отвеченных вовремя"),
        ] {
            let text = shown(&args(&["STRICT"], lang, Output::Table), false).unwrap();
            let text = text.replace(['│', '┆'], " ");
            let first = words.split(' ').next().unwrap();
            assert!(text.contains("strict v1") && text.contains(first), "{text}");
            assert!(!text.contains("AB1"), "{text}");
        }
        let all = shown(&args(&[], Lang::En, Output::Json), false).unwrap();
        let all: ListDefinitionsResponse = serde_json::from_str(&all).unwrap();
        assert!(all.definitions.len() > 40);
    }

    #[test]
    fn what_reports_print_beside_is_there() {
        for (id, words) in [
            ("T", "threshold of the service level"),
            ("headline", "the formula of"),
            ("W8", "oldest_waiting"),
        ] {
            let text = shown(&args(&[id], Lang::En, Output::Json), false).unwrap();
            assert!(text.contains(words), "{text}");
        }
    }

    #[test]
    fn an_unknown_id_names_the_nearest() {
        let failure = shown(&args(&["strickt"], Lang::En, Output::Table), false).unwrap_err();
        assert!(
            format!("{failure:?}").contains("the nearest is \\\"strict\\\""),
            "{failure:?}"
        );
    }
}
