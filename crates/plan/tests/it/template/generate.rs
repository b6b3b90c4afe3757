//! Random templates and values.

use proptest::prelude::*;
use proptest::sample::select;

use model::{Scalar, ScalarKind};

/// A node of a template.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Scalar(Text),
    Sequence(bool, Vec<Tree>),
    Mapping(bool, Vec<(Text, Tree)>),
}

/// A scalar: how it is written, and its lines.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    style: usize,
    lines: Vec<String>,
    comment: Option<String>,
}

/// A YAML text with placeholders in all places; not every one is a template that is accepted.
pub(crate) fn template() -> impl Strategy<Value = String> {
    (tree(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(tree, crlf, bom, end)| {
        let mut text = tree.write_root();
        if !end {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if bom { format!("\u{feff}{text}") } else { text }
    })
}

/// Values that someone could write to break a template.
pub(crate) fn values() -> impl Strategy<Value = Vec<Scalar>> {
    prop::collection::vec(prop_oneof![3 => nasty(), 2 => harmless()], 4)
}

fn nasty() -> impl Strategy<Value = Scalar> {
    let listed = select(NASTY).prop_map(str::to_owned);
    let made = prop::collection::vec(select(PIECES), 0..5).prop_map(|pieces| pieces.concat());
    let long = (select(PIECES), 200..1200_usize).prop_map(|(piece, n)| piece.repeat(n));
    let text = prop_oneof![6 => listed, 6 => made, 1 => long, 2 => any::<String>()];
    (text, any::<bool>()).prop_map(|(text, quoted)| scalar(&text, quoted))
}

fn harmless() -> impl Strategy<Value = Scalar> {
    select(&["x", "store", "a b", "3", "1.10", "true", "10.0.0.1:80"][..])
        .prop_map(|text| scalar(text, false))
}

fn scalar(text: &str, quoted: bool) -> Scalar {
    let kind = if quoted { ScalarKind::String } else { schema::yaml::kind_of(text) };
    Scalar { text: text.into(), kind }
}

const NASTY: &[&str] = &[
    "",
    " ",
    "  ",
    "~",
    "null",
    "Null",
    "yes",
    "no",
    "on",
    "y",
    "N",
    "true",
    "False",
    "=",
    "<<",
    "---",
    "...",
    "--- x",
    "-",
    "- x",
    "?",
    "? x",
    ":",
    ": x",
    "x:",
    "x: y",
    "x :y",
    " #",
    "x #y",
    "#x",
    "x#",
    "'",
    "''",
    "\"",
    "\\",
    "\\n",
    "\n",
    "a\nb",
    "a\n  b\n",
    "\r",
    "\r\n",
    "\t",
    "\tx",
    "x\t",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{0}",
    "\u{7f}",
    "\u{a0}",
    "\u{1b}[31m",
    "é",
    "日本",
    "😀",
    "[",
    "]",
    "{",
    "}",
    "{a: b}",
    "[a, b]",
    ",",
    "a,b",
    "&a",
    "*a",
    "!a",
    "!!int 3",
    "|",
    ">",
    "|-",
    "%",
    "%YAML 1.1",
    "@",
    "`",
    "0644",
    "0x1F",
    "0o17",
    "1_000",
    "1e3",
    "1E+5",
    ".5",
    ".inf",
    "-.INF",
    ".nan",
    "+1",
    "-0",
    "1:30",
    "12:30:45",
    "2024-01-01",
    "2024-01-01T00:00:00Z",
    "0b1",
    "1.2.3",
    "1_0e-3",
    "rea.cluster.k0",
    "rea..cluster.k0",
    "${x}",
    "a: [b, {c",
    "k0",
    "a",
    "b",
    " x",
    "x ",
    " x ",
    "0",
    "1.10",
    "x?y",
    "a ? b",
    "a:b",
    "http://x/?q=1",
];

const PIECES: &[&str] = &[
    "a",
    "b",
    " ",
    "  ",
    ":",
    ": ",
    "#",
    " #",
    "'",
    "\"",
    "\\",
    "-",
    "- ",
    "---",
    ".",
    "\n",
    "\t",
    ",",
    "[",
    "]",
    "{",
    "}",
    "?",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "0",
    "1",
    "x",
    "_",
    "e",
    "é",
    "=",
    "<",
    "~",
    "rea.cluster.k1",
    "\r",
    "\u{85}",
];

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = text().prop_map(Tree::Scalar);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            2 => (any::<bool>(), prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(flow, items)| Tree::Sequence(flow, items)),
            3 => (any::<bool>(), prop::collection::vec((text(), inner), 0..4))
                .prop_map(|(flow, pairs)| Tree::Mapping(flow, pairs)),
        ]
    })
}

