//! Stock `git` pushes to `git::serve` over HTTP, and others send what no `git` would.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier, Mutex};

use git::RefMove;
use git::serve::{Push, PushLimits, RefUpdate, RefVerdict, UpdateKind, Verdict};

use crate::http::{Server, Site};
use crate::serve::packet;
use crate::support::Temporary;

/// A repository with one commit on `main`, served to who decides so on pushes, and a clone of it.
struct Pushing {
    temporary: Temporary,
    server: Server,
    client: Temporary,
}

impl Pushing {
    fn new(decide: impl Fn(&Push<'_>) -> Verdict + Send + Sync + 'static) -> Self {
        Self::within(PushLimits::default(), decide)
    }

    fn open() -> Self {
        Self::new(Verdict::accepted)
    }

    fn within(
        limits: PushLimits,
        decide: impl Fn(&Push<'_>) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        let temporary = Temporary::bare();
        temporary.commit_files("main", &[("a.txt", "one\n")]);
        let site = Site { limits, decide: Box::new(decide), ..Site::open(temporary.open()) };
        let server = Server::start(site);
        let client = Temporary::clone(&server.url(), &[]);
        Self { temporary, server, client }
    }

    /// A commit in the clone.
    fn commit(&self, branch: &str, text: &str) -> String {
        self.client.commit_files(branch, &[("a.txt", text)])
    }

    fn push(&self, arguments: &[&str]) -> (bool, String) {
        self.client.said(&[&["push", "origin"], arguments].concat())
    }

    /// Every ref with its id, and every file of objects.
    fn state(&self) -> (String, Vec<String>) {
        (self.temporary.git(&["for-each-ref", "--format=%(refname) %(objectname)"]), self.files())
    }

    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![self.temporary.path().join("objects")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                files.push(path.display().to_string());
            }
        }
        files.sort();
        files
    }

    fn tip(&self, name: &str) -> Option<String> {
        self.temporary.try_git(&["rev-parse", "--verify", "--quiet", name])
    }

    #[track_caller]
    fn assert_leaves_nothing(&self, act: impl FnOnce() -> (bool, String)) -> String {
        let before = self.state();
        let (is_ok, said) = act();
        assert!(!is_ok, "{said}");
        assert_eq!(self.state(), before, "{said}");
        self.temporary.check();
        said
    }
}

