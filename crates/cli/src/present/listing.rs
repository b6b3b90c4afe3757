//! Lists of things in the formats that people who know kubectl expect.
//!
//! A kind of thing implements [`Item`] once; the six formats follow from it.

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use crate::error::CommandError;
use crate::terminal::Terminal;

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns.
    #[default]
    Table,
    /// More columns.
    Wide,
    /// One `kind/name` for each line.
    Name,
    /// A List of documents.
    Json,
    /// A List of documents.
    Yaml,
    /// Comma-separated values, all columns (RFC 4180).
    Csv,
}

/// A column of a table.
pub(crate) struct Column {
    /// The heading.
    pub(crate) title: &'static str,
    /// Only with `-o wide` and in CSV.
    pub(crate) wide: bool,
}

/// Declares a column that is always shown.
pub(crate) const fn column(title: &'static str) -> Column {
    Column { title, wide: false }
}

/// Declares a column of `-o wide`.
pub(crate) const fn wide(title: &'static str) -> Column {
    Column { title, wide: true }
}

/// Something that is listed.
pub(crate) trait Item {
    /// The columns, in order.
    const COLUMNS: &'static [Column];

    /// `cluster/central-la-nola-2301`.
    fn reference(&self) -> String;

    /// The text of each column, in their order.
    fn cells(&self) -> Vec<String>;

    /// The thing as a Kubernetes-shaped document.
    fn document(&self) -> Value;
}

/// What `-o` and `--no-headers` say.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ListingArguments {
    /// Output format
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    #[arg(value_name = "table|wide|name|json|yaml|csv")]
    pub(crate) output: Format,
    /// Leave out the headings
    #[arg(long)]
    pub(crate) no_headers: bool,
}

/// Writes a list to standard output.
///
/// # Errors
/// When standard output takes no more.
pub(crate) fn write<I: Item>(
    items: impl Iterator<Item = I>,
    how: ListingArguments,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    match how.output {
        Format::Table => write_table(items, false, !how.no_headers, terminal),
        Format::Wide => write_table(items, true, !how.no_headers, terminal),
        Format::Name => {
            let mut items = items;
            items.try_for_each(|item| terminal.print_line(&item.reference()))
        }
        Format::Json => write_json(items, terminal),
        Format::Yaml => write_yaml(items, terminal),
        Format::Csv => write_csv(items, !how.no_headers, terminal),
    }
}

fn write_table<I: Item>(
    items: impl Iterator<Item = I>,
    all: bool,
    headers: bool,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    let shown: Vec<bool> = I::COLUMNS.iter().map(|column| all || !column.wide).collect();
    let keep = |cells: Vec<String>| -> Vec<String> {
        let cells = cells.into_iter().zip(&shown).filter(|(_, shown)| **shown);
        cells.map(|(cell, _)| if cell.is_empty() { "-".to_owned() } else { cell }).collect()
    };
    let titles = keep(I::COLUMNS.iter().map(|column| column.title.to_owned()).collect());
    let rows: Vec<Vec<String>> = items.map(|item| keep(item.cells())).collect();
    if rows.is_empty() {
        terminal.message("nothing found");
        return Ok(());
    }
    terminal.print(&columns(headers.then_some(titles), rows))
}

/// Rows under optional titles, each column as wide as its widest cell, three spaces between.
pub(crate) fn columns(titles: Option<Vec<String>>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::TableStyle::new());
    table.set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    if let Some(titles) = titles {
        table.set_header(titles);
    }
    table.add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 3));
    });
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

fn write_json<I: Item>(
    items: impl Iterator<Item = I>,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    let mut items = items.peekable();
    terminal.print("{\n  \"apiVersion\": \"res-edge.dev/v1\",\n  \"kind\": \"List\",\n")?;
    if items.peek().is_none() {
        return terminal.print("  \"items\": []\n}\n");
    }
    terminal.print("  \"items\": [")?;
    for (index, item) in items.enumerate() {
        terminal.print(if index == 0 { "\n" } else { ",\n" })?;
        let text = serde_json::to_string_pretty(&item.document()).unwrap_or_default();
        terminal.print(&indented(&text, 4))?;
    }
    terminal.print("\n  ]\n}\n")
}

fn indented(text: &str, by: usize) -> String {
    let space = " ".repeat(by);
    text.lines().map(|line| format!("{space}{line}")).collect::<Vec<_>>().join("\n")
}

fn write_yaml<I: Item>(
    items: impl Iterator<Item = I>,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    let mut items = items.peekable();
    let nothing = if items.peek().is_none() { " []" } else { "" };
    terminal.print(&format!("apiVersion: res-edge.dev/v1\nkind: List\nitems:{nothing}\n"))?;
    items.try_for_each(|item| terminal.print(&super::yaml::item(&item.document())))
}

fn write_csv<I: Item>(
    items: impl Iterator<Item = I>,
    headers: bool,
    terminal: &mut Terminal,
) -> Result<(), CommandError> {
    if headers {
        let titles = I::COLUMNS.iter().map(|column| column.title.to_lowercase());
        terminal.print_line(&csv_line(titles))?;
    }
    for item in items {
        terminal.print_line(&csv_line(item.cells().into_iter()))?;
    }
    Ok(())
}

fn csv_line(cells: impl Iterator<Item = String>) -> String {
    let quoted = cells.map(|cell| {
        let plain = !cell.contains([',', '"', '\n', '\r']);
        if plain { cell } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    });
    quoted.collect::<Vec<_>>().join(",")
}
