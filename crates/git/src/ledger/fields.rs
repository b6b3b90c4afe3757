//! One mapping of a ledger file, read strictly.
//!
//! In: a text that holds one YAML mapping. Out: the values of its fields, each asked for once;
//! a field that nobody asked for, or that stands twice, is an error.

use std::str::FromStr;

use schema::yaml::{self, Content, Limits, Node, Style};

/// The fields of one mapping.
pub(super) struct Fields<'a> {
    pairs: Vec<(&'a str, &'a Node)>,
}

/// What is wrong with a file, in words.
pub(super) type Fault = String;

/// Parses a text and hands its only mapping to `read`, which must ask for every field.
pub(super) fn read_mapping<T>(
    text: &str,
    read: impl FnOnce(&mut Fields<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let stream = yaml::parse(text, &Limits::INVENTORY).map_err(|error| error.to_string())?;
    let [document] = stream.documents.as_slice() else {
        return Err(format!("it holds {} documents", stream.documents.len()));
    };
    Fields::of(document)?.finish(read)
}

impl<'a> Fields<'a> {
    fn of(node: &'a Node) -> Result<Self, Fault> {
        let pairs = node.pairs().ok_or("a mapping was expected")?;
        let mut fields = Self { pairs: Vec::with_capacity(pairs.len()) };
        for (key, value) in pairs {
            let key = key.as_str().ok_or("a field has no name")?;
            if fields.pairs.iter().any(|(other, _)| *other == key) {
                return Err(format!("the field `{key}` stands twice"));
            }
            fields.pairs.push((key, value));
        }
        Ok(fields)
    }

    fn finish<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let value = read(&mut self)?;
        match self.pairs.first() {
            Some((key, _)) => Err(format!("the field `{key}` is unknown")),
            None => Ok(value),
        }
    }

    fn take(&mut self, key: &str) -> Option<&'a Node> {
        let index = self.pairs.iter().position(|(name, _)| *name == key)?;
        Some(self.pairs.swap_remove(index).1)
    }

    fn require(&mut self, key: &str) -> Result<&'a Node, Fault> {
        self.take(key).ok_or_else(|| format!("the field `{key}` is missing"))
    }

    /// A scalar.
    pub(super) fn text(&mut self, key: &str) -> Result<&'a str, Fault> {
        scalar(key, self.require(key)?)
    }

    /// A scalar that may be left out.
    pub(super) fn optional_text(&mut self, key: &str) -> Result<Option<&'a str>, Fault> {
        self.take(key).map(|node| scalar(key, node)).transpose()
    }

    /// A scalar that another type reads.
    pub(super) fn parse<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
    ) -> Result<T, Fault> {
        parse(key, self.text(key)?)
    }

    /// The same, which may be left out.
    pub(super) fn optional<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &str,
    ) -> Result<Option<T>, Fault> {
        self.optional_text(key)?.map(|text| parse(key, text)).transpose()
    }

    /// A whole number, in decimal digits without a sign.
    pub(super) fn number(&mut self, key: &str) -> Result<u32, Fault> {
        number(self.text(key)?).ok_or_else(|| format!("the field `{key}` is no number"))
    }

    /// A mapping.
    pub(super) fn mapping<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Fields<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        Fields::of(self.require(key)?)?.finish(read)
    }

    /// A sequence of mappings; none if the field is left out.
    pub(super) fn mappings<T>(
        &mut self,
        key: &str,
        read: impl Fn(&mut Fields<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let Some(node) = self.take(key) else { return Ok(Vec::new()) };
        let items = node.items().ok_or_else(|| format!("the field `{key}` is no list"))?;
        items.iter().map(|item| Fields::of(item)?.finish(&read)).collect()
    }
}

fn scalar<'a>(key: &str, node: &'a Node) -> Result<&'a str, Fault> {
    match &node.content {
        Content::Scalar { text, style } if *style != Style::Plain || !text.is_empty() => Ok(text),
        _ => Err(format!("the field `{key}` has no value")),
    }
}

fn parse<T: FromStr<Err: std::fmt::Display>>(key: &str, text: &str) -> Result<T, Fault> {
    text.parse().map_err(|error| format!("the field `{key}`: {error}"))
}

/// A whole number in its only form: digits without a sign or leading zeros.
pub(super) fn number(text: &str) -> Option<u32> {
    let canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| canonical)
}
