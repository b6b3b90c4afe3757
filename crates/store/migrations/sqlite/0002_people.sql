-- People, their sessions, what tokens may do, and the record of what was done.
-- Times are milliseconds since 1970; digests are SHA-256 in hexadecimal; lists and details are JSON.
CREATE TABLE people (
    name          TEXT   NOT NULL PRIMARY KEY,
    provider      TEXT   NOT NULL,
    provider_key  TEXT   NOT NULL,
    password      TEXT,
    administrator BIGINT NOT NULL,
    member_of     TEXT   NOT NULL,
    created       BIGINT NOT NULL,
    signed_in     BIGINT,
    disabled      BIGINT,
    UNIQUE (provider, provider_key)
);
CREATE TABLE sessions (
    digest  TEXT   NOT NULL PRIMARY KEY,
    person  TEXT   NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    used    BIGINT NOT NULL,
    ends    BIGINT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_ends ON sessions (ends);
-- Attempts to sign in that did not succeed, by the digest of the name that was typed: names that
-- nobody has are counted as those that somebody has, and a password typed as a name is not kept.
CREATE TABLE attempts (
    name   TEXT   NOT NULL PRIMARY KEY,
    failed BIGINT NOT NULL,
    latest BIGINT NOT NULL,
    closed BIGINT NOT NULL
);
CREATE INDEX attempts_latest ON attempts (latest);
ALTER TABLE tokens ADD COLUMN owner TEXT;
ALTER TABLE tokens ADD COLUMN scope TEXT;
CREATE INDEX tokens_owner ON tokens (owner);
CREATE TABLE audit (
    number   BIGINT NOT NULL PRIMARY KEY,
    time     BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    request  TEXT   NOT NULL,
    details  TEXT   NOT NULL,
    previous TEXT   NOT NULL,
    digest   TEXT   NOT NULL
);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'rows of audit are never changed'); END;
CREATE TRIGGER audit_is_never_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'rows of audit are never removed'); END;
