//! What agents say of their clusters: one row for each cluster, and one for each application that
//! is not as it should be.

use jiff::Timestamp;
use model::{ClusterUid, ObjectId};

use crate::database::{Pools, read, write};
use crate::time::from_milliseconds;
use crate::{Store, StoreError};

/// What a cluster said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedCluster {
    /// The identity.
    pub uid: ClusterUid,
    /// When its agent was heard last, by the clock of the server, to the minute.
    pub seen: Timestamp,
    /// When it reported last, by the clock of the server.
    pub reported: Option<Timestamp>,
    /// The digest of all that it said of its applications; empty before it said anything.
    pub state: String,
    /// The generation of the statement that it took last.
    pub generation: Option<u32>,
    /// The tree of that statement.
    pub tree: Option<ObjectId>,
    /// How many applications it has.
    pub applications: u32,
    /// How many of them are as their trees say.
    pub synced: u32,
    /// How many of them are well.
    pub healthy: u32,
    /// The version of its agent.
    pub agent: String,
    /// Whether its agent only looks.
    pub is_report_only: bool,
    /// That the site holds releases back, as JSON.
    pub hold: Option<String>,
    /// What is wrong with the agent, as a list of JSON.
    pub alarms: String,
}

/// An application that is not both synced and healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abnormal {
    /// The cluster.
    pub cluster: ClusterUid,
    /// The application.
    pub application: String,
    /// The tree that was applied last.
    pub tree: Option<String>,
    /// The word of the first axis.
    pub synced: String,
    /// The word of the other axis.
    pub healthy: String,
    /// A word for programs.
    pub reason: String,
    /// A sentence for people.
    pub message: Option<String>,
    /// Since when it was not as it should be, by the clock of the server.
    pub since: Timestamp,
}

/// What is kept of a cluster at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCluster {
    /// What it said last.
    pub row: ReportedCluster,
    /// The applications that are not as they should be, in place of those that were kept; with
    /// `None` those stay.
    pub abnormal: Option<Vec<Abnormal>>,
    /// What happened on it since it was kept last.
    pub lines: Vec<LogLine>,
}

/// Something that happened on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LogLine {
    /// Grows with each line of a cluster.
    pub id: i64,
    /// What it was, as JSON.
    pub entry: String,
}

/// How many lines are kept of each cluster: the newest ones.
pub const LINES: usize = 100;

/// As the columns are.
#[derive(sqlx::FromRow)]
struct Row {
    uid: String,
    seen: i64,
    reported: Option<i64>,
    state: String,
    generation: Option<i64>,
    tree: Option<String>,
    applications: i64,
    synced: i64,
    healthy: i64,
    agent: String,
    report_only: i64,
    hold: Option<String>,
    alarms: String,
}

type AbnormalRow = (String, String, Option<String>, String, String, String, Option<String>, i64);

const COLUMNS: &str = "uid, seen, reported, state, generation, tree, applications, synced, \
                       healthy, agent, report_only, hold, alarms";

const ABNORMAL: &str = "cluster, application, tree, synced, healthy, reason, message, since";

/// Another server may have written a line in the same microsecond; that one stays.
const ADD_LINE: &str = "INSERT INTO cluster_log (cluster, id, entry) VALUES ($1, $2, $3) \
                        ON CONFLICT (cluster, id) DO NOTHING";

const DROP_LINES: &str = "DELETE FROM cluster_log WHERE cluster = $1 AND id < \
    (SELECT min(id) FROM (SELECT id FROM cluster_log WHERE cluster = $1 \
     ORDER BY id DESC LIMIT $2) AS newest)";

