//! From the tables of the first version, with rows in them, to those of today.

use model::sha256;
use sha2::{Digest as _, Sha384};
use store::{Place, Store};

use crate::kinds::Fixture;

const SQLITE: &str = include_str!("../../migrations/sqlite/0001_tokens.sql");
const POSTGRES: &str = include_str!("../../migrations/postgres/0001_tokens.sql");

/// Everything that a later version made.
const LATER: &str = "DROP TABLE authorization_codes; DROP TABLE cluster_log; DROP TABLE abnormal; DROP TABLE clusters; \
                     DROP TABLE joins; \
                     DROP TABLE audit; DROP TABLE attempts; DROP TABLE sessions; \
                     DROP TABLE people; DROP TABLE tokens; \
                     DELETE FROM _sqlx_migrations WHERE version > 1;";

/// Makes the first version's tables with a row in them out of an empty database of today.
async fn first_version(fixture: &Fixture) {
    let (text, function) = match fixture.place {
        Place::Sqlite(_) => (SQLITE, ""),
        Place::Postgres(_) => (POSTGRES, "DROP FUNCTION refuse_change_of_audit CASCADE;"),
    };
    let digest = sha256(b"ci");
    let row = format!(
        "INSERT INTO tokens (name, digest, subject, created, expires, revoked, last_used) \
         VALUES ('ci', '{digest}', 'token:ci', 1800000000000, NULL, NULL, NULL);"
    );
    fixture.past_the_store(&format!("{function}{LATER}{text}{row}")).await.unwrap();
}

async fn rows_of_the_first_version_are_kept(fixture: Fixture) {
    first_version(&fixture).await;
    fixture.store.close().await;
    let store = Store::open(&fixture.place).await.unwrap();
    let token = store.token(sha256(b"ci")).await.unwrap().unwrap();
    assert_eq!((token.name.as_str(), token.subject.as_str()), ("ci", "token:ci"));
    assert_eq!((token.owner, token.scope), (None, None));
    assert_eq!(store.n_people().await.unwrap(), 0);
    assert_eq!(store.audit_head().await.unwrap().number, 0);
    store.close().await;
    // A second start finds nothing to do.
    Store::open(&fixture.place).await.unwrap();
}

async fn tables_of_a_newer_version_are_refused(fixture: Fixture) {
    let newer = "INSERT INTO _sqlx_migrations \
                 (version, description, success, checksum, execution_time) \
                 SELECT 9999, 'newer', success, checksum, 1 FROM _sqlx_migrations \
                 WHERE version = 1";
    fixture.past_the_store(newer).await.unwrap();
    let refused = Store::open(&fixture.place).await.unwrap_err().to_string();
    assert!(refused.contains("9999"), "{refused}");
}

crate::kinds::on_both!(rows_of_the_first_version_are_kept, tables_of_a_newer_version_are_refused);

/// A migration that was released is never edited: databases hold the digest of its text.
#[test]
fn released_migrations_stay_as_they_are() {
    let texts = [SQLITE, POSTGRES];
    let digests = texts.map(|text| {
        let digest = Sha384::digest(text.as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    assert_eq!(digests, ["74f046ae2747e607", "74f046ae2747e607"]);
}
