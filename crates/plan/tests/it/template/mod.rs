//! Template files: text in, text or diagnostics out.

pub(crate) mod generate;
mod laws;
mod lint;
mod objects;
mod verbatim;

use model::{Diagnostic, FileId, Files, MemoryObjects, Scalar, SourceFile, hash_blob};
use plan::KeySpace;
use plan::template::{KeyUse, parse_objects, parse_verbatim};

/// A file as the only one of a source.
pub(crate) fn files_of(path: &str, bytes: &[u8]) -> Files {
    let id = hash_blob(&[bytes]);
    Files::new(vec![SourceFile { path: path.into(), bytes: bytes.into(), id, executable: false }])
}

/// A value as one writes it in an inventory: in double quotes, or plain with its own kind.
pub(crate) fn value_of(text: &str) -> Scalar {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) => Scalar::string(inner),
        None => Scalar { text: text.into(), kind: schema::yaml::kind_of(text) },
    }
}

/// The values for the keys of a template, by `<space>.<key>`.
pub(crate) fn values_for(keys: &[KeyUse], values: &[(&str, &str)]) -> Vec<Scalar> {
    let find = |used: &KeyUse| {
        let space = match used.space {
            KeySpace::Cluster => "cluster",
            KeySpace::Namespace => "namespace",
            KeySpace::Application => "application",
        };
        let name = format!("{space}.{}", used.key);
        let value = values.iter().find(|(key, _)| *key == name);
        value_of(value.unwrap_or_else(|| panic!("the test gives no value for {name}")).1)
    };
    keys.iter().map(find).collect()
}

/// Diagnostics as lines.
pub(crate) fn show(files: &Files, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = files.place(diagnostic.labels[0].span);
        let severity = if diagnostic.is_error() { "error" } else { "warning" };
        let (code, message) = (diagnostic.code.name, &diagnostic.message);
        text += &format!("{severity}[{code}] {}:{}: {message}\n", place.line, place.column);
        if let Some(hint) = &diagnostic.hint {
            text += &format!("  hint: {hint}\n");
        }
    }
    text
}

/// The file of the layout `flux`, filled, or why it cannot be.
pub(crate) fn flux(path: &str, template: &str, values: &[(&str, &str)]) -> String {
    let files = files_of(path, template.as_bytes());
    let sink = MemoryObjects::default();
    let filled = parse_verbatim(&files, FileId(0), 7).and_then(|template| {
        let scalars = values_for(template.keys(), values);
        let blob = template.fill(&scalars.iter().collect::<Vec<_>>(), &sink)?;
        let warnings = show(&files, template.warnings());
        Ok(warnings + &String::from_utf8_lossy(&sink.get_blob(blob).expect("it was put in")))
    });
    filled.unwrap_or_else(|errors| show(&files, &errors))
}

/// The objects of the layout `manifests`, filled, each after a line with its key; or why they
/// cannot be.
pub(crate) fn manifests(template: &str, values: &[(&str, &str)]) -> String {
    let files = files_of("template.yaml", template.as_bytes());
    let sink = MemoryObjects::default();
    let templates = match parse_objects(&files, FileId(0), 7) {
        Ok(templates) => templates,
        Err(errors) => return show(&files, &errors),
    };
    let mut text = String::new();
    for template in templates {
        text += &show(&files, template.warnings());
        let scalars = values_for(template.keys(), values);
        match template.fill(&scalars.iter().collect::<Vec<_>>(), &sink) {
            Ok(object) => {
                let name = files.text(object.span).expect("a name is text");
                text += &format!("# {} ({}, at `{name}`)\n", object.key, object.api_version);
                text +=
                    &String::from_utf8_lossy(&sink.get_blob(object.blob).expect("it was put in"));
            }
            Err(errors) => text += &show(&files, &errors),
        }
    }
    text
}
