//! Stock `git` clones and fetches from `git::serve` over HTTP.

use git::serve::{Operation, Visible, advertise, upload_pack};
use model::ClusterName;

use crate::http::{Server, Site};
use crate::support::Temporary;

/// A packet of the protocol.
pub(crate) fn packet(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

/// A repository with two commits on `main`, served to who may see this of it.
fn served(visible: Visible) -> (Temporary, Server) {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "one\n")]);
    temporary.commit_files("main", &[("a.txt", "two\n"), ("b/c.txt", "three\n")]);
    let server = Server::start(Site { visible, ..Site::open(temporary.open()) });
    (temporary, server)
}

#[test]
fn clients_of_every_version_clone_and_fetch() {
    let (temporary, server) = served(Visible::All);
    temporary.git(&["tag", "-a", "-m", "first", "v1", "main~1"]);
    for version in ["0", "1", "2"] {
        let version = format!("protocol.version={version}");
        let client = Temporary::clone(&server.url(), &["-c", &version]);
        let here = temporary.git(&["rev-list", "main"]);
        assert_eq!(client.git(&["rev-list", "main"]), here);
        assert_eq!(client.git(&["describe", "v1^{commit}"]), "v1");
        let tip = temporary.commit_files("main", &[("d.txt", &version)]);
        client.git(&["fetch", "-q"]);
        assert_eq!(client.git(&["rev-parse", "origin/main"]), tip);
        client.check();
    }
}

#[test]
fn shallow_clones_are_deepened() {
    let (_temporary, server) = served(Visible::All);
    let client = Temporary::clone(&server.url(), &["--depth=1"]);
    assert_eq!(client.git(&["rev-list", "--count", "HEAD"]), "1");
    client.git(&["fetch", "-q", "--unshallow"]);
    assert_eq!(client.git(&["rev-list", "--count", "HEAD"]), "2");
}