/// Keeps clusters in one transaction, with `$pool` a pool of the kind in use.
macro_rules! keep {
    ($pool:expr, $clusters:expr) => {{
        let mut transaction = $pool.begin().await?;
        for KeptCluster { row: cluster, abnormal, lines } in $clusters {
            let uid = cluster.uid.to_string();
            sqlx::query(sqlx::AssertSqlSafe(keep_cluster()))
                .bind(&uid)
                .bind(cluster.seen.as_millisecond())
                .bind(cluster.reported.map(Timestamp::as_millisecond))
                .bind(&cluster.state)
                .bind(cluster.generation.map(i64::from))
                .bind(cluster.tree.map(|tree| tree.to_string()))
                .bind(i64::from(cluster.applications))
                .bind(i64::from(cluster.synced))
                .bind(i64::from(cluster.healthy))
                .bind(&cluster.agent)
                .bind(i64::from(cluster.is_report_only))
                .bind(&cluster.hold)
                .bind(&cluster.alarms)
                .execute(&mut *transaction)
                .await?;
            for line in lines {
                sqlx::query(ADD_LINE)
                    .bind(&uid)
                    .bind(line.id)
                    .bind(&line.entry)
                    .execute(&mut *transaction)
                    .await?;
            }
            if !lines.is_empty() {
                sqlx::query(DROP_LINES)
                    .bind(&uid)
                    .bind(LINES as i64)
                    .execute(&mut *transaction)
                    .await?;
            }
            let Some(abnormal) = abnormal else { continue };
            sqlx::query("DELETE FROM abnormal WHERE cluster = $1")
                .bind(&uid)
                .execute(&mut *transaction)
                .await?;
            for one in abnormal {
                sqlx::query(sqlx::AssertSqlSafe(keep_abnormal()))
                    .bind(&uid)
                    .bind(&one.application)
                    .bind(&one.tree)
                    .bind(&one.synced)
                    .bind(&one.healthy)
                    .bind(&one.reason)
                    .bind(&one.message)
                    .bind(one.since.as_millisecond())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
    }};
}

fn keep_cluster() -> String {
    let kept: Vec<String> =
        COLUMNS.split(", ").skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO clusters ({COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (uid) DO UPDATE SET {}",
        kept.join(", ")
    )
}

fn keep_abnormal() -> String {
    format!("INSERT INTO abnormal ({ABNORMAL}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
}

impl Store {
    /// Keeps what clusters said, all of it or nothing.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep_clusters(&self, clusters: &[KeptCluster]) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => keep!(writer, clusters),
            Pools::Postgres(pool) => keep!(pool, clusters),
        }
        Ok(())
    }

    /// What every cluster said last.
    ///
    /// # Errors
    /// The database fails.
    pub async fn reported_clusters(&self) -> Result<Vec<ReportedCluster>, StoreError> {
        let statement = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM clusters ORDER BY uid"));
        let rows: Vec<Row> = read!(self, pool => sqlx::query_as(statement).fetch_all(pool).await)?;
        Ok(rows.into_iter().filter_map(reported).collect())
    }

    /// What every cluster said of the applications that are not as they should be.
    ///
    /// # Errors
    /// The database fails.
    pub async fn abnormal(&self) -> Result<Vec<Abnormal>, StoreError> {
        let statement = format!("SELECT {ABNORMAL} FROM abnormal ORDER BY cluster, application");
        let statement = sqlx::AssertSqlSafe(statement);
        let rows: Vec<AbnormalRow> =
            read!(self, pool => sqlx::query_as(statement).fetch_all(pool).await)?;
        Ok(rows.into_iter().filter_map(abnormal).collect())
    }

    /// What happened on a cluster after a line, the newest last.
    ///
    /// # Errors
    /// The database fails.
    pub async fn cluster_log(
        &self,
        cluster: ClusterUid,
        after: i64,
    ) -> Result<Vec<LogLine>, StoreError> {
        let statement =
            "SELECT id, entry FROM cluster_log WHERE cluster = $1 AND id > $2 ORDER BY id";
        let lines = read!(self, pool => sqlx::query_as(statement)
            .bind(cluster.to_string())
            .bind(after)
            .fetch_all(pool)
            .await)?;
        Ok(lines)
    }

    /// Forgets clusters that are no more in the fleet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_clusters(&self, gone: &[ClusterUid]) -> Result<(), StoreError> {
        for uid in gone {
            write!(self, pool => sqlx::query("DELETE FROM clusters WHERE uid = $1")
                .bind(uid.to_string())
                .execute(pool)
                .await
                .map(drop))?;
        }
        Ok(())
    }
}

fn number(column: i64) -> u32 {
    u32::try_from(column).unwrap_or_default()
}

/// A row as a value; nothing for what this program never wrote.
fn reported(row: Row) -> Option<ReportedCluster> {
    Some(ReportedCluster {
        uid: row.uid.parse().ok()?,
        seen: from_milliseconds(row.seen),
        reported: row.reported.map(from_milliseconds),
        state: row.state,
        generation: row.generation.map(number),
        tree: row.tree.as_deref().and_then(|tree| tree.parse().ok()),
        applications: number(row.applications),
        synced: number(row.synced),
        healthy: number(row.healthy),
        agent: row.agent,
        is_report_only: row.report_only != 0,
        hold: row.hold,
        alarms: row.alarms,
    })
}

fn abnormal(row: AbnormalRow) -> Option<Abnormal> {
    let (cluster, application, tree, synced, healthy, reason, message, since) = row;
    Some(Abnormal {
        cluster: cluster.parse().ok()?,
        application,
        tree,
        synced,
        healthy,
        reason,
        message,
        since: from_milliseconds(since),
    })
}