/// What the server said to the person.
fn remote(said: &str) -> String {
    let lines = said.lines().filter_map(|line| line.strip_prefix("remote: "));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn branches_and_tags_are_pushed_moved_and_removed() {
    let pushing = Pushing::open();
    let one = pushing.commit("main", "two\n");
    assert!(pushing.push(&["main"]).0);
    assert_eq!(pushing.tip("refs/heads/main").as_ref(), Some(&one));
    pushing.client.git(&["tag", "-a", "-m", "tag", "v1", "main"]);
    pushing.client.git(&["branch", "other", "main~1"]);
    let (is_ok, said) = pushing.push(&["v1", "other", "main:refs/notes/x"]);
    assert!(is_ok, "{said}");
    assert_eq!(pushing.tip("refs/tags/v1^{commit}"), Some(one));
    assert_eq!(pushing.temporary.git(&["cat-file", "-t", "v1"]), "tag");
    let (is_ok, said) = pushing.push(&[":other", ":refs/notes/x", ":v1"]);
    assert!(is_ok, "{said}");
    assert_eq!(pushing.temporary.git(&["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
    pushing.temporary.check();
}

#[test]
fn many_branches_are_pushed_at_once() {
    let pushing = Pushing::open();
    for number in 0..40 {
        pushing.commit(&format!("b{number}"), &format!("{number}\n"));
    }
    pushing.client.git(&["tag", "-a", "-m", "tag", "v1", "b7"]);
    assert!(pushing.push(&["--all", "--follow-tags"]).0);
    assert!(pushing.push(&["v1"]).0);
    let here = pushing.client.git(&[
        "for-each-ref",
        "--format=%(objectname)",
        "refs/heads/b*",
        "refs/tags",
    ]);
    let there = pushing.temporary.git(&[
        "for-each-ref",
        "--format=%(objectname)",
        "refs/heads/b*",
        "refs/tags",
    ]);
    assert_eq!(here, there);
    pushing.temporary.check();
}

#[test]
fn into_an_empty_repository() {
    let temporary = Temporary::bare();
    let server = Server::start(Site::open(temporary.open()));
    let client = Temporary::init(&[]);
    let tip = client.commit_files("main", &[("a.txt", "first\n")]);
    client.git(&["push", "-q", &server.url(), "main"]);
    assert_eq!(temporary.git(&["rev-parse", "main"]), tip);
}

#[test]
fn a_large_push_is_sent_in_chunks() {
    let pushing = Pushing::open();
    // Text that does not deflate to less than what `git` sends at once (1 MiB).
    let mut state = 1_u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + ((state >> 33) % 90) as u8)
    };
    let text: String = (0..2_000_000).map(|_| letter()).collect();
    let tip = pushing.commit("main", &text);
    let (is_ok, said) = pushing.push(&["main"]);
    assert!(is_ok, "{said}");
    assert_eq!(pushing.tip("refs/heads/main"), Some(tip));
}

#[test]
fn what_is_decided_on_is_what_was_pushed() {
    let seen: Arc<Mutex<Vec<(RefUpdate, String)>>> = Arc::default();
    let writes = Arc::clone(&seen);
    let pushing = Pushing::new(move |push| {
        for update in push.updates {
            // The new objects are read before they are in the repository.
            let text = update.commit.map(|commit| {
                let tree = push.repository.commit(commit).unwrap().tree;
                let entry = &push.repository.tree(tree).unwrap()[0];
                String::from_utf8(push.repository.blob(entry.id).unwrap()).unwrap()
            });
            let text = format!("{}{}", text.unwrap_or_default(), push.options.join(","));
            writes.lock().unwrap().push((update.clone(), text));
        }
        Verdict::accepted(push)
    });
    pushing.commit("main", "two\n");
    assert!(pushing.push(&["-o", "title=one", "main"]).0);
    pushing.client.git(&["update-ref", "refs/heads/main", "main~1"]);
    pushing.commit("main", "three\n");
    assert!(!pushing.push(&["main"]).0);
    assert!(pushing.push(&["--force", "main"]).0);
    assert!(pushing.push(&["main:new"]).0);
    assert!(pushing.push(&[":new"]).0);
    let seen = seen.lock().unwrap();
    let seen: Vec<_> =
        seen.iter().map(|(one, text)| (one.name.as_str(), one.kind, text.as_str())).collect();
    let expected = [
        ("refs/heads/main", UpdateKind::FastForward, "two\ntitle=one"),
        ("refs/heads/main", UpdateKind::Forced, "three\n"),
        ("refs/heads/new", UpdateKind::Create, "three\n"),
        ("refs/heads/new", UpdateKind::Delete, ""),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_refused_push_says_why_line_by_line_and_leaves_nothing() {
    let text = "error[unknown-group]: no group is called `/stores/wset`\n \
                --> inventory/groups.yaml:3:11\n\u{1b}[31m  hint: did you mean `/stores/west`?\n";
    let pushing =
        Pushing::new(move |push| Verdict::refused(push, "the source has errors", text.to_owned()));
    pushing.commit("main", "two\n");
    let said = pushing.assert_leaves_nothing(|| pushing.push(&["main"]));
    let expected = "error[unknown-group]: no group is called `/stores/wset`\n \
                    --> inventory/groups.yaml:3:11\n\u{fffd}[31m  hint: did you mean `/stores/west`?\n";
    assert_eq!(remote(&said), expected);
    assert!(said.contains("! [remote rejected] main -> main (the source has errors)"), "{said}");
}

/// Pushes to `refs/for/main` become change 7; others go where they go.
fn change_seven(push: &Push<'_>) -> Verdict {
    let mut verdict = Verdict::accepted(push);
    for (update, verdict) in push.updates.iter().zip(&mut verdict.refs) {
        if update.name == "refs/for/main" {
            let name = "refs/changes/7/head".to_owned();
            *verdict = RefVerdict::Redirected(RefMove { name, from: None, to: update.commit });
        }
    }
    "change 7: http://127.0.0.1/changes/7".clone_into(&mut verdict.text);
    verdict
}

#[test]
fn a_push_for_a_branch_becomes_a_change() {
    let pushing = Pushing::new(change_seven);
    let tip = pushing.commit("mine", "two\n");
    let (is_ok, said) = pushing.push(&["mine:refs/for/main"]);
    assert!(is_ok, "{said}");
    assert_eq!(remote(&said), "change 7: http://127.0.0.1/changes/7\n");
    assert!(said.contains("* [new reference]   mine -> refs/changes/7/head"), "{said}");
    assert_eq!(pushing.tip("refs/changes/7/head"), Some(tip));
    assert_eq!(pushing.tip("refs/for/main"), None);
    // Somebody else has it by now.
    pushing.commit("mine", "three\n");
    let said = pushing.assert_leaves_nothing_but_a_pack(&["mine:refs/for/main"]);
    assert!(said.contains("(it was moved in the meantime: fetch, then push again)"), "{said}");
}

impl Pushing {
    /// A push that lost a race: its objects may stay, as those of a branch that was removed.
    #[track_caller]
    fn assert_leaves_nothing_but_a_pack(&self, arguments: &[&str]) -> String {
        let (refs, _) = self.state();
        let (is_ok, said) = self.push(arguments);
        assert!(!is_ok, "{said}");
        assert_eq!(self.state().0, refs, "{said}");
        assert!(!self.files().iter().any(|file| file.contains("tmp_") || file.contains(".keep")));
        said
    }
}

/// Refuses what is called `bad`.
fn refuse_bad(push: &Push<'_>) -> Verdict {
    let mut verdict = Verdict::accepted(push);
    for (update, verdict) in push.updates.iter().zip(&mut verdict.refs) {
        if update.name.ends_with("bad") {
            *verdict = RefVerdict::Refused("it is bad".to_owned());
        }
    }
    verdict
}

#[test]
fn an_atomic_push_moves_all_or_nothing() {
    let pushing = Pushing::new(refuse_bad);
    let good = pushing.commit("good", "good\n");
    pushing.commit("bad", "bad\n");
    let said = pushing.assert_leaves_nothing(|| pushing.push(&["--atomic", "good", "bad"]));
    assert!(said.contains("good -> good (another ref of the push cannot move"), "{said}");
    assert!(said.contains("bad -> bad (it is bad)"), "{said}");
    let (is_ok, said) = pushing.push(&["good", "bad"]);
    assert!(!is_ok && said.contains("bad -> bad (it is bad)"), "{said}");
    assert_eq!((pushing.tip("good"), pushing.tip("bad")), (Some(good), None));
}

#[test]
fn refs_that_move_along_move_with_it_or_not_at_all() {
    let pushing = Pushing::new(|push| {
        let mut verdict = Verdict::accepted(push);
        let name = "refs/changes/7/meta".to_owned();
        verdict.also.push(RefMove { name, from: None, to: push.updates[0].commit });
        verdict
    });
    let one = pushing.commit("main", "two\n");
    assert!(pushing.push(&["main"]).0);
    assert_eq!(pushing.tip("refs/changes/7/meta"), Some(one.clone()));
    pushing.commit("main", "three\n");
    let said = pushing.assert_leaves_nothing_but_a_pack(&["main"]);
    assert!(said.contains("(`refs/changes/7/meta` cannot move with it: it was moved"), "{said}");
    assert_eq!(pushing.tip("main"), Some(one));
}

#[test]
fn of_two_pushes_at_once_one_is_told_so() {
    let barrier = Arc::new(Barrier::new(2));
    let pushing = Pushing::new(move |push| {
        // Both were received, and both saw the branch where it was.
        barrier.wait();
        Verdict::accepted(push)
    });
    let other = Temporary::clone(&pushing.server.url(), &[]);
    let theirs = other.commit_files("main", &[("a.txt", "theirs\n")]);
    let ours = pushing.commit("main", "ours\n");
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| other.said(&["push", "origin", "main"]));
        (pushing.push(&["main"]), second.join().unwrap())
    });
    let (won, lost) = if first.0 { (ours, &second) } else { (theirs, &first) };
    assert!(first.0 != second.0, "{first:?} {second:?}");
    assert!(lost.1.contains("(it was moved in the meantime: fetch, then push again)"), "{lost:?}");
    assert_eq!(pushing.tip("main"), Some(won));
    pushing.temporary.check();
}

#[test]
fn a_shallow_clone_pushes_where_its_history_is_here() {
    let pushing = Pushing::open();
    pushing.commit("main", "two\n");
    assert!(pushing.push(&["main"]).0);
    let shallow = Temporary::clone(&pushing.server.url(), &["--depth=1"]);
    let tip = shallow.commit_files("main", &[("a.txt", "three\n")]);
    assert!(shallow.said(&["push", "origin", "main"]).0);
    assert_eq!(pushing.tip("main"), Some(tip));
    pushing.temporary.check();
    // Into a repository that lacks the rest, it cannot.
    let empty = Temporary::bare();
    let server = Server::start(Site::open(empty.open()));
    let (is_ok, said) = shallow.said(&["push", &server.url(), "main"]);
    assert!(!is_ok && said.contains("run `git fetch --unshallow`"), "{said}");
    assert_eq!(empty.git(&["for-each-ref"]), "");
}

#[test]
fn what_passes_a_limit_is_refused_by_its_name() {
    let limits = PushLimits { bytes: 20_000, objects: 12, file: 10_000, ..PushLimits::default() };
    let pushing = Pushing::within(limits, Verdict::accepted);
    pushing.commit("main", &"a".repeat(10_001));
    let said = pushing.assert_leaves_nothing(|| pushing.push(&["main"]));
    assert!(said.contains("`a.txt` has 10001 bytes, and may have 10000"), "{said}");
    for number in 0..5 {
        pushing.commit("many", &format!("{number}\n"));
    }
    let said = pushing.assert_leaves_nothing(|| pushing.push(&["many"]));
    assert!(said.contains("the pack has 15 objects, and may have 12"), "{said}");
    let noise: Vec<String> =
        (0..9_000_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    pushing.commit("large", &noise.concat());
    let said = pushing.assert_leaves_nothing(|| pushing.push(&["large"]));
    assert!(said.contains("the push has more than 20000 bytes"), "{said}");
}

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A push of one new branch to bytes that are no honest pack.
fn raw(pushing: &Pushing, name: &str, id: &str, pack: &[u8]) -> (bool, String) {
    let command = format!("{ZERO} {id} {name}\0 report-status side-band-64k");
    let body = [(packet(&command) + "0000").as_bytes(), pack].concat();
    let (status, answer) = pushing.server.post("git-receive-pack", "", &body);
    assert_eq!(status, 200);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.contains("unpack ok") && answer.contains("ok refs/"), answer)
}

/// A pack of objects that are written as given: kind, what its header says is its size, and bytes
/// that are deflated.
fn pack(n_objects: u32, objects: &[(u8, u64, &[u8], &[u8])]) -> Vec<u8> {
    let mut pack = [b"PACK\0\0\0\x02", &n_objects.to_be_bytes()[..]].concat();
    for (kind, size, base, bytes) in objects {
        let mut byte = (kind << 4) | (size & 15) as u8;
        let mut rest = size >> 4;
        while rest > 0 {
            pack.push(byte | 0x80);
            byte = (rest & 0x7f) as u8;
            rest >>= 7;
        }
        pack.push(byte);
        pack.extend_from_slice(base);
        let mut deflater = flate2::write::ZlibEncoder::new(&mut pack, flate2::Compression::fast());
        deflater.write_all(bytes).unwrap();
        deflater.finish().unwrap();
    }
    let checksum = sha1(&pack);
    pack.extend_from_slice(&checksum);
    pack
}

fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut hasher = sha1dc::mitigate::Hasher::new();
    hasher.update(bytes);
    hasher.finalize().unwrap().to_bytes()
}

