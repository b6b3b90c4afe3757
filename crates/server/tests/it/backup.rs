//! A server's folder as one file, taken while it is written to, and back.

use std::path::Path;

use server::{BackupError, Manifest, RestoreError, backup, restore};

use crate::hosting::{FLEET, with_fleet};
use crate::support::{ADMIN, Running};

/// A backup of a server that has a fleet and a token, and the token.
async fn backed_up(file: &Path) -> (Running, Manifest, String) {
    let (running, _) = with_fleet().await;
    std::fs::create_dir(running.folder.path().join("keys")).unwrap();
    std::fs::write(running.folder.path().join("keys/release"), "a key").unwrap();
    let token = running.token("backup", "token:ci").await;
    let manifest = backup(running.folder.path(), file).await.unwrap();
    (running, manifest, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_is_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("backup.tar"), folder.path().join("restored"));
    let (running, manifest, token) = backed_up(&file).await;
    // What happens afterwards is not in it.
    running.publish(&FLEET.replace("title: Dogs", "title: Wolves")).await;
    running.stop().await;
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(manifest.generation, Some(1));
    assert_eq!(restore(&file, &data).await.unwrap(), manifest);
    assert_eq!(std::fs::read_to_string(data.join("keys/release")).unwrap(), "a key");
    let folder = tempfile::tempdir_in(folder.path()).unwrap();
    std::fs::remove_dir(folder.path()).unwrap();
    std::fs::rename(data, folder.path()).unwrap();
    let restored = Running::on(folder).await;
    restored.released(manifest.source.as_ref().unwrap()).await;
    let (_, status) = restored.get("/api/v1/status").await;
    assert_eq!(status["ledger"]["generation"], 1, "it has nothing to do");
    let (status, _) = restored.get_as("/api/v1/whoami", &token).await;
    assert_eq!(status, 200, "tokens are back");
    restored.publish(&FLEET.replace("title: Dogs", "title: Foxes")).await;
    let (_, status) = restored.get("/api/v1/status").await;
    assert_eq!(status["ledger"]["generation"], 2, "and it goes on");
    restored.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_under_load_are_whole_each() {
    let (running, admin) = with_fleet().await;
    let folder = tempfile::tempdir().unwrap();
    let data = running.folder.path().to_owned();
    let files: Vec<_> = (0..4).map(|n| folder.path().join(format!("{n}.tar"))).collect();
    let taking = {
        let files = files.clone();
        tokio::spawn(async move {
            for file in files {
                backup(&data, &file).await.unwrap();
            }
        })
    };
    let mut turn = 0;
    while !taking.is_finished() {
        let (old, new) = (turn, turn + 1);
        let old = if turn == 0 { "title: Dogs".to_owned() } else { format!("title: D{old}") };
        admin.edit("inventory/pets.yaml", &old, &format!("title: D{new}"));
        assert!(admin.push(&["main"]).0);
        turn = new;
        tokio::task::yield_now().await;
    }
    taking.await.unwrap();
    running.stop().await;
    for file in &files {
        let data = file.with_extension("restored");
        restore(file, &data).await.unwrap();
        let restored = Running::on(moved(&data)).await;
        // The source may have gone on while the ledger was taken: it is released now.
        let bare = restored.folder.path().join("source.git").display().to_string();
        let main = testkit::repository().git(&["ls-remote", &bare, "refs/heads/main"]);
        restored.released(main.split_whitespace().next().unwrap()).await;
        restored.stop().await;
    }
}

/// A folder as one that goes away.
fn moved(data: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(data.parent().unwrap()).unwrap();
    std::fs::remove_dir(folder.path()).unwrap();
    std::fs::rename(data, folder.path()).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_cut_or_changed_restores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.tar");
    let (running, ..) = backed_up(&file).await;
    running.stop().await;
    let bytes = std::fs::read(&file).unwrap();
    let data = folder.path().join("restored");
    let wrong = folder.path().join("wrong.tar");
    let length = bytes.len();
    for at in (0..length).step_by(length / 40 + 1) {
        std::fs::write(&wrong, &bytes[..at]).unwrap();
        assert!(restore(&wrong, &data).await.is_err(), "cut at {at} of {length}");
        assert!(!data.exists());
    }
    // A changed byte that counts: in the manifest, and in the middle of each part.
    for at in [600, length / 4, length / 2] {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(&wrong, &changed).unwrap();
        let error = restore(&wrong, &data).await.unwrap_err();
        assert!(matches!(error, RestoreError::Damaged { .. }), "changed at {at}: {error}");
        assert!(!data.exists());
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "nothing is left of what was begun: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.tar");
    let (running, ..) = backed_up(&file).await;
    let again = backup(running.folder.path(), &file).await;
    assert!(matches!(again, Err(BackupError::Exists(_))));
    let nothing = backup(folder.path(), &folder.path().join("other.tar")).await;
    assert!(matches!(nothing, Err(BackupError::NoFolder(_))));
    let over = restore(&file, running.folder.path()).await;
    assert!(matches!(over, Err(RestoreError::NotEmpty(_))));
    assert_eq!(running.send(reqwest::Method::GET, "/readyz", Some(ADMIN)).await.status(), 200);
    running.stop().await;
}
