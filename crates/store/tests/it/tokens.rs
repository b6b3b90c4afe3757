//! Tokens.

use model::sha256;
use store::NewToken;

use crate::kinds::{Fixture, at, on_both};

on_both!(tokens_live_from_their_making_to_their_end);

fn token(name: &str) -> NewToken {
    NewToken {
        name: name.to_owned(),
        digest: sha256(name.as_bytes()),
        subject: format!("token:{name}"),
        owner: Some("anna".to_owned()),
        scope: Some("[]".to_owned()),
        expires: Some(at(100)),
    }
}

async fn tokens_live_from_their_making_to_their_end(Fixture { store, .. }: Fixture) {
    assert!(store.add_token(&token("ci"), at(0)).await.unwrap());
    assert!(!store.add_token(&token("ci"), at(1)).await.unwrap());
    assert!(store.add_token(&token("cd"), at(1)).await.unwrap());
    let found = store.token(sha256(b"ci")).await.unwrap().unwrap();
    assert_eq!((found.subject.as_str(), found.owner.as_deref()), ("token:ci", Some("anna")));
    assert_eq!((found.scope.as_deref(), found.last_used), (Some("[]"), None));
    assert!(found.is_valid(at(99)) && !found.is_valid(at(100)));
    store.touch_token("ci", at(7)).await.unwrap();
    assert_eq!(store.token_named("ci").await.unwrap().unwrap().last_used, Some(at(7)));
    assert!(store.revoke_token("ci", at(8)).await.unwrap());
    assert!(!store.revoke_token("ci", at(9)).await.unwrap(), "once");
    assert!(!store.token(sha256(b"ci")).await.unwrap().unwrap().is_valid(at(8)));
    let tokens = store.tokens().await.unwrap();
    let names: Vec<&str> = tokens.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["cd", "ci"]);
    assert_eq!(store.token(sha256(b"other")).await.unwrap(), None);
}
