//! Remotes over real HTTP, with stock Git on the other side.

use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

use git::remote::{Credentials, RefUpdate, Remote, RemoteError, RemoteUrl, fetch, list, push};
use model::ObjectId;
use tempfile::TempDir;
use testkit::Forge;

use crate::support::Temporary;

/// `ci:s3cret` in base64.
const HEADER: &str = "Basic Y2k6czNjcmV0";
const MAIN: &str = "refs/heads/main";

/// A forge with one repository, and a mirror on this side.
struct Pair {
    forge: Forge,
    far: Temporary,
    near: Temporary,
    _folder: TempDir,
}

fn pair(authorization: Option<&str>) -> Pair {
    let folder = tempfile::tempdir().unwrap();
    let far = Temporary::bare();
    far.git(&["config", "http.receivepack", "true"]);
    std::os::unix::fs::symlink(far.path(), folder.path().join("fleet.git")).unwrap();
    let forge = Forge::start(folder.path(), authorization);
    Pair { forge, far, near: Temporary::bare(), _folder: folder }
}

impl Pair {
    fn remote(&self) -> Remote {
        remote(&self.forge.url("fleet.git"), Credentials::None)
    }
}

fn remote(url: &str, credentials: Credentials) -> Remote {
    Remote::new(RemoteUrl::parse(url).unwrap(), credentials).unwrap()
}

fn token(token: &str) -> Credentials {
    Credentials::Token { user: "ci".to_owned(), token: token.to_owned() }
}

fn update(name: &str, expected: Option<&str>, new: Option<&str>) -> RefUpdate {
    let id = |text: &str| -> ObjectId { text.parse().unwrap() };
    RefUpdate { name: name.to_owned(), expected: expected.map(id), new: new.map(id) }
}

fn install_hook(repository: &Temporary, text: &str) {
    let hook = repository.path().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
}

#[test]
fn refs_are_listed_and_objects_are_fetched() {
    let pair = pair(None);
    let near = pair.near.open();
    assert!(list(&near, &pair.remote(), &["refs/"]).unwrap().is_empty());
    let commit = pair.far.commit_files("main", &[("a", "1")]);
    pair.far.commit_files("other", &[("b", "2")]);
    let refs = list(&near, &pair.remote(), &[MAIN]).unwrap();
    assert_eq!(refs.len(), 1);
    assert_eq!(refs[MAIN].to_string(), commit);
    fetch(&near, &pair.remote(), &[refs[MAIN]]).unwrap();
    assert_eq!(pair.near.git(&["cat-file", "blob", &format!("{commit}:a")]), "1");
    // What is there already needs no remote.
    drop(pair.forge);
    let nowhere = remote("http://127.0.0.1:1/fleet.git", Credentials::None);
    fetch(&pair.near.open(), &nowhere, &[refs[MAIN]]).unwrap();
}

#[test]
fn refs_move_from_where_they_were_seen_and_all_or_none() {
    // Not `main`: the `HEAD` of the remote names it, so that it may not be removed.
    const FIRST: &str = "refs/heads/first";
    let pair = pair(None);
    let first = pair.near.commit_files("main", &[("a", "1")]);
    let second = pair.near.commit_files("main", &[("a", "2")]);
    let (near, remote) = (pair.near.open(), pair.remote());
    let (one, other) = (update(FIRST, None, Some(&first)), "refs/heads/clusters/a");
    push(&near, &remote, &[one, update(other, None, Some(&second))]).unwrap();
    assert_eq!(pair.far.git(&["rev-parse", FIRST, other]), format!("{first}\n{second}"));
    // The second is elsewhere, so that the first does not move either.
    let moves =
        [update(FIRST, Some(&first), Some(&second)), update(other, Some(&first), Some(&first))];
    let error = push(&near, &remote, &moves).unwrap_err();
    assert!(matches!(&error, RemoteError::Moved { name, .. } if name == other), "{error}");
    assert_eq!(pair.far.git(&["rev-parse", FIRST]), first);
    // Backwards, and away.
    let moves = [update(FIRST, Some(&first), None), update(other, Some(&second), Some(&first))];
    push(&near, &remote, &moves).unwrap();
    assert_eq!(pair.far.git(&["for-each-ref", "--format=%(refname)"]), other);
    pair.far.check();
}