#[test]
fn hostile_packs_leave_nothing() {
    let limits = PushLimits { memory: 512 << 20, ..PushLimits::default() };
    let pushing = Pushing::within(limits, Verdict::accepted);
    let known = pushing.tip("main").unwrap();
    let blob = pushing.temporary.git(&["rev-parse", "main:a.txt"]);
    let bytes_of = |id: &str| id.parse::<model::ObjectId>().unwrap().0;
    let commit = |tree: &str| {
        format!("tree {tree}\nauthor a <a@b.c> 1 +0000\ncommitter a <a@b.c> 1 +0000\n\nx\n")
    };
    let id_of = |kind: &str, bytes: &[u8]| {
        let hash = sha1(&[format!("{kind} {}\0", bytes.len()).as_bytes(), bytes].concat());
        model::ObjectId(hash)
    };
    // Trees whose files would be written outside, or over the repository itself.
    let mut packs: Vec<(String, Vec<u8>, &str)> = Vec::new();
    for (mode, name) in [
        ("100644", ".git"),
        ("100644", ".GIT"),
        ("100644", ".."),
        ("40000", "."),
        ("100644", "a/b"),
        ("100644", ""),
        ("100644", "git~1"),
    ] {
        let tree = [format!("{mode} {name}\0").as_bytes(), &bytes_of(&blob)[..]].concat();
        let text = commit(&id_of("tree", &tree).to_string());
        let id = id_of("commit", text.as_bytes()).to_string();
        let objects: [(u8, u64, &[u8], &[u8]); 2] =
            [(2, tree.len() as u64, b"", &tree), (1, text.len() as u64, b"", text.as_bytes())];
        packs.push((id, pack(2, &objects), "the pack was refused"));
    }
    let missing = commit(&"1".repeat(40));
    let id = id_of("commit", missing.as_bytes()).to_string();
    packs.push((
        id,
        pack(1, &[(1, missing.len() as u64, b"", missing.as_bytes())]),
        "the pack was refused",
    ));
    // A delta of a few bytes that says it makes a terabyte of another file.
    let delta = [&[4][..], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x20], &[0x90, 4]].concat();
    packs.push((
        known.clone(),
        pack(1, &[(7, delta.len() as u64, &bytes_of(&blob), &delta)]),
        "the pack was refused",
    ));
    // A file of a few bytes that says it is a terabyte.
    packs.push((known.clone(), pack(1, &[(3, 1 << 40, b"", b"x")]), "the pack was refused"));
    packs.push((known.clone(), pack(u32::MAX, &[]), "the pack has 4294967295 objects"));
    packs.push((known.clone(), pack(1000, &[]), "the pack was refused"));
    packs.push((known.clone(), b"PACK".to_vec(), "is no pack"));
    packs.push((known.clone(), b"hello, world, hello".to_vec(), "is no pack"));
    packs.push((known.clone(), Vec::new(), "is no pack"));
    packs.push(("2".repeat(40), pack(0, &[]), "objects are missing"));
    for (id, pack, reason) in &packs {
        let said = pushing.assert_leaves_nothing(|| raw(&pushing, "refs/heads/x", id, pack));
        assert!(said.contains(reason), "{reason}: {said}");
    }
    // An honest one of the same making is taken.
    let good = commit(&pushing.temporary.git(&["rev-parse", "main^{tree}"]));
    let id = id_of("commit", good.as_bytes()).to_string();
    let pack = pack(1, &[(1, good.len() as u64, b"", good.as_bytes())]);
    let (is_ok, said) = raw(&pushing, "refs/heads/x", &id, &pack);
    assert!(is_ok, "{said}");
    assert_eq!(pushing.tip("x"), Some(id));
}

