//! The log of a ref, which `git reflog` shows.
//!
//! Where `core.logAllRefUpdates` asks for logs (it does by itself in a repository with a work
//! tree), the few refs of a small transaction are logged. A transaction over many refs, whose
//! history is the ledger's, writes no logs: that would be a file for each of them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use model::CommitId;

use super::RefMove;
use super::store::Store;

/// Appends a line for each ref. A log that cannot be written is not worth a failure: the refs
/// have moved already.
pub(super) fn append(store: &Store<'_>, moves: &[&RefMove]) {
    let setting = store.repository.setting("core.logAllRefUpdates");
    let is_made = match setting.map(|word| word.to_ascii_lowercase()).as_deref() {
        Some("true" | "always" | "1" | "yes" | "on") => true,
        Some(_) => false,
        None => !store.repository.is_bare(),
    };
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_secs());
    let none = CommitId([0; 20]);
    for RefMove { name, from, to } in moves {
        let path = store.git_dir.join("logs").join(name);
        if is_made && let Some(folder) = path.parent() {
            let _ = fs::create_dir_all(folder);
        }
        let (from, to) = (from.unwrap_or(none), to.unwrap_or(none));
        if let Ok(mut file) = OpenOptions::new().append(true).create(is_made).open(&path) {
            let who = "res-edge <res-edge@localhost>";
            let _ =
                file.write_all(format!("{from} {to} {who} {seconds} +0000\tres-edge\n").as_bytes());
        }
    }
}

/// Removes the log of a ref that went, as Git does.
pub(super) fn remove(store: &Store<'_>, name: &str) {
    // Most refs have none.
    let _ = fs::remove_file(store.git_dir.join("logs").join(name));
}
