//! A real Kubernetes API server on loopback, with etcd and some controllers, without Docker.
//!
//! It is started once for all tests of a binary, on ports of its own and in a folder of its own.
//! It ends with the test binary, however that ends: a watchdog reads a pipe that only the binary
//! holds, and kills when it is closed.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

const TOKEN: &str = "a-token-for-tests";
/// What the tests need: namespaces that are emptied, garbage that is collected, deployments, quotas.
const CONTROLLERS: &str = "namespace-controller,garbage-collector-controller,deployment-controller,\
    replicaset-controller,serviceaccount-controller,resourcequota-controller";

/// A Kubernetes control plane for tests.
#[derive(Debug)]
pub struct Kubernetes {
    programs: Programs,
    folder: PathBuf,
    etcd: String,
    api: ApiServer,
    /// Closing these is what ends the programs.
    pipes: Mutex<Vec<ChildStdin>>,
}

/// One API server of a control plane.
#[derive(Debug)]
pub struct ApiServer {
    port: u16,
    folder: PathBuf,
    child: Mutex<Option<Child>>,
}

/// Where the programs are.
#[derive(Debug)]
enum Programs {
    /// One program with all of them, which `scripts/test` builds.
    One(PathBuf),
    /// A folder of programs (`KUBEBUILDER_ASSETS`).
    Folder(PathBuf),
}

/// The control plane of this test binary, or nothing where no programs are there.
///
/// # Panics
/// If the programs are there and do not start.
#[must_use]
pub fn kubernetes() -> Option<&'static Kubernetes> {
    static SHARED: OnceLock<Option<Kubernetes>> = OnceLock::new();
    let start = || {
        let programs = Programs::find()?;
        Some(Kubernetes::start(programs).expect("the control plane starts"))
    };
    SHARED.get_or_init(start).as_ref()
}

impl Programs {
    fn find() -> Option<Self> {
        if let Some(folder) = std::env::var_os("KUBEBUILDER_ASSETS") {
            return Some(Self::Folder(folder.into()));
        }
        crate::programs::find("RES_EDGE_KUBE_TEST_SERVER", "kube-test-server").map(Self::One)
    }

    fn command(&self, name: &str) -> Command {
        match self {
            Self::One(program) => {
                let mut command = self::program(program);
                command.arg(name);
                command
            }
            Self::Folder(folder) => program(folder.join(match name {
                "apiserver" => "kube-apiserver",
                "controller-manager" => "kube-controller-manager",
                name => name,
            })),
        }
    }

    /// A fresh key for the tokens of service accounts.
    fn write_key(&self, path: &Path) -> io::Result<()> {
        let mut command = match self {
            Self::One(_) => self.command("key"),
            Self::Folder(_) => {
                let mut command = program("openssl");
                command.args(["genrsa", "-out"]);
                command
            }
        };
        succeed(command.arg(path))
    }

    fn await_ready(&self, port: u16, kubeconfig: &Path) -> io::Result<()> {
        match self {
            Self::One(_) => {
                succeed(self.command("ready").arg(format!("https://127.0.0.1:{port}/readyz")))
            }
            Self::Folder(folder) => {
                let mut kubectl = program(folder.join("kubectl"));
                kubectl.arg("--kubeconfig").arg(kubeconfig).args(["get", "--raw", "/readyz"]);
                let mut tries = 0..600;
                while succeed(&mut kubectl).is_err() {
                    tries.next().ok_or_else(|| io::Error::other("it does not become ready"))?;
                    std::thread::sleep(std::time::Duration::from_millis(200));
                }
                Ok(())
            }
        }
    }
}

impl Kubernetes {
    fn start(programs: Programs) -> io::Result<Self> {
        let folder = tempfile::tempdir()?.keep();
        programs.write_key(&folder.join("key"))?;
        fs::write(folder.join("tokens"), format!("{TOKEN},admin,1,\"system:masters\"\n"))?;
        let [client, peer] = [free_port()?, free_port()?];
        let etcd = format!("http://127.0.0.1:{client}");
        let mut command = programs.command("etcd");
        command.arg("--data-dir").arg(folder.join("etcd")).args([
            "--listen-client-urls",
            &etcd,
            "--advertise-client-urls",
            &etcd,
            "--listen-peer-urls",
            &format!("http://127.0.0.1:{peer}"),
            "--unsafe-no-fsync",
        ]);
        let mut pipes = Vec::new();
        run(&mut command, &folder.join("etcd.log"), &mut pipes)?;
        pipes.extend(watch("sleep 1; rm -rf \"$1\"", folder.as_os_str())?);
        let api = ApiServer::new(&folder, "api")?;
        let started = Self { programs, folder, etcd, api, pipes: Mutex::new(pipes) };
        started.run_api(&started.api)?;
        started.run_controllers()?;
        Ok(started)
    }

