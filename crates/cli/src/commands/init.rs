//! `res-edge init`: writes a small source that works, to be changed into one's own.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use model::{FleetUid, check_dns_label};

use super::Outcome;
use crate::error::CommandError;
use crate::files;
use crate::session::Session;

/// What stands in the new source besides `fleet.yaml`.
const STARTER: &[(&str, &str)] = &[
    ("inventory/clusters.yaml", include_str!("../../starter/clusters.yaml")),
    ("inventory/groups.yaml", include_str!("../../starter/groups.yaml")),
    ("inventory/hello.yaml", include_str!("../../starter/hello.yaml")),
    ("apps/hello/base/kustomization.yaml", include_str!("../../starter/kustomization.yaml")),
    ("apps/hello/base/deployment.yaml", include_str!("../../starter/deployment.yaml")),
    ("apps/hello/base/configmap.yaml", include_str!("../../starter/configmap.yaml")),
];
const FLEET: &str = include_str!("../../starter/fleet.yaml");
/// What makes a folder a source.
const SOURCE_ENTRIES: &[&str] = &["fleet.yaml", "inventory", "policies", "apps"];

/// What is written for a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutName {
    /// Final objects.
    Manifests,
    /// The template's files with Flux Kustomizations.
    Flux,
}

impl LayoutName {
    fn word(self) -> &'static str {
        match self {
            Self::Manifests => "manifests",
            Self::Flux => "flux",
        }
    }
}

/// Writes a small source with one cluster and one application.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  res-edge init my-fleet --layout flux")]
pub(crate) struct Arguments {
    /// The folder to write into
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The fleet's name; else the folder's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What clusters read: final objects, or Flux Kustomizations
    #[arg(long, value_enum, default_value = "manifests", hide_possible_values = true)]
    #[arg(value_name = "manifests|flux")]
    layout: LayoutName,
}

/// Writes the files and says what to do next.
///
/// # Errors
/// The folder holds a source already, the name is no name, or a file cannot be written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let directory = &arguments.directory;
    let name = fleet_name(arguments)?;
    refuse_existing(directory)?;
    for (path, text) in contents(&name, arguments.layout)? {
        files::write_new(&directory.join(&path), text.as_bytes())?;
        session.terminal.detail(&format!("wrote {path}"));
    }
    session.terminal.message(&next_steps(directory, &name));
    Ok(Outcome::Done)
}

fn contents(name: &str, layout: LayoutName) -> Result<Vec<(String, String)>, CommandError> {
    let fleet = FLEET
        .replace("@name@", name)
        .replace("@uid@", &random_uid()?.to_string())
        .replace("@layout@", layout.word());
    let mut contents = vec![("fleet.yaml".to_owned(), fleet)];
    contents.extend(STARTER.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    Ok(contents)
}

fn fleet_name(arguments: &Arguments) -> Result<String, CommandError> {
    let from_folder = || {
        let absolute = std::path::absolute(&arguments.directory).ok()?;
        Some(absolute.file_name()?.to_str()?.to_owned())
    };
    let name = arguments.name.clone().or_else(from_folder).unwrap_or_default();
    check_dns_label(&name).map(|()| name.clone()).map_err(|error| {
        CommandError::user(format!("`{name}` cannot be the name of a fleet: {error}"))
            .hint("choose one with `--name`, as in `--name contoso`")
    })
}

fn refuse_existing(directory: &Path) -> Result<(), CommandError> {
    let Some(found) = SOURCE_ENTRIES.iter().find(|entry| directory.join(entry).exists()) else {
        return Ok(());
    };
    let shown = directory.display();
    Err(CommandError::user(format!("`{shown}` holds `{found}` already; nothing was written"))
        .hint(format!(
            "choose an empty folder, or check what is there with `res-edge validate --source {shown}`"
        )))
}

/// A uid that no other fleet has.
fn random_uid() -> Result<FleetUid, CommandError> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).map_err(
        |error| CommandError::unavailable("cannot read random bytes from `/dev/urandom`", &error),
    )?;
    Ok(FleetUid(bytes))
}

fn next_steps(directory: &Path, name: &str) -> String {
    format!(
        "wrote the fleet `{name}`: 1 cluster, 1 group, 1 namespace, 1 application

Next:
  cd {}
  git init && git add . && git commit -m 'a new fleet'
  res-edge validate           check every document and template
  res-edge render --list      what each cluster would run
  res-edge publish            release it to branches that clusters read",
        directory.display()
    )
}
