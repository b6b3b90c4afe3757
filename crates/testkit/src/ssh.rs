//! An SSH server on loopback: stock `sshd` with keys of its own.
//!
//! It lets in who has its key, as the account that runs the tests, and runs what it is asked to:
//! `git-upload-pack` and `git-receive-pack` of repositories of this machine.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How often it is asked whether it answers, with 50 ms in between.
const PATIENCE: u32 = 200;

const MISSING: &str =
    "an SSH server is needed for these tests: `apt-get install openssh-server openssh-client`";

/// A running `sshd`, ended when it is dropped.
#[derive(Debug)]
pub struct Sshd {
    folder: TempDir,
    child: Child,
    port: u16,
    user: String,
}

impl Sshd {
    /// Starts one.
    ///
    /// # Panics
    /// If there is none, or it does not answer.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().expect("the folder for temporary files is writable");
        let path = folder.path();
        for name in ["host", "key", "other"] {
            let file = path.join(name);
            let made = run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f"], Some(&file));
            assert!(made.is_some(), "{MISSING}");
        }
        fs::copy(path.join("key.pub"), path.join("authorized")).expect("it was just made");
        let user = run("id", &["-un"], None).expect("`id` is everywhere").trim().to_owned();
        // sshd wants an empty folder of root's, where it runs as root.
        let _ = fs::create_dir_all("/run/sshd");
        let port = free_port();
        let child = sshd(path, port).spawn().expect(MISSING);
        let answers = (0..PATIENCE).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(answers, "{MISSING}");
        let sshd = Self { folder, child, port, user };
        sshd.write_known_hosts();
        sshd
    }

    /// The address of a repository of this machine.
    #[must_use]
    pub fn url(&self, repository: &Path) -> String {
        format!("ssh://{}@127.0.0.1:{}{}", self.user, self.port, repository.display())
    }

    /// The private key that is let in.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// One that is not.
    #[must_use]
    pub fn wrong_key(&self) -> PathBuf {
        self.folder.path().join("other")
    }

    /// The file that knows the key of this host.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// A file that knows another key.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn wrong_hosts(&self) -> PathBuf {
        let path = self.folder.path().join("wrong_hosts");
        self.write_hosts(&path, "other.pub");
        path
    }

    fn write_known_hosts(&self) {
        self.write_hosts(&self.known_hosts(), "host.pub");
    }

    fn write_hosts(&self, path: &Path, key: &str) {
        let key = fs::read_to_string(self.folder.path().join(key)).expect("it was just made");
        let mut file = fs::File::create(path).expect("the temporary folder is writable");
        write!(file, "[127.0.0.1]:{} {key}", self.port).expect("the temporary folder is writable");
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it was just bound").port()
}

#[expect(clippy::disallowed_methods, reason = "tests run the real program")]
fn sshd(folder: &Path, port: u16) -> Command {
    let host = folder.join("host");
    fs::set_permissions(&host, fs::Permissions::from_mode(0o600)).expect("it was just made");
    let mut command = Command::new("/usr/sbin/sshd");
    command.args(["-D", "-e", "-f", "/dev/null", "-h"]).arg(&host);
    for (name, value) in [
        ("Port", port.to_string()),
        ("ListenAddress", "127.0.0.1".to_owned()),
        ("AuthorizedKeysFile", folder.join("authorized").display().to_string()),
        ("StrictModes", "no".to_owned()),
        ("UsePAM", "no".to_owned()),
        ("PasswordAuthentication", "no".to_owned()),
        ("KbdInteractiveAuthentication", "no".to_owned()),
        ("PidFile", "none".to_owned()),
    ] {
        command.arg("-o").arg(format!("{name}={value}"));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[expect(clippy::disallowed_methods, reason = "tests run the real program")]
fn run(program: &str, arguments: &[&str], file: Option<&Path>) -> Option<String> {
    let output = Command::new(program).args(arguments).args(file).output().ok()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(printed)
}
