//! The words of the command line, and the environment as flags.
//!
//! In: words. Out: a [`Line`], or a usage error that clap wrote. Every flag can be given as a
//! variable `RES_EDGE_<FLAG>`; the command line wins.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::error::{CommandError, ErrorKind};
use crate::session::Location;
use crate::terminal::{Terminal, Verbosity};

/// GitOps for very many Kubernetes clusters: who runs what is decided in Git, shown before it is
/// merged, and released with care
#[derive(Clone, Debug, Parser)]
#[command(name = "res-edge", version, max_term_width = 100, arg_required_else_help = true)]
#[command(disable_help_subcommand = true, subcommand_value_name = "COMMAND")]
#[command(after_help = "\
Examples:
  res-edge demo                        a whole fleet to try, in ./demo-data
  res-edge init my-fleet               a new source
  res-edge diff                        what your uncommitted edits change, on every cluster
  res-edge get clusters /g/stores      the clusters of a group

Each flag can also be set as a variable: --source is RES_EDGE_SOURCE.")]
pub(crate) struct Line {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Folder or repository that holds fleet.yaml
    #[arg(long, global = true, value_name = "DIR|REPO", default_value = ".")]
    #[arg(hide_default_value = true)]
    source: PathBuf,
    /// Read this Git revision instead of the work tree
    #[arg(long, global = true, value_name = "REV")]
    rev: Option<String>,
    /// kustomize, or a kubectl that carries it; else it is looked for on PATH
    #[arg(long, global = true, value_name = "PATH")]
    kustomize: Option<PathBuf>,
    /// Helm; else it is looked for on PATH
    #[arg(long, global = true, value_name = "PATH")]
    helm: Option<PathBuf>,
    /// Keep what kustomize and Helm built here; else in XDG_CACHE_HOME/res-edge
    #[arg(long, global = true, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Write without colour (also NO_COLOR)
    #[arg(long, global = true)]
    no_color: bool,
    /// Write only results, errors, and what waits for a person
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
}

impl Line {
    /// Tells the terminal what the flags say, and answers where the source is.
    pub(crate) fn configure(&self, terminal: &mut Terminal) -> Location {
        let verbosity = match (self.global.quiet, self.global.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        terminal.configure(verbosity, self.global.no_color);
        Location { source: self.global.source.clone(), revision: self.global.rev.clone() }
    }

    /// Where kustomize and Helm are, and where what they build is kept.
    ///
    /// # Errors
    /// The system does not say which program this is.
    pub(crate) fn expansion_settings(&self) -> Result<expand::Settings, CommandError> {
        let launcher = std::env::current_exe()
            .map_err(|error| CommandError::of(ErrorKind::Unavailable, &error))?;
        let folder = self.global.cache_dir.clone().or_else(cache_folder);
        Ok(expand::Settings {
            kustomize: self.global.kustomize.clone(),
            helm: self.global.helm.clone(),
            path: std::env::var_os("PATH").unwrap_or_default(),
            cache: folder.map(|folder| folder.join("expand")),
            launcher,
            limits: expand::Limits::default(),
        })
    }
}

/// The folder of caches of this program, by the XDG base directory specification
/// (<https://specifications.freedesktop.org/basedir-spec/latest/>); nothing without a home.
fn cache_folder() -> Option<PathBuf> {
    xdg_folder("XDG_CACHE_HOME", ".cache")
}

/// The folder of this program's configuration, by the same specification.
pub(crate) fn configuration_folder() -> Option<PathBuf> {
    xdg_folder("XDG_CONFIG_HOME", ".config")
}

/// The folder that a variable names, or one below the home.
fn xdg_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    let folder = absolute(variable).or_else(|| Some(absolute("HOME")?.join(below_home)));
    folder.map(|folder| folder.join("res-edge"))
}

