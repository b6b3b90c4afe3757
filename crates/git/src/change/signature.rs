//! Signatures of commits, and whether somebody we know made them.
//!
//! SSH signatures are verified with `ssh-keygen`, as Git does it; of OpenPGP and X.509 it is only
//! said that they are that.

use std::io;

use jiff::Timestamp;
use model::CommitId;

use crate::program;
use crate::{Repository, RepositoryError};

/// A signature and what it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitSignature {
    /// The signature, as it stands in the commit.
    pub text: String,
    /// The commit without it.
    pub payload: Vec<u8>,
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signatory {
    /// Whoever this names among the allowed signers.
    Known(String),
    /// None of the allowed signers, or one whose key was not valid at that time.
    Unknown,
    /// Nobody: the signature is not one of this commit. What is wrong with it.
    Nobody(String),
    /// The signature is of a kind that is not verified here.
    Unsupported,
}

/// Why a signature could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// The files for the program cannot be written.
    #[error("cannot write the files for `ssh-keygen`: {0}")]
    File(io::Error),
    /// The program is not there or did not end.
    #[error("cannot run `ssh-keygen`: {0}")]
    Run(io::Error),
}

/// The signature of a commit, if it has one. A commit that has more than one has none.
///
/// # Errors
/// If the commit cannot be read.
pub fn commit_signature(
    repository: &Repository,
    commit: CommitId,
) -> Result<Option<CommitSignature>, RepositoryError> {
    Ok(take_out(&repository.reader().commit_bytes(commit)?))
}

/// Takes the header `gpgsig`, whose lines after the first start with a space, out of a commit.
fn take_out(bytes: &[u8]) -> Option<CommitSignature> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")? + 1;
    let (mut payload, mut text, mut n_found, mut is_in) = (Vec::new(), Vec::new(), 0, false);
    for line in bytes[..end].split_inclusive(|byte| *byte == b'\n') {
        let first = line.strip_prefix(b"gpgsig ");
        n_found += usize::from(first.is_some());
        is_in = first.is_some() || (is_in && line.starts_with(b" "));
        match first.or_else(|| line.strip_prefix(b" ").filter(|_| is_in)) {
            Some(part) => text.extend_from_slice(part),
            None => payload.extend_from_slice(line),
        }
    }
    payload.extend_from_slice(&bytes[end..]);
    let text = String::from_utf8(text).ok()?;
    (n_found == 1).then_some(CommitSignature { text, payload })
}

/// Who made a signature, by a list of allowed signers
/// (<https://man.openbsd.org/ssh-keygen#ALLOWED_SIGNERS>), with keys that were valid at a time.
///
/// Give the time at which the commit was first seen, and not the one that it names: whoever makes
/// a commit chooses that.
///
/// # Errors
/// If `ssh-keygen` cannot be run.
pub fn verify_signature(
    signature: &CommitSignature,
    allowed_signers: &str,
    at: Timestamp,
) -> Result<Signatory, SignatureError> {
    if !signature.text.starts_with("-----BEGIN SSH SIGNATURE-----") {
        return Ok(Signatory::Unsupported);
    }
    let folder = tempfile::tempdir().map_err(SignatureError::File)?;
    let (signers, file) = (folder.path().join("allowed_signers"), folder.path().join("signature"));
    let written = std::fs::write(&signers, allowed_signers);
    written.and_then(|()| std::fs::write(&file, &signature.text)).map_err(SignatureError::File)?;
    let time = format!("-Overify-time={}", at.strftime("%Y%m%d%H%M%S"));
    let (signers, file) = (signers.to_string_lossy(), file.to_string_lossy());
    let keygen = |words: &[&str], input: &[u8]| {
        let files = ["-f", &signers, "-s", &file, &time];
        let words = [words, &files[..]].concat();
        program::run_keygen(folder.path(), &words, input).map_err(SignatureError::Run)
    };
    let whole = ["-Y", "check-novalidate", "-n", "git"];
    if let Err(complaint) = keygen(&whole, &signature.payload)? {
        return Ok(Signatory::Nobody(complaint));
    }
    let Ok(found) = keygen(&["-Y", "find-principals"], b"")? else { return Ok(Signatory::Unknown) };
    for principal in String::from_utf8_lossy(&found).lines() {
        let words = ["-Y", "verify", "-n", "git", "-I", principal];
        if keygen(&words, &signature.payload)?.is_ok() {
            return Ok(Signatory::Known(principal.to_owned()));
        }
    }
    Ok(Signatory::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_taken_out_and_two_are_none() {
        let commit = |headers: &str| format!("tree x\n{headers}\ngpgsig in the message\n");
        let one = take_out(commit("gpgsig a\n b\n c\nencoding x\n").as_bytes()).unwrap();
        assert_eq!(one.text, "a\nb\nc\n");
        assert_eq!(one.payload, commit("encoding x\n").as_bytes());
        assert_eq!(take_out(commit("").as_bytes()), None);
        assert_eq!(take_out(commit("gpgsig a\ngpgsig b\n").as_bytes()), None);
        assert_eq!(take_out(b"gpgsig a"), None);
        let other = take_out(commit("gpgsig a\nmergetag x\n b\n").as_bytes()).unwrap();
        assert_eq!(other.payload, commit("mergetag x\n b\n").as_bytes());
    }
}
