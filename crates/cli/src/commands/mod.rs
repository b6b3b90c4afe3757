//! The commands, one file each.
//!
//! A command takes its own arguments and the [`Session`], and answers an [`Outcome`] or a
//! [`CommandError`].

mod access;
mod adopt;
mod apply;
mod audit;
mod backup;
mod blame;
mod change;
mod cluster;
mod completion;
mod confirm;
mod context;
mod delete;
mod demo;
mod describe;
mod diff;
mod discard;
mod edit;
mod explain;
mod generate;
mod get;
mod history;
mod hold;
mod holds;
mod init;
mod login;
mod logout;
mod logs;
mod operate;
mod overlay;
mod publish;
mod render;
mod restore;
mod resume;
mod role;
mod schema;
mod search;
mod select;
mod serve;
mod simulate;
mod status;
mod sync;
mod token;
mod user;
mod validate;
mod version;
mod wait;
mod watch;
mod whoami;

pub(crate) use change::path as change_path;

use clap::Subcommand;

use std::rc::Rc;

use expand::Expander;

use crate::arguments::Line;
use crate::error::{CommandError, ErrorKind};
use crate::session::Session;
use crate::terminal::Terminal;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well.
    Done,
    /// `diff` found something.
    Differences,
    /// The source or some cells are faulty, as was said.
    Faulty,
    /// Something waits for a person's word, as was said.
    Held,
}

impl Outcome {
    /// The exit code of the process.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Differences | Self::Faulty => 1,
            Self::Held => 3,
        }
    }
}

/// What can be done.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a new source
    Init(init::Arguments),
    /// Check everything: documents, expressions, templates, values
    Validate(validate::Arguments),
    /// Render what every cluster would run
    Render(render::Arguments),
    /// Show what a change does to the whole fleet
    Diff(diff::Arguments),
    /// Show a document of a server, how it stands, and what happened to it
    Describe(describe::Arguments),
    /// Edit a document of a server
    Edit(edit::Arguments),
    /// Put the documents of a file into a server's source
    Apply(apply::Arguments),
    /// Remove a document from a server's source
    Delete(delete::Arguments),
    /// Propose, review and merge changes of a server's source
    Change(change::Arguments),
    /// List clusters, groups, namespaces, applications or bindings
    Get(get::Arguments),
    /// Print the clusters that an expression selects
    Select(select::Arguments),
    /// Find a term in names, labels and values
    Search(search::Arguments),
    /// Release what the source says to the fleet
    Publish(publish::Arguments),
    /// Explain why an application is on a cluster, and its values
    Explain(explain::Arguments),
    /// Explain who may do what, or whether someone may make a change
    Access(access::Arguments),
    /// Show what each release did to a cluster or an application
    History(history::Arguments),
    /// Show what gave an application its tree on a cluster
    Blame(blame::Arguments),
    /// Keep what someone else wrote into a cluster's folder
    Adopt(adopt::Arguments),
    /// Write the release over what someone else wrote
    Discard(discard::Arguments),
    /// Hold releases back from some clusters or applications
    Hold(hold::Arguments),
    /// List what gets no release until a person decides
    Holds(holds::Arguments),
    /// Go back to what an earlier step gave
    Rollback(hold::RollbackArguments),
    /// Stop every release, everywhere
    Stop(hold::StopArguments),
    /// End a hold, a stop, a rollback or an adoption
    Resume(resume::Arguments),
    /// Show what waits for a person, and let exactly that pass
    Confirm(confirm::Arguments),
    /// Show what happens at a server, as it happens
    Watch(watch::Arguments),
    /// Show how the fleet is, or one cluster
    Status(status::Arguments),
    /// Show what happened on a cluster lately
    Logs(logs::Arguments),
    /// Wait until bindings run what is released
    Wait(wait::Arguments),
    /// Ask the agent of a cluster to look now
    Sync(sync::Arguments),
    /// Let the agents of clusters in
    Cluster(cluster::Arguments),
    /// Make an overlay of an application's template for some clusters
    Overlay(overlay::Arguments),
    /// Write a source of any size, for measuring and trying things out
    #[command(after_help = "\
Example:
  res-edge generate --clusters 1000 --applications 20 --output big-fleet")]
    Generate(generate::Arguments),
    /// Show the whole way on an example fleet
    Demo(demo::Arguments),
    /// Run the server: Git hosting, the API, and the loop that releases
    #[command(after_help = "\
