//! Who asks.

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
}
