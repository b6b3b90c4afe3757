//! Who reaches a route at all, and what is recorded. A path that no rule names is not reached
//! without credentials, and leaves a row if its method may change something.

use axum::http::Method;

/// What a route asks of who comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: for probes, for signing in, for senders that prove themselves by a signature.
    Nothing,
    /// A caller that is known, and no agent. What it may do is decided on the thing itself.
    Caller,
    /// The agent of a cluster.
    Agent,
    /// A caller that is known, or an agent: what each sees is decided on the thing itself.
    Anyone,
}

/// The paths that need nothing. Everything else needs a caller.
const OPEN: &[&str] = &[
    "/healthz",
    "/readyz",
    "/api/openapi.json",
    "/api/docs",
    // An agent proves itself in the body of what it sends here.
    "/api/v1/agent/key",
    "/api/v1/agent/enrolment",
    "/api/v1/agent/challenge",
    "/api/v1/agent/session",
];

/// The beginnings of paths that are for agents alone.
const AGENTS_BELOW: &[&str] = &["/api/v1/agent/"];

/// The beginnings of paths that agents may reach besides.
const ANYONE_BELOW: &[&str] = &["/git/clusters.git/"];

/// The beginnings of paths that need nothing.
const OPEN_BELOW: &[&str] = &["/auth/", "/webhooks/"];

/// What a path needs.
pub(crate) fn need(path: &str) -> Need {
    let is_below = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    if OPEN.contains(&path) || is_below(OPEN_BELOW) {
        Need::Nothing
    } else if is_below(AGENTS_BELOW) {
        Need::Agent
    } else if is_below(ANYONE_BELOW) {
        Need::Anyone
    } else {
        Need::Caller
    }
}

/// The beginnings of paths that take a body and change nothing, or of what clusters report.
const READ_ONLY: &[&str] = &["/api/v1/expressions:", "/api/v1/preview", "/api/v1/agent", "/auth/"];

/// The end of the path of a push. Of Git's other requests none changes anything.
const PUSH: &str = "/git-receive-pack";

/// Whether a request may change something, and so leaves a row in the audit record.
pub(crate) fn is_recorded(method: &Method, path: &str) -> bool {
    let may_change = match path.starts_with("/git/") {
        true => path.ends_with(PUSH),
        false => !READ_ONLY.iter().any(|start| path.starts_with(start)),
    };
    !method.is_safe() && may_change
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_open() {
        assert_eq!(need("/healthz"), Need::Nothing);
        assert_eq!(need("/auth/login"), Need::Nothing);
        for closed in ["/", "/healthz/", "/auth", "/api/v1/status", "/git/source.git/info/refs"] {
            assert_eq!(need(closed), Need::Caller, "{closed}");
        }
        assert_eq!(need("/api/v1/agent/session"), Need::Nothing);
        assert_eq!(need("/api/v1/agent/release"), Need::Agent);
        assert_eq!(need("/git/clusters.git/info/refs"), Need::Anyone);
    }

    #[test]
    fn whatever_may_change_something_is_recorded() {
        for path in ["/api/v1/holds", "/api/v1/anything", "/git/source.git/git-receive-pack"] {
            assert!(is_recorded(&Method::POST, path), "{path}");
            assert!(!is_recorded(&Method::GET, path), "{path}");
        }
        assert!(is_recorded(&Method::DELETE, "/api/v1/holds/hold-1"));
        for path in ["/api/v1/expressions:check", "/git/source.git/git-upload-pack"] {
            assert!(!is_recorded(&Method::POST, path), "{path}");
        }
    }
}
