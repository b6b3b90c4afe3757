//! Documents are edited: created, replaced, patched, removed, one by one or many at once.

mod answer;
mod bulk;
mod input;

use api::{BulkEdit, Document, EditParameters, Edited};
use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use model::Verb;
use schema::Kind;
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::changes::forbidden;
use crate::authorize::may_anywhere;
use crate::edits::{Act, Order, Wanted};
use crate::http::AppState;
use crate::http::problem::Failure;
use crate::identity::Caller;
use answer::edit;
use input::{Input, Sent};

/// How edits answer.
#[derive(IntoResponses)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes answers")]
enum EditAnswers {
    /// It is part of `main`, or would be, or changes nothing.
    #[response(status = 200)]
    Done(Edited),
    /// It is a change that waits: `Location` is where.
    #[response(status = 202)]
    Open(Edited),
    /// Something in it cannot be used.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(api::Problem),
    /// The caller may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(api::Problem),
    /// There is no such document, or none that the caller may see.
    #[response(status = 404, content_type = "application/problem+json")]
    None(api::Problem),
    /// Somebody else edited the same, or it does not fit what is there.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(api::Problem),
    /// The document is another than `If-Match` says; `ETag` is what it is now.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(api::Problem),
    /// The body is of a media type that is not taken here.
    #[response(status = 415, content_type = "application/problem+json")]
    Media(api::Problem),
    /// It has errors that `main` does not have, or is no such document.
    #[response(status = 422, content_type = "application/problem+json")]
    Mistaken(api::Problem),
    /// `If-Match` is missing.
    #[response(status = 428, content_type = "application/problem+json")]
    Unconditional(api::Problem),
    /// It was not released in time.
    #[response(status = 504, content_type = "application/problem+json")]
    Late(api::Problem),
}

/// How new documents are answered.
#[derive(IntoResponses)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes answers")]
enum CreateAnswers {
    /// It is part of `main`: `Location` is where.
    #[response(status = 201)]
    Made(Edited),
    /// It would be part of `main`.
    #[response(status = 200)]
    Tried(Edited),
    /// It is a change that waits: `Location` is where.
    #[response(status = 202)]
    Open(Edited),
    /// Something in it cannot be used.
    #[response(status = 400, content_type = "application/problem+json")]
    Bad(api::Problem),
    /// The caller may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(api::Problem),
    /// There is a document of that name, or it does not fit what is there.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(api::Problem),
    /// The body is of a media type that is not taken here.
    #[response(status = 415, content_type = "application/problem+json")]
    Media(api::Problem),
    /// It has errors, or is no such document.
    #[response(status = 422, content_type = "application/problem+json")]
    Mistaken(api::Problem),
    /// It was not released in time.
    #[response(status = 504, content_type = "application/problem+json")]
    Late(api::Problem),
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_cluster))
        .routes(routes!(replace_cluster, patch_cluster, delete_cluster))
        .routes(routes!(create_namespace))
        .routes(routes!(replace_namespace, patch_namespace, delete_namespace))
        .routes(routes!(create_application))
        .routes(routes!(replace_application, patch_application, delete_application))
        .routes(routes!(create_role))
        .routes(routes!(replace_role, patch_role, delete_role))
        .routes(routes!(create_group))
        .routes(routes!(replace_group, patch_group, delete_group))
        .routes(routes!(replace_fleet, patch_fleet))
        .routes(routes!(bulk_clusters))
        .routes(routes!(bulk_groups))
        .routes(routes!(bulk_namespaces))
        .routes(routes!(bulk_applications))
}

/// What every edit of a document is sent with.
pub(super) type Asked = Result<Query<EditParameters>, QueryRejection>;

/// A route that does something with the document at a path.
macro_rules! act {
    ($name:ident, $method:ident $path:tt, $parameter:tt, $doc:tt, [$($body:tt)*],
        |$given:ident| $called:expr, $kind:ident, $act:expr) => {
        #[doc = $doc]
        #[utoipa::path(
            $method, path = $path, tag = "edits",
            params(
                ($parameter = String, Path, description = "What it is called."),
                ("If-Match" = Option<String>, Header,
                    description = "The `ETag` or `resourceVersion` that the edit is made on; `*` \
                        for whatever is there."),
                EditParameters,
            ),
            $($body)*
            responses(EditAnswers)
        )]
        async fn $name(
            State(state): State<AppState>,
            Extension(caller): Extension<Caller>,
            Path($given): Path<String>,
            asked: Asked,
            sent: Sent,
        ) -> Result<Response, Failure> {
            let act: fn(&Input<'_>) -> Result<Act, Failure> = $act;
            one(state, caller, (Kind::$kind, $called), asked, &sent, act).await
        }
    };
}

/// The routes of a kind whose documents have names.
macro_rules! kind {
    ($kind:ident at $list:tt, $one:tt, $parameter:tt,
        $create:ident $creates:tt, $replace:ident $replaces:tt,
        $patch:ident $patches:tt, $delete:ident $deletes:tt,
        |$given:ident| $called:expr) => {
        #[doc = $creates]
        #[utoipa::path(
            post, path = $list, tag = "edits", params(EditParameters),
            request_body(content((Document = "application/json"), (String = "application/yaml"))),
            responses(CreateAnswers)
        )]
        async fn $create(
            State(state): State<AppState>,
            Extension(caller): Extension<Caller>,
            asked: Asked,
            sent: Sent,
        ) -> Result<Response, Failure> {
            create(state, caller, Kind::$kind, asked, &sent).await
        }

        act!($replace, put $one, $parameter, $replaces,
            [request_body(content((Document = "application/json"), (String = "application/yaml"))),],
            |$given| $called, $kind, |input| input.replacement());
        act!($patch, patch $one, $parameter, $patches,
            [request_body(content((Value = "application/merge-patch+json"),
                (Vec<Value> = "application/json-patch+json"))),],
            |$given| $called, $kind, |input| input.patch());
        act!($delete, delete $one, $parameter, $deletes, [],
            |$given| $called, $kind, |_| Ok(Act::Delete));
    };
}

