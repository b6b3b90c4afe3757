-- What happened on clusters, as their agents said it: the newest entries of each alone, as JSON.
-- The number of an entry is the microsecond since 1970 at which the server learned of it, or one more
-- than that of the entry before it.
CREATE TABLE cluster_log (
    cluster TEXT   NOT NULL REFERENCES clusters (uid) ON DELETE CASCADE,
    id      BIGINT NOT NULL,
    entry   TEXT   NOT NULL,
    PRIMARY KEY (cluster, id)
);
