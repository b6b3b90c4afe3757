//! What a list is asked for, and the page that answers it.
//!
//! In: the query of a URL. Out: a page of things that the caller may see, filtered and in order.
//! Parameters are OData's (`$filter`, `$top`), Kubernetes' (`labelSelector`, `limit`, `continue`)
//! and ours (`expression`, `sort`); one that is not known is an error, since a mistyped filter
//! would silently show everything.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{ClusterSet, Diagnostic, FileId, Span};
use plan::documents::Row;
use plan::query::{Fields, Filter, Listed, Order, QueryError, Selector};
use utoipa::IntoParams;

use super::problem::{Failure, diagnostic_texts_in};
use crate::catalogue::{Catalogue, short_digest};
use crate::sight::Sight;

/// How many things a page has, unless it is asked for otherwise.
const PAGE: usize = 100;

/// How many things a page has at most.
const LARGEST_PAGE: usize = 1_000;

/// The longest value of a parameter, in bytes: a URL takes no more than a few of them.
const LONGEST_VALUE: usize = 8_192;

/// The parameters of every list.
const PARAMETERS: [&str; 15] = [
    "asOf",
    "limit",
    "continue",
    "expression",
    "labelSelector",
    "sort",
    "fields",
    "q",
    "$filter",
    "$select",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$search",
];

/// The query of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it describes what `Asked` reads")]
pub(crate) struct ListParameters {
    /// A step, or a time as of RFC 3339: the list as it was after it, with the Roles of now.
    #[param(rename = "asOf", max_length = 64)]
    as_of: Option<String>,
    /// How many things the page has at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// What the page before gave as `continue`.
    #[param(rename = "continue", max_length = 1024)]
    next: Option<String>,
    /// An expression: only what is about clusters that it selects.
    #[param(max_length = 8192)]
    expression: Option<String>,
    /// Labels as kubectl reads them: `ring=beta,region in (east,west),!frozen`.
    #[param(rename = "labelSelector")]
    label_selector: Option<String>,
    /// Fields to sort by, `-` in front for the other way round: `-region,name`.
    sort: Option<String>,
    /// Only these fields: `name,metadata/labels,status`.
    fields: Option<String>,
    /// Words that names, descriptions, labels or values must have.
    q: Option<String>,
    /// A condition: `region eq 'central' and applications gt 10`.
    #[param(rename = "$filter")]
    filter: Option<String>,
    /// As `fields`.
    #[param(rename = "$select")]
    select: Option<String>,
    /// Fields to sort by: `region desc,name`.
    #[param(rename = "$orderby")]
    order_by: Option<String>,
    /// As `limit`; 0 asks for the count alone.
    #[param(rename = "$top", maximum = 1000)]
    top: Option<u32>,
    /// How many things are left out at the start.
    #[param(rename = "$skip", maximum = 100_000_000)]
    skip: Option<u32>,
    /// Taken and not needed: every page has its `total`.
    #[param(rename = "$count")]
    count: Option<bool>,
    /// As `q`.
    #[param(rename = "$search")]
    search: Option<String>,
}

/// What a list is asked for, as texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pairs: Vec<(String, String)>,
    limit: usize,
    skip: usize,
    /// A digest of all that decides what is listed and in which order.
    meaning: String,
    resumed: Option<Resumed>,
}

/// Where a page goes on.
#[derive(Clone, Debug)]
struct Resumed {
    identity: String,
    offset: usize,
}

/// A page of things.
pub(crate) struct Paged<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: usize,
    pub(crate) next: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Self::read(parts.uri.query().unwrap_or_default(), &[])
    }
}

impl Asked {
    /// Reads the query of a URL; `more` are parameters of this list alone.
    pub(crate) fn read(query: &str, more: &[&str]) -> Result<Self, Failure> {
        let mut asked = Self { limit: PAGE, ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let known = || PARAMETERS.iter().chain(more).copied();
            if !known().any(|known| known == name) {
                let hint = schema::nearest::hint(&name, known());
                let failure = bad(format!("there is no parameter `{name}`"));
                return Err(hint.into_iter().fold(failure, Failure::hint));
            }
            if asked.pairs.iter().any(|(known, _)| *known == name) {
                return Err(bad(format!("the parameter `{name}` is given twice")));
            }
            if value.len() > LONGEST_VALUE {
                return Err(bad(format!("`{name}` has more than {LONGEST_VALUE} bytes")));
            }
            asked.pairs.push((name.into_owned(), value.into_owned()));
        }
        asked.finish()
    }

