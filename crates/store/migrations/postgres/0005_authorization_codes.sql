-- What lets one program take a token that acts as a person: for a minute, and once.
CREATE TABLE authorization_codes (
    digest TEXT   NOT NULL PRIMARY KEY,
    person TEXT   NOT NULL REFERENCES people (name) ON DELETE CASCADE,
    ends   BIGINT NOT NULL
);