fn text() -> impl Strategy<Value = Text> {
    let hole =
        select(&["rea.cluster.k0", "rea.cluster.k1", "rea.application.k2", "rea.namespace.k3"][..]);
    let word = select(
        &[
            "a",
            "b",
            " ",
            "  ",
            "x y",
            ".",
            "-",
            "'",
            "\"",
            "\\",
            "\\n",
            "\\x20",
            ":",
            "/",
            "http://",
            "1",
            "0x",
            "#",
            "é",
            "rea..cluster.k0",
            ",",
            "\t",
            "- ",
            "_",
            "~",
            "y",
            "e5",
        ][..],
    );
    let part = prop_oneof![2 => hole.clone(), 3 => word];
    let line = prop_oneof![
        1 => hole.prop_map(str::to_owned),
        2 => prop::collection::vec(part, 1..4).prop_map(|parts| parts.concat()),
    ];
    let lines = prop_oneof![
        3 => line.clone().prop_map(|line| vec![line]),
        1 => prop::collection::vec(prop_oneof![4 => line.clone(), 1 => Just(String::new())], 1..4),
    ];
    let comment = prop_oneof![6 => Just(None), 1 => line.prop_map(Some)];
    (0..7_usize, lines, comment).prop_map(|(style, lines, comment)| Text { style, lines, comment })
}

impl Text {
    /// The scalar between brackets or as a key: in one line.
    fn inline(&self) -> String {
        let line = &self.lines[0];
        match self.style {
            0..=2 => line.clone(),
            3 | 5 => format!("'{}'", line.replace('\'', "''")),
            _ => format!("\"{}\"", line.replace('"', "\\\"")),
        }
    }

    /// The scalar as a value whose lines go to this indentation, to the end of its line.
    fn block(&self, indent: usize) -> String {
        let pad = format!("\n{:indent$}", "");
        let joined = self.lines.join(&pad);
        let comment = self.comment.as_ref().map(|text| format!(" # {text}")).unwrap_or_default();
        match self.style {
            0..=2 => format!("{joined}{comment}\n"),
            3 => format!("'{}'{comment}\n", joined.replace('\'', "''")),
            4 => format!("\"{}\"{comment}\n", joined.replace('"', "\\\"")),
            5 => format!("|{comment}{pad}{joined}\n"),
            _ => format!(">{}{comment}{pad}{joined}\n", ["", "-", "+"][self.lines.len() % 3]),
        }
    }
}

impl Tree {
    fn write_root(&self) -> String {
        match self {
            Self::Scalar(text) => text.block(0),
            _ => self.write(0),
        }
    }

    /// The node as lines at this indentation.
    pub(crate) fn write(&self, indent: usize) -> String {
        let pad = format!("{:indent$}", "");
        match self {
            Self::Scalar(text) => format!("{pad}{}", text.block(indent + 1)),
            Self::Sequence(false, items) if !items.is_empty() => items
                .iter()
                .map(|item| match item {
                    Self::Scalar(text) => format!("{pad}- {}", text.block(indent + 2)),
                    _ => format!("{pad}-\n{}", item.write(indent + 2)),
                })
                .collect(),
            Self::Mapping(false, pairs) if !pairs.is_empty() => pairs
                .iter()
                .map(|(key, value)| match value {
                    Self::Scalar(text) => {
                        format!("{pad}{}: {}", key.inline(), text.block(indent + 2))
                    }
                    _ => format!("{pad}{}:\n{}", key.inline(), value.write(indent + 2)),
                })
                .collect(),
            _ => format!("{pad}{}\n", self.inline()),
        }
    }

    fn inline(&self) -> String {
        match self {
            Self::Scalar(text) => text.inline(),
            Self::Sequence(_, items) => {
                let items: Vec<_> = items.iter().map(Self::inline).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Mapping(_, pairs) => {
                let pairs = pairs.iter().map(|(k, v)| format!("{}: {}", k.inline(), v.inline()));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}
