//! The applied set: what we hold on a cluster.
//!
//! It is written before an object is applied (without its uid) and after (with it), so that
//! whoever is killed in between still knows what may be its own. As text it has a version and a
//! checksum; what does not match is unknown, and an unknown set prunes nothing.

use std::collections::BTreeMap;

use model::{Cause, Digest, Generation, ObjectKey, Observed, sha256};
use serde::Serialize;
use serde_json::{Value, json};

/// One object that we hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedObject {
    /// The uid that the cluster gave it; nothing while the apply is not answered.
    pub uid: Option<String>,
    /// `apiVersion` as it was applied, which says how to reach it.
    pub api_version: String,
    /// The application that rendered it last.
    pub application: String,
    /// SHA-256 of the file that was applied; nothing while the apply is not answered.
    pub digest: Option<Digest>,
    /// SHA-256 of the fields that our field manager owned after the apply.
    pub fields: Option<Digest>,
    /// It is never pruned, whatever its annotations say today.
    pub keep: bool,
    /// It is pruned with an allowance only, whatever its annotations say today.
    pub confirm: bool,
}

/// What we hold on a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppliedSet {
    /// The generation of the newest tree that was ever begun.
    pub generation: Generation,
    /// The objects.
    pub objects: BTreeMap<ObjectKey, AppliedObject>,
}

/// The number in front of the text; another number is another format.
const VERSION: u32 = 1;
const NAME: &str = "res-edge-applied";

impl AppliedSet {
    /// As text: one line with the name, the version and the SHA-256 of the rest, then one line
    /// for the generation and one for each object.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut body = format!(
            "{}\n",
            json!({"generation": self.generation.0, "objects": self.objects.len()})
        );
        for (key, object) in &self.objects {
            // Texts and flags are always JSON.
            body.push_str(&serde_json::to_string(&Line::new(key, object)).unwrap_or_default());
            body.push('\n');
        }
        format!("{NAME} {VERSION} {}\n{body}", sha256(body.as_bytes()))
    }

    /// Reads what [`encode`](Self::encode) wrote. Anything else is unknown, with the cause.
    #[must_use]
    pub fn decode(text: &str) -> Observed<Self> {
        match decode(text) {
            Ok(set) => Observed::Known(set),
            Err(cause) => Observed::Unknown(Cause(format!("the applied set {cause}"))),
        }
    }
}

/// A line of the text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    uid: Option<&'a str>,
    api_version: &'a str,
    application: &'a str,
    digest: Option<String>,
    fields: Option<String>,
    keep: bool,
    confirm: bool,
}

impl<'a> Line<'a> {
    fn new(key: &'a ObjectKey, object: &'a AppliedObject) -> Self {
        let digest = |digest: Option<Digest>| digest.map(|digest| digest.to_string());
        Self {
            group: &key.group,
            kind: &key.kind,
            namespace: key.namespace.as_deref(),
            name: &key.name,
            uid: object.uid.as_deref(),
            api_version: &object.api_version,
            application: &object.application,
            digest: digest(object.digest),
            fields: digest(object.fields),
            keep: object.keep,
            confirm: object.confirm,
        }
    }
}

fn decode(text: &str) -> Result<AppliedSet, String> {
    let (head, body) = text.split_once('\n').ok_or("is cut off")?;
    let [name, version, digest] = head.split(' ').collect::<Vec<_>>()[..] else {
        return Err("has no head".to_owned());
    };
    if name != NAME || version != VERSION.to_string() {
        return Err(format!("has the format `{name} {version}`, not `{NAME} {VERSION}`"));
    }
    if digest != sha256(body.as_bytes()).to_string() {
        return Err("does not match its checksum".to_owned());
    }
    decode_body(body).ok_or_else(|| "holds a line that this version does not know".to_owned())
}

fn decode_body(body: &str) -> Option<AppliedSet> {
    let mut lines = body.lines();
    let head: Value = serde_json::from_str(lines.next()?).ok()?;
    let generation = Generation(u32::try_from(head.get("generation")?.as_u64()?).ok()?);
    let objects = lines.map(decode_object).collect::<Option<BTreeMap<_, _>>>()?;
    let n = head.get("objects")?.as_u64()?;
    (objects.len() as u64 == n).then_some(AppliedSet { generation, objects })
}

fn decode_object(line: &str) -> Option<(ObjectKey, AppliedObject)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let optional = |name: &str| match value.get(name)? {
        Value::Null => Some(None),
        value => value.as_str().map(|text| Some(text.to_owned())),
    };
    let digest = |name: &str| match optional(name)? {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    };
    let flag = |name: &str| value.get(name)?.as_bool();
    let key = ObjectKey {
        group: text("group")?,
        kind: text("kind")?,
        namespace: optional("namespace")?,
        name: text("name")?,
    };
    let object = AppliedObject {
        uid: optional("uid")?,
        api_version: text("apiVersion")?,
        application: text("application")?,
        digest: digest("digest")?,
        fields: digest("fields")?,
        keep: flag("keep")?,
        confirm: flag("confirm")?,
    };
    Some((key, object))
}
