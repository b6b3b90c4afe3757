//! Who reaches a route at all. A path that no rule names is not reached without credentials.

/// What a route asks of who comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: for probes, for signing in, for senders that prove themselves by a signature.
    Nothing,
    /// A caller that is known. What it may do is decided on the thing itself.
    Caller,
}

/// The paths that need nothing. Everything else needs a caller.
const OPEN: &[&str] = &["/healthz", "/readyz", "/api/openapi.json", "/api/docs"];

/// The beginnings of paths that need nothing.
const OPEN_BELOW: &[&str] = &["/auth/", "/webhooks/"];

/// What a path needs.
pub(crate) fn need(path: &str) -> Need {
    let is_open = OPEN.contains(&path) || OPEN_BELOW.iter().any(|start| path.starts_with(start));
    if is_open { Need::Nothing } else { Need::Caller }
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
    }
}
