//! A preview as a comment on a change, in Markdown.
//!
//! At most [`MOST_CHARACTERS`] long, since forges cut or refuse longer comments (GitHub at 65,536).
//! What does not fit is counted and never left out silently. Whatever stands in files, names and
//! values is text: it cannot open or close a fence, an element or a link.

use std::fmt::Write as _;

use model::EffectKind;

use super::lists::{self, Item};
use super::text::{change_word, fetched, heading, safe};
use super::{FileChange, Group, Line, Preview, Sign};
use crate::step::count;

/// The length that is never exceeded, in characters.
pub(super) const MOST_CHARACTERS: usize = 60_000;

/// How long each list before the files may be.
const MOST_OF_LIST: usize = 4_800;

/// How many lines of one difference are shown, and how long each.
const MOST_LINES: usize = 80;
const LONGEST_LINE: usize = 400;

/// How many lines are shown below an entry of a list.
const MOST_DETAILS: usize = 5;

/// How long the command may be.
const LONGEST_COMMAND: usize = 60;

/// What is kept free for the sentence that says what does not fit.
const RESERVE: usize = 700;

pub(super) fn write(preview: &Preview, command: &str) -> String {
    let mut page = Page { text: String::new(), n_characters: 0 };
    page.push(&format!("### {}\n\n", headline(preview)));
    for (title, items) in lists::of(preview) {
        page.list(title, &items, command);
    }
    page.groups(&preview.groups, command);
    if preview.fetch.n_objects > 0 {
        page.push(&format!("\n{}.\n", escape(&fetched(preview.fetch))));
    }
    page.text
}

fn headline(preview: &Preview) -> String {
    if preview.is_empty() {
        return "Nothing changes for any cluster".to_owned();
    }
    let changed = count(preview.n_clusters_changed, "cluster");
    let restarts = preview.effects.iter().filter(|one| one.effect.kind == EffectKind::Restart);
    let mut parts = vec![format!("{changed} would change")];
    let mut add = |n: usize, noun: &str| {
        if n > 0 {
            parts.push(count(n, noun));
        }
    };
    add(preview.brakes.len(), "brake");
    add(preview.deleted.len(), "deleted object");
    add(restarts.count(), "restarting workload");
    parts.join(", ")
}

struct Page {
    text: String,
    n_characters: usize,
}

impl Page {
    fn push(&mut self, text: &str) {
        self.n_characters += text.chars().count();
        self.text.push_str(text);
    }

    fn list(&mut self, title: &str, items: &[Item], command: &str) {
        if items.is_empty() {
            return;
        }
        self.push(&format!("**{}**\n\n", capital(title)));
        let start = self.n_characters;
        for (index, item) in items.iter().enumerate() {
            let lines = lines_of(item);
            let n_characters = self.n_characters - start + lines.chars().count();
            if n_characters > MOST_OF_LIST - RESERVE {
                self.more(&items[index..], command);
                break;
            }
            self.push(&lines);
        }
        self.push("\n");
    }

    /// Says what does not fit.
    fn more(&mut self, left: &[Item], command: &str) {
        let n = count(left.len(), "more line");
        let n_clusters = left.iter().map(|item| item.n_clusters).max().unwrap_or(0);
        let on = count(n_clusters, "cluster");
        let command = escape(&shortened(command, LONGEST_COMMAND));
        self.push(&format!("- **{n}** about up to {on}: run <code>{command}</code> to see them\n"));
    }

    fn groups(&mut self, groups: &[Group], command: &str) {
        if groups.is_empty() {
            return;
        }
        self.push("**Files**\n\n");
        for (index, group) in groups.iter().enumerate() {
            let block = block(group);
            if self.n_characters + block.chars().count() > MOST_CHARACTERS - RESERVE {
                return self.more_groups(&groups[index..], command);
            }
            self.push(&block);
        }
    }

    fn more_groups(&mut self, left: &[Group], command: &str) {
        let n_files: usize = left.iter().map(|group| group.clusters.n).sum();
        let (n, on) = (count(left.len(), "more group"), count(n_files, "changed file"));
        let command = escape(&shortened(command, LONGEST_COMMAND));
        let files = format!("\n**{n}**, {on}: run <code>{command}</code> to see them.\n");
        self.push(&files);
    }
}

/// An entry of a list with what is said about it below.
fn lines_of(item: &Item) -> String {
    let mut lines = format!("- {}\n", escape(&shortened(&item.text, LONGEST_LINE)));
    for detail in item.details.iter().take(MOST_DETAILS) {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "  - {}", escape(&shortened(detail, LONGEST_LINE)));
    }
    if item.details.len() > MOST_DETAILS {
        let _ = writeln!(lines, "  - {}", count(item.details.len() - MOST_DETAILS, "more line"));
    }
    lines
}

/// One group, folded.
fn block(group: &Group) -> String {
    let heading = escape(&shortened(&heading(group, true), LONGEST_LINE));
    let mut block = format!("<details><summary>{heading}</summary>\n\n");
    for line in lists::notes(group) {
        // Writing to a string cannot fail.
        let _ = writeln!(block, "- {}", escape(&shortened(&line, LONGEST_LINE)));
    }
    block.push('\n');
    match &group.change {
        FileChange::Lines(lines) if !lines.is_empty() => block.push_str(&fenced(lines)),
        other => {
            let _ = writeln!(block, "{}", escape(change_word(other)));
        }
    }
    block.push_str("\n</details>\n");
    block
}

fn fenced(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines.iter().take(MOST_LINES) {
        let content = shortened(&safe(&line.text), LONGEST_LINE);
        let _ = match line.sign {
            Sign::Context => writeln!(text, "  {content}"),
            Sign::Removed => writeln!(text, "- {content}"),
            Sign::Added => writeln!(text, "+ {content}"),
            Sign::Gap => writeln!(text, "@@ ... @@"),
        };
    }
    if lines.len() > MOST_LINES {
        let _ = writeln!(text, "@@ {} @@", count(lines.len() - MOST_LINES, "more line"));
    }
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}diff\n{text}{fence}\n")
}

/// The longest run of backticks, which a fence must exceed.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A text that fits, with its end cut off honestly.
fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit).collect();
    format!("{kept} ...")
}

/// A text of one line as Markdown that shows exactly it. A comment after `@` keeps forges from
/// taking it for a person.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in safe(text).char_indices() {
        match c {
            // What stands first could begin a list, a heading or a quotation.
            c if at == 0 && c.is_ascii() && !c.is_ascii_alphabetic() => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "&#{};", c as u32);
            }
            '@' => escaped.push_str("&#64;<!-- -->"),
            ' ' | '.' | ',' | '/' | '-' | ':' | ';' | '(' | ')' | '=' | '%' => escaped.push(c),
            c if c.is_ascii_punctuation() || c == '\t' => {
                let _ = write!(escaped, "&#{};", c as u32);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

fn capital(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
