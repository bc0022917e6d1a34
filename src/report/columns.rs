//! A Markdown table that also reads well in a terminal: its columns are padded.

use super::markdown::plain;

/// Rows under headings; figures stand right.
#[derive(Debug)]
pub(super) struct Columns {
    /// (name, whether figures).
    headers: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// With these headings: (name, whether figures stand below).
    pub(super) fn new<'a>(headers: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let headers = headers.into_iter();
        Self {
            headers: headers
                .map(|(name, number)| (name.to_owned(), number))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of cells that are safe in Markdown.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table and an empty line.
    pub(super) fn finish(&self) -> String {
        let widths: Vec<usize> = (self.headers.iter().enumerate())
            .map(|(n, (name, _))| {
                let cells = self.rows.iter().filter_map(|row| row.get(n));
                let widest = cells.map(|cell| shown_width(cell)).max();
                name.chars().count().max(widest.unwrap_or(0)).max(3)
            })
            .collect();
        let line = |cells: &[String]| -> String {
            let columns = self.headers.iter().zip(&widths).enumerate();
            let cells = columns.map(|(n, ((_, number), width))| {
                let cell = cells.get(n).map_or("", String::as_str);
                let padding = " ".repeat(width - shown_width(cell));
                match number {
                    true => format!(" {padding}{cell} |"),
                    false => format!(" {cell}{padding} |"),
                }
            });
            format!("|{}\n", cells.collect::<String>())
        };
        let names: Vec<String> = self.headers.iter().map(|(name, _)| name.clone()).collect();
        let rules: Vec<String> = (self.headers.iter().zip(&widths))
            .map(|((_, number), width)| match number {
                true => format!("{}:", "-".repeat(width - 1)),
                false => "-".repeat(*width),
            })
            .collect();
        let mut text = line(&names) + &line(&rules);
        self.rows.iter().for_each(|row| text += &line(row));
        text + "\n"
    }
}

/// Characters of a cell in a terminal, where nothing is escaped.
fn shown_width(cell: &str) -> usize {
    plain(cell).chars().count()
}

#[cfg(test)]
mod tests {
    use super::Columns;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut columns = Columns::new([("Step", false), ("p99", true)]);
        columns.row(["log in".to_owned(), "8.53 ms".to_owned()]);
        columns.row(["buy".to_owned(), "–".to_owned()]);
        insta::assert_snapshot!(columns.finish(), @r"
        | Step   |     p99 |
        | ------ | ------: |
        | log in | 8.53 ms |
        | buy    |       – |
        ");
    }
}
