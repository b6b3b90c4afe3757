//! A person with a clone of the source and a token, who speaks to a server with stock Git.

use testkit::TestRepository;

use crate::support::Running;

/// A person's work tree. `main` is where they stand.
pub(crate) struct Clone {
    pub(crate) tree: TestRepository,
    pub(crate) token: String,
    server: String,
}

impl Clone {
    /// An empty work tree of somebody whose token is known.
    pub(crate) fn empty(running: &Running, token: &str) -> Self {
        let tree = testkit::work_tree();
        let clone = Self { tree, token: token.to_owned(), server: running.url.clone() };
        clone.tree.git(&["remote", "add", "origin", &clone.url("source.git")]);
        clone
    }

    /// A work tree of what is there.
    pub(crate) fn of(running: &Running, token: &str) -> Self {
        let clone = Self::empty(running, token);
        clone.fetch();
        clone
    }

    /// A repository of the server, with the token as the password.
    pub(crate) fn url(&self, repository: &str) -> String {
        let host = self.server.strip_prefix("http://").unwrap();
        format!("http://any:{}@{host}/git/{repository}", self.token)
    }

    /// Stands on what is at the server now.
    pub(crate) fn fetch(&self) {
        self.tree.git(&["fetch", "-q", "origin"]);
        self.tree.git(&["reset", "-q", "--hard", "origin/main"]);
    }

    /// Replaces a text in a file and commits that.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) {
        let file = self.tree.path().join(path);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "`{old}` is not in {path}");
        std::fs::write(&file, text.replacen(old, new, 1)).unwrap();
        self.tree.git(&["commit", "-q", "-a", "-m", &format!("make {new} of {old}")]);
    }

    /// Pushes, and answers whether that succeeded and what the terminal shows, without what
    /// differs from run to run.
    pub(crate) fn push(&self, arguments: &[&str]) -> (bool, String) {
        let (done, text) = self.tree.say(&[&["push", "-q", "origin"], arguments].concat());
        let shown = text.replace(&self.url("source.git"), "URL").replace(&self.server, "SERVER");
        (done, shown)
    }
}
