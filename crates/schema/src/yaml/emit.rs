//! From a tree of values to YAML in the canonical form.
//!
//! In: a [`Value`]. Out: block style, indented by two spaces, a sequence at the indentation of
//! its key, strings plain where every reader takes them for strings, multi-line strings as
//! literal blocks, everything else in double quotes, one line break at the end. The text is a
//! function of the tree, so equal trees are equal bytes.
//!
//! The same rules serve the command line, the ledger and final manifests: [`write()`] walks a tree
//! whose leaves may be anything (a scalar that still has placeholders in it, for one) and leaves
//! the writing of a leaf to its [`Writer`]. Comments, anchors and tags do not exist here.

#[cfg(test)]
mod tests;
mod text;
mod value;

pub use text::{
    escape, fault_of_plain, is_printable, key, literal, needs_explicit_key, quote, stands_plain,
    starts_marker, string,
};
pub use value::{Form, Leaf, Mapping, Value};

/// What a collection is indented by.
pub const STEP: usize = 2;

/// A tree in the canonical form, with one line break at its end.
#[must_use]
pub fn emit(value: &Value) -> String {
    let mut writer = Plain(String::new());
    write(value, &mut writer);
    writer.0
}

/// Takes the text of a tree as it is written.
pub trait Writer<L> {
    /// Text that belongs to the structure.
    fn raw(&mut self, text: &str);

    /// A key, and the colon after it.
    fn key(&mut self, key: &L, indent: usize);

    /// A scalar that is no key; the lines of a literal block go to this indentation.
    fn leaf(&mut self, leaf: &L, indent: usize);

    /// A mapping that is not empty begins: its pairs are written next.
    fn begin(&mut self, _pairs: &[(L, Value<L>)], _indent: usize) {}

    /// A pair of the mapping begins; all but the first start a line.
    fn pair(&mut self, index: usize, indent: usize) {
        if index > 0 {
            self.raw(&line_at(indent));
        }
    }

    /// The mapping ends.
    fn end(&mut self) {}
}

/// A line break and the indentation of the line after it.
#[must_use]
pub fn line_at(indent: usize) -> String {
    format!("\n{:indent$}", "")
}

/// Writes a tree and the line break at its end.
pub fn write<L>(value: &Value<L>, writer: &mut impl Writer<L>) {
    match value {
        Value::Leaf(leaf) => writer.leaf(leaf, STEP),
        Value::Sequence(items) => sequence(items, 0, writer),
        Value::Mapping(mapping) => pairs(mapping.pairs(), 0, writer),
    }
    writer.raw("\n");
}

fn sequence<L>(items: &[Value<L>], indent: usize, writer: &mut impl Writer<L>) {
    if items.is_empty() {
        writer.raw("[]");
    }
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            writer.raw(&line_at(indent));
        }
        writer.raw("- ");
        match item {
            Value::Leaf(leaf) => writer.leaf(leaf, indent + STEP),
            Value::Sequence(items) => sequence(items, indent + STEP, writer),
            Value::Mapping(mapping) => pairs(mapping.pairs(), indent + STEP, writer),
        }
    }
}

fn pairs<L>(pairs: &[(L, Value<L>)], indent: usize, writer: &mut impl Writer<L>) {
    if pairs.is_empty() {
        writer.raw("{}");
        return;
    }
    writer.begin(pairs, indent);
    for (index, (key, value)) in pairs.iter().enumerate() {
        writer.pair(index, indent);
        writer.key(key, indent);
        after_key(value, indent, writer);
    }
    writer.end();
}

fn after_key<L>(value: &Value<L>, indent: usize, writer: &mut impl Writer<L>) {
    match value {
        Value::Leaf(leaf) => {
            writer.raw(" ");
            writer.leaf(leaf, indent + STEP);
        }
        Value::Sequence(items) if items.is_empty() => writer.raw(" []"),
        Value::Sequence(items) => {
            writer.raw(&line_at(indent));
            sequence(items, indent, writer);
        }
        Value::Mapping(mapping) if mapping.pairs().is_empty() => writer.raw(" {}"),
        Value::Mapping(mapping) => {
            writer.raw(&line_at(indent + STEP));
            pairs(mapping.pairs(), indent + STEP, writer);
        }
    }
}

struct Plain(String);

impl Writer<Leaf> for Plain {
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn key(&mut self, key: &Leaf, indent: usize) {
        self.0.push_str(&key.write_key(indent));
    }

    fn leaf(&mut self, leaf: &Leaf, indent: usize) {
        self.0.push_str(&leaf.write(indent));
    }
}
