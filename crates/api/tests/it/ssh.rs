//! Keys and signatures, beside those that OpenSSH and OpenSSL made.

use api::ssh::{KeyError, PublicKey, SignatureError, SigningKey};

/// `ssh-keygen -t ed25519 -C boston`.
const BOSTON: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA4v3MzbmHGozceaxNmuzvB6p/ORLE7xdAFF+OmUsmJd boston";

/// `ssh-keygen -Y sign -n res-edge-release` with that key, of `what is signed` and a line feed.
const SIGNED: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgDi/czNuYcajNx5rE2a7O8Hqn85
EsTvF0AUX46ZSyYl0AAAAQcmVzLWVkZ2UtcmVsZWFzZQAAAAAAAAAGc2hhNTEyAAAAUwAA
AAtzc2gtZWQyNTUxOQAAAED/xiYFE5dQOljMok7qxOUNUIu3AelKSkx+6NgKfeTtv4Q1v+
Me3Nsy9yQRV+RCHGHcfX8Bi+ylWBkKrn4XAFkL
-----END SSH SIGNATURE-----
";

/// `openssl genpkey -algorithm ed25519`.
const OPENSSL: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIBZLmkW5T9xENewGAnerZe1L8McMtOFQdl5QoqpkHtUk
-----END PRIVATE KEY-----
";

#[test]
fn what_openssh_signed_holds_and_nothing_else() {
    let key: PublicKey = BOSTON.parse().unwrap();
    assert_eq!(format!("{key} boston"), BOSTON);
    assert_eq!(key.fingerprint(), "SHA256:zJU1c/Wx8gBe8tqPWskCJ1RdFcY6otYoNgOF8z1IQLM");
    let verify = |text: &str, namespace: &str, signature: &str| {
        key.verify(namespace, text.as_bytes(), signature)
    };
    let text = "what is signed\n";
    assert_eq!(verify(text, "res-edge-release", SIGNED), Ok(()));
    assert_eq!(verify("what was not\n", "res-edge-release", SIGNED), Err(SignatureError::Wrong));
    assert_eq!(verify(text, "res-edge-session", SIGNED), Err(SignatureError::Namespace));
    let other = SigningKey::generate().unwrap();
    let theirs = other.public_key().verify("res-edge-release", text.as_bytes(), SIGNED);
    assert_eq!(theirs, Err(SignatureError::OtherKey));
}

#[test]
fn no_damaged_signature_holds_or_panics() {
    let key: PublicKey = BOSTON.parse().unwrap();
    let verify = |text: &str| key.verify("res-edge-release", b"what is signed\n", text);
    for position in 30..SIGNED.len() - 30 {
        let mut bytes = SIGNED.as_bytes().to_vec();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(bytes).unwrap();
        assert!(verify(&damaged).is_err(), "{position}");
        assert!(verify(&SIGNED[..position]).is_err(), "{position}");
    }
    assert_eq!(verify(""), Err(SignatureError::Malformed));
    assert_eq!(verify(&"A".repeat(1 << 20)), Err(SignatureError::Malformed));
}

#[test]
fn a_key_survives_its_text_and_shows_nothing() {
    let key = SigningKey::generate().unwrap();
    let again = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
    assert_eq!(again.public_key(), key.public_key());
    assert_eq!(again.sign("n", b"x"), key.sign("n", b"x"), "the same text, the same signature");
    assert_eq!(key.public_key().verify("n", b"x", &again.sign("n", b"x")), Ok(()));
    assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public_key().fingerprint()));
    assert_ne!(key.derived_secret("a").unwrap(), key.derived_secret("b").unwrap());
    let openssl = SigningKey::from_pem(OPENSSL).unwrap();
    assert_eq!(openssl.to_pem().unwrap(), OPENSSL);
}

#[test]
fn what_is_no_key_is_refused() {
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7";
    let short = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA4v3Mzb";
    for text in ["", "ssh-ed25519", "ssh-ed25519 ???", rsa, short, &BOSTON[12..]] {
        assert_eq!(text.parse::<PublicKey>(), Err(KeyError::Public), "{text}");
    }
    for text in ["", "-----BEGIN PRIVATE KEY-----", &OPENSSL[..80], &OPENSSL.replace("MC4", "MC5")]
    {
        assert!(SigningKey::from_pem(text).is_err(), "{text}");
    }
}
