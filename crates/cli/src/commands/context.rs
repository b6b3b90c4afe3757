//! `res-edge context`: the servers that one signed in to.

use serde_json::{Value, json};

use super::Outcome;
use crate::contexts::{Context, Contexts};
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column};
use crate::session::Session;

/// Shows and chooses the servers that you signed in to. Tokens are never shown.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "\
Examples:
  res-edge context list
  res-edge context use prod")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Act {
    /// List the contexts; the current one has a star
    List(ListingArguments),
    /// Use a context from now on
    Use {
        /// Its name
        name: String,
    },
    /// Show a context, without its token
    Show {
        /// Its name; else the current one
        name: Option<String>,
        /// Output format
        #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
        #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
        output: String,
    },
    /// Forget a context and its token
    Delete {
        /// Its name
        name: String,
    },
}

/// Runs `context`.
///
/// # Errors
/// There is no such context, or the contexts cannot be read or written.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let mut contexts = Contexts::read()?;
    match &arguments.act {
        Act::List(how) => {
            let current = contexts.current().map(|(name, _)| name);
            let rows = contexts.iter().map(|(name, context)| Row {
                name,
                context,
                is_current: current == Some(name),
            });
            listing::write(rows, *how, session.terminal)?;
        }
        Act::Use { name } => {
            contexts.named(name)?;
            contexts.choose(name);
            contexts.write()?;
            session.terminal.message(&format!("context `{name}` is in use"));
        }
        Act::Show { name, output } => show(&contexts, name.as_deref(), output, session)?,
        Act::Delete { name } => {
            contexts.named(name)?;
            contexts.remove(name);
            contexts.write()?;
            session.terminal.message(&format!("context `{name}` is forgotten"));
        }
    }
    Ok(Outcome::Done)
}

fn show(
    contexts: &Contexts,
    name: Option<&str>,
    output: &str,
    session: &mut Session,
) -> Result<(), CommandError> {
    let current = contexts.current();
    let found = name.map(|name| contexts.named(name)).transpose()?.or(current);
    let Some((name, context)) = found else {
        return Err(CommandError::user("no context is in use")
            .hint("sign in with `res-edge login URL`, or choose one with `res-edge context use`"));
    };
    let is_current = current.is_some_and(|(current, _)| current == name);
    let row = Row { name, context, is_current };
    let text = match output {
        "json" => serde_json::to_string_pretty(&row.document()).unwrap_or_default(),
        _ => row.text(),
    };
    session.terminal.print_line(&text)
}

struct Row<'a> {
    name: &'a str,
    context: &'a Context,
    is_current: bool,
}

impl Row<'_> {
    fn text(&self) -> String {
        let Context { server, user, token, .. } = self.context;
        let user = user.as_deref().unwrap_or("-");
        let signed_in = if token.is_some() { "yes" } else { "no" };
        format!("name: {}\nserver: {server}\nuser: {user}\nsigned in: {signed_in}", self.name)
    }
}

impl Item for Row<'_> {
    const COLUMNS: &'static [Column] =
        &[column("CURRENT"), column("NAME"), column("SERVER"), column("USER"), column("SIGNED IN")];

    fn reference(&self) -> String {
        format!("context/{}", self.name)
    }

    fn cells(&self) -> Vec<String> {
        let yes = |is: bool, word: &str| if is { word.to_owned() } else { String::new() };
        vec![
            yes(self.is_current, "*"),
            self.name.to_owned(),
            self.context.server.clone(),
            self.context.user.clone().unwrap_or_default(),
            yes(self.context.token.is_some(), "yes"),
        ]
    }

    fn document(&self) -> Value {
        json!({
            "name": self.name,
            "server": self.context.server,
            "user": self.context.user,
            "current": self.is_current,
            "signedIn": self.context.token.is_some(),
        })
    }
}