/// The variable of each flag that has a long form.
const VARIABLES: &[(&str, &str)] = &[
    ("admin-token-file", "RES_EDGE_ADMIN_TOKEN_FILE"),
    ("administrator", "RES_EDGE_ADMINISTRATOR"),
    ("all-or-nothing", "RES_EDGE_ALL_OR_NOTHING"),
    ("application", "RES_EDGE_APPLICATION"),
    ("applications", "RES_EDGE_APPLICATIONS"),
    ("as-of", "RES_EDGE_AS_OF"),
    ("behind-proxy", "RES_EDGE_BEHIND_PROXY"),
    ("author", "RES_EDGE_AUTHOR"),
    ("base", "RES_EDGE_BASE"),
    ("by", "RES_EDGE_BY"),
    ("ca-file", "RES_EDGE_CA_FILE"),
    ("cache-dir", "RES_EDGE_CACHE_DIR"),
    ("clusters", "RES_EDGE_CLUSTERS"),
    ("commit-status", "RES_EDGE_COMMIT_STATUS"),
    ("confirm", "RES_EDGE_CONFIRM"),
    ("context", "RES_EDGE_CONTEXT"),
    ("data", "RES_EDGE_DATA"),
    ("database", "RES_EDGE_DATABASE"),
    ("days", "RES_EDGE_DAYS"),
    ("dry-run", "RES_EDGE_DRY_RUN"),
    ("failing-images", "RES_EDGE_FAILING_IMAGES"),
    ("file", "RES_EDGE_FILE"),
    ("files", "RES_EDGE_FILES"),
    ("filter", "RES_EDGE_FILTER"),
    ("follow", "RES_EDGE_FOLLOW"),
    ("for", "RES_EDGE_FOR"),
    ("generation", "RES_EDGE_GENERATION"),
    ("group", "RES_EDGE_GROUP"),
    ("head", "RES_EDGE_HEAD"),
    ("helm", "RES_EDGE_HELM"),
    ("hold", "RES_EDGE_HOLD"),
    ("hours", "RES_EDGE_HOURS"),
    ("image", "RES_EDGE_IMAGE"),
    ("interval", "RES_EDGE_INTERVAL"),
    ("kind", "RES_EDGE_KIND"),
    ("known-hosts", "RES_EDGE_KNOWN_HOSTS"),
    ("kustomize", "RES_EDGE_KUSTOMIZE"),
    ("layout", "RES_EDGE_LAYOUT"),
    ("ledger-key", "RES_EDGE_LEDGER_KEY"),
    ("ledger-token-file", "RES_EDGE_LEDGER_TOKEN_FILE"),
    ("ledger-url", "RES_EDGE_LEDGER_URL"),
    ("limit", "RES_EDGE_LIMIT"),
    ("lines", "RES_EDGE_LINES"),
    ("list", "RES_EDGE_LIST"),
    ("listen", "RES_EDGE_LISTEN"),
    ("message", "RES_EDGE_MESSAGE"),
    ("metrics-listen", "RES_EDGE_METRICS_LISTEN"),
    ("name", "RES_EDGE_NAME"),
    ("namespace", "RES_EDGE_NAMESPACE"),
    ("no-color", "RES_EDGE_NO_COLOR"),
    ("no-headers", "RES_EDGE_NO_HEADERS"),
    ("oidc-client-id", "RES_EDGE_OIDC_CLIENT_ID"),
    ("oidc-client-secret-file", "RES_EDGE_OIDC_CLIENT_SECRET_FILE"),
    ("oidc-groups-claim", "RES_EDGE_OIDC_GROUPS_CLAIM"),
    ("oidc-issuer", "RES_EDGE_OIDC_ISSUER"),
    ("oidc-name-claim", "RES_EDGE_OIDC_NAME_CLAIM"),
    ("oidc-redirect", "RES_EDGE_OIDC_REDIRECT"),
    ("offline", "RES_EDGE_OFFLINE"),
    ("once", "RES_EDGE_ONCE"),
    ("otlp-endpoint", "RES_EDGE_OTLP_ENDPOINT"),
    ("output", "RES_EDGE_OUTPUT"),
    ("poll", "RES_EDGE_POLL"),
    ("program", "RES_EDGE_PROGRAM"),
    ("propose", "RES_EDGE_PROPOSE"),
    ("quiet", "RES_EDGE_QUIET"),
    ("ready-after", "RES_EDGE_READY_AFTER"),
    ("reason", "RES_EDGE_REASON"),
    ("report-only", "RES_EDGE_REPORT_ONLY"),
    ("rev", "RES_EDGE_REV"),
    ("seed", "RES_EDGE_SEED"),
    ("selector", "RES_EDGE_SELECTOR"),
    ("server", "RES_EDGE_SERVER"),
    ("since", "RES_EDGE_SINCE"),
    ("skew", "RES_EDGE_SKEW"),
    ("slow", "RES_EDGE_SLOW"),
    ("sort", "RES_EDGE_SORT"),
    ("source", "RES_EDGE_SOURCE"),
    ("source-branch", "RES_EDGE_SOURCE_BRANCH"),
    ("source-key", "RES_EDGE_SOURCE_KEY"),
    ("source-token-file", "RES_EDGE_SOURCE_TOKEN_FILE"),
    ("source-url", "RES_EDGE_SOURCE_URL"),
    ("squash", "RES_EDGE_SQUASH"),
    ("sso", "RES_EDGE_SSO"),
    ("status", "RES_EDGE_STATUS"),
    ("state", "RES_EDGE_STATE"),
    ("step", "RES_EDGE_STEP"),
    ("synced", "RES_EDGE_SYNCED"),
    ("timeout", "RES_EDGE_TIMEOUT"),
    ("tls-cert", "RES_EDGE_TLS_CERT"),
    ("tls-key", "RES_EDGE_TLS_KEY"),
    ("to", "RES_EDGE_TO"),
    ("to-key", "RES_EDGE_TO_KEY"),
    ("to-token-file", "RES_EDGE_TO_TOKEN_FILE"),
    ("token-file", "RES_EDGE_TOKEN_FILE"),
    ("topic", "RES_EDGE_TOPIC"),
    ("tree", "RES_EDGE_TREE"),
    ("unique", "RES_EDGE_UNIQUE"),
    ("until", "RES_EDGE_UNTIL"),
    ("url", "RES_EDGE_URL"),
    ("user", "RES_EDGE_USER"),
    ("verb", "RES_EDGE_VERB"),
    ("verbose", "RES_EDGE_VERBOSE"),
    ("wait", "RES_EDGE_WAIT"),
    ("webhook-secret", "RES_EDGE_WEBHOOK_SECRET"),
    ("withdraw", "RES_EDGE_WITHDRAW"),
    ("yes", "RES_EDGE_YES"),
];

