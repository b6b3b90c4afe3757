//! A repository of this machine that stands for one elsewhere.

use std::sync::Arc;

use git::remote::{Credentials, Mirror, Remote, RemoteError, RemoteUrl, Tracked};
use git::{RefMove, move_refs};
use model::CommitId;
use tempfile::TempDir;
use testkit::{Forge, Sshd};

use crate::support::Temporary;

const LEDGER: &str = "refs/heads/res-edge/ledger";

/// A repository at a forge, and the folder of the forge.
struct Far {
    forge: Forge,
    repository: Temporary,
    _folder: TempDir,
}

impl Far {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Temporary::bare();
        repository.git(&["config", "http.receivepack", "true"]);
        let link = folder.path().join("fleet.git");
        std::os::unix::fs::symlink(repository.path(), link).unwrap();
        let forge = Forge::start(folder.path(), None);
        Self { forge, repository, _folder: folder }
    }

    fn refs(&self) -> String {
        refs(&self.repository)
    }
}

fn refs(repository: &Temporary) -> String {
    repository.git(&["for-each-ref", "--format=%(refname)=%(objectname)", "refs/heads"])
}

/// One side of a mirror.
struct Near {
    repository: Temporary,
    mirror: Mirror,
}

impl Near {
    fn of(far: &Far) -> Self {
        let repository = Temporary::bare();
        let mirror = open(&repository, &far.forge.url("fleet.git"));
        Self { repository, mirror }
    }

    /// A commit on top of a branch, as a step of the ledger is one.
    fn commit(&self, branch: &str, text: &str) -> CommitId {
        self.repository.commit_files(branch, &[("file", text)]).parse().unwrap()
    }
}

fn open(repository: &Temporary, url: &str) -> Mirror {
    let remote = Remote::new(RemoteUrl::parse(url).unwrap(), Credentials::None).unwrap();
    Mirror::open(repository.open(), remote).unwrap()
}

fn tracked() -> [Tracked; 2] {
    [Tracked::ledger().going_forward(), Tracked::branch("delivery")]
}

#[test]
fn what_is_there_is_here_and_what_was_made_here_goes_there() {
    let far = Far::new();
    let mut near = Near::of(&far);
    assert!(!near.mirror.fetch(&tracked()).unwrap(), "an empty remote has nothing");
    near.commit("res-edge/ledger", "1");
    near.commit("delivery", "1");
    near.commit("mine", "1");
    near.mirror.push(&tracked()).unwrap();
    let (there, here) = (far.refs(), refs(&near.repository));
    assert_eq!(there.lines().count(), 2, "what is not tracked stays here");
    assert!(there.lines().all(|line| here.contains(line)), "{here}\n{there}");
    // Another one has it, and its step comes here.
    let mut other = Near::of(&far);
    assert!(other.mirror.fetch(&tracked()).unwrap());
    assert_eq!(refs(&other.repository), there);
    other.commit("delivery", "2");
    other.mirror.push(&tracked()).unwrap();
    assert!(near.mirror.fetch(&tracked()).unwrap());
    assert!(!near.mirror.fetch(&tracked()).unwrap(), "nothing is new");
    let (there, here) = (far.refs(), refs(&near.repository));
    assert!(there.lines().all(|line| here.contains(line)), "{here}\n{there}");
    // A branch that somebody removed there goes here too.
    far.repository.git(&["update-ref", "-d", "refs/heads/delivery"]);
    assert!(near.mirror.fetch(&tracked()).unwrap());
    assert!(!refs(&near.repository).contains("delivery"));
}

#[test]
fn of_two_mirrors_one_wins_and_the_other_takes_its_step_back() {
    let far = Far::new();
    let (mut one, mut other) = (Near::of(&far), Near::of(&far));
    for near in [&mut one, &mut other] {
        near.mirror.fetch(&tracked()).unwrap();
    }
    one.commit("res-edge/ledger", "one");
    other.commit("res-edge/ledger", "other");
    other.commit("delivery", "other");
    one.mirror.push(&tracked()).unwrap();
    let error = other.mirror.push(&tracked()).unwrap_err();
    assert!(matches!(&error, RemoteError::Moved { name, .. } if name == LEDGER), "{error}");
    assert_eq!(refs(&other.repository), "", "neither is here any more");
    assert!(other.mirror.fetch(&tracked()).unwrap());
    assert_eq!(refs(&other.repository), far.refs());
    other.commit("res-edge/ledger", "next");
    other.mirror.push(&tracked()).unwrap();
    assert_eq!(far.repository.git(&["rev-list", "--count", LEDGER]), "2");
}

#[test]
fn what_a_killed_process_did_not_push_is_taken_back() {
    let far = Far::new();
    let mut near = Near::of(&far);
    near.mirror.fetch(&tracked()).unwrap();
    near.commit("res-edge/ledger", "1");
    near.mirror.push(&tracked()).unwrap();
    near.commit("res-edge/ledger", "2");
    near.mirror = open(&near.repository, &far.forge.url("fleet.git"));
    assert_eq!(refs(&near.repository), far.refs());
}

