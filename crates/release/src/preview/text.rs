//! A preview for people: what cannot be undone first, then what restarts, then the rest.
//!
//! ```text
//! deleted:
//!   - ConfigMap shop/till of application till on west-1
//! restarts:
//!   ~ Deployment shop/web on 39 clusters (central-a, central-b, ...): container web: image ...
//! files:
//! 37 clusters (central-a, central-b, ...): web/deployment-web.yaml
//!     spec:
//!   -   image: web:1
//!   +   image: web:2
//! 2 differ (east-a, east-b):
//!   -   image: web:0
//!   +   image: web:2
//! ```

use std::collections::HashMap;
use std::fmt::Write as _;

use model::EffectKind;

use super::{
    BindingChange, Brake, Clusters, EffectCount, Fetch, FileChange, Group, Hidden, Line,
    NamespaceCount, Preview, Sign,
};
use crate::held::Part;
use crate::step::count;

/// Up to so many clusters are all named.
const NAMED: usize = 3;

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
    page.brakes(&preview.brakes);
    page.deletions(preview);
    for (title, kinds) in EFFECTS {
        page.effects(title, kinds, &preview.effects);
    }
    page.placement(preview);
    page.creations(preview);
    page.files(&preview.groups, limit);
    page.fetch(preview.fetch);
    page.text
}

/// The sections of effects, the gravest first.
pub(super) const EFFECTS: &[(&str, &[EffectKind])] = &[
    ("restarts", &[EffectKind::Restart]),
    ("refused by Kubernetes in place", &[EffectKind::Immutable]),
    ("definitions that change", &[EffectKind::Definition]),
    ("volumes that change", &[EffectKind::Volume]),
    ("takes effect with the next run", &[EffectKind::NextRun]),
    ("data (restarts nothing by itself)", &[EffectKind::Data]),
];

impl Page {
    fn line(&mut self, style: &str, text: &str) {
        let text = safe(text);
        let _ = match self.color && !style.is_empty() {
            true => writeln!(self.text, "{style}{text}{RESET}"),
            false => writeln!(self.text, "{text}"),
        };
    }

    fn section(&mut self, title: &str) {
        self.line(BOLD, &format!("{title}:"));
    }

    fn brakes(&mut self, brakes: &[Brake]) {
        for (index, Brake { reason, parts }) in brakes.iter().enumerate() {
            if index == 0 {
                self.section("a release would be held");
            }
            self.line(RED, &format!("  ! {reason}"));
            for (part, clusters) in parts {
                self.line("", &format!("      {part} on {}", named(clusters)));
            }
        }
    }

    fn effects(&mut self, title: &str, kinds: &[EffectKind], effects: &[EffectCount]) {
        let mut effects = effects.iter().filter(|one| kinds.contains(&one.effect.kind)).peekable();
        if effects.peek().is_some() {
            self.section(title);
        }
        for one in effects {
            self.line("", &format!("  ~ {}", effect(one)));
        }
    }

    fn creations(&mut self, preview: &Preview) {
        if !preview.created.is_empty() {
            self.section("created");
        }
        for created in &preview.created {
            let (object, part, on) = (&created.object, &created.part, named(&created.clusters));
            self.line(GREEN, &format!("  + {object} of {part} on {on}"));
        }
    }

    fn fetch(&mut self, fetch: Fetch) {
        if fetch.n_objects > 0 {
            self.line(DIM, &fetched(fetch));
        }
    }

    fn placement(&mut self, preview: &Preview) {
        let start = self.text.len();
        self.clusters(preview);
        self.bindings(preview);
        if self.text.len() > start {
            let lines = self.text.split_off(start);
            self.section("placement");
            for line in lines.lines() {
                self.text.push_str(&format!("  {line}\n"));
            }
        }
    }

    fn clusters(&mut self, preview: &Preview) {
        let Preview { clusters_added, clusters_removed, clusters_renamed, .. } = preview;
        if clusters_added.n > 0 {
            self.line(GREEN, &format!("+ {} new", named(clusters_added)));
        }
        if clusters_removed.n > 0 {
            let text = format!("- {} gone; what runs there stays", named(clusters_removed));
            self.line(RED, &text);
        }
        for (before, after) in clusters_renamed {
            self.line("", &format!("~ cluster {before} is now {after}"));
        }
    }

