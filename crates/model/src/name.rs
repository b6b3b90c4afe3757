//! Names, each kind a type of its own, parsed once at the door.

use std::fmt;
use std::sync::Arc;

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("a name must not be empty")]
    Empty,
    /// More than 63 characters.
    #[error("a name has at most 63 characters, this one has {0}")]
    TooLong(usize),
    /// A character that no DNS label holds.
    #[error("a name holds lower-case letters, digits and `-`, not `{0}`")]
    Character(char),
    /// A hyphen at the start or the end.
    #[error("a name starts and ends with a letter or a digit")]
    Edge,
    /// A group path that does not start with `/`, or has an empty part.
    #[error("a group path looks like `/stores/central`")]
    Path,
    /// A name that the layouts or Kubernetes keep for themselves.
    #[error("`{0}` is reserved")]
    Reserved(String),
}

/// Checks that a text is a DNS label (RFC 1123, section 2.1): at most 63 characters of
/// `[a-z0-9-]`, with a letter or digit at both ends.
///
/// # Errors
/// The first rule that the text breaks.
pub fn check_dns_label(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(character) = text.chars().find(|c| !allowed(*c)) {
        return Err(NameError::Character(character));
    }
    if text.len() > 63 {
        return Err(NameError::TooLong(text.len()));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err(NameError::Edge);
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Parses the name.
            ///
            /// # Errors
            /// The rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                $check(text)?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// The name of a cluster, unique in the fleet at one time; its identity is its
    /// [`crate::ClusterUid`].
    ClusterName,
    check_dns_label
);
name!(
    /// The name of an application. `namespaces`, `flux-system`, `cells` and names that end in
    /// `-slo` are reserved.
    ApplicationName,
    check_application
);
name!(
    /// The name of a namespace. `flux-system`, `default` and `kube-*` are reserved.
    NamespaceName,
    check_namespace
);
name!(
    /// The path of a group in the hierarchy, as in `/stores/central/la`.
    GroupPath,
    check_path
);

fn check_application(text: &str) -> Result<(), NameError> {
    check_dns_label(text)?;
    if matches!(text, "namespaces" | "flux-system" | "cells") || text.ends_with("-slo") {
        return Err(NameError::Reserved(text.to_owned()));
    }
    Ok(())
}

fn check_namespace(text: &str) -> Result<(), NameError> {
    check_dns_label(text)?;
    if matches!(text, "flux-system" | "default") || text.starts_with("kube-") {
        return Err(NameError::Reserved(text.to_owned()));
    }
    Ok(())
}

fn check_path(text: &str) -> Result<(), NameError> {
    let rest = text.strip_prefix('/').ok_or(NameError::Path)?;
    if rest.split('/').any(str::is_empty) {
        return Err(NameError::Path);
    }
    rest.split('/').try_for_each(check_dns_label)
}

impl GroupPath {
    /// The path of the group above, or nothing for a root.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        let end = self.0.rfind('/')?;
        (end > 0).then(|| &self.0[..end])
    }

    /// How many groups stand above this one.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.matches('/').count() - 1
    }

    /// Whether `other` is this group or one below it.
    #[must_use]
    pub fn contains(&self, other: &str) -> bool {
        other.strip_prefix(&*self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}
