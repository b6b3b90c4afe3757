-- What agents are let in with, and what they say of their clusters.
-- Times are milliseconds since 1970; digests are SHA-256 in hexadecimal; holds and alarms are JSON.
-- Losing these rows loses no key, no release and nothing that runs: agents say it again.
CREATE TABLE joins (
    digest  TEXT   NOT NULL PRIMARY KEY,
    cluster TEXT   NOT NULL,
    joiner  TEXT   NOT NULL,
    merges  BIGINT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    key     TEXT,
    change  BIGINT
);
CREATE INDEX joins_expires ON joins (expires);
CREATE TABLE clusters (
    uid          TEXT   NOT NULL PRIMARY KEY,
    seen         BIGINT NOT NULL,
    reported     BIGINT,
    state        TEXT   NOT NULL,
    generation   BIGINT,
    tree         TEXT,
    applications BIGINT NOT NULL,
    synced       BIGINT NOT NULL,
    healthy      BIGINT NOT NULL,
    agent        TEXT   NOT NULL,
    report_only  BIGINT NOT NULL,
    hold         TEXT,
    alarms       TEXT   NOT NULL
);
-- Only applications that are not both synced and healthy.
CREATE TABLE abnormal (
    cluster     TEXT   NOT NULL REFERENCES clusters (uid) ON DELETE CASCADE,
    application TEXT   NOT NULL,
    tree        TEXT,
    synced      TEXT   NOT NULL,
    healthy     TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    message     TEXT,
    since       BIGINT NOT NULL,
    PRIMARY KEY (cluster, application)
);
