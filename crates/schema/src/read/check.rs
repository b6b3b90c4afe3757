//! A document against the table of its kind.

use std::collections::HashMap;
use std::fmt;

use model::{Code, Diagnostic, FileId, ScalarKind, Span};

use super::MOST_MISTAKES;
use crate::codes::{
    ALIAS_IN_DOCUMENT, DUPLICATE_KEY, INVALID_VALUE, MISSING_FIELD, NOT_SUPPORTED_YET, NULL_VALUE,
    TAG_IN_DOCUMENT, UNKNOWN_FIELD, WRONG_TYPE,
};
use crate::nearest;
use crate::shape::syntax::Syntax;
use crate::shape::{Field, Form, Presence, Shape};
use crate::yaml::{Content, Node};

/// What a message is about.
#[derive(Clone, Copy)]
enum Named<'a> {
    Document,
    Field(&'a str),
    Item(&'a str),
}

impl Named<'_> {
    fn item(self) -> Self {
        match self {
            Self::Field(name) => Self::Item(name),
            other => other,
        }
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Field(name) | Self::Item(name)) = self else {
            return f.write_str("the document");
        };
        let shown: String = name.chars().take(80).collect();
        let of = if matches!(self, Self::Item(_)) { "an item of " } else { "" };
        write!(f, "{of}`{shown}`")
    }
}

/// The fields that every kind has besides its table's.
const ROOT_FIELDS: [&str; 2] = ["apiVersion", "kind"];