    fn finish(mut self) -> Result<Self, Failure> {
        self.only_one("limit", "$top")?;
        self.only_one("sort", "$orderby")?;
        self.only_one("fields", "$select")?;
        self.only_one("q", "$search")?;
        self.only_one("continue", "$skip")?;
        if let Some(count) = self.get("$count")
            && !matches!(count, "true" | "false")
        {
            return Err(bad("`$count` is `true` or `false`"));
        }
        if let Some(limit) = self.number("limit", 1, LARGEST_PAGE)? {
            self.limit = limit;
        }
        if let Some(top) = self.number("$top", 0, LARGEST_PAGE)? {
            self.limit = top;
        }
        if let Some(skip) = self.number("$skip", 0, 100_000_000)? {
            self.skip = skip;
        }
        let mut meant: Vec<String> = Vec::new();
        for (name, value) in &self.pairs {
            if !matches!(name.as_str(), "continue" | "limit" | "$top" | "$skip" | "$count") {
                meant.push(format!("{name}\0{value}\0"));
            }
        }
        meant.sort();
        self.meaning = short_digest(meant.concat().as_bytes());
        self.resume()
    }

    fn only_one(&self, one: &str, other: &str) -> Result<(), Failure> {
        match (self.get(one), self.get(other)) {
            (Some(_), Some(_)) => {
                Err(bad(format!("`{one}` and `{other}` say the same: give one of them")))
            }
            _ => Ok(()),
        }
    }