#[test]
fn refs_that_cannot_be_are_refused_by_name() {
    let pushing = Pushing::open();
    let known = pushing.tip("main").unwrap();
    let blob = pushing.temporary.git(&["rev-parse", "main:a.txt"]);
    let empty = pack(0, &[]);
    let cases = [
        ("HEAD", known.as_str()),
        ("refs/heads/../../config", &known),
        ("refs/heads/a b", &known),
        ("refs/heads/x.lock", &known),
        ("refs/heads/x\ny", &known),
        ("refs/heads/main/x", &known),
        ("refs/heads", &known),
        ("refs/heads/main", &known),
        ("refs/heads/x", &blob),
        ("refs/tags/x", &blob),
        ("refs/heads/x", ZERO),
    ];
    for (name, id) in cases {
        let said = pushing.assert_leaves_nothing(|| raw(&pushing, name, id, &empty));
        let shown = name.split('\n').next().unwrap();
        assert!(said.contains(&format!("ng {shown}")), "{name}: {said}");
    }
}

#[test]
fn what_is_not_of_the_protocol_is_a_bad_request() {
    let pushing = Pushing::open();
    for (body, expected) in
        [("0000", 200), ("", 200), ("hello", 400), ("0009x", 400), ("0005x0000", 400)]
    {
        let (status, _) = pushing.server.post("git-receive-pack", "", body.as_bytes());
        assert_eq!(status, expected, "{body}");
    }
    let line = packet(&format!("{ZERO} {ZERO} refs/heads/x"));
    let (status, _) = pushing.server.post("git-receive-pack", "", line.repeat(1001).as_bytes());
    assert_eq!(status, 413);
}