Example:
  res-edge serve --data ./server --listen 127.0.0.1:7080")]
    Serve(Box<serve::Arguments>),
    /// Write a server's data folder into one file
    Backup(backup::Arguments),
    /// Make a server's data folder from a backup
    Restore(restore::Arguments),
    /// Run the agent on simulated clusters
    Simulate(simulate::Arguments),
    /// Sign in to a server
    Login(login::Arguments),
    /// Sign out of a server
    Logout(logout::Arguments),
    /// Show and choose the servers that you signed in to
    Context(context::Arguments),
    /// Let people in who sign in with a password
    User(user::Arguments),
    /// Show the Roles of a server
    Role(role::Arguments),
    /// Make tokens and take them back
    Token(token::Arguments),
    /// Show what was done at a server, and check that record
    Audit(audit::Arguments),
    /// Show who you are at a server
    Whoami(whoami::Arguments),
    /// Print a JSON Schema of the documents
    Schema(schema::Arguments),
    /// Print a completion script for a shell
    Completion(completion::Arguments),
    /// Print the version
    Version(version::Arguments),
}

/// Runs the command of a line.
///
/// # Errors
/// Why it could not be done.
pub(crate) fn run(line: Line, terminal: &mut Terminal) -> Result<Outcome, CommandError> {
    let location = line.configure(terminal);
    let expansion = line.expansion_settings()?;
    let expander = Rc::new(Expander::new(expansion.clone()));
    let session = &mut Session { location, expansion, expander, terminal };
    match line.command {
        Command::Init(arguments) => init::run(&arguments, session),
        Command::Validate(arguments) => validate::run(&arguments, session),
        Command::Render(arguments) => render::run(&arguments, session),
        Command::Diff(arguments) => diff::run(&arguments, session),
        Command::Explain(arguments) => explain::run(&arguments, session),
        Command::Access(arguments) => access::run(&arguments, session),
        Command::History(arguments) => history::run(&arguments, session),
        Command::Demo(arguments) => demo::run(&arguments, session),
        Command::Get(arguments) => get::run(&arguments, session),
        Command::Describe(arguments) => describe::run(&arguments, session),
        Command::Edit(arguments) => edit::run(&arguments, session),
        Command::Apply(arguments) => apply::run(&arguments, session),
        Command::Delete(arguments) => delete::run(&arguments, session),
        Command::Change(arguments) => change::run(&arguments, session),
        Command::Role(arguments) => role::run(&arguments, session),
        Command::Serve(arguments) => serve::run(&arguments, session),
        Command::Simulate(arguments) => simulate::run(&arguments, session),
        Command::Select(arguments) => select::run(&arguments, session),
        Command::Search(arguments) => search::run(&arguments, session),
        Command::Publish(arguments) => publish::run(&arguments, session),
        Command::Blame(arguments) => blame::run(&arguments, session),
        Command::Adopt(arguments) => adopt::run(&arguments, session),
        Command::Discard(arguments) => discard::run(&arguments, session),
        Command::Hold(arguments) => hold::run(&arguments, session),
        Command::Holds(arguments) => holds::run(&arguments, session),
        Command::Rollback(arguments) => hold::roll_back(&arguments, session),
        Command::Stop(arguments) => hold::stop(&arguments, session),
        Command::Resume(arguments) => resume::run(&arguments, session),
        Command::Confirm(arguments) => confirm::run(&arguments, session),
        Command::Watch(arguments) => watch::run(&arguments, session),
        Command::Status(arguments) => status::run(&arguments, session),
        Command::Wait(arguments) => wait::run(&arguments, session),
        Command::Logs(arguments) => logs::run(&arguments, session),
        Command::Sync(arguments) => sync::run(&arguments, session),
        Command::Cluster(arguments) => cluster::run(&arguments, session),
        Command::Overlay(arguments) => overlay::run(&arguments, session),
        Command::Generate(arguments) => generate(&arguments, session),
        Command::Backup(arguments) => backup::run(&arguments, session),
        Command::Restore(arguments) => restore::run(&arguments, session),
        Command::Login(arguments) => login::run(&arguments, session),
        Command::Logout(arguments) => logout::run(&arguments, session),
        Command::Context(arguments) => context::run(&arguments, session),
        Command::User(arguments) => user::run(&arguments, session),
        Command::Token(arguments) => token::run(&arguments, session),
        Command::Audit(arguments) => audit::run(&arguments, session),
        Command::Whoami(arguments) => whoami::run(&arguments, session),
        Command::Schema(arguments) => schema::run(&arguments, session),
        Command::Completion(arguments) => completion::run(&arguments, session),
        Command::Version(arguments) => version::run(&arguments, session),
    }
}

/// Runs what waits for files or a database.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        CommandError::new(ErrorKind::Unavailable, format!("cannot start threads: {error}"))
    })?;
    Ok(runtime.block_on(work))
}

/// Runs `generate`, which knows nothing of terminals.
fn generate(
    arguments: &generate::Arguments,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let _progress = session.terminal.progress("writing the source");
    let summary = generate::run(arguments).map_err(|error| {
        CommandError::of(ErrorKind::Unavailable, error.as_ref())
            .hint("name a new folder with `--output`")
    })?;
    session.terminal.message(&format!("wrote {summary}"));
    Ok(Outcome::Done)
}
