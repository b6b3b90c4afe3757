-- Times are milliseconds since 1970; digests are SHA-256 in hexadecimal.
CREATE TABLE tokens (
    name      TEXT   NOT NULL PRIMARY KEY,
    digest    TEXT   NOT NULL UNIQUE,
    subject   TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    expires   BIGINT,
    revoked   BIGINT,
    last_used BIGINT
);