    /// The kubeconfig of somebody who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.api.kubeconfig()
    }

    /// A kubeconfig of somebody who is known by a token, in a file of this name.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn kubeconfig_with(&self, name: &str, token: &str) -> PathBuf {
        let path = self.folder.join(format!("{name}.kubeconfig"));
        let text = kubeconfig(self.api.port, token);
        fs::write(&path, text).expect("a kubeconfig can be written");
        path
    }

    /// Another API server over the same objects, which may be stopped without harm to others.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn another_api(&self, name: &str) -> ApiServer {
        let api = ApiServer::new(&self.folder, name).expect("a port is free");
        self.run_api(&api).expect("the API server starts");
        api
    }

    /// Starts an API server that was stopped, on the same port.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&self, api: &ApiServer) {
        self.run_api(api).expect("the API server starts again");
    }

    fn run_api(&self, api: &ApiServer) -> io::Result<()> {
        let key = self.folder.join("key");
        let mut command = self.programs.command("apiserver");
        command
            .args(["--etcd-servers", &self.etcd, "--bind-address", "127.0.0.1"])
            .args(["--secure-port", &api.port.to_string(), "--authorization-mode", "RBAC"])
            .args(["--service-account-issuer", "https://tests"])
            .args(["--service-cluster-ip-range", "10.0.0.0/24"])
            .args(["--disable-admission-plugins", "ServiceAccount"])
            .arg("--cert-dir")
            .arg(&api.folder)
            .arg("--service-account-key-file")
            .arg(&key)
            .arg("--service-account-signing-key-file")
            .arg(&key)
            .arg("--token-auth-file")
            .arg(self.folder.join("tokens"));
        fs::create_dir_all(&api.folder)?;
        fs::write(api.kubeconfig(), kubeconfig(api.port, TOKEN))?;
        let mut pipes = self.pipes.lock().expect("no test panics with it");
        let child = run(&mut command, &api.folder.join("log"), &mut pipes)?;
        *api.child.lock().expect("no test panics with it") = Some(child);
        drop(pipes);
        self.programs.await_ready(api.port, &api.kubeconfig())
    }

    fn run_controllers(&self) -> io::Result<()> {
        let mut command = self.programs.command("controller-manager");
        command
            .arg("--kubeconfig")
            .arg(self.kubeconfig())
            .args(["--controllers", CONTROLLERS, "--use-service-account-credentials=false"])
            .args(["--leader-elect=false", "--secure-port=0"]);
        let mut pipes = self.pipes.lock().expect("no test panics with it");
        match run(&mut command, &self.folder.join("controllers.log"), &mut pipes) {
            // The folder of programs need not have it; then namespaces stay.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            started => started.map(drop),
        }
    }
}

impl ApiServer {
    fn new(folder: &Path, name: &str) -> io::Result<Self> {
        let folder = folder.join(name);
        Ok(Self { port: free_port()?, folder, child: Mutex::new(None) })
    }

    /// The kubeconfig of somebody who may do everything.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// Kills it.
    ///
    /// # Panics
    /// If a test panicked while it had it.
    pub fn kill(&self) {
        if let Some(mut child) = self.child.lock().expect("no test panics with it").take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "tests run the real programs")]
fn program(path: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(path)
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn succeed(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

/// Starts a program that ends with this process.
fn run(command: &mut Command, log: &Path, pipes: &mut Vec<ChildStdin>) -> io::Result<Child> {
    fs::create_dir_all(log.parent().unwrap_or(log))?;
    let log = File::create(log)?;
    let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    let id = child.id().to_string();
    pipes.extend(watch("kill -9 \"$1\" 2>/dev/null", id.as_ref())?);
    Ok(child)
}

/// Runs a line of shell with one argument once the pipe that is returned is closed.
fn watch(line: &str, argument: &std::ffi::OsStr) -> io::Result<Option<ChildStdin>> {
    let mut watchdog = program("sh")
        .args(["-c", &format!("cat >/dev/null; {line}"), "watchdog"])
        .arg(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(watchdog.stdin.take())
}

fn kubeconfig(port: u16, token: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
current-context: tests
contexts: [{{name: tests, context: {{cluster: tests, user: tests}}}}]
clusters:
- name: tests
  cluster: {{server: \"https://127.0.0.1:{port}\", insecure-skip-tls-verify: true}}
users: [{{name: tests, user: {{token: {token}}}}}]
"
    )
}
