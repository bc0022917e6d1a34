//! `[data.customers]`: rows of a CSV file.

use super::files::Files;
use crate::scenario::model::{DataOrder, DataSet};
use crate::scenario::syntax::value::{self, Text};
use crate::scenario::syntax::{Log, Node, TableReader};
use crate::scenario::template::is_name;

const ORDERS: [(&str, DataOrder); 4] = [
    ("sequential", DataOrder::Sequential),
    ("shuffle", DataOrder::Shuffle),
    ("random", DataOrder::Random),
    ("unique", DataOrder::Unique),
];

/// Reads all data sets. One that cannot be read has no columns, so that its uses are not blamed.
pub(crate) fn read_data(log: &Log, files: &Files<'_>, node: Option<&Node>) -> Vec<DataSet> {
    let Some(node) = node else { return Vec::new() };
    let Some(table) = node.as_table() else {
        let message = "data is a table of data sets";
        log.error_help(
            node.at,
            message,
            "write [data.customers] with csv = \"customers.csv\"",
        );
        return Vec::new();
    };
    let mut sets = Vec::new();
    for entry in &table.entries {
        let name = &entry.key;
        if !is_name(name) || name == "env" {
            let message = format!(
                "a data set cannot be named `{name}`: use letters, digits and `_`, and not `env`"
            );
            log.error(entry.key_at, message);
        }
        let empty = DataSet {
            name: name.clone(),
            columns: Vec::new(),
            rows: Vec::new(),
            order: DataOrder::Sequential,
        };
        let set = read_set(log, files, name, &entry.node);
        sets.push(set.unwrap_or(empty));
    }
    sets
}

fn read_set(log: &Log, files: &Files<'_>, name: &str, node: &Node) -> Option<DataSet> {
    let mut table = TableReader::new(log, node, format!("data set `{name}`"))?;
    let csv = table.required("csv", "\"data/customers.csv\"", value::text);
    let order = table.optional("order", |log, node| value::choice(log, node, &ORDERS));
    let delimiter = table.optional("delimiter", read_delimiter).unwrap_or(b',');
    table.finish();
    let csv = csv?;
    let text = files.read_text(log, csv)?;
    let (columns, rows) = read_csv(log, csv, text.trim_start_matches('\u{feff}'), delimiter)?;
    Some(DataSet {
        name: name.to_owned(),
        columns,
        rows,
        order: order.unwrap_or(DataOrder::Sequential),
    })
}

fn read_delimiter(log: &Log, node: &Node) -> Option<u8> {
    let found = value::text(log, node)?;
    match found.text.as_bytes() {
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Some(*byte),
        _ => {
            log.error(found.at, "a delimiter is one character, such as \";\"");
            None
        }
    }
}

type Rows = (Vec<String>, Vec<Vec<String>>);

fn read_csv(log: &Log, file: Text<'_>, text: &str, delimiter: u8) -> Option<Rows> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::Headers)
        .from_reader(text.as_bytes());
    let name = file.text;
    let columns: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => {
            log.error(file.at, format!("`{name}` is not CSV: {error}"));
            return None;
        }
    };
    if columns.iter().all(String::is_empty) {
        log.error_help(
            file.at,
            format!("`{name}` is empty"),
            "its first line names the columns, every other line is a row",
        );
        return None;
    }
    for (index, column) in columns.iter().enumerate() {
        if columns[..index].contains(column) {
            log.error(
                file.at,
                format!("`{name}` has two columns named `{column}`"),
            );
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.push(record.iter().map(str::to_owned).collect()),
            Err(error) => {
                log.error(file.at, format!("`{name}`: {}", explain(&error)));
                return Some((columns, rows));
            }
        }
    }
    if rows.is_empty() {
        log.error(file.at, format!("`{name}` has no rows below its header"));
    }
    Some((columns, rows))
}

fn explain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            let cells = if *len == 1 { "cell" } else { "cells" };
            format!("line {line} has {len} {cells}, the header has {expected_len}")
        }
        _ => error.to_string(),
    }
}
