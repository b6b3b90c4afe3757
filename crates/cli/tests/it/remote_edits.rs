//! `edit`, `apply`, `delete`, `describe`, `role` and `change`, against a server.

use insta::assert_snapshot;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;
use crate::serving::{ADMIN, Serving, run_with_input};

/// How often it is looked whether the source was released.
const LOOKS: usize = 600;

/// A person, by the sandbox of their own that they sit in.
struct Scene {
    sandbox: Sandbox,
    server: Serving,
    text: String,
}

/// A Role by which `anna` edits what others approve.
const ROLES: &str = "\
-- policies/roles.yaml --
apiVersion: res-edge.dev/v1
kind: Role
metadata: {name: editors}
spec:
  subjects: [\"user:anna\"]
  rules:
    - {verbs: [read, propose, merge, approve], kinds: [Cluster, Namespace, Application], groups: all, namespaces: all}
  approvals: {count: 1, notAuthor: true}
";

const PASSWORD: &str = "a long and secret password";

impl Scene {
    /// A server with a fleet that is released, and the administrator signed in.
    fn new() -> Self {
        let sandbox = Sandbox::empty();
        let server = Serving::in_sandbox(&sandbox);
        sandbox.write(FLEET);
        sandbox.write(ROLES);
        sandbox.git("init -q -b main");
        sandbox.git("add fleet.yaml inventory apps policies");
        sandbox.git("commit -q -m fleet");
        sandbox.git("push -q server/source.git main");
        let login = run_with_input(&sandbox, &format!("login {} --name admin", server.url), ADMIN);
        assert!(login.status.success(), "{}", sandbox.text(&login));
        let scene = Self { sandbox, server, text: String::new() };
        for _ in 0..LOOKS {
            if scene.sandbox.run("history cluster/lab -o name --context admin").status.success() {
                return scene;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the source was not released");
    }

    /// Runs a command, and writes down what it prints; `+` stands for a space in a word.
    fn run(&mut self, words: &str) -> String {
        self.run_with(words, "")
    }

    /// The same, with what an editor makes of a document.
    fn run_with(&mut self, words: &str, editor: &str) -> String {
        let split: Vec<String> = words.split(' ').map(|word| word.replace('+', " ")).collect();
        let split: Vec<&str> = split.iter().map(String::as_str).collect();
        let mut command = self.sandbox.command(&split);
        let output = command.env("EDITOR", editor).output().unwrap();
        let shown = self.steady(&self.sandbox.text(&output));
        self.text.push_str(&format!("$ {}\n{shown}\n", words.replace('+', " ")));
        shown
    }

    /// A text without what differs from run to run.
    fn steady(&self, text: &str) -> String {
        assert!(!text.contains(ADMIN), "the token is shown: {text}");
        let text = text.replace(&self.server.url, "[URL]");
        let ends = [' ', '\n', '"', ',', '`', ')'];
        let words = text.split_inclusive(ends).map(|word| {
            let (bare, end) = word.split_at(word.trim_end_matches(ends).len());
            let is_hex = bare.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_time = bare.len() >= 20 && bare.ends_with('Z') && bare.contains('T');
            match bare {
                _ if is_time => format!("[TIME]{end}"),
                _ if is_hex && bare.len() >= 12 => format!("[ID]{end}"),
                _ if bare.contains("res-edge-edit-") => format!("[FILE]{end}"),
                _ => word.to_owned(),
            }
        });
        words.collect()
    }

    /// A file of `main` at the server.
    fn file(&self, path: &str) -> String {
        self.sandbox.git("fetch -q server/source.git main");
        self.sandbox.git(&format!("show FETCH_HEAD:{path}"))
    }
}

#[test]
fn documents_are_shown_applied_edited_and_deleted() {
    let mut scene = Scene::new();
    let new = "# a new store\napiVersion: res-edge.dev/v1\nkind: Cluster\nmetadata:\n  name: west-7 # the first\n  \
        labels: {ring: beta}\nspec:\n  groups: [/stores]\n  values: {tz: UTC}\n";
    scene.sandbox.write_bytes("store.yaml", new.as_bytes());
    scene.run("apply -f store.yaml --dry-run");
    scene.run("apply -f store.yaml --wait");
    assert_eq!(scene.file("inventory/clusters/west-7.yaml"), new);
    scene.run("apply -f store.yaml");
    scene.run("describe cluster west-7");
    scene.run("describe cluster west-8");
    scene.run("describe role");
    // An editor that changes one word; then one that makes a mistake, and goes.
    scene.run_with("edit cluster west-7 -m Move+it --wait", "sed -i s/beta/prod/");
    assert!(scene.file("inventory/clusters/west-7.yaml").contains("name: west-7 # the first"));
    scene.run_with("edit cluster west-7", "true");
    scene.run_with("edit cluster west-7", "sed -i s/groups:/group:/");
    scene.run_with("edit cluster west-7", "false");
    scene.run("delete cluster west-7");
    scene.run("delete cluster west-7 --dry-run");
    scene.run("delete cluster west-7 --yes");
    scene.run("apply -f nothing.yaml");
    scene.run("role list -o wide");
    scene.run("role show editors");
    assert_snapshot!(scene.text);
}

#[test]
fn changes_are_proposed_approved_and_merged() {
    let mut scene = Scene::new();
    let created = run_with_input(&scene.sandbox, "user create anna", &format!("{PASSWORD}\n"));
    assert!(created.status.success(), "{}", scene.sandbox.text(&created));
    let login = format!("login {} --user anna --name anna", scene.server.url);
    let login = run_with_input(&scene.sandbox, &login, &format!("{PASSWORD}\n"));
    assert!(login.status.success(), "{}", scene.sandbox.text(&login));
    scene.sandbox.replace("inventory/clusters.yaml", "ring: beta", "ring: prod");
    scene.sandbox.git("commit -q -a -m end");
    scene.run("change create");
    scene.run("change create HEAD");
    scene.run("change list");
    scene.run("change show 1");
    scene.run("change merge 1");
    scene.run("change approve 1 --context admin");
    scene.run("change comment 1 well+done --context admin");
    scene.run("change merge 1 --wait");
    scene.run("change list --status merged -o wide");
    scene.run("change close 1");
    scene.run("delete cluster lab --yes");
    scene.run("change close 2");
    scene.run("change reopen 2");
    scene.run("change show 2 -o json");
    scene.run("change approve 9");
    assert_snapshot!(scene.text);
}
