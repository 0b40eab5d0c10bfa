//! CSV: columns, each with its name and what stands in it.

use super::super::failure::{Exit, Failure};

/// What stands in a column.
type Cell<R> = Box<dyn Fn(&R) -> String>;

/// The columns of rows of type `R`.
pub(super) struct Columns<R>(Vec<(String, Cell<R>)>);

impl<R> Columns<R> {
    /// No columns yet.
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a column after the others.
    pub(super) fn add(
        &mut self,
        name: impl Into<String>,
        cell: impl Fn(&R) -> String + 'static,
    ) -> &mut Self {
        self.0.push((name.into(), Box::new(cell)));
        self
    }

    /// Writes a header and the rows.
    pub(super) fn write_csv(&self, rows: &[R]) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = self.0.iter().map(|(name, _)| name);
        writer.write_record(header).map_err(unwritable)?;
        for row in rows {
            let cells = self.0.iter().map(|(_, cell)| cell(row));
            writer.write_record(cells).map_err(unwritable)?;
        }
        let bytes = writer.into_inner().map_err(unwritable)?;
        String::from_utf8(bytes).map_err(unwritable)
    }
}

fn unwritable(error: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Failure,
        format!("the report cannot be written as CSV: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_need_quotes_get_them() {
        let mut columns = Columns::<(&str, u64)>::new();
        columns
            .add("queue", |row| row.0.to_owned())
            .add("n", |row| row.1.to_string());
        let text = columns.write_csv(&[("jobs, \"new\"", 1), ("", 2)]).unwrap();
        assert_eq!(text, "queue,n\n\"jobs, \"\"new\"\"\",1\n,2\n");
        assert_eq!(columns.write_csv(&[]).unwrap(), "queue,n\n");
    }
}
