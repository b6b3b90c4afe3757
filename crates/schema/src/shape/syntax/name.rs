//! Names and paths of groups.

use model::{ApplicationName, ClusterName, GroupPath, NameError, NamespaceName, check_dns_label};

use super::{Fault, Syntax, quoted};
use crate::codes::{INVALID_NAME, INVALID_VALUE, RESERVED_NAME};
use crate::document::Allow;

const LABEL: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

macro_rules! name_syntax {
    ($(#[$doc:meta])* $constant:ident, $name:literal, $pattern:expr, $check:expr) => {
        $(#[$doc])*
        pub static $constant: Syntax = Syntax {
            name: $name,
            pattern: $pattern,
            words: &[],
            check: |text| $check(text).map_err(|error| fault(text, &error)),
        };
    };
}

name_syntax!(
    /// The name of a cluster.
    CLUSTER_NAME, "a DNS label", LABEL, |text| ClusterName::parse(text).map(drop)
);
name_syntax!(
    /// The name of an application.
    APPLICATION_NAME, "a DNS label", LABEL, |text| ApplicationName::parse(text).map(drop)
);
name_syntax!(
    /// The name of a namespace.
    NAMESPACE_NAME, "a DNS label", LABEL, |text| NamespaceName::parse(text).map(drop)
);
name_syntax!(
    /// The name of a fleet.
    FLEET_NAME, "a DNS label", LABEL, check_dns_label
);
name_syntax!(
    /// The name of a role.
    ROLE_NAME, "a DNS label", LABEL, check_dns_label
);
/// The last part of a group's path.
pub static GROUP_NAME: Syntax = Syntax {
    name: "a DNS label",
    pattern: LABEL,
    words: &[],
    check: |text| match check_dns_label(text) {
        Ok(()) => Ok(()),
        Err(error) if text.contains('/') => {
            let message = format!("{} is no valid name: {error}", quoted(text));
            Err(Fault::new(&INVALID_NAME, message)
                .hint("a group's name is the last part of its path; the rest is `spec.parent`"))
        }
        Err(error) => Err(fault(text, &error)),
    },
};

name_syntax!(
    /// The path of a group.
    GROUP_PATH, "a group path", "^(/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$",
    |text| GroupPath::parse(text).map(drop)
);

/// The name of a Kubernetes object: a DNS subdomain.
pub static OBJECT_NAME: Syntax = Syntax {
    name: "the name of an object",
    pattern: "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
    words: &[],
    check: |text| match is_subdomain(text) {
        true => Ok(()),
        false => Err(Fault::new(&INVALID_NAME, format!("{} is no name", quoted(text)))
            .hint("a name holds lower-case letters, digits, `-` and `.`")),
    },
};

fn fault(text: &str, error: &NameError) -> Fault {
    let fault = match error {
        NameError::Reserved(_) => {
            let fault =
                Fault::new(&RESERVED_NAME, format!("the name {} is reserved", quoted(text)));
            return fault.hint("choose another name");
        }
        NameError::Empty => Fault::new(&INVALID_NAME, error.to_string()),
        NameError::Path => Fault::new(&INVALID_NAME, format!("{} is no group path", quoted(text))),
        _ => Fault::new(&INVALID_NAME, format!("{} is no valid name: {error}", quoted(text))),
    };
    let is_path = matches!(error, NameError::Path) || text.starts_with('/');
    fault.hint(match (proposal(text, matches!(error, NameError::Path)), is_path) {
        (Some(name), _) => format!("write `{name}`"),
        (None, true) => "a group path looks like `/stores/central`".to_owned(),
        (None, false) => "a name looks like `central-la-nola-2301`".to_owned(),
    })
}

/// A valid name, or group path, close to an invalid one.
fn proposal(text: &str, is_path: bool) -> Option<String> {
    if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        return None;
    }
    if !is_path && !text.starts_with('/') {
        return Some(label(text)).filter(|name| !name.is_empty());
    }
    let parts = text.split('/').map(label).filter(|part| !part.is_empty());
    let path: String = parts.map(|part| format!("/{part}")).collect();
    (!path.is_empty() && path != text).then_some(path)
}

fn label(text: &str) -> String {
    let letter = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '-',
    };
    let mut label = String::new();
    for c in text.chars().take(200).map(letter) {
        if c != '-' || !label.ends_with('-') || text.contains("--") {
            label.push(c);
        }
    }
    label.trim_matches('-').chars().take(63).collect::<String>().trim_matches('-').to_owned()
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|part| check_dns_label(part).is_ok())
}

/// What a Namespace allows its applications to render besides its own objects.
pub static ALLOW: Syntax = Syntax {
    name: "`<Kind>[.<group>]` or `<namespace>/<Kind>[.<group>]`",
    pattern: "^([a-z0-9-]+/)?[A-Z][A-Za-z0-9]*(\\.[a-z0-9.-]+)?$",
    words: &[],
    check: |text| match parse_allow(text) {
        Some(_) => Ok(()),
        None => {
            let message = format!("{} names no kind of object", quoted(text));
            Err(Fault::new(&INVALID_VALUE, message)
                .hint("write `ClusterRole`, or `<namespace>/<Kind>.<group>`"))
        }
    },
};

/// Reads an entry of `spec.allow`.
#[must_use]
pub fn parse_allow(text: &str) -> Option<Allow> {
    let (namespace, object) = match text.split_once('/') {
        Some((namespace, object)) => (Some(namespace), object),
        None => (None, text),
    };
    let (kind, group) = object.split_once('.').unwrap_or((object, ""));
    let kind_is_right = kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.chars().all(|c| c.is_ascii_alphanumeric())
        && kind.len() <= 63;
    let group_is_right = if object.contains('.') { is_subdomain(group) } else { true };
    let namespace_is_right = namespace.is_none_or(|name| check_dns_label(name).is_ok());
    (kind_is_right && group_is_right && namespace_is_right).then(|| Allow {
        namespace: namespace.map(Into::into),
        kind: kind.into(),
        group: group.into(),
    })
}
