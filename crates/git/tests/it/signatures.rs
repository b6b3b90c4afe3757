//! Signatures of commits, made by stock `git` and `ssh-keygen`.

use std::path::Path;

use git::{Repository, Signatory, commit_signature, verify_signature};
use jiff::Timestamp;
use model::CommitId;

use crate::support::Temporary;

/// A key of somebody, and what the list of allowed signers says of it.
fn key(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    let words = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &path.display().to_string()];
    #[expect(clippy::disallowed_methods, reason = "a key as a person makes it")]
    let made = std::process::Command::new("ssh-keygen").args(words).status().unwrap();
    assert!(made.success());
    std::fs::read_to_string(path.with_extension("pub")).unwrap()
}

fn signatory(repository: &Repository, commit: CommitId, allowed: &str, at: i64) -> Signatory {
    let signature = commit_signature(repository, commit).unwrap().unwrap();
    verify_signature(&signature, allowed, Timestamp::from_second(at).unwrap()).unwrap()
}

#[test]
fn a_signature_counts_for_who_is_allowed_at_that_time() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "1\n")]);
    let folder = tempfile::tempdir().unwrap();
    let [anna, bob] = ["anna", "bob"].map(|name| key(folder.path(), name));
    temporary.git(&["config", "gpg.format", "ssh"]);
    let signing = format!("-S{}", folder.path().join("anna").display());
    let commit: CommitId =
        temporary.git(&["commit-tree", &signing, "-m", "signed", "main^{tree}"]).parse().unwrap();
    let repository = temporary.open();
    assert_eq!(commit_signature(&repository, repository.resolve("main").unwrap()).unwrap(), None);
    let allowed = format!("anna@example.com {anna}bob@example.com {bob}");
    let known = Signatory::Known("anna@example.com".to_owned());
    assert_eq!(signatory(&repository, commit, &allowed, 1_700_000_000), known);
    let others = format!("bob@example.com {bob}");
    assert_eq!(signatory(&repository, commit, &others, 1_700_000_000), Signatory::Unknown);
    assert_eq!(signatory(&repository, commit, "", 1_700_000_000), Signatory::Unknown);
    let expired = format!("anna@example.com valid-before=\"20230101\" {anna}");
    assert_eq!(signatory(&repository, commit, &expired, 1_700_000_000), Signatory::Unknown);
    assert_eq!(signatory(&repository, commit, &expired, 1_600_000_000), known);
    // For something else than commits.
    let files = format!("anna@example.com namespaces=\"file\" {anna}");
    assert_eq!(signatory(&repository, commit, &files, 1_700_000_000), Signatory::Unknown);
}

#[test]
fn a_signature_of_other_bytes_is_nobodys() {
    let temporary = Temporary::bare();
    temporary.commit_files("main", &[("a.txt", "1\n")]);
    let folder = tempfile::tempdir().unwrap();
    let anna = key(folder.path(), "anna");
    temporary.git(&["config", "gpg.format", "ssh"]);
    let signing = format!("-S{}", folder.path().join("anna").display());
    let commit = temporary.git(&["commit-tree", &signing, "-m", "signed", "main^{tree}"]);
    let text = temporary.git(&["cat-file", "commit", &commit]) + "\n";
    let write = |text: &str| -> CommitId {
        let words = ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"];
        temporary.git_with(&words, text).parse().unwrap()
    };
    let allowed = format!("anna@example.com {anna}");
    let repository = temporary.open();
    assert_eq!(write(&text).to_string(), commit);
    let forged = write(&text.replace("\n\nsigned", "\n\nforged"));
    assert!(matches!(
        signatory(&repository, forged, &allowed, 1_700_000_000),
        Signatory::Nobody(_)
    ));
    let start = text.find("-----BEGIN").unwrap();
    let end = text.find("-----END").unwrap();
    let cut = write(&format!("{}{}", &text[..start + 60], &text[end - 1..]));
    assert!(matches!(signatory(&repository, cut, &allowed, 1_700_000_000), Signatory::Nobody(_)));
    let other = write(&text.replace("SSH SIGNATURE", "PGP SIGNATURE"));
    assert_eq!(signatory(&repository, other, &allowed, 1_700_000_000), Signatory::Unsupported);
}
