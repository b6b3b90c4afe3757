//! `res-edge overlay`: makes the folder of an overlay and its `kustomization.yaml`.

use std::path::Path;

use super::Outcome;
use crate::error::CommandError;
use crate::files;
use crate::session::Session;
use crate::source;

/// Makes an overlay of an application's template.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  res-edge overlay imdb 1.2.0 --clusters '/m/ring/beta and /g/stores/central'")]
pub(crate) struct Arguments {
    /// The application whose template gets it
    application: String,
    /// The version, as in 1.2.0; each cluster gets the highest that selects it
    version: String,
    /// The clusters that get it, as an expression; else none until you say so
    #[arg(long, value_name = "EXPR", default_value = "none", hide_default_value = true)]
    clusters: String,
}

/// Writes the overlay and says where.
///
/// # Errors
/// The source has errors, there is no such application, the version is none, the expression
/// selects by something unknown, the template has no `base/`, or the overlay exists.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    check_version(&arguments.version)?;
    if session.revision().is_some() {
        return Err(CommandError::user("an overlay is written into the work tree, not a revision")
            .hint("leave out `--rev`"));
    }
    let mut checked = source::check(session)?;
    let application = checked.application(&arguments.application)?;
    let template =
        checked.fleet.applications[application.0 as usize].document.template.value.clone();
    let clusters = checked.select(&arguments.clusters, session)?;
    let root = session.source().to_path_buf();
    let folder = root.join(&*template);
    refuse(&folder, &template, &arguments.version)?;
    let path = format!("{template}/overlays/{}/kustomization.yaml", arguments.version);
    files::write_new(&root.join(&path), kustomization(&arguments.clusters).as_bytes())?;
    session.terminal.print_line(&path)?;
    let n = api::text::count(clusters.len(), "cluster");
    session
        .terminal
        .message(&format!("selects {n}; add patches or resources to it, then see `res-edge diff`"));
    Ok(Outcome::Done)
}

fn check_version(version: &str) -> Result<(), CommandError> {
    semver::Version::parse(version).map(drop).map_err(|_| {
        CommandError::user(format!("`{version}` is no version"))
            .hint("a version has three numbers, as in `1.2.0` or `1.2.0-beta.1` (SemVer 2.0)")
    })
}

fn refuse(folder: &Path, template: &str, version: &str) -> Result<(), CommandError> {
    if !folder.join("base").is_dir() {
        return Err(CommandError::user(format!("the template `{template}` has no folder `base`"))
            .hint(format!(
                "an overlay stands on a base: move the files to `{template}/base/` first"
            )));
    }
    if folder.join("overlays").join(version).exists() {
        return Err(CommandError::user(format!("`{template}/overlays/{version}` exists already"))
            .hint("edit its kustomization.yaml, or choose a higher version"));
    }
    Ok(())
}

fn kustomization(clusters: &str) -> String {
    let quoted = serde_json::Value::String(clusters.to_owned());
    format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
metadata:
  name: overlay
  annotations:
    res-edge.dev/clusters: {quoted}
resources:
- ../../base
"
    )
}