/// The command line as clap knows it.
pub(crate) fn command() -> clap::Command {
    with_variables(Line::command())
}

/// Whether a flag of a command is none of a variable: the `--output` of `generate` is a folder,
/// that of `backup` a file, and a variable that means a format elsewhere must not be one there.
fn has_no_variable(command: &str, long: &str) -> bool {
    matches!((command, long), ("generate" | "backup", "output"))
}

fn with_variables(command: clap::Command) -> clap::Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|arg| {
        let long = arg.get_long().filter(|long| !has_no_variable(&name, long));
        let variable =
            VARIABLES.iter().find(|(known, _)| long == Some(*known)).map(|(_, name)| *name);
        match (variable, arg.get_action()) {
            (Some(name), ArgAction::SetTrue) => {
                arg.env(name).hide_env(true).value_parser(FalseyValueParser::new())
            }
            (Some(name), _) => arg.env(name).hide_env(true),
            (None, _) => arg,
        }
    });
    command.mut_subcommands(with_variables)
}

/// Parses the words. Answers nothing where help or the version was asked for, which is then
/// printed.
///
/// # Errors
/// The words are no command; clap's own explanation was written to standard error.
pub(crate) fn parse(
    words: impl IntoIterator<Item = OsString>,
    terminal: &mut Terminal,
) -> Result<Option<Line>, CommandError> {
    let parsed =
        command().try_get_matches_from(words).and_then(|matches| Line::from_arg_matches(&matches));
    match parsed {
        Ok(line) => Ok(Some(line)),
        Err(error) if !error.use_stderr() => {
            terminal.print(&error.render().to_string())?;
            Ok(None)
        }
        Err(error) => {
            terminal.report(error.render().to_string().trim_end());
            Err(CommandError::new(ErrorKind::Usage, "usage"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is under `deploy/` sets variables, and a misspelt one would do nothing.
    #[test]
    fn deployments_set_variables_that_there_are() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        let files = [
            "docker/Dockerfile",
            "systemd/res-edge.service",
            "charts/res-edge/templates/server.yaml",
        ];
        for file in files {
            let text = std::fs::read_to_string(root.join(file)).unwrap();
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            // `RES_EDGE_` alone is the prefix, in a comment.
            let named = words.filter(|word| word.starts_with("RES_EDGE_") && word.len() > 9);
            let unknown: Vec<&str> =
                named.filter(|word| !VARIABLES.iter().any(|(_, known)| known == word)).collect();
            assert_eq!(unknown, Vec::<&str>::new(), "{file}");
        }
    }

    fn longs(command: &clap::Command) -> Vec<String> {
        let own = command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned));
        own.chain(command.get_subcommands().flat_map(longs)).collect()
    }

    #[test]
    fn command_line_is_consistent() {
        command().debug_assert();
    }

    /// The flags of a command and those below it that no variable sets.
    fn without_variable(command: &clap::Command) -> Vec<String> {
        let own = command.get_arguments().filter(|arg| arg.get_env().is_none());
        let own =
            own.filter_map(|arg| Some(format!("{} --{}", command.get_name(), arg.get_long()?)));
        own.chain(command.get_subcommands().flat_map(without_variable)).collect()
    }

    #[test]
    fn the_variable_of_each_flag_sets_it() {
        let mut without = without_variable(&command());
        without.retain(|flag| !flag.ends_with("--help") && !flag.ends_with("--version"));
        assert_eq!(without, ["generate --output", "backup --output"]);
    }

    #[test]
    fn every_flag_has_a_variable() {
        for long in longs(&command()) {
            let known = VARIABLES.iter().any(|(name, variable)| {
                let spelled = long.to_uppercase().replace('-', "_");
                *name == long && *variable == format!("RES_EDGE_{spelled}")
            });
            assert!(known || long == "help" || long == "version", "--{long} has no variable");
        }
    }
}