#[test]
fn a_ledger_that_went_back_or_away_is_refused_and_other_branches_follow() {
    let far = Far::new();
    let mut near = Near::of(&far);
    near.mirror.fetch(&tracked()).unwrap();
    let first = near.commit("res-edge/ledger", "1").to_string();
    near.commit("res-edge/ledger", "2");
    near.mirror.push(&tracked()).unwrap();
    let before = refs(&near.repository);
    for arguments in [["update-ref", LEDGER, &first], ["update-ref", "-d", LEDGER]] {
        far.repository.git(&arguments);
        let error = near.mirror.fetch(&tracked()).unwrap_err();
        assert!(matches!(&error, RemoteError::WentBack { name, .. } if name == LEDGER), "{error}");
        assert_eq!(refs(&near.repository), before);
    }
    // A copy in a cache follows whatever is there.
    near.mirror.fetch(&[Tracked::ledger()]).unwrap();
    assert_eq!(refs(&near.repository), "");
}

#[test]
fn what_was_here_before_is_not_lost_by_becoming_a_mirror() {
    let far = Far::new();
    let mut near = Near::of(&far);
    let main = near.commit("main", "built-in");
    let source = [Tracked::branch_as("trunk", "main")];
    let error = near.mirror.fetch(&source).unwrap_err();
    assert!(matches!(error, RemoteError::WentBack { known, .. } if known == main));
    // What was pushed there first goes on there.
    near.repository.git(&["push", "-q", &far.forge.url("fleet.git"), "main:trunk"]);
    far.repository.commit_files("trunk", &[("file", "there")]);
    assert!(near.mirror.fetch(&source).unwrap());
    let trunk = far.repository.git(&["rev-parse", "refs/heads/trunk"]);
    assert_eq!(near.repository.git(&["rev-parse", "refs/heads/main"]), trunk);
    // From then on it is a copy, whatever is done there.
    far.repository.git(&["update-ref", "refs/heads/trunk", &main.to_string()]);
    assert!(near.mirror.fetch(&source).unwrap());
    assert_eq!(near.repository.git(&["rev-parse", "refs/heads/main"]), main.to_string());
}

#[test]
fn a_remote_without_transactions_gets_the_ledger_first() {
    let far = Far::new();
    far.repository.git(&["config", "receive.advertiseAtomic", "false"]);
    let mut near = Near::of(&far);
    near.mirror.fetch(&tracked()).unwrap();
    near.commit("res-edge/ledger", "1");
    near.commit("delivery", "1");
    near.mirror.push(&tracked()).unwrap();
    assert_eq!(refs(&near.repository), far.refs());
    // Refused for the second, the first is there, and the mirror knows it.
    far.repository.git(&["config", "receive.denyNonFastForwards", "true"]);
    near.commit("res-edge/ledger", "2");
    near.repository.git(&["update-ref", "-d", "refs/heads/delivery"]);
    near.commit("delivery", "another");
    assert!(matches!(near.mirror.push(&tracked()), Err(RemoteError::Refused { .. })));
    assert_eq!(refs(&near.repository), far.refs());
    assert_eq!(far.repository.git(&["rev-list", "--count", LEDGER]), "2");
}

#[test]
fn more_branches_than_one_push_moves_go_in_several() {
    let far = Far::new();
    let mut near = Near::of(&far);
    let tracked = [Tracked::ledger(), Tracked::cluster_branches()];
    near.mirror.fetch(&tracked).unwrap();
    let commit = near.commit("res-edge/ledger", "1");
    let branch = |n: u32| RefMove {
        name: format!("refs/heads/clusters/c{n}"),
        from: None,
        to: Some(commit),
    };
    move_refs(near.mirror.repository(), &(0..1_100).map(branch).collect::<Vec<_>>()).unwrap();
    let counter = Arc::default();
    near.mirror.count(&counter);
    near.mirror.push(&tracked).unwrap();
    assert_eq!(far.refs().lines().count(), 1_101);
    assert_eq!(counter.read(), Some((1_101, 1_101)));
    // One that is gone here goes there.
    near.repository.git(&["update-ref", "-d", "refs/heads/clusters/c7"]);
    near.mirror.push(&tracked).unwrap();
    assert_eq!(far.refs(), refs(&near.repository));
    let mut other = Near::of(&far);
    other.mirror.fetch(&tracked).unwrap();
    assert_eq!(refs(&other.repository), far.refs());
}

#[test]
fn over_ssh_a_known_host_and_the_right_key_are_needed() {
    let (sshd, far) = (Sshd::start(), Temporary::bare());
    let near = Temporary::bare();
    let remote = |key, known_hosts| {
        let url = RemoteUrl::parse(&sshd.url(far.path())).unwrap();
        Remote::new(url, Credentials::Key { key, known_hosts }).unwrap()
    };
    let right = || Mirror::open(near.open(), remote(sshd.key(), sshd.known_hosts())).unwrap();
    let mut mirror = right();
    mirror.fetch(&tracked()).unwrap();
    near.commit_files("res-edge/ledger", &[("file", "1")]);
    mirror.push(&tracked()).unwrap();
    assert_eq!(refs(&far), refs(&near));
    let mut wrong =
        Mirror::open(near.open(), remote(sshd.wrong_key(), sshd.known_hosts())).unwrap();
    let error = wrong.fetch(&tracked()).unwrap_err();
    assert!(matches!(error, RemoteError::Authentication { .. }), "{error}");
    let mut strange = Mirror::open(near.open(), remote(sshd.key(), sshd.wrong_hosts())).unwrap();
    let error = strange.fetch(&tracked()).unwrap_err();
    assert!(matches!(error, RemoteError::HostKey { .. }), "{error}");
}
