//! `res-edge cluster join`: the manifests of the agent of one cluster, with a one-time token.

use api::agent::{ClusterJoin, JoinOptions};

use super::manifests::{self, Install};
use crate::commands::Outcome;
use crate::error::CommandError;
use crate::remote::{Remote, Target, segment};
use crate::session::Session;

/// Prints the manifests of the agent of a cluster, with a one-time token that only this cluster can
/// use. The Cluster document must be in the source.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  res-edge cluster join central-la-nola-2301 | kubectl apply -f -
  res-edge cluster join central-la-nola-2301 --output json    the token alone, for Helm")]
pub(crate) struct Arguments {
    /// The cluster
    name: String,
    /// For how many hours the token is valid
    #[arg(long, value_name = "N", default_value_t = 24)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=720))]
    hours: u16,
    /// The namespace of the agent
    #[arg(long, value_name = "NAME", default_value = "res-edge")]
    namespace: String,
    /// The image of the agent
    #[arg(long, value_name = "IMAGE", default_value_t = manifests::image())]
    image: String,
    /// The address of the server as the cluster calls it; else as this command does
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Only look and report: Flux or Argo CD applies
    #[arg(long)]
    report_only: bool,
    /// Output format
    #[arg(short, long, value_parser = ["yaml", "json"], default_value = "yaml")]
    #[arg(value_name = "yaml|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
    #[command(flatten)]
    target: Target,
}

/// Asks the server for a token, and prints.
///
/// # Errors
/// It cannot be reached, or says why not.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    for name in [&arguments.namespace, &arguments.name] {
        if model::ClusterName::parse(name).is_err() {
            let message = format!("`{name}` is no name of 63 letters, digits and dashes at most");
            return Err(CommandError::user(message));
        }
    }
    if arguments.image.is_empty() || arguments.image.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(CommandError::user(format!("`{}` is no image", arguments.image)));
    }
    let remote = Remote::open(&arguments.target, session)?;
    let path = format!("/api/v1/clusters/{}/join", segment(&arguments.name));
    let options = JoinOptions { hours: Some(arguments.hours) };
    let join: ClusterJoin = remote.wait(remote.client().post(&path, &options), session)?;
    let server = arguments.url.clone().unwrap_or_else(|| remote.client().server().to_owned());
    let install = Install {
        server: &server,
        namespace: &arguments.namespace,
        image: &arguments.image,
        is_report_only: arguments.report_only,
    };
    let text = match arguments.output.as_str() {
        "json" => serde_json::to_string_pretty(&join).unwrap_or_default(),
        _ => manifests::text(&join, &install),
    };
    session.terminal.message(&format!(
        "the token is for `{}` alone and ends {}; it is shown this once",
        join.cluster, join.expires
    ));
    session.terminal.print_line(&text)?;
    Ok(Outcome::Done)
}