    /// The text of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str, least: usize, most: usize) -> Result<Option<usize>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let wrong = || bad(format!("`{name}` is a whole number from {least} to {most}"));
        number.map(Some).ok_or_else(wrong)
    }

    fn resume(mut self) -> Result<Self, Failure> {
        let Some(token) = self.get("continue") else { return Ok(self) };
        let unknown = || {
            bad("`continue` is not what a page of this list gave")
                .hint("take it from the page before, and leave the other parameters as they were")
        };
        let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|b| String::from_utf8(b).ok());
        let decoded = decoded.ok_or_else(unknown)?;
        let mut parts = decoded.split(' ');
        let (Some(identity), Some(meaning), Some(offset), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(unknown());
        };
        let offset = offset.parse().map_err(|_| unknown())?;
        if meaning != self.meaning {
            return Err(unknown());
        }
        self.resumed = Some(Resumed { identity: identity.to_owned(), offset });
        Ok(self)
    }

    /// The tag of the answer from a catalogue, for a caller, at a path.
    pub(crate) fn etag(&self, path: &str, catalogue: &Catalogue, sight: &Sight) -> HeaderValue {
        let offset = self.start();
        let (identity, tag, meaning) = (catalogue.identity(), sight.tag(), &self.meaning);
        let limit = self.limit;
        let all = format!("{path}\0{identity}\0{tag}\0{meaning}\0{limit}\0{offset}");
        let etag = format!("\"{}\"", short_digest(all.as_bytes()));
        HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// Cuts the page out of all things, in order.
    pub(crate) fn page<T: Clone>(
        &self,
        all: &[T],
        catalogue: &Catalogue,
    ) -> Result<Paged<T>, Failure> {
        let offset = self.offset(catalogue)?;
        let items: Vec<T> = all.iter().skip(offset).take(self.limit).cloned().collect();
        let end = offset.saturating_add(items.len());
        let next = (end < all.len() && self.limit > 0).then(|| self.token(catalogue, end));
        Ok(Paged { items, total: all.len(), next })
    }

    /// How many of all things, in order, this page and those before it have.
    pub(crate) fn end(&self) -> usize {
        self.start().saturating_add(self.limit)
    }

    /// Where the page starts, if the list can go on.
    fn start(&self) -> usize {
        self.resumed.as_ref().map_or(self.skip, |resumed| resumed.offset)
    }

    fn token(&self, catalogue: &Catalogue, offset: usize) -> String {
        let text = format!("{} {} {offset}", catalogue.identity(), self.meaning);
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Where the page starts.
    fn offset(&self, catalogue: &Catalogue) -> Result<usize, Failure> {
        if self.resumed.as_ref().is_some_and(|page| page.identity != catalogue.identity()) {
            let detail = "the fleet has changed since the page before, so the list cannot go on";
            return Err(Failure::new(StatusCode::GONE, "list-expired", detail)
                .hint("start the list again, without `continue`"));
        }
        Ok(self.start())
    }

    /// What the list is asked for, its names looked up.
    pub(crate) fn query(
        &self,
        catalogue: &Catalogue,
        listed: Listed,
        sight: &Sight,
    ) -> Result<Query, Failure> {
        let fields = Fields::new(catalogue.fleet(), listed);
        let mistake = |name: &str, text: &str, error: &QueryError| {
            mistaken(catalogue, name, text, sight, |at| vec![error.diagnostic(at, text)])
        };
        let read = |name: &str, text: &str| -> Result<Order, Failure> {
            let order = match name {
                "sort" => Order::parse_sort(text, &fields),
                _ => Order::parse(text, &fields),
            };
            order.map_err(|error| mistake(name, text, &error))
        };
        let mut query = Query::default();
        if let Some(text) = self.get("$filter") {
            let filter = Filter::parse(text, &fields);
            query.filter = Some(filter.map_err(|error| mistake("$filter", text, &error))?);
        }
        for name in ["sort", "$orderby"] {
            if let Some(text) = self.get(name) {
                query.order = read(name, text)?;
            }
        }
        for name in ["fields", "$select"] {
            if let Some(text) = self.get(name) {
                let paths = fields.parse_selection(text);
                query.fields = Some(paths.map_err(|error| mistake(name, text, &error))?);
            }
        }
        if let Some(text) = self.get("labelSelector").filter(|text| !text.is_empty()) {
            let selector: Result<Selector, String> = text.parse();
            query.selector = selector.map_err(|detail| bad_selector(&detail))?;
        }
        if let Some(text) = self.get("expression") {
            query.clusters = Some(select(catalogue, text, sight)?);
        }
        let words = self.get("q").or(self.get("$search")).unwrap_or_default();
        query.terms = plan::documents::terms(words);
        Ok(query)
    }
}

/// What a list is asked for.
#[derive(Default)]
pub(crate) struct Query {
    filter: Option<Filter>,
    selector: Selector,
    /// In which order.
    pub(crate) order: Order,
    /// Only these paths of each document.
    pub(crate) fields: Option<Vec<String>>,
    /// Only what is about these clusters.
    pub(crate) clusters: Option<ClusterSet>,
    /// Only what has all of these words.
    pub(crate) terms: Vec<String>,
}

impl Query {
    /// Whether the filter and the selector accept a row.
    pub(crate) fn accepts(&self, row: &Row<'_>) -> bool {
        let label = |key: &str| {
            let found = row.labels().iter().find(|(name, _)| *name.value == *key);
            found.map(|(_, value)| &*value.value.text)
        };
        self.selector.accepts(label) && self.filter.as_ref().is_none_or(|one| one.accepts(row))
    }
}

/// The clusters that an expression of a request selects.
fn select(catalogue: &Catalogue, text: &str, sight: &Sight) -> Result<ClusterSet, Failure> {
    let (clusters, found) = selected(catalogue, text, sight);
    clusters.ok_or_else(|| mistaken(catalogue, "expression", text, sight, |_| found))
}

/// The clusters that an expression selects, and what is found in it, as if it stood in a file
/// after all of the source. Who does not see every cluster is not told of names that are near.
pub(crate) fn selected(
    catalogue: &Catalogue,
    text: &str,
    sight: &Sight,
) -> (Option<ClusterSet>, Vec<Diagnostic>) {
    let (clusters, mut found) = catalogue.fleet().select(text, asked_at(catalogue, text));
    hide_names(&mut found, sight);
    (clusters, found)
}

/// Takes hints away from who does not see everything: they name what is near.
fn hide_names(found: &mut [Diagnostic], sight: &Sight) {
    if !sight.is_everything() {
        found.iter_mut().for_each(|diagnostic| diagnostic.hint = None);
    }
}

/// Where a text of a request stands in diagnostics.
fn asked_at(catalogue: &Catalogue, text: &str) -> Span {
    Span::new(catalogue.files().next(), 0, text.len())
}

/// A failure with diagnostics in a text of the request.
fn mistaken(
    catalogue: &Catalogue,
    name: &str,
    text: &str,
    sight: &Sight,
    found: impl FnOnce(Span) -> Vec<Diagnostic>,
) -> Failure {
    let mut found = found(asked_at(catalogue, text));
    hide_names(&mut found, sight);
    let detail = found.first().map_or_else(String::new, |one| one.message.clone());
    let hint = found.first().and_then(|one| one.hint.clone());
    let code = found.first().map_or("bad-query", |one| one.code.name);
    let failure = Failure::new(StatusCode::BAD_REQUEST, code, format!("`{name}`: {detail}"));
    let failure = hint.into_iter().fold(failure, Failure::hint);
    failure.diagnostics(texts_of(catalogue, name, text, &found))
}

/// Diagnostics in a text of a request, on the wire.
pub(crate) fn texts_of(
    catalogue: &Catalogue,
    name: &str,
    text: &str,
    found: &[Diagnostic],
) -> Vec<api::DiagnosticText> {
    if found.is_empty() {
        return Vec::new();
    }
    let mut files = catalogue.files().clone();
    let _: FileId = files.add_text(name, text);
    diagnostic_texts_in(&files, found.iter())
}

fn bad_selector(detail: &str) -> Failure {
    let code = plan::query::codes::SELECTOR_SYNTAX.name;
    Failure::new(StatusCode::BAD_REQUEST, code, detail)
        .hint("write it as kubectl reads it, such as `ring=beta,region in (east,west)`")
}

/// A request that says something it cannot.
pub(crate) fn bad(detail: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "bad-request", detail)
}