#[test]
fn of_two_pushers_from_one_place_one_wins() {
    let pair = pair(None);
    let base = pair.near.commit_files("main", &[("a", "0")]);
    let ids: Vec<String> =
        ["x", "y"].iter().map(|name| pair.near.commit_files(name, &[("a", name)])).collect();
    push(&pair.near.open(), &pair.remote(), &[update(MAIN, None, Some(&base))]).unwrap();
    let start = Barrier::new(2);
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = ids
            .iter()
            .map(|id| {
                let (pair, base, start) = (&pair, &base, &start);
                scope.spawn(move || {
                    start.wait();
                    let moves = [update(MAIN, Some(base), Some(id))];
                    push(&pair.near.open(), &pair.remote(), &moves)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let won: Vec<_> = results.iter().filter(|result| result.is_ok()).collect();
    let lost = results.iter().filter(|one| matches!(one, Err(RemoteError::Moved { .. })));
    assert_eq!((won.len(), lost.count()), (1, 1), "{results:?}");
}

#[test]
fn a_token_lets_in_and_a_wrong_one_is_told_without_it() {
    let pair = pair(Some(HEADER));
    let commit = pair.near.commit_files("main", &[("a", "1")]);
    let (near, url) = (pair.near.open(), pair.forge.url("fleet.git"));
    let moves = [update(MAIN, None, Some(&commit))];
    for credentials in [token("wr0ng"), Credentials::None] {
        let remote = remote(&url, credentials);
        for error in
            [list(&near, &remote, &[""]).unwrap_err(), push(&near, &remote, &moves).unwrap_err()]
        {
            assert!(matches!(error, RemoteError::Authentication { .. }), "{error}");
            assert!(!format!("{error} {error:?} {remote:?}").contains("wr0ng"));
        }
    }
    push(&near, &remote(&url, token("s3cret")), &moves).unwrap();
    assert_eq!(pair.far.git(&["rev-parse", MAIN]), commit);
}

#[test]
fn a_redirect_to_another_host_gets_no_credentials() {
    let pair = pair(None);
    let elsewhere = pair.forge.url("");
    let forge = Forge::redirecting(elsewhere.trim_end_matches('/'));
    let remote = remote(&forge.url("fleet.git"), token("s3cret"));
    let error = list(&pair.near.open(), &remote, &[""]).unwrap_err();
    assert!(matches!(error, RemoteError::Redirect { .. }), "{error}");
    assert_eq!(forge.authorizations(), [Some(HEADER.to_owned())]);
    assert_eq!(pair.forge.authorizations(), []);
}

#[test]
fn what_is_not_there_is_told_apart() {
    let pair = pair(None);
    let near = pair.near.open();
    let missing = remote(&pair.forge.url("nothing.git"), Credentials::None);
    let error = list(&near, &missing, &[""]).unwrap_err();
    assert!(matches!(error, RemoteError::Missing { .. }), "{error}");
    let unreachable = remote("http://127.0.0.1:1/fleet.git", Credentials::None);
    let error = list(&near, &unreachable, &[""]).unwrap_err();
    assert!(matches!(error, RemoteError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("http://127.0.0.1:1/fleet.git"), "{error}");
}

#[test]
fn a_hook_that_refuses_is_heard() {
    let pair = pair(None);
    install_hook(&pair.far, "#!/bin/sh\necho 'only 2 branches a day' >&2\nexit 1\n");
    let commit = pair.near.commit_files("main", &[("a", "1")]);
    let moves = [update(MAIN, None, Some(&commit)), update("refs/heads/b", None, Some(&commit))];
    let error = push(&pair.near.open(), &pair.remote(), &moves).unwrap_err();
    assert!(matches!(error, RemoteError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("pre-receive hook declined"), "{error}");
    assert!(error.to_string().contains("only 2 branches a day"), "{error}");
}

#[test]
fn a_remote_that_never_answers_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/fleet.git", listener.local_addr().unwrap());
    let near = Temporary::bare();
    let remote = remote(&url, Credentials::None).within(Duration::from_millis(300));
    let error = list(&near.open(), &remote, &[""]).unwrap_err();
    assert!(matches!(error, RemoteError::Slow { .. }), "{error}");
}

#[test]
fn too_many_refs_are_refused_before_anything_is_sent() {
    let pair = pair(None);
    let commit = pair.near.commit_files("main", &[("a", "1")]);
    let name = |n| format!("refs/heads/clusters/{n}");
    let moves: Vec<_> = (0..1001).map(|n| update(&name(n), None, Some(&commit))).collect();
    let error = push(&pair.near.open(), &pair.remote(), &moves).unwrap_err();
    assert!(matches!(error, RemoteError::TooMany { found: 1001, .. }), "{error}");
    push(&pair.near.open(), &pair.remote(), &moves[..1000]).unwrap();
    assert_eq!(pair.far.open().references("refs/heads/clusters/").unwrap().len(), 1000);
}

#[test]
fn credentials_are_for_their_own_way() {
    let url = |text: &str| RemoteUrl::parse(text).unwrap();
    let plain = Remote::new(url("http://forge.example/a"), token("x")).unwrap_err();
    assert!(matches!(plain, RemoteError::Plain { .. }), "{plain}");
    let key = || Credentials::Key { key: "/key".into(), known_hosts: "/known_hosts".into() };
    for (text, credentials) in
        [("git@forge.example:a", token("x")), ("https://forge.example/a", key())]
    {
        let error = Remote::new(url(text), credentials).unwrap_err();
        assert!(matches!(error, RemoteError::Mismatch { .. }), "{error}");
    }
}

#[test]
fn a_folder_that_a_person_names_is_a_remote_too() {
    let (near, far) = (Temporary::bare(), Temporary::bare());
    let commit = near.commit_files("main", &[("a", "1")]);
    let url = RemoteUrl::local(far.path()).unwrap();
    let remote = Remote::new(url, Credentials::None).unwrap();
    push(&near.open(), &remote, &[update(MAIN, None, Some(&commit))]).unwrap();
    assert_eq!(far.git(&["rev-parse", MAIN]), commit);
    assert!(RemoteUrl::local(Path::new("relative")).is_err());
}
