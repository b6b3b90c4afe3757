//! The file name of an object in the layout `manifests`, and the way back.
//!
//! `<namespace or _cluster>/<kind>[.<group>]-<name>.yaml`, where the group stands only if it is
//! not one of Kubernetes' own. Kind and group are in lower case. What is not a lower-case
//! letter, a digit, `.` or `-` is written as `%` and two lower-case hexadecimal digits for each
//! byte of its UTF-8, so that a name that holds `:` or upper-case letters can be read back and
//! two names never share a file.
//!
//! The group ends at the first `-` after a dot: the group of a CustomResourceDefinition has at
//! least one dot (Kubernetes refuses others), and a `-` of the group that would stand behind a
//! dot is written as `%2d`. So `cert-manager.io` stays as it is, and `a.my-company.com` becomes
//! `a.my%2dcompany.com`.

use std::fmt::Write as _;

use model::ObjectKey;

use super::kinds::{by_lower_case, short_group};

/// The folder of objects that are in no namespace; no namespace can have this name.
pub const CLUSTER_FOLDER: &str = "_cluster";

/// The path of an object below its application's folder.
#[must_use]
pub fn object_path(key: &ObjectKey) -> String {
    let mut path = match &key.namespace {
        Some(namespace) => encode_folder(namespace),
        None => CLUSTER_FOLDER.to_owned(),
    };
    path.push('/');
    encode(&key.kind.to_lowercase(), |_, c| is_alphanumeric(c), &mut path);
    let group = short_group(&key.group).to_lowercase();
    if !group.is_empty() {
        path.push('.');
        encode_group(&group, &mut path);
    }
    path.push('-');
    encode(&key.name, |_, c| is_alphanumeric(c) || c == '.' || c == '-', &mut path);
    path.push_str(".yaml");
    path
}

/// The object that a path below an application's folder stands for.
///
/// The case of a kind comes back for the kinds of Kubernetes, and so does their group; other
/// kinds come back in lower case. Nothing for a path of another form.
#[must_use]
pub fn object_key(path: &str) -> Option<ObjectKey> {
    let (folder, file) = path.split_once('/')?;
    let file = file.strip_suffix(".yaml").filter(|file| !file.contains('/'))?;
    let kind_end = file.find(['.', '-'])?;
    let (kind, rest) = file.split_at(kind_end);
    let (group, name) = match rest.strip_prefix('.') {
        Some(rest) => split_group(rest)?,
        None => ("", &rest[1..]),
    };
    let namespace = (folder != CLUSTER_FOLDER).then(|| decode(folder)).flatten();
    if folder != CLUSTER_FOLDER && namespace.is_none() {
        return None;
    }
    let (kind, group) = identify(decode(kind)?, decode(group)?);
    Some(ObjectKey { group, kind, namespace, name: decode(name)? })
}

fn identify(kind: String, group: String) -> (String, String) {
    match by_lower_case(&kind) {
        Some((kind, group_of_kind)) if group.is_empty() => {
            (kind.to_owned(), group_of_kind.to_owned())
        }
        _ => (kind, group),
    }
}

/// Splits `<group>-<name>` at the first `-` that stands behind a dot, or at the first `-` of a
/// group without one.
fn split_group(text: &str) -> Option<(&str, &str)> {
    let behind_dot = text.find('.').and_then(|dot| Some(dot + text[dot..].find('-')?));
    let at = behind_dot.or_else(|| text.find('-'))?;
    Some((&text[..at], &text[at + 1..]))
}

fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn encode_folder(namespace: &str) -> String {
    let mut folder = String::with_capacity(namespace.len());
    // A leading dot is encoded too: `..` and `.git` are no folders for a tree.
    let keep = |at, c| is_alphanumeric(c) || c == '-' || (c == '.' && at > 0);
    encode(namespace, keep, &mut folder);
    folder
}

fn encode_group(group: &str, path: &mut String) {
    let first_dot = group.find('.').unwrap_or(group.len());
    let keep = |at, c| is_alphanumeric(c) || c == '.' || (c == '-' && at < first_dot);
    encode(group, keep, path);
}

fn encode(text: &str, keep: impl Fn(usize, char) -> bool, path: &mut String) {
    for (at, c) in text.char_indices() {
        if keep(at, c) {
            path.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            write!(path, "%{byte:02x}").expect("a string takes every write");
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use model::ObjectKey;

    use super::{object_key, object_path};

    fn key(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectKey {
        ObjectKey {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    #[track_caller]
    fn check(key: &ObjectKey, path: &str) {
        assert_eq!(object_path(key), path);
        let read = object_key(path).expect("a path of ours");
        assert_eq!((&read.namespace, &read.name), (&key.namespace, &key.name));
        assert_eq!(object_path(&read), path);
    }

    #[test]
    fn built_in_kinds_come_back_whole() {
        let keys = [
            (key("", "Service", Some("imdb"), "web"), "imdb/service-web.yaml"),
            (key("apps", "Deployment", Some("imdb"), "web-1"), "imdb/deployment-web-1.yaml"),
            (
                key("rbac.authorization.k8s.io", "ClusterRole", None, "system:Reader"),
                "_cluster/clusterrole-system%3a%52eader.yaml",
            ),
            (
                key("apiextensions.k8s.io", "CustomResourceDefinition", None, "a.b-c.io"),
                "_cluster/customresourcedefinition-a.b-c.io.yaml",
            ),
        ];
        for (key, path) in keys {
            check(&key, path);
            assert_eq!(object_key(path), Some(key));
        }
    }

    #[test]
    fn the_group_of_others_ends_where_the_name_begins() {
        let certificate = key("cert-manager.io", "Certificate", Some("imdb"), "imdb-tls.v1");
        check(&certificate, "imdb/certificate.cert-manager.io-imdb-tls.v1.yaml");
        let read = object_key("imdb/certificate.cert-manager.io-imdb-tls.v1.yaml");
        assert_eq!(read.map(|key| key.group), Some("cert-manager.io".to_owned()));
        let other = key("a.my-company.com", "Thing", None, "x-y");
        check(&other, "_cluster/thing.a.my%2dcompany.com-x-y.yaml");
    }

    #[test]
    fn no_path_leaves_its_folder() {
        check(&key("", "Secret", Some(".."), "../x"), "%2e./secret-..%2fx.yaml");
        check(&key("", "Secret", Some("_cluster"), "x"), "%5fcluster/secret-x.yaml");
        check(&key("", "Sec/ret", None, "é"), "_cluster/sec%2fret-%c3%a9.yaml");
    }

    #[test]
    fn other_paths_are_no_objects() {
        for path in ["service-web.yaml", "a/b/service-web.yaml", "a/service.yaml", "a/x-%zz.yaml"] {
            assert_eq!(object_key(path), None, "{path}");
        }
    }
}
