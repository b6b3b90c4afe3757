//! What a browser carries: the cookie of a session, and proof that one of our pages sent it.
//!
//! In: headers, the address of the other end, and how the server is reached. Out: whether a
//! sign-in may happen at all, cookies, and whether a request that changes something came from a
//! page of this server.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, Method, header};

use super::Secret;

/// The cookie of a session over HTTPS. Browsers take the prefix only with `Secure`, from the host
/// itself and for all its paths (RFC 6265bis, section 4.1.3.2).
const SECURE_COOKIE: &str = "__Host-res-edge";

/// The cookie over plain HTTP on loopback, where browsers refuse the other one.
const LOOPBACK_COOKIE: &str = "res-edge";

/// The cookies of a sign-in with a provider that was begun, over HTTPS and on loopback.
const SECURE_FLOW: &str = "__Host-res-edge-sign-in";
const LOOPBACK_FLOW: &str = "res-edge-sign-in";

/// How long somebody may take at the provider, in seconds.
const FLOW_SECONDS: u32 = 900;

/// What pages send along with everything that changes something: other sites cannot, without
/// asking first.
pub(crate) const PROOF: HeaderName = HeaderName::from_static("x-res-edge-csrf");

/// How this server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// Over HTTPS, which it or a proxy in front of it speaks.
    Https,
    /// Over plain HTTP.
    Http,
}

/// How one request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Over HTTPS.
    Secure,
    /// Over plain HTTP, and never left this machine.
    Loopback,
    /// Over plain HTTP, from elsewhere or through something that does not say what it is.
    Open,
}

impl Front {
    /// How a request came. A proxy on this machine makes others' requests look like our own: it is
    /// known by the headers it adds, and by the name that was asked for.
    pub(crate) fn way(self, peer: Option<SocketAddr>, headers: &HeaderMap) -> Way {
        if self == Self::Https {
            return Way::Secure;
        }
        let is_near = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        let is_forwarded =
            ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "via"]
                .iter()
                .any(|name| headers.contains_key(*name));
        let is_local_name = host(headers).is_some_and(is_loopback_host);
        match is_near && is_local_name && !is_forwarded {
            true => Way::Loopback,
            false => Way::Open,
        }
    }
}

impl Way {
    /// The cookie that begins a session.
    pub(crate) fn cookie(self, session: &Secret) -> String {
        self.with_attributes(&format!("{}={}", self.cookie_name(), session.reveal()))
    }

    /// The cookie that ends one.
    pub(crate) fn no_cookie(self) -> String {
        self.with_attributes(&format!("{}=; Max-Age=0", self.cookie_name()))
    }

    /// The cookie of a sign-in with a provider that begins.
    pub(crate) fn flow_cookie(self, kept: &Secret) -> String {
        let (name, kept) = (self.flow_name(), kept.reveal());
        self.with_attributes(&format!("{name}={kept}; Max-Age={FLOW_SECONDS}"))
    }

    /// The cookie that ends it.
    pub(crate) fn no_flow_cookie(self) -> String {
        self.with_attributes(&format!("{}=; Max-Age=0", self.flow_name()))
    }

    fn flow_name(self) -> &'static str {
        if self == Self::Secure { SECURE_FLOW } else { LOOPBACK_FLOW }
    }

    fn cookie_name(self) -> &'static str {
        if self == Self::Secure { SECURE_COOKIE } else { LOOPBACK_COOKIE }
    }

    // Lax and not Strict: who comes from a provider of identities is signed in on arrival. What
    // changes something needs the proof besides.
    fn with_attributes(self, cookie: &str) -> String {
        let secure = if self == Self::Secure { "; Secure" } else { "" };
        format!("{cookie}; Path=/; HttpOnly; SameSite=Lax{secure}")
    }

    /// What a browser carries to say which session it is in.
    pub(crate) fn session(self, headers: &HeaderMap) -> Option<Secret> {
        self.carried(self.cookie_name(), headers)
    }

    /// What a browser carries of a sign-in that it began.
    pub(crate) fn flow(self, headers: &HeaderMap) -> Option<Secret> {
        self.carried(self.flow_name(), headers)
    }

    fn carried(self, wanted: &str, headers: &HeaderMap) -> Option<Secret> {
        if self == Self::Open {
            return None;
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = cookies.flat_map(|line| line.split(';'));
        let mut named = pairs.filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = named.find(|(name, _)| *name == wanted)?;
        (!value.is_empty()).then(|| Secret::new(value))
    }
}