#[test]
fn an_empty_repository_is_cloned() {
    let temporary = Temporary::bare();
    let server = Server::start(Site::open(temporary.open()));
    let client = Temporary::clone(&server.url(), &[]);
    assert_eq!(client.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
}

#[test]
fn large_requests_come_packed_and_are_answered() {
    let (temporary, server) = served(Visible::All);
    let client = Temporary::clone(&server.url(), &[]);
    // Enough commits that the server does not have, so that the client packs its request.
    for number in 0..100 {
        client.commit_files("mine", &[("n.txt", &format!("{number}\n"))]);
    }
    let tip = temporary.commit_files("main", &[("e.txt", "new\n")]);
    client.git(&["fetch", "-q"]);
    assert_eq!(client.git(&["rev-parse", "origin/main"]), tip);
}

/// A repository of three clusters, of which one is seen.
fn one_of_three() -> (Temporary, Server) {
    let (temporary, server) = served(Visible::cluster(&ClusterName::parse("one").unwrap()));
    for (name, text) in
        [("one", "a"), ("one", "b"), ("one-two", "c"), ("two", "d"), ("two", "secret")]
    {
        temporary.commit_files(&format!("clusters/{name}"), &[("f.txt", text)]);
    }
    (temporary, server)
}

#[test]
fn a_cluster_sees_its_own_branch_and_no_other() {
    let (temporary, server) = one_of_three();
    let own = temporary.git(&["rev-parse", "refs/heads/clusters/one"]);
    for version in ["0", "2"] {
        let version = format!("protocol.version={version}");
        let listed = temporary.git(&["-c", &version, "ls-remote", &server.url()]);
        assert_eq!(listed, format!("{own}\trefs/heads/clusters/one"));
        let client = Temporary::clone(&server.url(), &["-c", &version, "--branch=clusters/one"]);
        assert_eq!(client.git(&["log", "--format=%H", "-1"]), own);
        assert_eq!(client.git(&["rev-list", "--count", "HEAD"]), "2");
        temporary.commit_files("clusters/one", &[("f.txt", &version)]);
        client.git(&["fetch", "-q"]);
        temporary.git(&["update-ref", "refs/heads/clusters/one", &own]);
    }
}

#[test]
fn objects_of_another_cluster_are_not_fetched_by_id() {
    let (temporary, server) = one_of_three();
    let client = Temporary::bare();
    for revision in ["main", "clusters/two", "clusters/two~1", "clusters/one-two"] {
        for kind in ["commit", "tree"] {
            let id = temporary.git(&["rev-parse", &format!("{revision}^{{{kind}}}")]);
            // A client of the older protocol refuses this by itself.
            let fetched = client.try_git(&["fetch", "-q", &server.url(), &id]);
            assert_eq!(fetched, None, "{revision} {kind}");
            assert_eq!(client.try_git(&["cat-file", "-e", &id]), None);
            let request = packet(&format!("want {id} ofs-delta\n")) + "0000" + &packet("done\n");
            let (_, answer) = server.post("git-upload-pack", "version=0", request.as_bytes());
            assert!(answer[4..].starts_with(b"ERR "), "{revision} {kind}: {answer:?}");
        }
    }
    // What its own branch leads to it may ask for, as after a race with a new step.
    let before = temporary.git(&["rev-parse", "clusters/one~1"]);
    client.git(&["fetch", "-q", &server.url(), &before]);
}

#[test]
fn a_client_with_commits_of_another_cluster_is_served() {
    let (temporary, server) = one_of_three();
    let client =
        Temporary::clone(&temporary.path().display().to_string(), &["--branch=clusters/two"]);
    client.git(&["remote", "add", "own", &server.url()]);
    for version in ["0", "2"] {
        let tip = temporary.commit_files("clusters/one", &[("f.txt", version)]);
        client.git(&["-c", &format!("protocol.version={version}"), "fetch", "-q", "own"]);
        assert_eq!(client.git(&["rev-parse", "own/clusters/one"]), tip);
    }
}

/// The answer to a request to fetch, as text.
fn fetch(server: &Server, lines: &[&str]) -> String {
    let mut body = packet("command=fetch") + "0001" + &packet("no-progress\n");
    lines.iter().for_each(|line| body.push_str(&packet(line)));
    let (status, answer) = server.post("git-upload-pack", "version=2", (body + "0000").as_bytes());
    assert_eq!(status, 200);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn what_a_client_claims_to_have_counts_only_where_it_may_see_it() {
    let (temporary, server) = one_of_three();
    let [own, before, other] = ["clusters/one", "clusters/one~1", "clusters/two"]
        .map(|revision| temporary.git(&["rev-parse", revision]));
    let want = format!("want {own}\n");
    let of_own = fetch(&server, &[&want, &format!("have {before}\n")]);
    assert!(of_own.contains(&format!("ACK {before}")), "{of_own}");
    let of_other = fetch(&server, &[&want, &format!("have {other}\n")]);
    assert!(of_other.contains("NAK") && !of_other.contains(&other), "{of_other}");
    // Git sends what is behind a claimed end of history, if that is not looked at.
    let shallow = [&want, &format!("shallow {other}\n"), "deepen 2147483647\n", "done\n"];
    let answer = fetch(&server, &shallow);
    assert!(!answer.contains("unshallow"), "{answer}");
    let all_seen = Server::start(Site::open(temporary.open()));
    let answer = fetch(&all_seen, &shallow);
    assert!(answer.contains(&format!("unshallow {other}")), "{answer}");
}

#[test]
fn requests_that_could_tell_of_other_refs_are_refused() {
    let (temporary, server) = one_of_three();
    let own = temporary.git(&["rev-parse", "clusters/one"]);
    let other = temporary.git(&["rev-parse", "clusters/two"]);
    let want = format!("want {own}\n");
    let lines: [&[&str]; 5] = [
        &[&format!("want {other}\n"), "done\n"],
        // Git reads forty digits and forgets the rest.
        &[&format!("want {other}junk\n"), "done\n"],
        &[&format!("want {}\n", other.to_uppercase()), "done\n"],
        &[&want, "deepen-not refs/heads/clusters/two\n", "done\n"],
        &["want-ref refs/heads/clusters/two\n", "done\n"],
    ];
    for lines in lines {
        let answer = fetch(&server, lines);
        assert!(answer[4..].starts_with("ERR upload-pack: "), "{lines:?}: {answer}");
    }
    let body = packet("command=object-info")
        + "0001"
        + &packet("size")
        + &packet(&format!("oid {other}"))
        + "0000";
    let (_, answer) = server.post("git-upload-pack", "version=2", body.as_bytes());
    assert!(answer[4..].starts_with(b"ERR "), "{answer:?}");
}

#[test]
fn what_is_not_of_the_protocol_is_a_bad_request() {
    let (_temporary, server) = one_of_three();
    for body in ["hello", "00", "0009wan", "fffffffff"] {
        assert_eq!(server.post("git-upload-pack", "version=2", body.as_bytes()).0, 400, "{body}");
    }
}

#[test]
fn hidden_refs_are_hidden_with_their_head() {
    let (temporary, _) = served(Visible::All);
    temporary.commit_files("open", &[("o.txt", "open")]);
    let visible = Visible::Except(vec!["refs/heads/main".to_owned()]);
    for protocol in [None, Some("version=1"), Some("version=2")] {
        let repository = temporary.open();
        let server = Server::start(Site { visible: visible.clone(), ..Site::open(repository) });
        let version = format!("protocol.version={}", protocol.map_or("0", |text| &text[8..]));
        let listed = temporary.git(&["-c", &version, "ls-remote", &server.url()]);
        assert!(!listed.contains("main") && !listed.contains("HEAD"), "{listed}");
        assert!(listed.contains("refs/heads/open"), "{listed}");
    }
}

#[test]
fn a_client_that_goes_is_an_error_of_the_client() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (temporary, _server) = served(Visible::All);
    let tip = temporary.git(&["rev-parse", "main"]);
    let request = packet("command=fetch")
        + "0001"
        + &packet(&format!("want {tip}\n"))
        + &packet("done\n")
        + "0000";
    let gone =
        upload_pack(&temporary.open(), Some("version=2"), &Visible::All, request.as_bytes(), Gone);
    assert!(matches!(gone, Err(git::serve::ServeError::Client(_))), "{gone:?}");
}

#[test]
fn the_answers_before_a_request_are_those_of_git() {
    let (temporary, _server) = served(Visible::All);
    let text = |operation, protocol| {
        let answer = advertise(&temporary.open(), operation, protocol, &Visible::All).unwrap();
        String::from_utf8(answer).unwrap()
    };
    assert!(text(Operation::Fetch, None).starts_with("001e# service=git-upload-pack\n0000"));
    assert!(text(Operation::Fetch, Some("version=2")).starts_with("000eversion 2\n"));
    let push = text(Operation::Push, Some("version=2"));
    let tip = temporary.git(&["rev-parse", "main"]);
    assert!(push.starts_with("001f# service=git-receive-pack\n0000"), "{push}");
    assert!(push.contains(&format!("{tip} refs/heads/main\0report-status ")), "{push}");
}