kind!(
    Cluster at "/api/v1/clusters", "/api/v1/clusters/{name}", "name",
    create_cluster "Adds a cluster.", replace_cluster "Replaces a cluster's document.",
    patch_cluster "Patches a cluster's document.",
    delete_cluster "Removes a cluster's document: the cluster is orphaned, and nothing on it is deleted.",
    |name| name
);
kind!(
    Namespace at "/api/v1/namespaces", "/api/v1/namespaces/{name}", "name",
    create_namespace "Adds a namespace.", replace_namespace "Replaces a namespace's document.",
    patch_namespace "Patches a namespace's document.",
    delete_namespace "Removes a namespace's document.",
    |name| name
);
kind!(
    Application at "/api/v1/applications", "/api/v1/applications/{name}", "name",
    create_application "Adds an application.",
    replace_application "Replaces an application's document.",
    patch_application "Patches an application's document.",
    delete_application "Removes an application's document.",
    |name| name
);
kind!(
    Role at "/api/v1/roles", "/api/v1/roles/{name}", "name",
    create_role "Adds a Role.", replace_role "Replaces a Role's document.",
    patch_role "Patches a Role's document.", delete_role "Removes a Role's document.",
    |name| name
);
kind!(
    Group at "/api/v1/groups", "/api/v1/groups/{*path}", "path",
    create_group "Adds a group.", replace_group "Replaces a group's document.",
    patch_group "Patches a group's document.", delete_group "Removes a group's document.",
    |path| format!("/{path}")
);

/// Replaces the settings of the fleet.
#[utoipa::path(
    put, path = "/api/v1/fleet", tag = "edits", params(EditParameters,
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the edit is made on.")),
    request_body(content((Document = "application/json"), (String = "application/yaml"))),
    responses(EditAnswers)
)]
async fn replace_fleet(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    sent: Sent,
) -> Result<Response, Failure> {
    let of = (Kind::Fleet, String::new());
    one(state, caller, of, asked, &sent, |input| input.replacement()).await
}

/// Patches the settings of the fleet.
#[utoipa::path(
    patch, path = "/api/v1/fleet", tag = "edits", params(EditParameters,
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the edit is made on.")),
    request_body(content((Value = "application/merge-patch+json"),
        (Vec<Value> = "application/json-patch+json"))),
    responses(EditAnswers)
)]
async fn patch_fleet(
    State(state): State<AppState>,
    Extension(caller): Extension<Caller>,
    asked: Asked,
    sent: Sent,
) -> Result<Response, Failure> {
    let of = (Kind::Fleet, String::new());
    one(state, caller, of, asked, &sent, |input| input.patch()).await
}

/// A route that patches all documents of a kind that are selected.
macro_rules! bulk {
    ($name:ident, $kind:ident at $path:tt, $doc:tt) => {
        #[doc = $doc]
        #[utoipa::path(
            post, path = $path, tag = "edits", params(EditParameters), request_body = BulkEdit,
            responses(EditAnswers)
        )]
        async fn $name(
            State(state): State<AppState>,
            Extension(caller): Extension<Caller>,
            asked: Asked,
            body: crate::http::body::Input<BulkEdit>,
        ) -> Result<Response, Failure> {
            may_edit(&state, &caller)?;
            bulk::edit(state, caller, Kind::$kind, input::parameters(asked)?, body.0).await
        }
    };
}

bulk!(bulk_clusters, Cluster at "/api/v1/clusters:bulk", "Patches every cluster that is selected.");
bulk!(bulk_groups, Group at "/api/v1/groups:bulk", "Patches every group that is selected.");
bulk!(bulk_namespaces, Namespace at "/api/v1/namespaces:bulk",
    "Patches every namespace that is selected.");
bulk!(bulk_applications, Application at "/api/v1/applications:bulk",
    "Patches every application that is selected.");

/// Whether a caller may edit anything at all, before they are told of what there is.
fn may_edit(state: &AppState, caller: &Caller) -> Result<(), Failure> {
    match may_anywhere(&state.snapshot(), caller, &[Verb::Propose, Verb::Merge]) {
        true => Ok(()),
        false => Err(forbidden("you may not edit anything")
            .hint("a Role with the verb `propose` lets you propose edits")),
    }
}

async fn one(
    state: AppState,
    caller: Caller,
    (kind, name): (Kind, String),
    asked: Asked,
    sent: &Sent,
    act: fn(&Input<'_>) -> Result<Act, Failure>,
) -> Result<Response, Failure> {
    may_edit(&state, &caller)?;
    let parameters = input::parameters(asked)?;
    if parameters.file.is_some() {
        return Err(input::bad("`file` is for documents that are new"));
    }
    let input = Input { kind, sent };
    let act = act(&input)?;
    let expected = input.precondition(&act)?;
    let order = Order::Edit(Wanted { kind, name, act, expected });
    edit(state, caller, order, parameters).await
}

async fn create(
    state: AppState,
    caller: Caller,
    kind: Kind,
    asked: Asked,
    sent: &Sent,
) -> Result<Response, Failure> {
    may_edit(&state, &caller)?;
    let parameters = input::parameters(asked)?;
    let new = Input { kind, sent }.new_document(parameters.file.clone())?;
    edit(state, caller, Order::Create(new), parameters).await
}
