//! A preview for people: what cannot be undone first, then what restarts, then the rest.
//!
//! ```text
//! deleted:
//!   - ConfigMap shop/till of application till on west-1
//! placement:
//!   - application till on west-1
//!       because label `ring` of the cluster: `prod` -> `beta` (inventory/clusters.yaml:14)
//! files:
//! 37 clusters (central-a, central-b, ...): web/deployment-web.yaml
//!   because template file apps/web/web.yaml: `image: web:1` -> `image: web:2` (...:12)
//!     spec:
//!   -   image: web:1
//!   +   image: web:2
//! 2 differ (east-a, east-b):
//!   -   image: web:0
//!   +   image: web:2
//! ```

use std::collections::HashMap;
use std::fmt::Write as _;

use super::lists::{self, Item, Tone, listed, named};
use super::{Fetch, FileChange, Group, Hidden, Line, Preview, Sign};
use crate::held::Part;
use crate::step::count;

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// A text that may be coloured.
struct Page {
    text: String,
    color: bool,
}

pub(super) fn write(preview: &Preview, color: bool, limit: usize) -> String {
    let mut page = Page { text: String::new(), color };
    for (title, items) in lists::of(preview) {
        page.line(BOLD, &format!("{title}:"));
        items.iter().for_each(|item| page.item(item));
    }
    page.files(&preview.groups, limit);
    if preview.fetch.n_objects > 0 {
        page.line(DIM, &fetched(preview.fetch));
    }
    page.text
}

impl Page {
    fn line(&mut self, style: &str, text: &str) {
        let text = safe(text);
        // Writing to a string cannot fail.
        let _ = match self.color && !style.is_empty() {
            true => writeln!(self.text, "{style}{text}{RESET}"),
            false => writeln!(self.text, "{text}"),
        };
    }

    fn item(&mut self, item: &Item) {
        let style = match item.tone {
            Tone::Comes => GREEN,
            Tone::Goes => RED,
            Tone::Stays => "",
        };
        self.line(style, &format!("  {}", item.text));
        item.details.iter().for_each(|detail| self.line(DIM, &format!("      {detail}")));
    }

    /// Groups in their order; those that differ in the same file follow the first of it.
    fn files(&mut self, groups: &[Group], limit: usize) {
        if !groups.is_empty() {
            self.line(BOLD, "files:");
        }
        let mut files: HashMap<(&Part, &str), Vec<&Group>> = HashMap::new();
        for group in groups {
            files.entry((&group.part, &group.path)).or_default().push(group);
        }
        let mut n_shown = 0;
        for group in groups {
            let same_file = files.remove(&(&group.part, group.path.as_str())).unwrap_or_default();
            for (index, group) in same_file.into_iter().take(limit - n_shown).enumerate() {
                self.line(BOLD, &heading(group, index == 0));
                let notes = lists::notes(group);
                notes.iter().for_each(|note| self.line(DIM, &format!("  {note}")));
                self.change(&group.change);
                n_shown += 1;
            }
        }
        if groups.len() > n_shown {
            let rest = count(groups.len() - n_shown, "more difference");
            self.line(DIM, &format!("{rest} not shown"));
        }
    }

    fn change(&mut self, change: &FileChange) {
        let style = match change {
            FileChange::Added => GREEN,
            FileChange::Removed => RED,
            FileChange::Lines(_) | FileChange::Hidden(_) => DIM,
        };
        match change {
            FileChange::Lines(lines) if !lines.is_empty() => {
                lines.iter().for_each(|line| self.diff_line(line));
            }
            other => self.line(style, &format!("  {}", change_word(other))),
        }
    }

    fn diff_line(&mut self, Line { sign, text }: &Line) {
        match sign {
            Sign::Context => self.line("", format!("    {text}").trim_end()),
            Sign::Removed => self.line(RED, &format!("  - {text}")),
            Sign::Added => self.line(GREEN, &format!("  + {text}")),
            Sign::Gap => self.line(DIM, "  ..."),
        }
    }
}

/// What differs in a file, where no lines are shown.
pub(super) fn change_word(change: &FileChange) -> &'static str {
    match change {
        FileChange::Added => "+ new file",
        FileChange::Removed => "- file is gone",
        FileChange::Lines(_) => "line breaks differ",
        FileChange::Hidden(Hidden::Secret) => "a Secret differs; its values are not shown",
        FileChange::Hidden(Hidden::Binary) => "a file that is no text differs",
        FileChange::Hidden(Hidden::TooLarge) => "differs; too large to show",
        FileChange::Hidden(Hidden::Mode) => "may be executed, or no longer",
        FileChange::Hidden(Hidden::Unread) => "differs; could not be read",
    }
}

/// How much is fetched.
pub(super) fn fetched(fetch: Fetch) -> String {
    let Fetch { n_objects, n_bytes } = fetch;
    let objects = match n_objects {
        1 => "1 distinct file or folder".to_owned(),
        n => format!("{n} distinct files and folders"),
    };
    format!("to fetch: {} before compression, in {objects}", size(n_bytes))
}

/// A number of bytes as people read it.
fn size(n_bytes: u64) -> String {
    let units = [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.iter().find(|(bytes, _)| n_bytes >= *bytes);
    unit.map_or_else(
        || format!("{n_bytes} bytes"),
        |(bytes, name)| format!("{:.1} {name}", n_bytes as f64 / *bytes as f64),
    )
}

/// The first difference of a file names it.
pub(super) fn heading(group: &Group, is_first: bool) -> String {
    let Group { clusters, path, n_variants, .. } = group;
    if *n_variants > 1 {
        let on = named(clusters);
        return format!("{on}: {path}, one of {n_variants} variants:");
    }
    match (is_first, clusters.n) {
        (true, _) => format!("{}: {path}", named(clusters)),
        (false, 1) => format!("1 differs ({}):", listed(clusters)),
        (false, n) => format!("{n} differ ({}):", listed(clusters)),
    }
}

/// What stands in files and names may not steer a terminal.
pub(super) fn safe(text: &str) -> String {
    let is_unsafe = |c: char| c.is_control() && c != '\t';
    if !text.contains(is_unsafe) {
        return text.to_owned();
    }
    let escape =
        |c: char| if is_unsafe(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}