/// Whether a request by cookie may change something: it says that a page of this server sent it,
/// in a way that other sites cannot.
pub(crate) fn is_from_our_page(method: &Method, headers: &HeaderMap) -> bool {
    let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    is_safe || (headers.contains_key(PROOF) && is_same_origin(headers))
}

/// Whether a request comes from this server's own origin, as far as it says where it comes from.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        return matches!(site, None | Some("same-origin" | "none"));
    };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(_, from)| host(headers).is_some_and(|own| from.eq_ignore_ascii_case(own)))
}

/// This server's own address, as a browser that came in this way knows it.
pub(crate) fn own_address(way: Way, headers: &HeaderMap) -> Option<String> {
    let scheme = if way == Way::Secure { "https" } else { "http" };
    host(headers).map(|host| format!("{scheme}://{host}"))
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

fn is_loopback_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.parse::<IpAddr>().map_or(name == "localhost", |ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn way(peer: &str, lines: &[(&'static str, &str)]) -> Way {
        Front::Http.way(Some(peer.parse().unwrap()), &headers(lines))
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        assert_eq!(way("127.0.0.1:9", &[("host", "localhost:7080")]), Way::Loopback);
        assert_eq!(way("[::1]:9", &[("host", "[::1]:7080")]), Way::Loopback);
        assert_eq!(way("[::ffff:127.0.0.1]:9", &[("host", "127.0.0.1")]), Way::Loopback);
        assert_eq!(way("10.0.0.7:9", &[("host", "localhost")]), Way::Open);
        // A page whose name was made to point here, and a proxy that does not say HTTPS.
        assert_eq!(way("127.0.0.1:9", &[("host", "evil.example")]), Way::Open);
        let forwarded = [("host", "localhost"), ("x-forwarded-for", "10.0.0.7")];
        assert_eq!(way("127.0.0.1:9", &forwarded), Way::Open);
        assert_eq!(way("127.0.0.1:9", &[]), Way::Open);
        assert_eq!(Front::Https.way(None, &HeaderMap::new()), Way::Secure);
    }

    #[test]
    fn cookies_are_out_of_reach() {
        let secret = Secret::new("abc");
        let secure = "__Host-res-edge=abc; Path=/; HttpOnly; SameSite=Lax; Secure";
        assert_eq!(Way::Secure.cookie(&secret), secure);
        assert_eq!(Way::Loopback.cookie(&secret), "res-edge=abc; Path=/; HttpOnly; SameSite=Lax");
        let sent = headers(&[("cookie", "a=b; res-edge=abc; __Host-res-edge=def")]);
        let session = |way: Way| way.session(&sent).map(|secret| secret.reveal().to_owned());
        assert_eq!(session(Way::Loopback).as_deref(), Some("abc"));
        assert_eq!(session(Way::Secure).as_deref(), Some("def"));
        assert_eq!(session(Way::Open), None);
    }

    #[test]
    fn only_our_pages_change_something() {
        let allowed = |lines: &[(&'static str, &str)]| {
            let mut lines = lines.to_vec();
            lines.push(("host", "fleet.example"));
            is_from_our_page(&Method::POST, &headers(&lines))
        };
        let (proof, own) = (("x-res-edge-csrf", "1"), ("origin", "https://fleet.example"));
        assert!(allowed(&[proof, own]));
        assert!(allowed(&[proof]), "programs send no origin");
        assert!(!allowed(&[own]), "a form of another site can send this far");
        for origin in ["https://evil.example", "https://fleet.example.evil.example", "null"] {
            assert!(!allowed(&[proof, ("origin", origin)]), "{origin}");
        }
        assert!(!allowed(&[proof, ("sec-fetch-site", "cross-site")]));
        assert!(is_from_our_page(&Method::GET, &HeaderMap::new()));
    }
}
