//! `res-edge token`: tokens of people and programs.

use api::{MadeToken, NewToken, ScopeRule, Token};
use reqwest::Method;
use serde_json::Value;

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
use crate::remote::{Remote, Target, segment};
use crate::session::Session;

/// Makes tokens and takes them back. A token's text is printed once, when it is made.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "\
Examples:
  res-edge token create laptop --days 30
  res-edge token create ci --program --verb propose --namespace imdb
  res-edge token revoke anna/laptop")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Act {
    /// List your tokens; for administrators all
    List {
        #[command(flatten)]
        listing: ListingArguments,
        #[command(flatten)]
        target: Target,
    },
    /// Make a token, and print its text
    Create(Create),
    /// Take a token back, at once
    Revoke {
        /// Name, as `token list` shows it
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct Create {
    /// Name
    name: String,
    /// Make it a program's, with the rights that Roles give `token:NAME`
    #[arg(long)]
    program: bool,
    /// In how many days it ends
    #[arg(long, value_name = "N", default_value = "90")]
    days: u16,
    /// Narrow it to a verb; may be given again, as the flags below
    #[arg(long, value_name = "VERB")]
    verb: Vec<String>,
    /// Narrow it to a kind of documents
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Narrow it to a group and all below it
    #[arg(long, value_name = "PATH")]
    group: Vec<String>,
    /// Narrow it to a namespace
    #[arg(long, value_name = "NAME")]
    namespace: Vec<String>,
    #[command(flatten)]
    target: Target,
}

/// Runs `token`.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    match &arguments.act {
        Act::List { listing, target } => {
            let remote = Remote::open(target, session)?;
            let tokens: Vec<Token> = remote.pages("/api/v1/tokens", session)?;
            listing::write(tokens.into_iter().map(Row), *listing, session.terminal)?;
        }
        Act::Create(create) => {
            let remote = Remote::open(&create.target, session)?;
            let new = create.token();
            let request = remote.client().post("/api/v1/tokens", &new);
            let made: MadeToken = remote.wait(request, session)?;
            let Token { name, subject, expires, .. } = &made.token;
            let ends = expires.map(|end| format!(", until {end}")).unwrap_or_default();
            session.terminal.message(&format!("token `{name}` acts as {subject}{ends}"));
            session.terminal.message("its text, which is shown only now:");
            session.terminal.print_line(&made.text)?;
        }
        Act::Revoke { name, target } => {
            let remote = Remote::open(target, session)?;
            remote.revoke(name, session)?;
            session.terminal.message(&format!("token `{name}` is taken back"));
        }
    }
    Ok(Outcome::Done)
}

impl Remote {
    /// Takes a token back.
    pub(super) fn revoke(&self, name: &str, session: &mut Session) -> Result<(), CommandError> {
        let path = format!("/api/v1/tokens/{}", segment(name));
        let client = self.client();
        self.wait(client.send(client.request(Method::DELETE, &path)), session).map(drop)
    }
}

impl Create {
    fn token(&self) -> NewToken {
        NewToken {
            name: self.name.clone(),
            is_for_program: self.program,
            days: Some(self.days),
            scope: self.scope(),
        }
    }

    /// What the flags narrow it to; a flag that is not given narrows nothing.
    fn scope(&self) -> Option<Vec<ScopeRule>> {
        let lists = [&self.verb, &self.kind, &self.group, &self.namespace];
        if lists.iter().all(|list| list.is_empty()) {
            return None;
        }
        let or = |list: &Vec<String>, all: &[&str]| match list.is_empty() {
            true => all.iter().map(|word| (*word).to_owned()).collect(),
            false => list.clone(),
        };
        let verbs = ["read", "propose", "merge", "approve", "operate", "administer"];
        Some(vec![ScopeRule {
            verbs: or(&self.verb, &verbs),
            kinds: or(&self.kind, &["all"]),
            groups: or(&self.group, &["all"]),
            namespaces: or(&self.namespace, &["all"]),
        }])
    }
}

struct Row(Token);

impl Item for Row {
    const COLUMNS: &'static [Column] = &[
        column("NAME"),
        column("SUBJECT"),
        column("SCOPE"),
        column("EXPIRES"),
        column("LAST USED"),
        column("REVOKED"),
        wide("OWNER"),
        wide("CREATED"),
    ];

    fn reference(&self) -> String {
        format!("token/{}", self.0.name)
    }

    fn cells(&self) -> Vec<String> {
        let time =
            |time: Option<jiff::Timestamp>| time.map(|it| it.to_string()).unwrap_or_default();
        let token = &self.0;
        vec![
            token.name.clone(),
            token.subject.clone(),
            token.scope.as_ref().map(|scope| scope_words(scope)).unwrap_or_default(),
            time(token.expires),
            time(token.last_used),
            time(token.revoked),
            token.owner.clone().unwrap_or_default(),
            token.created.to_string(),
        ]
    }

    fn document(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}

fn scope_words(scope: &[ScopeRule]) -> String {
    let rule = |rule: &ScopeRule| {
        let lists = [&rule.verbs, &rule.kinds, &rule.groups, &rule.namespaces];
        lists.map(|list| list.join(",")).join(" ")
    };
    scope.iter().map(rule).collect::<Vec<_>>().join("; ")
}
