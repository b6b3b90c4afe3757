//! What a program printed, cut into documents.
//!
//! Each document becomes a text of its own, so that a mistake is shown in the object that it is
//! in, and a document that SOPS encrypted is kept as it is without keeping the others so.

use schema::objects::read_headers;
use schema::yaml::{Limits, Stream, parse};

use crate::fault::Fault;
use crate::{codes, fault};

/// One document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The text, without the marks around it.
    pub(crate) text: String,
    /// The text, parsed.
    pub(crate) stream: Stream,
    /// Its object, as `Deployment web`.
    pub(crate) object: Option<String>,
}

/// Cuts an output at its marks; what holds nothing but comments is left out.
///
/// A line that starts with `---` is always a mark: what stands in a block is indented.
pub(crate) fn documents(output: &str) -> Result<Vec<Document>, Fault> {
    let mut texts = vec![String::new()];
    for line in output.split_inclusive('\n') {
        let is_mark = line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty());
        match texts.last_mut() {
            Some(text) if !is_mark => text.push_str(line),
            _ => texts.push(String::new()),
        }
    }
    let read = texts.into_iter().map(document);
    read.filter(|one| !matches!(one, Ok(one) if one.stream.documents.is_empty())).collect()
}

fn document(text: String) -> Result<Document, Fault> {
    let stream = parse(&text, &Limits::TEMPLATE).map_err(|error| {
        let line = text[..error.at.min(text.len())].lines().count().max(1);
        let shown = text.lines().nth(line - 1).unwrap_or_default().trim().to_owned();
        Fault::new(&codes::BUILD_FAILED, format!("what was built is no YAML: {}", error.message))
            .hint(format!("it says `{}`", fault::shorten(&shown)))
    })?;
    let headers = read_headers(&text).unwrap_or_default();
    let object = headers.first().map(|header| format!("{} {}", header.kind, header.name));
    Ok(Document { text, stream, object })
}

impl Document {
    /// The text without its comments, in which nothing is filled.
    pub(crate) fn without_comments(&self) -> String {
        let (mut text, mut at) = (String::new(), 0);
        for comment in &self.stream.comments {
            text.push_str(&self.text[at..comment.start]);
            at = comment.end;
        }
        text + &self.text[at..]
    }
}
