//! The manifests that `cluster join` prints, applied to a real Kubernetes API server, are enough
//! for an agent that has nothing but the token of its ServiceAccount.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use model::{Generation, ObjectId, Observed};
use sync::kube::Cluster;
use sync::{AppliedSet, Dependencies, Engine, EngineOptions, Mode, Order, Pass, Rules, TreeFile};

use crate::arrival::{Centre, change, until_price};

/// Of two agents on one cluster the later one has the roles: these tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A cluster on which what a server printed was applied.
struct Joined {
    _turn: MutexGuard<'static, ()>,
    centre: Centre,
    kubernetes: &'static testkit::Kubernetes,
    kubectl: PathBuf,
    /// The namespace of the agent.
    agent: String,
    /// The kubeconfig of the agent's ServiceAccount.
    kubeconfig: PathBuf,
}

/// `res-edge-agent` as a process, until it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Joined {
    /// Joins a cluster; nothing where the programs are not there.
    fn new(name: &str) -> Option<Self> {
        let (kubernetes, kubectl) = (testkit::kubernetes()?, testkit::kustomize()?);
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let centre = Centre::new(&format!("{name}-web"));
        let agent = format!("{name}-agent");
        let kubeconfig = PathBuf::new();
        let mut joined = Self { _turn, centre, kubernetes, kubectl, agent, kubeconfig };
        let server = &joined.centre.serving.url;
        let printed = joined.centre.sandbox.run(&format!(
            "cluster join boston --namespace {} --server {server} --token-file admin-token",
            joined.agent
        ));
        assert!(printed.status.success(), "{}", joined.centre.sandbox.text(&printed));
        joined.kubectl("apply -f -", &printed.stdout);
        let words = format!("create token res-edge-agent -n {}", joined.agent);
        let token = joined.kubectl(&words, b"");
        joined.kubeconfig = kubernetes.kubeconfig_with(&joined.agent, token.trim());
        Some(joined)
    }

    /// What kubectl prints for somebody who may do everything.
    fn kubectl(&self, words: &str, input: &[u8]) -> String {
        let program = self.kubectl.to_str().unwrap();
        let mut command =
            self.centre.sandbox.program(program, &words.split_whitespace().collect::<Vec<_>>());
        command.env("KUBECONFIG", self.kubernetes.kubeconfig());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        // `auth can-i` answers `no` with another exit code than `yes`.
        assert!(output.status.success() || words.starts_with("auth"), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What the agent itself may do.
    fn may(&self, what: &str) -> String {
        let who = format!("system:serviceaccount:{}:res-edge-agent", self.agent);
        self.kubectl(&format!("auth can-i {what} --as {who}"), b"").trim().to_owned()
    }

    /// Runs the agent as its Deployment does.
    fn start(&self) -> Running {
        self.start_against(&self.centre.serving.url)
    }

    fn start_against(&self, server: &str) -> Running {
        let join = |name: &str| self.centre.join[name].as_str().unwrap().to_owned();
        self.centre.sandbox.write_bytes("join-token", join("token").as_bytes());
        let program = Path::new(env!("CARGO_BIN_EXE_res-edge")).with_file_name("res-edge-agent");
        assert!(program.is_file(), "it is built with the tests of its own room");
        let mut command =
            self.centre.sandbox.program(program.to_str().unwrap(), &["run", "--state", "state"]);
        command
            .env("RES_EDGE_SERVER", server)
            .env("RES_EDGE_POLL", "1")
            .env("RES_EDGE_CLUSTER", "boston")
            .env("RES_EDGE_RELEASE_KEY", join("releaseKey"))
            .env("RES_EDGE_NAMESPACE", &self.agent)
            .env("RES_EDGE_JOIN_TOKEN_FILE", "join-token")
            .env("RES_EDGE_KUBECONFIG", &self.kubeconfig)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        std::fs::create_dir_all(self.centre.sandbox.path().join("state")).unwrap();
        Running(command.spawn().unwrap())
    }

    async fn world(&self, kubeconfig: &Path, account: Option<&str>) -> Cluster {
        let settings = sync::kube::Settings {
            kubeconfig: Some(kubeconfig.to_owned()),
            service_account: account.map(str::to_owned),
            account_role: account.map(|_| "res-edge-applications".to_owned()),
            ..sync::kube::Settings::default()
        };
        Cluster::connect(settings).await.unwrap()
    }
}

#[test]
fn what_is_printed_lets_an_agent_sync_an_application_from_nothing() {
    let Some(joined) = Joined::new("joined") else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let admin = runtime.block_on(joined.world(&joined.kubernetes.kubeconfig(), None));
    let _agent = joined.start();
    runtime.block_on(until_price(&admin, "joined-web", "1"));
    change(&joined.centre, "1", "2");
    runtime.block_on(until_price(&admin, "joined-web", "2"));
    for (what, answer) in [
        ("create configmaps -n joined-web", "no"),
        ("get configmaps -n joined-web", "no"),
        ("list secrets -A", "no"),
        ("patch rolebindings/another -n joined-web", "no"),
        ("impersonate serviceaccounts/default -n joined-web", "no"),
        ("impersonate users", "no"),
        ("impersonate serviceaccounts/res-edge -n joined-web", "yes"),
        ("delete namespaces", "yes"),
    ] {
        assert_eq!(joined.may(what), answer, "{what}");
    }
}

/// Runs passes until one is as expected.
async fn until(
    engine: &mut Engine<Cluster>,
    (generation, files): (u32, &[TreeFile]),
    (set, rules): (&mut Observed<AppliedSet>, &Rules),
    expected: impl Fn(&Pass) -> bool,
) {
    let tree = ObjectId([7; 20]);
    let desired = sync::read_tree(Generation(generation), tree, files, Dependencies::new());
    let mut last = None;
    for _ in 0..300 {
        let order = Order { desired: &desired, rules, mode: Mode::Act };
        let pass = engine.reconcile(order, set, &mut |_| Ok(())).await;
        if expected(&pass) {
            return;
        }
        last = Some(pass);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never as expected: {last:?}");
}

#[test]
fn what_is_printed_lets_an_agent_delete_a_namespace_that_a_release_names() {
    let Some(joined) = Joined::new("leaving") else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = joined.world(&joined.kubeconfig, Some("res-edge")).await;
        let mut engine = Engine::new(world, EngineOptions::default());
        let file = |path: &str, text: &str| TreeFile {
            path: path.to_owned(),
            bytes: text.as_bytes().into(),
        };
        let namespace = |name: &str| {
            let text = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
            file(&format!("namespaces/_cluster/namespace-{name}.yaml"), &text)
        };
        let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: leaving-b}\n";
        let (stays, goes) = (namespace("leaving-a"), namespace("leaving-b"));
        let both = [stays.clone(), goes, file("web/leaving-b/configmap-c.yaml", config)];
        let mut set = Observed::Known(AppliedSet::default());
        let mut rules = Rules::default();
        until(&mut engine, (1, &both), (&mut set, &rules), Pass::is_settled).await;
        let one = sync::read_manifest(config.as_bytes()).unwrap().key();
        let known = |set: &Observed<AppliedSet>| set.known().unwrap().objects.len();
        assert_eq!(known(&set), 3);
        rules.allowances.insert(model::ObjectKey {
            kind: "Namespace".to_owned(),
            namespace: None,
            name: "leaving-b".to_owned(),
            ..one
        });
        let gone = |pass: &Pass| pass.is_settled() && pass.acts.is_nothing();
        until(&mut engine, (2, &[stays]), (&mut set, &rules), gone).await;
        assert_eq!(known(&set), 1, "{set:?}");
    });
    let left = joined.kubectl("get namespaces -o name", b"");
    assert!(left.contains("leaving-a") && !left.contains("leaving-b"), "{left}");
}

/// The address of a proxy that ends each connection on which a release is asked for over HTTP.
fn without_releases(server: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.strip_prefix("http://").unwrap().to_owned();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(upstream) = TcpStream::connect(&server) else { return };
            let (from, to) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            thread::spawn(move || pump(from, to, b"GET /api/v1/agent/release"));
            thread::spawn(move || pump(upstream, client, b"HTTP/0"));
        }
    });
    format!("http://{address}")
}

/// Copies bytes until the end, or until some begin with what is refused.
fn pump(mut from: TcpStream, mut to: TcpStream, refused: &[u8]) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if bytes[..length].starts_with(refused) || to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}

#[test]
fn a_release_that_does_not_come_over_http_comes_by_git() {
    let Some(joined) = Joined::new("bygit") else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let admin = runtime.block_on(joined.world(&joined.kubernetes.kubeconfig(), None));
    let _agent = joined.start_against(&without_releases(&joined.centre.serving.url));
    runtime.block_on(until_price(&admin, "bygit-web", "1"));
    change(&joined.centre, "1", "2");
    runtime.block_on(until_price(&admin, "bygit-web", "2"));
}