    fn bindings(&mut self, preview: &Preview) {
        for BindingChange { application, clusters, .. } in &preview.bindings_added {
            self.line(GREEN, &format!("+ application {application} on {}", named(clusters)));
        }
        for BindingChange { application, clusters, .. } in &preview.bindings_removed {
            self.line(RED, &format!("- application {application} on {}", named(clusters)));
        }
        for change in &preview.bindings_renamed {
            let former = change.former.as_ref().map_or("", |name| name.as_str());
            let (name, on) = (&change.application, named(&change.clusters));
            self.line("", &format!("~ application {former} is now {name} on {on}"));
        }
        for BindingChange { application, clusters, faults, .. } in &preview.bindings_broken {
            let on = named(clusters);
            self.line(RED, &format!("! application {application} is broken on {on}"));
            faults.iter().for_each(|fault| self.line("", &format!("    {fault}")));
        }
        for BindingChange { application, clusters, .. } in &preview.bindings_mended {
            let on = named(clusters);
            self.line(GREEN, &format!("+ application {application} is mended on {on}"));
        }
        for NamespaceCount { namespace, clusters } in &preview.namespaces_added {
            self.line(GREEN, &format!("+ namespace {namespace} on {}", named(clusters)));
        }
        for NamespaceCount { namespace, clusters } in &preview.namespaces_removed {
            self.line(RED, &format!("- namespace {namespace} on {}", named(clusters)));
        }
    }

    fn deletions(&mut self, preview: &Preview) {
        if !preview.deleted.is_empty() || !preview.unread.is_empty() {
            self.section("deleted");
        }
        for deleted in &preview.deleted {
            let waits = if deleted.waits { "; waits for a confirmation" } else { "" };
            let (object, part, on) = (&deleted.object, &deleted.part, named(&deleted.clusters));
            self.line(RED, &format!("  - {object} of {part} on {on}{waits}"));
        }
        for (cause, clusters) in &preview.unread {
            let on = named(clusters);
            self.line(
                RED,
                &format!("  ! what would be deleted on {on} could not be read: {cause}"),
            );
        }
    }

    /// Groups in their order; those that differ in the same file follow the first of it.
    fn files(&mut self, groups: &[Group], limit: usize) {
        if !groups.is_empty() {
            self.section("files");
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
        match change {
            FileChange::Added => self.line(GREEN, "  + new file"),
            FileChange::Removed => self.line(RED, "  - file is gone"),
            FileChange::Hidden(hidden) => self.line(DIM, &format!("  {}", reason(*hidden))),
            FileChange::Lines(lines) if lines.is_empty() => {
                self.line(DIM, "  line breaks differ");
            }
            FileChange::Lines(lines) => lines.iter().for_each(|line| self.diff_line(line)),
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

/// An effect in one line.
pub(super) fn effect(one: &EffectCount) -> String {
    let EffectCount { effect, part, n_variants, clusters } = one;
    let details = match effect.details.as_slice() {
        [] => String::new(),
        details => format!(": {}", details.join("; ")),
    };
    let variants = match n_variants {
        0 | 1 => String::new(),
        n => format!(" (one of {n} variants)"),
    };
    format!("{} of {part} on {}{details}{variants}", effect.object, named(clusters))
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
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.iter().find(|(bytes, _)| n_bytes >= *bytes);
    unit.map_or_else(
        || format!("{n_bytes} bytes"),
        |(bytes, name)| format!("{:.1} {name}", n_bytes as f64 / *bytes as f64),
    )
}

pub(super) fn reason(hidden: Hidden) -> &'static str {
    match hidden {
        Hidden::Secret => "a Secret differs; its values are not shown",
        Hidden::Binary => "a file that is no text differs",
        Hidden::TooLarge => "differs; too large to show",
        Hidden::Mode => "may be executed, or no longer",
        Hidden::Unread => "differs; could not be read",
    }
}

/// The first difference of a file names it.
fn heading(group: &Group, is_first: bool) -> String {
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

/// `37 clusters (a, b, c, ...)`, or the names where they are few.
pub(super) fn named(clusters: &Clusters) -> String {
    match clusters.n {
        1 => listed(clusters),
        n => format!("{n} clusters ({})", listed(clusters)),
    }
}

fn listed(clusters: &Clusters) -> String {
    let mut names: Vec<&str> =
        clusters.names.iter().take(NAMED).map(|name| name.as_str()).collect();
    if clusters.n > names.len() {
        names.push("...");
    }
    names.join(", ")
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
