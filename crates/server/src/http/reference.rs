//! The description of the API as a page for people.
//!
//! In: the OpenAPI document. Out: one page of HTML without scripts, and without anything from
//! elsewhere, so that it works where nothing else can be reached. It is made once.

use std::fmt::Write as _;

use axum::response::Response;
use serde_json::Value;

use super::page::{HtmlPage, escape};

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
h2 { border-bottom: 1px solid; margin-top: 2.5rem; padding-bottom: 0.25rem; }
h3 { font-size: 1rem; margin: 2rem 0 0.25rem; }
h3 b { display: inline-block; min-width: 4rem; }
dl { margin: 0.5rem 0; }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem 1rem; }
nav ul { columns: 14rem; padding-left: 1rem; }
";

/// The page.
pub(crate) struct Reference(HtmlPage);

impl Reference {
    /// The page of an OpenAPI document.
    pub(crate) fn new(document: &Value) -> Self {
        Self(HtmlPage::new(page(document), STYLE, "'none'"))
    }

    /// The page as an answer.
    pub(crate) fn answer(&self) -> Response {
        self.0.answer()
    }
}

fn page(document: &Value) -> String {
    let operations = operations(document);
    let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n");
    html.push_str("<meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    let title = text(&document["info"]["title"]);
    let _ = write!(html, "<title>{title}: API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n");
    let about = text(&document["info"]["description"]);
    let _ = write!(html, "<h1>{title}: API</h1>\n<p>{about}</p>\n");
    html.push_str(
        "<p>For programs: <a href=\"/api/openapi.json\">/api/openapi.json</a>. \
         Send a token as <code>Authorization: Bearer re_...</code>. \
         Errors are problems of RFC 9457 with a stable <code>code</code>.</p>\n",
    );
    let mut tags: Vec<&str> = operations.iter().map(|one| one.tag.as_str()).collect();
    tags.sort_unstable();
    tags.dedup();
    html.push_str("<nav aria-label=\"Parts\"><ul>\n");
    for tag in tags.iter().copied().chain(["types"]) {
        let _ = writeln!(html, "<li><a href=\"#{0}\">{0}</a></li>", escape(tag));
    }
    html.push_str("</ul></nav>\n<main>\n");
    for tag in &tags {
        let _ = writeln!(html, "<h2 id=\"{0}\">{0}</h2>", escape(tag));
        operations.iter().filter(|one| one.tag == *tag).for_each(|one| one.write(&mut html));
    }
    write_types(document, &mut html);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    tag: String,
    said: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let methods = ["get", "post", "put", "patch", "delete"];
    let of_path = paths.flat_map(|(path, item)| {
        methods.into_iter().filter_map(move |method| {
            let said = item.get(method)?;
            let tag = said["tags"][0].as_str().unwrap_or("other").to_owned();
            Some(Operation { method, path, tag, said })
        })
    });
    of_path.collect()
}

impl Operation<'_> {
    fn write(&self, html: &mut String) {
        let method = self.method.to_uppercase();
        let path = escape(self.path);
        let _ = write!(html, "<h3><b>{method}</b> <code>{path}</code></h3>\n<p>");
        let summary = text(&self.said["summary"]);
        let more = text(&self.said["description"]);
        let _ = writeln!(html, "{summary} {more}</p>\n<dl>");
        for parameter in self.said["parameters"].as_array().into_iter().flatten() {
            let name = text(&parameter["name"]);
            let place = text(&parameter["in"]);
            let needed = if parameter["required"] == true { ", required" } else { "" };
            let kind = kind(&parameter["schema"]);
            let about = text(&parameter["description"]);
            let _ = writeln!(
                html,
                "<dt><code>{name}</code> ({place}{needed}) {kind}</dt>\n<dd>{about}</dd>"
            );
        }
        if let Some(body) = content(&self.said["requestBody"]) {
            let _ = writeln!(html, "<dt>Body</dt>\n<dd>{}</dd>", kind(body));
        }
        for (status, answer) in self.said["responses"].as_object().into_iter().flatten() {
            let about = text(&answer["description"]);
            let body = content(answer).map(kind).unwrap_or_default();
            let _ = writeln!(html, "<dt>{}</dt>\n<dd>{about} {body}</dd>", escape(status));
        }
        html.push_str("</dl>\n");
    }
}

/// The schema of a body, of whatever media type.
fn content(of: &Value) -> Option<&Value> {
    let (_, first) = of["content"].as_object()?.iter().next()?;
    first.get("schema")
}

fn write_types(document: &Value, html: &mut String) {
    html.push_str("<h2 id=\"types\">types</h2>\n");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let about = text(&schema["description"]);
        let _ = writeln!(html, "<h3 id=\"type-{0}\">{0}</h3>\n<p>{about}</p>\n<dl>", escape(name));
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            let (field, about) = (escape(field), text(&schema["description"]));
            let kind = kind(schema);
            let _ = writeln!(html, "<dt><code>{field}</code> {kind}</dt>\n<dd>{about}</dd>");
        }
        html.push_str("</dl>\n");
    }
}

/// What a schema takes, in words.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escape(reference.rsplit('/').next().unwrap_or(reference));
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    if schema["type"] == "array" {
        return format!("list of {}", kind(&schema["items"]));
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[choice].as_array() {
            let parts = parts.iter().map(kind).filter(|kind| !kind.is_empty() && kind != "null");
            return parts.collect::<Vec<_>>().join(" or ");
        }
    }
    match &schema["type"] {
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            escape(&kinds.collect::<Vec<_>>().join(" or "))
        }
        _ => String::new(),
    }
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_document_says_is_text_and_never_markup() {
        let document = json!({
            "info": {"title": "<b>", "description": "a & b"},
            "paths": {"/x/{id}": {"get": {
                "tags": ["things"],
                "summary": "<script>alert(1)</script>",
                "parameters": [{"name": "id", "in": "path", "required": true,
                    "schema": {"type": "string"}, "description": "\"it\""}],
                "responses": {"200": {"description": "ok", "content": {"application/json":
                    {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
            }}},
            "components": {"schemas": {"Thing": {"properties": {
                "names": {"type": "array", "items": {"type": "string"}},
            }}}},
        });
        let html = page(&document);
        assert!(!html.contains("<script") && !html.contains("<b>: API"));
        assert!(html.contains("&lt;script&gt;") && html.contains("a &amp; b"));
        assert!(html.contains("<dd>ok <a href=\"#type-Thing\">Thing</a></dd>"));
        assert!(html.contains("<code>names</code> list of string"));
    }
}
