//! Who asks, who may come in, and what was done.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who a request comes from: `GET /api/v1/whoami`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Whoami {
    /// How the caller is called in records.
    pub name: String,
    /// What Roles can name, as in `user:anna` and `group:oidc/pets`.
    pub subjects: Vec<String>,
    /// Whether this is an administrator of the server, who may do everything.
    pub is_administrator: bool,
    /// The name of the token that the request carries; absent for a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// To what that token narrows the rights of its subject; absent if to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<ScopeRule>>,
}

/// A name and a password: `POST /auth/login`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The name of a person.
    #[schema(max_length = 64)]
    pub name: String,
    /// The password.
    #[schema(max_length = 1024, format = Password)]
    pub password: String,
}

/// How people can sign in: `GET /auth/methods`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInMethods {
    /// Whether people of this server sign in with a password.
    pub password: bool,
    /// The provider that knows people, if the server trusts one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderMethod>,
}

/// A provider of identities that the server trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderMethod {
    /// What it is called in names, as in `oidc/anna`.
    pub name: String,
    /// The host of the provider, for people.
    pub host: String,
    /// Where a browser goes to sign in; `?return=` names a path of the server to come back to.
    pub begin: String,
    /// Why nobody can sign in with it at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A person who may come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The name, as in `anna`, or `oidc/anna` for one whom a provider knows.
    pub name: String,
    /// What Roles name: `user:` and the name.
    pub subject: String,
    /// `local`, or the name of the provider.
    pub provider: String,
    /// Whether this is an administrator of the server.
    pub is_administrator: bool,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// Whether this person may not come in.
    pub is_disabled: bool,
    /// When the person became known.
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// When the person signed in last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signed_in: Option<Timestamp>,
}

/// A person who is to come in: `POST /api/v1/users`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// The name.
    #[schema(max_length = 64)]
    pub name: String,
    /// The first password; without one the person cannot sign in yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024, format = Password)]
    pub password: Option<String>,
    /// Whether this is an administrator of the server.
    #[serde(default)]
    pub is_administrator: bool,
}

/// What is to change: `PATCH /api/v1/users/{name}`. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserEdit {
    /// Whether this person may not come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_disabled: Option<bool>,
    /// Whether this is an administrator of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_administrator: Option<bool>,
}

/// Another password: `PUT /api/v1/users/{name}/password`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPassword {
    /// The password from now on.
    #[schema(max_length = 1024, format = Password)]
    pub password: String,
    /// The password until now; needed for one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024, format = Password)]
    pub current: Option<String>,
}

/// One rule of a token's scope: what a Role grants counts only as far as a rule covers it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScopeRule {
    /// `read`, `propose`, `merge`, `approve`, `operate`, `administer`.
    pub verbs: Vec<String>,
    /// The kinds of documents, or `all` alone.
    pub kinds: Vec<String>,
    /// Paths of groups, each with all below it, or `all` alone.
    pub groups: Vec<String>,
    /// Namespaces, or `all` alone.
    pub namespaces: Vec<String>,
}

/// A token, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its name.
    pub name: String,
    /// As whom it acts: `user:anna` for a person's own, `token:ci` for a program's.
    pub subject: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// To what it narrows its subject's rights; absent if to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<ScopeRule>>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires: Option<Timestamp>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked: Option<Timestamp>,
    /// When it was used last, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used: Option<Timestamp>,
}

/// A token that is to be made: `POST /api/v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewToken {
    /// Its name; that of a person's own token is put below the person's name.
    #[schema(max_length = 63)]
    pub name: String,
    /// Whether it is a program's, with rights of its own as `token:<name>`; else it acts as who
    /// makes it.
    #[serde(default)]
    pub is_for_program: bool,
    /// In how many days it ends; 90 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 366)]
    pub days: Option<u16>,
    /// To what it narrows its subject's rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<ScopeRule>>,
}

/// A token that was made, with its text, which is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeToken {
    /// The text.
    pub text: String,
    /// What is kept of it.
    pub token: Token,
}

/// A row of the audit record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Who, as in `user:anna`.
    pub actor: String,
    /// What was done, as in `token.create`.
    pub action: String,
    /// With what, as in `token:ci`.
    pub object: String,
    /// The id of the request.
    pub request: String,
    /// More of it.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
    /// The digest of the row before, so that none can be altered or removed unseen.
    pub previous: String,
    /// The digest of this row.
    pub digest: String,
}

/// Whether the audit record is whole: `GET /api/v1/audit/verification`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditVerification {
    /// Whether every row follows from the one before it.
    pub is_whole: bool,
    /// The last row, or the first wrong one.
    pub number: u64,
    /// The digest of the last row: kept elsewhere, it finds rows that were cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The row that the newest step of the ledger names which names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<AuditAnchor>,
}

/// A row of the audit record that the ledger names: whoever alters or cuts off what stands before
/// it must alter the ledger too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditAnchor {
    /// The step that names it.
    pub step: String,
    /// The number of the row.
    pub number: u64,
    /// Its digest.
    pub digest: String,
}
