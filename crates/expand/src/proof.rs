//! Builds a template, and proves that what came out follows its placeholders.
//!
//! The rules, in this order:
//!
//! 1. Built again with every placeholder spelled differently, everything else comes out equal.
//!    Whatever is computed from a placeholder's text (a hash, an encoding, a cut, an order, the
//!    outcome of a comparison) is different then, or would be for some value.
//! 2. A placeholder comes out as itself: not glued to a letter, which would make another one.
//! 3. A placeholder that must come out does, at least once. It may come out more often, as a
//!    value does that a chart uses twice.
//!
//! What a chart compares *and* prints is not found if the comparison has the same outcome for
//! both spellings. Helm's results are built twice even without placeholders: what differs then is
//! random, or the time of day.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{ExpandedText, InputPlaceholder, Program};

use crate::build::{Builder, Output};
use crate::cache::Kept;
use crate::compare::{Difference, difference};
use crate::documents::Document;
use crate::fault::Fault;
use crate::marks::{Marked, is_glued, marked_name};
use crate::{ExpandError, codes, helm};

/// How many placeholders are looked at one by one to find the one that is at fault.
const MOST_SUSPECTS: usize = 32;

/// Builds a request.
pub(crate) fn build(builder: &Builder<'_>) -> Result<Kept, ExpandError> {
    let plain = match builder.run(Marked::None)? {
        Ok(plain) => plain,
        Err(fault) => return Ok(Err(fault)),
    };
    let request = builder.request;
    if request.placeholders.is_empty() && request.program == Program::Kustomize {
        return Ok(Ok(texts(builder, plain.documents)));
    }
    let marked = builder.run(Marked::All)?;
    Ok(match differs(&plain, &marked) {
        Some(found) => Err(explain(builder, &plain, &found)?),
        None => {
            let wrong = marked.ok().and_then(|marked| glued_or_dropped(builder, &marked));
            wrong.map_or_else(|| Ok(texts(builder, plain.documents)), Err)
        }
    })
}

/// How a build differs from the plain one; one that fails differs everywhere.
enum Found {
    At(Difference),
    Failed(Fault),
}

fn differs(plain: &Output, other: &Result<Output, Fault>) -> Option<Found> {
    match other {
        Ok(other) => difference(&plain.documents, &other.documents).map(Found::At),
        Err(fault) => Some(Found::Failed(fault.clone())),
    }
}

/// The fault behind a difference: the result is never the same, or it depends on a placeholder,
/// and then on which.
fn explain(builder: &Builder<'_>, plain: &Output, found: &Found) -> Result<Fault, ExpandError> {
    let again = builder.run(Marked::None)?;
    if let Some(found) = differs(plain, &again) {
        return Ok(varies(&found));
    }
    let names: BTreeSet<&str> =
        builder.request.placeholders.iter().map(|placeholder| &*placeholder.name).collect();
    for name in names.into_iter().take(MOST_SUSPECTS) {
        let marked = builder.run(Marked::Named(name))?;
        if let Some(found) = differs(plain, &marked) {
            return Ok(changed(builder, name, &found));
        }
    }
    Ok(changed(builder, "a placeholder", found))
}

fn varies(found: &Found) -> Fault {
    let message = match found {
        Found::At(place) => format!("{} is another one at every build", place.describe()),
        Found::Failed(fault) => format!("the build fails at times: {}", fault.message),
    };
    Fault::new(&codes::BUILD_VARIES, message).hint(
        "give a fixed value in place of what is random or the time of day; a password belongs \
         into a secret store",
    )
}

fn changed(builder: &Builder<'_>, name: &str, found: &Found) -> Fault {
    let named = || builder.request.placeholders.iter().filter(|one| &*one.name == name);
    // What the overlay itself says is where people look first.
    let place = named().find(|one| one.required).or_else(|| named().next());
    let place = place.map(|one| (one.input, one.range.clone()));
    let message = match found {
        Found::At(difference) => {
            let at = difference.describe();
            format!("{at} depends on `{name}` and would not follow its value")
        }
        Found::Failed(fault) => {
            format!("whether the template builds depends on `{name}`: {}", fault.message)
        }
    };
    Fault::new(&codes::PLACEHOLDER_CHANGED, message).at(place).hint(hint(builder.request.program))
}

fn hint(program: Program) -> &'static str {
    match program {
        Program::Kustomize => {
            "it is hashed, encoded or cut there: set `generatorOptions: {disableNameSuffixHash: \
             true}` for a generated ConfigMap, and keep placeholders out of a Secret's data"
        }
        Program::Helm => {
            "it is hashed, encoded, cut or compared there: give that value as a fixed one, in an \
             overlay's `values.yaml` where it differs"
        }
    }
}

fn glued_or_dropped(builder: &Builder<'_>, marked: &Output) -> Option<Fault> {
    let documents = crate::documents::documents(&marked.raw).ok()?;
    let text: String = documents.iter().map(Document::without_comments).collect();
    let placeholders = &builder.request.placeholders;
    let glued = placeholders.iter().find(|one| is_glued(&one.name, one.group, &text));
    if let Some(one) = glued {
        return Some(is_another(one));
    }
    let comes_out = |one: &InputPlaceholder| text.contains(&marked_name(&one.name, one.group));
    let dropped = placeholders.iter().find(|one| one.required && !comes_out(one));
    dropped.map(|one| is_dropped(builder, one))
}

fn is_another(one: &InputPlaceholder) -> Fault {
    let message =
        format!("`{}` comes out with a letter beside it, so that it is not filled", one.name);
    Fault::new(&codes::PLACEHOLDER_CHANGED, message)
        .at(Some((one.input, one.range.clone())))
        .hint("write a sign such as `-` between them")
}

fn is_dropped(builder: &Builder<'_>, one: &InputPlaceholder) -> Fault {
    let hint = match builder.request.program {
        Program::Kustomize => {
            "the field has no effect here, or encodes what it holds; remove the placeholder"
        }
        Program::Helm => {
            "the chart compares the value, or does not use it: give a fixed one, in an overlay's \
             `values.yaml` where it differs, or remove it"
        }
    };
    let message = format!("`{}` goes into {} and does not come out", one.name, builder.name());
    Fault::new(&codes::PLACEHOLDER_DROPPED, message)
        .at(Some((one.input, one.range.clone())))
        .hint(hint)
}

/// The documents as texts that say where they come from.
fn texts(builder: &Builder<'_>, mut documents: Vec<Document>) -> Vec<ExpandedText> {
    let request = builder.request;
    let Some(release) = &request.release else {
        let text = |one: Document| expanded(&request.entry, &one, Arc::from(&*one.text));
        return documents.into_iter().map(text).collect();
    };
    documents.retain(helm::is_applied);
    let texts = helm::with_namespace(&documents, &release.namespace);
    let text = |(one, text): (&Document, String)| {
        let source = helm::source_of(&one.text).unwrap_or("Chart.yaml");
        let from = match &*request.entry {
            "" => source.to_owned(),
            entry => format!("{entry}/{source}"),
        };
        expanded(&from, one, text.into())
    };
    documents.iter().zip(texts).map(text).collect()
}

fn expanded(from: &str, document: &Document, text: Arc<str>) -> ExpandedText {
    ExpandedText { from: from.into(), object: document.object.as_deref().map(Into::into), text }
}