/// Walks a document and puts down what is wrong.
pub(super) struct Checker<'a> {
    file: FileId,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(file: FileId, found: &'a mut Vec<Diagnostic>) -> Self {
        Self { file, found }
    }

    /// Checks the root of a document.
    pub(super) fn document(&mut self, node: &Node, shape: &'static Shape, start: Span) {
        if self.is_plain(node) {
            self.fields(node, shape, &ROOT_FIELDS, start, Named::Document);
        }
    }

    /// Whether more would help nobody, and cost time with a file that is wrong throughout.
    fn is_full(&self) -> bool {
        self.found.len() >= MOST_MISTAKES
    }

    fn span(&self, node: &Node) -> Span {
        Span::new(self.file, node.range.start, node.range.end)
    }

    /// A node's place for a message about it as a whole: a collection is not marked to its end.
    fn short_span(&self, node: &Node) -> Span {
        let width = match node.content {
            Content::Scalar { .. } | Content::Alias(_) => node.range.len(),
            _ => node.range.len().min(1),
        };
        Span::new(self.file, node.range.start, node.range.start + width)
    }

    fn error(&mut self, code: &'static Code, at: Span, message: impl Into<String>) {
        self.found.push(Diagnostic::error(code, at, message));
    }

    fn error_hint(&mut self, code: &'static Code, at: Span, message: String, hint: String) {
        self.found.push(Diagnostic::error(code, at, message).hint(hint));
    }

    /// Refuses aliases, anchors and tags; whether the node is none of them.
    fn is_plain(&mut self, node: &Node) -> bool {
        if matches!(node.content, Content::Alias(_)) {
            let message = "aliases are not read in documents".to_owned();
            let hint = "write the value out here".to_owned();
            self.error_hint(&ALIAS_IN_DOCUMENT, self.span(node), message, hint);
            return false;
        }
        if node.anchor != 0 {
            let message = "anchors are not read in documents".to_owned();
            let hint = "remove the `&` and its name before this value".to_owned();
            self.error_hint(&ALIAS_IN_DOCUMENT, self.short_span(node), message, hint);
        }
        match node.tag.as_deref() {
            None | Some("!!str" | "!<tag:yaml.org,2002:str>") => {}
            Some(tag) => {
                let message = format!("the tag `{tag}` is not read in documents");
                let hint = "remove it; quotes make a string".to_owned();
                self.error_hint(&TAG_IN_DOCUMENT, self.short_span(node), message, hint);
            }
        }
        true
    }

    fn fields(
        &mut self,
        node: &Node,
        shape: &'static Shape,
        more: &[&str],
        at: Span,
        owner: Named<'_>,
    ) {
        let mut given: [Option<&Node>; 32] = [None; 32];
        for (name, key, value) in self.keys(node) {
            if self.is_full() {
                return;
            }
            if more.contains(&name) {
                self.is_plain(value);
                continue;
            }
            match shape.field(name) {
                Some((index, field)) => {
                    given[index] = Some(key);
                    self.field(field, key, value);
                }
                None => self.unknown_field(name, key, shape, more),
            }
        }
        for (index, field) in shape.fields.iter().enumerate() {
            if field.presence == Presence::Required && given[index].is_none() {
                self.missing(field, at, owner);
            }
        }
        if shape.one_of {
            self.exactly_one(node, shape, &given, at, owner);
        }
    }

    fn missing(&mut self, field: &Field, at: Span, owner: Named<'_>) {
        let message = format!("{owner} has no `{}`", field.name);
        let hint = match field.example {
            "" => format!("add `{}:`", field.name),
            example => format!("add a line as in `{}: {example}`", field.name),
        };
        self.error_hint(&MISSING_FIELD, at, message, hint);
    }

    fn exactly_one(
        &mut self,
        node: &Node,
        shape: &Shape,
        given: &[Option<&Node>],
        at: Span,
        owner: Named<'_>,
    ) {
        let mut keys: Vec<&Node> = given.iter().flatten().copied().collect();
        keys.sort_by_key(|key| key.range.start);
        match keys[..] {
            [_] => {}
            [first, second, ..] => {
                let message = format!("{owner} takes only one of its fields");
                let diagnostic = Diagnostic::error(&INVALID_VALUE, self.span(second), message)
                    .label(self.span(first), "the other is here")
                    .hint("remove one of them");
                self.found.push(diagnostic);
            }
            // With an unknown field, that one is the mistake.
            [] if node.pairs().is_some_and(|pairs| !pairs.is_empty()) => {}
            [] => {
                let fields = shape.fields.iter().filter(|f| f.presence != Presence::NotYet);
                let names: Vec<String> = fields.map(|f| format!("`{}: {{}}`", f.name)).collect();
                let hint = format!("write {}", names.join(" or "));
                self.error_hint(&MISSING_FIELD, at, format!("{owner} says nothing"), hint);
            }
        }
    }

    fn unknown_field(&mut self, name: &str, key: &Node, shape: &Shape, more: &[&str]) {
        let shown: String = name.chars().take(80).collect();
        let known = shape.fields.iter().map(|field| field.name).chain(more.iter().copied());
        let diagnostic =
            Diagnostic::error(&UNKNOWN_FIELD, self.span(key), format!("unknown field `{shown}`"));
        self.found.push(match nearest::hint(name, known) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        });
    }

    /// The keys of a mapping that are texts and stand for the first time; the others are told.
    fn keys<'n>(&mut self, node: &'n Node) -> Vec<(&'n str, &'n Node, &'n Node)> {
        let pairs = node.pairs().unwrap_or_default();
        let mut keys: Vec<(&str, &Node, &Node)> = Vec::with_capacity(pairs.len());
        let mut seen: HashMap<&str, &Node> = HashMap::new();
        for (key, value) in pairs {
            if self.is_full() {
                break;
            }
            if !self.is_plain(key) {
                continue;
            }
            let Some(name) = key.as_str() else {
                self.error(&WRONG_TYPE, self.short_span(key), "a key must be a text");
                continue;
            };
            if name == "<<" {
                let message = "merge keys are not read in documents".to_owned();
                let hint = "write the values out here".to_owned();
                self.error_hint(&ALIAS_IN_DOCUMENT, self.span(key), message, hint);
                continue;
            }
            // A handful of keys is compared faster than hashed.
            let first = match pairs.len() {
                0..=8 => keys.iter().find(|(other, ..)| *other == name).map(|(_, key, _)| *key),
                _ => seen.insert(name, key),
            };
            match first {
                None => keys.push((name, key, value)),
                Some(first) => self.duplicate(name, key, first),
            }
        }
        keys
    }

    fn duplicate(&mut self, name: &str, key: &Node, first: &Node) {
        let shown: String = name.chars().take(80).collect();
        let diagnostic = Diagnostic::error(
            &DUPLICATE_KEY,
            self.span(key),
            format!("the key `{shown}` stands twice in this mapping"),
        );
        let diagnostic = diagnostic.label(self.span(first), "first here").hint("keep one of them");
        self.found.push(diagnostic);
    }

    fn field(&mut self, field: &'static Field, key: &Node, value: &Node) {
        if field.presence == Presence::NotYet {
            let message = format!("`{}` is not supported yet", field.name);
            self.error(&NOT_SUPPORTED_YET, self.span(key), message);
            return;
        }
        self.value(&field.form, value, Named::Field(field.name), self.span(key));
    }

    /// Checks a value. `name` is the key it belongs to, `at` the place of that key.
    fn value(&mut self, form: &'static Form, node: &Node, name: Named<'_>, at: Span) {
        if !self.is_plain(node) {
            return;
        }
        match form {
            Form::Text(syntax) => self.text(syntax, node, name),
            Form::Loose(syntax) => {
                if let Some(text) = self.scalar(form, node, name) {
                    self.syntax(syntax, text, node);
                }
            }
            Form::Scalar => {
                self.scalar(form, node, name);
            }
            Form::Integer(known) => self.integer(known, node, name),
            Form::Flag => {
                if node.scalar_kind() != Some(ScalarKind::Boolean) {
                    self.wrong_type(form, node, name);
                }
            }
            Form::Object(shape) => self.object(form, shape, node, name, at),
            Form::List(item) => self.list(form, item, node, name),
            Form::WordOr(word, other) => {
                if node.as_str() != Some(*word) {
                    self.word_or(form, word, other, node, name, at);
                }
            }
            Form::Pairs { key, value } => self.pairs(form, key, value, node, name),
        }
    }

    fn object(
        &mut self,
        form: &Form,
        shape: &'static Shape,
        node: &Node,
        name: Named<'_>,
        at: Span,
    ) {
        if node.pairs().is_some() || node.is_null() {
            self.fields(node, shape, &[], at, name);
        } else {
            self.wrong_type(form, node, name);
        }
    }

    fn list(&mut self, form: &Form, item: &'static Form, node: &Node, name: Named<'_>) {
        let Some(items) = node.items() else {
            if !node.is_null() {
                self.wrong_type(form, node, name);
            }
            return;
        };
        for node in items {
            if self.is_full() {
                return;
            }
            let at = self.short_span(node);
            self.value(item, node, name.item(), at);
        }
    }

    fn word_or(
        &mut self,
        form: &Form,
        word: &str,
        other: &'static Form,
        node: &Node,
        name: Named<'_>,
        at: Span,
    ) {
        match node.as_str().filter(|_| !node.is_null()) {
            Some(_) => self.wrong_type(form, node, name),
            None if node.is_null() && word == "any" => {
                self.null(node, name, "write `any`, or the values it may have");
            }
            None if node.pairs().is_some() => self.wrong_type(form, node, name),
            None => self.value(other, node, name, at),
        }
    }

    fn pairs(
        &mut self,
        form: &Form,
        key_syntax: &'static Syntax,
        value_form: &'static Form,
        node: &Node,
        name: Named<'_>,
    ) {
        if node.pairs().is_none() && !node.is_null() {
            self.wrong_type(form, node, name);
            return;
        }
        for (name, key, value) in self.keys(node) {
            if self.is_full() {
                return;
            }
            self.syntax(key_syntax, name, key);
            self.value(value_form, value, Named::Field(name), self.span(key));
        }
    }

    fn text(&mut self, syntax: &'static Syntax, node: &Node, name: Named<'_>) {
        match node.scalar_kind() {
            Some(ScalarKind::String) => self.syntax(syntax, node.as_str().unwrap_or(""), node),
            Some(ScalarKind::Null) => self.null(node, name, &null_hint(syntax)),
            _ => self.wrong_type(&Form::Text(syntax), node, name),
        }
    }

    fn scalar<'n>(&mut self, form: &Form, node: &'n Node, name: Named<'_>) -> Option<&'n str> {
        match node.scalar_kind() {
            None => self.wrong_type(form, node, name),
            Some(ScalarKind::Null) => match form {
                Form::Loose(syntax) => self.null(node, name, &null_hint(syntax)),
                _ => self.null(node, name, EMPTY_TEXT),
            },
            Some(_) => return node.as_str(),
        }
        None
    }

    fn null(&mut self, node: &Node, name: Named<'_>, hint: &str) {
        self.error_hint(&NULL_VALUE, self.span(node), format!("{name} has no value"), hint.into());
    }

    fn integer(&mut self, known: &[u32], node: &Node, name: Named<'_>) {
        let number = node.as_str().filter(|_| node.scalar_kind() == Some(ScalarKind::Integer));
        let Some(number) = number else {
            self.wrong_type(&Form::Integer(&[]), node, name);
            return;
        };
        let right = |number: u32| known.is_empty() || known.contains(&number);
        if number.parse::<u32>().is_ok_and(right) {
            return;
        }
        let shown: String = number.chars().take(80).collect();
        let words: Vec<String> = known.iter().map(|n| format!("`{n}`")).collect();
        let (message, hint) = match known.is_empty() {
            true => {
                let hint = "write decimal digits, from 0".to_owned();
                (format!("{name} cannot be `{shown}`"), hint)
            }
            false => {
                let hint = format!("this version knows {}", words.join(", "));
                (format!("there is no {name} `{shown}`"), hint)
            }
        };
        self.error_hint(&INVALID_VALUE, self.span(node), message, hint);
    }

    fn syntax(&mut self, syntax: &'static Syntax, text: &str, node: &Node) {
        if let Err(fault) = (syntax.check)(text) {
            let diagnostic = Diagnostic::error(fault.code, self.span(node), fault.message);
            self.found.push(match fault.hint {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            });
        }
    }

    fn wrong_type(&mut self, form: &Form, node: &Node, name: Named<'_>) {
        let found = match &node.content {
            Content::Scalar { text, .. } => {
                let shown: String = text.chars().take(80).collect();
                let word = node.scalar_kind().unwrap_or(ScalarKind::String).word();
                format!("the {word} `{}`", shown.escape_debug())
            }
            Content::Sequence { .. } => "a list".to_owned(),
            Content::Mapping { .. } => "a mapping".to_owned(),
            Content::Alias(_) => "an alias".to_owned(),
        };
        let message = format!("{name} takes {}, not {found}", form.word());
        let diagnostic = Diagnostic::error(&WRONG_TYPE, self.short_span(node), message);
        self.found.push(match type_hint(form, node) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        });
    }
}

const EMPTY_TEXT: &str = "write `\"\"` for an empty text, or remove the key";

/// What to write instead of nothing: an empty text, where the syntax allows one.
fn null_hint(syntax: &Syntax) -> String {
    match (syntax.check)("") {
        Ok(()) => EMPTY_TEXT.to_owned(),
        Err(fault) => fault.hint.unwrap_or_else(|| "write a value, or remove the key".to_owned()),
    }
}

fn type_hint(form: &Form, node: &Node) -> Option<String> {
    let Some(text) = node.as_str() else {
        return matches!(form, Form::Scalar | Form::Loose(_))
            .then(|| "values are flat: give each part a key of its own".to_owned());
    };
    let shown: String = text.chars().take(80).collect();
    match form {
        Form::Text(_) => Some(format!("write it in quotes: `\"{shown}\"`")),
        Form::List(_) if !text.is_empty() => Some(format!("write `[{shown}]`")),
        Form::Flag => Some(match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => "write `true`".to_owned(),
            "false" | "no" | "off" => "write `false`".to_owned(),
            _ => "write `true` or `false`".to_owned(),
        }),
        Form::Integer(_) => Some("write decimal digits, without quotes".to_owned()),
        _ => None,
    }
}
