//! The stream of events, over real HTTP.

use api::{Message, Messages};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::clone::Clone;
use crate::hosting::with_fleet;
use crate::support::{ADMIN, Running};

/// Somebody who watches.
pub(crate) struct Watching {
    response: Response,
    messages: Messages,
    read: Vec<Message>,
}

async fn connect(running: &Running, token: &str, last: Option<&str>) -> Response {
    let request = Client::new().get(format!("{}/api/v1/events", running.url)).bearer_auth(token);
    let request = last.into_iter().fold(request, |request, id| request.header("last-event-id", id));
    request.send().await.unwrap()
}

impl Watching {
    pub(crate) async fn new(running: &Running, token: &str, last: Option<&str>) -> Self {
        let response = connect(running, token, last).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut watching = Self { response, messages: Messages::default(), read: Vec::new() };
        assert_eq!(watching.next().await.unwrap().event, "ready");
        watching
    }

    /// The next message; nothing when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            if !self.read.is_empty() {
                return Some(self.read.remove(0));
            }
            let bytes = self.response.chunk().await.ok().flatten()?;
            self.read = self.messages.read(&bytes);
        }
    }

    /// The kinds of so many messages, and the last of them.
    async fn kinds(&mut self, n: usize) -> (Vec<String>, Message) {
        let (mut kinds, mut last) = (Vec::new(), Message::default());
        for _ in 0..n {
            last = self.next().await.unwrap();
            kinds.push(last.event.clone());
        }
        (kinds, last)
    }
}

pub(crate) fn data(message: &Message) -> Value {
    serde_json::from_str(&message.data).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_in_order_and_again_to_who_comes_back() {
    let (running, admin) = with_fleet().await;
    let mut first = Watching::new(&running, ADMIN, None).await;
    admin.edit("inventory/pets.yaml", "title: Dogs", "title: Cats");
    assert!(admin.push(&["main"]).0);
    let (kinds, step) = first.kinds(2).await;
    assert_eq!(kinds, ["source-taken", "step"]);
    assert_eq!(data(&step)["name"], "2");
    let hold = json!({"clusters": "/g/stores/tx", "reason": "festival"});
    assert_eq!(running.ask(Method::POST, "/api/v1/holds", &hold).await.0, 201);
    admin.edit("inventory/la.yaml", "city: nola", "city: orleans");
    assert!(admin.push(&["HEAD:refs/for/main"]).0);
    let comment = json!({"text": "why?"});
    assert_eq!(running.ask(Method::POST, "/api/v1/changes/1/events", &comment).await.0, 200);
    let merge = "/api/v1/changes/1/merge?wait=released";
    assert_eq!(running.ask(Method::POST, merge, &json!({})).await.0, 200);
    assert_eq!(running.ask(Method::DELETE, "/api/v1/holds/hold-3", &json!({})).await.0, 200);
    let expected = [
        "step",
        "hold-placed",
        "change-opened",
        "change-commented",
        "change-merged",
        "source-taken",
        "step",
        "step",
        "hold-ended",
    ];
    let (kinds, _) = first.kinds(expected.len()).await;
    assert_eq!(kinds, expected);

    // Who comes back gets what they missed, of what they see.
    let mut again = Watching::new(&running, ADMIN, step.id.as_deref()).await;
    assert_eq!(again.kinds(expected.len()).await.0, expected);
    let olga = running.token_of("user:olga").await;
    let mut other = Watching::new(&running, &olga, step.id.as_deref()).await;
    let unseen = |kind: &&str| !kind.starts_with("hold-");
    let seen: Vec<&str> = expected.into_iter().filter(unseen).collect();
    assert_eq!(other.kinds(seen.len()).await.0, seen);

    // Of another run of the server, all is to be read again; and no stream keeps a server.
    let folder = running.stop().await;
    assert_eq!(first.next().await, None);
    let running = Running::on(folder).await;
    running.controller.changes().wait_for(|version| *version > 0).await.unwrap();
    let mut late = Watching::new(&running, ADMIN, step.id.as_deref()).await;
    assert_eq!(late.next().await.unwrap().event, "reset");
    drop(late);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_nothing_watches_nothing_and_streams_are_few() {
    let (running, _) = with_fleet().await;
    let nobody = running.token_of("user:nobody").await;
    assert_eq!(connect(&running, &nobody, None).await.status(), 403);
    assert_eq!(connect(&running, ADMIN, Some("nonsense")).await.status(), 400);
    let anna = running.token_of("user:anna").await;
    let mut open = Vec::new();
    for _ in 0..10 {
        open.push(Watching::new(&running, &anna, None).await);
    }
    let refused = connect(&running, &anna, None).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too-many-streams");
    drop(Watching::new(&running, ADMIN, None).await);
    // Who goes away makes room, once the server has seen it at something to send.
    drop(open);
    let admin = Clone::of(&running, ADMIN);
    for n in 0..50 {
        admin.edit("inventory/la.yaml", "ring: prod", "ring: prod, n: x");
        assert!(admin.push(&[&format!("HEAD:refs/for/main/{n}")]).0);
        if connect(&running, &anna, None).await.status() == 200 {
            break;
        }
        assert!(n < 49, "no stream became free");
        admin.fetch();
    }
    running.stop().await;
}
