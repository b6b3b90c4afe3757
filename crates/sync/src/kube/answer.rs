//! Answers of the Kubernetes API become objects, kinds, and faults.

use ::kube::client::Body;
use ::kube::{Client, Error};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::{Detail, Fault, ListPage, Object, ServedKind, WorldError};

pub(super) const JSON: &str = "application/json";
/// The longest answer that is read.
const LONGEST: usize = 64 << 20;

/// What to accept for one object.
pub(super) fn accept(detail: Detail) -> &'static str {
    match detail {
        Detail::Whole => JSON,
        Detail::Metadata => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    }
}

/// What to accept for a list.
pub(super) fn accept_list(detail: Detail) -> &'static str {
    match detail {
        Detail::Whole => JSON,
        Detail::Metadata => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    }
}

/// Sends a request and reads its answer, which is JSON or a fault.
pub(super) async fn read(client: &Client, request: Request<Body>) -> Result<Value, WorldError> {
    let answer = client.send(request).await.map_err(|error| failure(&error))?;
    let status = answer.status();
    let body = collect(answer).await?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| {
            WorldError::new(Fault::Unavailable, format!("the answer is not JSON: {error}"))
        });
    }
    Err(fault(status.as_u16(), &body))
}

async fn collect(answer: Response<Body>) -> Result<Vec<u8>, WorldError> {
    let cut = |message: String| WorldError::new(Fault::Unavailable, message);
    let mut body = answer.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| cut(format!("the answer was cut off: {error}")))?;
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() > LONGEST {
            return Err(cut(format!("the answer is longer than {} MiB", LONGEST >> 20)));
        }
    }
    Ok(bytes)
}

/// No answer at all.
pub(super) fn failure(error: &Error) -> WorldError {
    let mut message = "the cluster cannot be reached".to_owned();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    let mut last = String::new();
    while let Some(error) = cause {
        last = error.to_string();
        cause = error.source();
    }
    message.push_str(&format!(": {last}"));
    WorldError::new(Fault::Unavailable, message)
}

/// An answer that is no success: a `Status`, or a text of something in between.
pub(super) fn fault(code: u16, body: &[u8]) -> WorldError {
    let status: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| status[name].as_str().unwrap_or_default().to_owned();
    let message = match text("message") {
        message if message.is_empty() => {
            let text = String::from_utf8_lossy(body);
            let line: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
            format!("the cluster answered {code} {line}").trim_end().to_owned()
        }
        message => message.trim_end_matches('.').to_owned(),
    };
    WorldError::new(class(code, &text("reason"), &message), message)
}

fn class(code: u16, reason: &str, message: &str) -> Fault {
    match (code, reason) {
        (404, _) => Fault::NotFound,
        (_, "AlreadyExists") => Fault::Exists,
        (409, _) => Fault::Conflict,
        (403, _) if message.contains("exceeded quota") => Fault::Quota,
        // A webhook or a policy says no with the code that it likes.
        (403, _)
            if message.contains("denied the request") || message.contains("denied request") =>
        {
            Fault::Refused
        }
        (403, _) => Fault::Forbidden,
        (401, _) => Fault::Unauthorized,
        (410, _) => Fault::Gone,
        (429 | 502 | 503 | 504, _) => Fault::Unavailable,
        _ => Fault::Refused,
    }
}

/// The cluster may quote what it does not like; of a Secret that is never told on.
pub(super) fn without_values(kind: &ServedKind, error: WorldError) -> WorldError {
    let is_secret = kind.kind == "Secret" && kind.group().is_empty();
    match is_secret && error.fault == Fault::Refused {
        true => {
            WorldError::new(error.fault, "the cluster refuses it; why is not shown for a Secret")
        }
        false => error,
    }
}

/// An object; what a list or a part of an object does not repeat is put in.
pub(super) fn object(kind: &ServedKind, mut value: Value) -> Result<Object, WorldError> {
    if let Some(map) = value.as_object_mut() {
        map.insert("apiVersion".to_owned(), Value::String(kind.api_version.clone()));
        map.insert("kind".to_owned(), Value::String(kind.kind.clone()));
    }
    Object::new(value).map_err(|error| {
        WorldError::new(Fault::Unavailable, format!("the answer is no object: {error}"))
    })
}

/// A part of a list.
pub(super) fn page(kind: &ServedKind, mut list: Value) -> Result<ListPage, WorldError> {
    let is_list = list["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    let items = match list["items"].take() {
        Value::Array(items) => items,
        // An empty list of metadata is written so.
        Value::Null if is_list => Vec::new(),
        _ => return Err(WorldError::new(Fault::Unavailable, "the answer is no list")),
    };
    let objects = items.into_iter().map(|item| object(kind, item)).collect::<Result<_, _>>()?;
    let next = list["metadata"]["continue"].as_str().filter(|next| !next.is_empty());
    Ok(ListPage { objects, next: next.map(str::to_owned) })
}

/// The versions of a group, the preferred one first.
pub(super) fn versions(group: &Value) -> Vec<String> {
    let preferred = group["preferredVersion"]["groupVersion"].as_str();
    let all = group["versions"].as_array().into_iter().flatten();
    let all = all.filter_map(|version| version["groupVersion"].as_str());
    let others = all.filter(|version| Some(*version) != preferred);
    preferred.into_iter().chain(others).map(str::to_owned).collect()
}

/// The kinds of a version of a group; parts of objects (`deployments/scale`) are none.
pub(super) fn kinds(version: &str, list: &Value) -> Vec<ServedKind> {
    let resources = list["resources"].as_array().into_iter().flatten();
    resources
        .filter_map(|resource| {
            let (name, kind) = (resource["name"].as_str()?, resource["kind"].as_str()?);
            let namespaced = resource["namespaced"].as_bool()?;
            let is_whole = !name.contains('/');
            is_whole.then(|| ServedKind::known(version, kind, name, namespaced))
        })
        .collect()
}
