//! People, their sessions, and attempts to sign in.

use jiff::SignedDuration;
use model::sha256;
use store::{Attempt, LOCAL, NewPerson};

use crate::kinds::{Fixture, at, on_both};

on_both!(
    a_name_is_one_persons,
    who_is_disabled_or_gets_a_password_has_no_session,
    sessions_end,
    a_code_is_taken_once_and_in_time,
    failures_wait_longer_and_longer,
    attempts_at_once_are_counted_each,
    people_are_listed_in_pages,
);

fn person(name: &str) -> NewPerson {
    NewPerson {
        name: name.to_owned(),
        provider: LOCAL.to_owned(),
        provider_key: name.to_owned(),
        password: Some("hash".to_owned()),
        is_administrator: false,
    }
}

async fn a_name_is_one_persons(Fixture { store, .. }: Fixture) {
    assert!(store.add_person(&person("anna"), at(0)).await.unwrap());
    assert!(!store.add_person(&person("anna"), at(1)).await.unwrap());
    let same_key = NewPerson { name: "bob".to_owned(), ..person("anna") };
    assert!(!store.add_person(&same_key, at(1)).await.unwrap(), "a provider knows one of them");
    let anna = store.person("anna").await.unwrap().unwrap();
    assert_eq!((anna.created, anna.signed_in, anna.disabled), (at(0), None, None));
    store.signed_in("anna", r#"["pets"]"#, at(2)).await.unwrap();
    assert!(store.set_administrator("anna", true).await.unwrap());
    let anna = store.person_of_provider(LOCAL, "anna").await.unwrap().unwrap();
    assert_eq!((anna.member_of.as_str(), anna.signed_in), (r#"["pets"]"#, Some(at(2))));
    assert!(anna.is_administrator && anna.has_password);
    assert_eq!(store.person("nobody").await.unwrap(), None);
}

async fn who_is_disabled_or_gets_a_password_has_no_session(Fixture { store, .. }: Fixture) {
    store.add_person(&person("anna"), at(0)).await.unwrap();
    let digest = sha256(b"one");
    store.add_session(digest, "anna", at(0), at(100)).await.unwrap();
    assert!(store.set_password("anna", "other").await.unwrap());
    assert_eq!(store.session(digest).await.unwrap(), None);
    store.add_session(digest, "anna", at(0), at(100)).await.unwrap();
    assert!(store.set_disabled("anna", Some(at(5))).await.unwrap());
    assert_eq!(store.session(digest).await.unwrap(), None);
    let (anna, password) = store.person_with_password("anna").await.unwrap().unwrap();
    assert_eq!((anna.disabled, password.as_deref()), (Some(at(5)), Some("other")));
    assert!(!store.set_password("nobody", "x").await.unwrap());
    assert!(!store.set_disabled("nobody", None).await.unwrap());
}

async fn a_code_is_taken_once_and_in_time(Fixture { store, .. }: Fixture) {
    store.add_person(&person("anna"), at(0)).await.unwrap();
    let [one, two, three] = [b"1", b"2", b"3"].map(|text| sha256(text));
    store.add_code(one, "anna", at(0), at(60)).await.unwrap();
    store.add_code(two, "anna", at(0), at(60)).await.unwrap();
    let (first, second) = tokio::join!(store.take_code(one, at(9)), store.take_code(one, at(9)));
    let taken = [first.unwrap(), second.unwrap()];
    assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), ["anna"]);
    assert_eq!(store.take_code(two, at(60)).await.unwrap(), None, "it has ended");
    assert_eq!(store.take_code(three, at(9)).await.unwrap(), None);
    store.add_code(three, "anna", at(0), at(60)).await.unwrap();
    store.set_disabled("anna", Some(at(5))).await.unwrap();
    assert_eq!(store.take_code(three, at(9)).await.unwrap(), None);
}

async fn sessions_end(Fixture { store, .. }: Fixture) {
    store.add_person(&person("anna"), at(0)).await.unwrap();
    let (old, new) = (sha256(b"old"), sha256(b"new"));
    store.add_session(old, "anna", at(0), at(100)).await.unwrap();
    let session = store.session(old).await.unwrap().unwrap();
    let idle = SignedDuration::from_secs(60);
    assert!(session.is_valid(at(59), idle) && !session.is_valid(at(60), idle));
    store.touch_session(old, at(59)).await.unwrap();
    let session = store.session(old).await.unwrap().unwrap();
    assert!(session.is_valid(at(99), idle) && !session.is_valid(at(100), idle));
    // What has ended goes when the next one begins.
    store.add_session(new, "anna", at(100), at(200)).await.unwrap();
    assert_eq!(store.session(old).await.unwrap(), None);
    store.end_session(new).await.unwrap();
    assert_eq!(store.session(new).await.unwrap(), None);
    assert!(store.add_session(new, "nobody", at(0), at(1)).await.is_err());
}

async fn failures_wait_longer_and_longer(Fixture { store, .. }: Fixture) {
    let mut now = 0;
    for wait in [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 900, 900] {
        assert_eq!(store.begin_attempt("anna", at(now)).await.unwrap(), Attempt::Open, "{now}");
        if wait > 0 {
            for early in [now, now + wait - 1] {
                let closed = store.begin_attempt("anna", at(early)).await.unwrap();
                assert_eq!(closed, Attempt::Closed(at(now + wait)));
            }
        }
        now += wait;
    }
    assert_eq!(store.begin_attempt("bob", at(0)).await.unwrap(), Attempt::Open, "others may");
    store.attempt_succeeded("anna").await.unwrap();
    assert_eq!(store.begin_attempt("anna", at(now)).await.unwrap(), Attempt::Open);
    // A day without an attempt forgets them.
    let day = 24 * 3_600;
    for _ in 0..4 {
        store.begin_attempt("carl", at(now)).await.unwrap();
    }
    for _ in 0..4 {
        store.begin_attempt("carl", at(now + day + 1)).await.unwrap();
    }
    let next = store.begin_attempt("carl", at(now + day + 1)).await.unwrap();
    assert_eq!(next, Attempt::Open);
}

async fn attempts_at_once_are_counted_each(Fixture { store, .. }: Fixture) {
    let begin = |_| {
        let store = store.clone();
        tokio::spawn(async move { store.begin_attempt("anna", at(0)).await.unwrap() })
    };
    let attempts: Vec<_> = (0..40).map(begin).collect();
    let mut n_open = 0;
    for attempt in attempts {
        n_open += usize::from(attempt.await.unwrap() == Attempt::Open);
    }
    assert_eq!(n_open, 5, "as many as one after the other");
}

async fn people_are_listed_in_pages(Fixture { store, .. }: Fixture) {
    for name in ["carl", "anna", "bob"] {
        store.add_person(&person(name), at(0)).await.unwrap();
    }
    let names = async |after: &str| {
        let page = store.people(after, 2).await.unwrap();
        page.into_iter().map(|person| person.name).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["anna", "bob"]);
    assert_eq!(names("bob").await, ["carl"]);
    assert_eq!(store.n_people().await.unwrap(), 3);
}
