//! How many requests one caller, or one address, may send.
//!
//! Buckets of tokens that fill again: a burst passes, a flood does not. Reads are nearly free and
//! hardly limited; writes cost a commit each; who gives no valid credentials is guessing, or lost.
//! In: who sends what, and the time. Out: whether it passes, or after how many seconds it would.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::problem::Failure;
use crate::identity::Caller;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug)]
struct Rate {
    per_second: f64,
    burst: f64,
}

/// Reads of one caller.
const READS: Rate = Rate { per_second: 100_000.0, burst: 200_000.0 };
/// Everything else of one caller.
const WRITES: Rate = Rate { per_second: 50.0, burst: 300.0 };
/// Requests of one address that nobody known sends.
const STRANGERS: Rate = Rate { per_second: 20.0, burst: 200.0 };

/// Into how many parts the buckets are spread, so that callers do not wait for each other.
const N_SHARDS: usize = 16;
/// How many buckets a part holds before the full ones are forgotten.
const MOST_BUCKETS: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// The buckets of a server.
pub(crate) struct Limits {
    hasher: RandomState,
    shards: [Mutex<HashMap<String, Bucket>>; N_SHARDS],
    behind_proxy: bool,
}

impl Limits {
    /// Full buckets. Behind a proxy, the address that it reports counts.
    pub(crate) fn new(behind_proxy: bool) -> Self {
        Self { hasher: RandomState::new(), shards: Default::default(), behind_proxy }
    }

    /// Takes a token; or says after how many seconds there is one.
    fn take(&self, key: String, rate: Rate, now: Instant) -> Result<(), u64> {
        let shard = self.hasher.hash_one(&key) as usize % N_SHARDS;
        let mut buckets = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 60);
        }
        let full = Bucket { tokens: rate.burst, at: now };
        let bucket = buckets.entry(key).or_insert(full);
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * rate.per_second).min(rate.burst);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Err(((1.0 - bucket.tokens) / rate.per_second).ceil().max(1.0) as u64);
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

/// Lets a request of a known caller pass, if the caller has not sent too many.
pub(crate) async fn of_caller(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(caller) = request.extensions().get::<Caller>() {
        let (word, rate) = match request.method().is_safe() {
            true => ("reads", READS),
            false => ("writes", WRITES),
        };
        let key = format!("{word} {}", identity(caller));
        if let Err(seconds) = state.limits.take(key, rate, Instant::now()) {
            return too_many(seconds).into_response();
        }
    }
    next.run(request).await
}

/// Who a caller is, apart from all others: tokens may act for one subject, or for none.
pub(super) fn identity(caller: &Caller) -> String {
    format!("{}\n{}", caller.name, caller.rights_key())
}

/// Counts what is answered by 401 against its address, and refuses an address that guesses.
pub(crate) async fn of_stranger(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let key = format!("stranger {}", address(&request, state.limits.behind_proxy));
    let response = next.run(request).await;
    if response.status() != StatusCode::UNAUTHORIZED {
        return response;
    }
    match state.limits.take(key, STRANGERS, Instant::now()) {
        Ok(()) => response,
        Err(seconds) => too_many(seconds).into_response(),
    }
}

fn too_many(seconds: u64) -> Failure {
    let detail = "too many requests";
    Failure::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail)
        .hint(format!("send the next one after {seconds} s, as `Retry-After` says"))
        .retry_after(seconds)
}

fn address(request: &Request, behind_proxy: bool) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
    let reported = behind_proxy.then(|| reported(request.headers())).flatten();
    network(reported.unwrap_or(peer))
}

/// The address that the proxy in front saw: the last one, since the others are what the client
/// says.
fn reported(headers: &HeaderMap) -> Option<IpAddr> {
    let all = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    all.rsplit(',').next()?.trim().parse().ok()
}

/// An address; of IPv6 its network of 64 bits, since one customer has all of these.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => {
                let upper = u128::from(six) & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from(upper))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_a_flood_waits() {
        let limits = Limits::new(false);
        let rate = Rate { per_second: 2.0, burst: 3.0 };
        let start = Instant::now();
        let take = |key: &str, after: u64| {
            limits.take(key.to_owned(), rate, start + Duration::from_millis(after))
        };
        assert_eq!([take("a", 0), take("a", 0), take("a", 0)], [Ok(()); 3]);
        assert_eq!(take("a", 0), Err(1));
        assert_eq!(take("b", 0), Ok(()), "another caller is not concerned");
        assert_eq!(take("a", 500), Ok(()));
        assert_eq!(take("a", 500), Err(1));
    }

    #[test]
    fn only_what_the_proxy_itself_saw_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(reported(&headers), None);
        headers.insert("x-forwarded-for", "1.2.3.4, 10.0.0.9".parse().unwrap());
        assert_eq!(reported(&headers), "10.0.0.9".parse().ok());
        headers.insert("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(reported(&headers), None);
        let parse = |text: &str| -> IpAddr { text.parse().unwrap() };
        assert_eq!(network(parse("2001:db8:1:2:3:4:5:6")), parse("2001:db8:1:2::"));
        assert_eq!(network(parse("::ffff:10.0.0.1")), parse("10.0.0.1"));
    }
}