/// The variable by which this test tells the process that it starts that it is the one to kill.
const SERVES: &str = "RES_EDGE_TEST_SERVES";

/// A process of its own that serves a repository.
struct Doomed {
    child: std::process::Child,
    url: String,
}

impl Doomed {
    #[expect(clippy::disallowed_methods, reason = "the process to kill is this test again")]
    fn start(repository: &Temporary) -> Self {
        use std::io::{BufRead, BufReader};
        let this = std::env::current_exe().unwrap();
        let name = "receive::a_server_that_is_killed_loses_nothing";
        let mut child = Command::new(this)
            .args([name, "--exact", "--nocapture"])
            .env(SERVES, repository.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().split("serving ").nth(1).map(str::to_owned));
        Self { child, url: url.unwrap() }
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_that_is_killed_loses_nothing() {
    if let Some(path) = std::env::var_os(SERVES) {
        let server = Server::start(Site::open(git::Repository::open(path).unwrap()));
        println!("serving {}", server.url());
        loop {
            std::thread::park();
        }
    }
    let temporary = Temporary::bare();
    let mut tip = temporary.commit_files("main", &[("a.txt", "one\n")]);
    // Often where `RES_EDGE_KILLS` says so, at moments of the 40 ms that a push takes.
    let kills = std::env::var("RES_EDGE_KILLS").ok().and_then(|text| text.parse().ok());
    let kills: u64 = kills.unwrap_or(4);
    for kill in 0..kills {
        let mut doomed = Doomed::start(&temporary);
        let client = Temporary::clone(&doomed.url, &[]);
        let new = client.commit_files("main", &[("a.txt", &format!("{kill}\n"))]);
        let (is_ok, said) = std::thread::scope(|scope| {
            let push = scope.spawn(|| client.said(&["push", "origin", "main"]));
            std::thread::sleep(std::time::Duration::from_millis(40 * kill / kills));
            doomed.child.kill().unwrap();
            push.join().unwrap()
        });
        let found = temporary.git(&["rev-parse", "main"]);
        assert!(found == new || (found == tip && !is_ok), "{kill}: {said}");
        temporary.check();
        tip = found;
    }
    // The next push removes what they left.
    let server = Server::start(Site::open(temporary.open()));
    let client = Temporary::clone(&server.url(), &[]);
    client.commit_files("main", &[("a.txt", "last\n")]);
    client.git(&["push", "-q", "origin", "main"]);
    let pushing = Pushing { temporary, server, client };
    let left = |file: &&String| file.contains("tmp_") || file.contains(".keep");
    assert_eq!(pushing.files().iter().find(left), None);
}
