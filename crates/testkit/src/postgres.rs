//! A PostgreSQL of its own for tests, in a temporary folder, on a socket there.
//!
//! One can be started for a whole binary and ends with it. Nothing is skipped: without PostgreSQL
//! the tests fail, and say how to install it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// How often a server that was started is asked whether it answers.
const PATIENCE: u32 = 600;

const MISSING: &str = "PostgreSQL is needed for these tests and was not found below \
                       /usr/lib/postgresql: `apt-get install postgresql`";

/// The start of the names of the folders.
const PREFIX: &str = "res-edge-postgres-";

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    programs: PathBuf,
}

impl Postgres {
    /// The one of this binary.
    ///
    /// # Panics
    /// If PostgreSQL does not do that.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start("shared"))
    }

    /// Makes one more, and starts it.
    ///
    /// # Panics
    /// If PostgreSQL does not do that.
    pub fn start(name: &str) -> Self {
        let programs = programs().unwrap_or_else(|| panic!("{MISSING}"));
        remove_old();
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("PostgreSQL runs on this machine");
        // The user that PostgreSQL runs as writes there.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))
            .expect("PostgreSQL runs on this machine");
        let cluster = Self { folder, programs };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--auth=trust", "--username=tests", "--no-sync", "--encoding=UTF8", "-D"]);
        let made = initdb.arg(cluster.data()).output().expect("PostgreSQL runs on this machine");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        cluster.run();
        cluster
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts the server. The thread that does stays for as long as the process, since the server
    /// ends with it.
    ///
    /// # Panics
    /// If PostgreSQL does not do that.
    pub fn run(&self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(&self.folder);
        command.args(["-c", "listen_addresses=", "-c", "max_connections=200"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        let (started, is_started) = mpsc::channel();
        std::thread::spawn(move || {
            let mut child = command.spawn().expect("PostgreSQL runs on this machine");
            started.send(()).expect("PostgreSQL runs on this machine");
            // It is waited for, so that a server that ended is gone.
            let _ = child.wait();
        });
        is_started.recv().expect("PostgreSQL runs on this machine");
        let answers = (0..PATIENCE).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            self.answers()
        });
        assert!(answers, "PostgreSQL does not answer in {}", self.folder.display());
    }

    fn answers(&self) -> bool {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-U", "tests", "-d", "postgres", "-c", "SELECT 1", "-h"]);
        psql.arg(&self.folder).output().expect("PostgreSQL runs on this machine").status.success()
    }

    /// Ends the server at once, as a crash of its machine would.
    ///
    /// # Panics
    /// If PostgreSQL does not do that.
    pub fn crash(&self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--wait", "-D"]).arg(self.data());
        let stopped = stop.output().expect("PostgreSQL runs on this machine");
        assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    }

    /// The URL of a new, empty database.
    ///
    /// # Panics
    /// If PostgreSQL does not do that.
    pub fn database(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://tests@{folder}/{name}")
    }

    /// Runs a statement in a database.
    ///
    /// # Panics
    /// If PostgreSQL does not do that.
    pub fn sql(&self, database: &str, statement: &str) {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-U", "tests", "-v", "ON_ERROR_STOP=1", "-d", database]);
        let output = psql
            .args(["-c", statement, "-h"])
            .arg(&self.folder)
            .output()
            .expect("PostgreSQL runs on this machine");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statement}: {said}");
    }

    /// One of its programs, not as root, which PostgreSQL refuses; it ends with who starts it.
    #[expect(clippy::disallowed_methods, reason = "the one place that starts programs here")]
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.arg(self.programs.join(program)).current_dir(&self.folder);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        let _ = stop.args(["stop", "--mode=immediate", "-D"]).arg(self.data()).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The programs of the newest PostgreSQL.
fn programs() -> Option<PathBuf> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions.filter_map(|entry| number(&entry.ok()?.path())).max()?;
    let folder = PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    folder.join("initdb").exists().then_some(folder)
}

/// Removes what earlier runs left, whose processes are gone: a static value is never dropped.
fn remove_old() {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let pid = rest.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(pid).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
