//! `res-edge user`: the people who may come in.

use api::{NewPassword, NewUser, User, UserEdit};
use reqwest::Method;
use serde_json::Value;

use super::Outcome;
use crate::error::CommandError;
use crate::present::listing::{self, Column, Item, ListingArguments, column, wide};
use crate::prompt;
use crate::remote::{Remote, Target, segment};
use crate::session::Session;

/// Lets people in who sign in with a password of the server.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "\
Examples:
  res-edge user create anna
  res-edge user disable anna
  res-edge user list -o wide")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Act {
    /// List everyone who may come in
    List {
        #[command(flatten)]
        listing: ListingArguments,
        #[command(flatten)]
        target: Target,
    },
    /// Let a person in; the first password is asked for, or is a line of standard input
    Create {
        /// Name
        name: String,
        /// Make the person an administrator of the server
        #[arg(long)]
        administrator: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Set a password, which is asked for, or is a line of standard input
    Password {
        /// Name
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Let a person in no more; their sessions and their own tokens end at once
    Disable {
        /// Name
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Let a person in again
    Enable {
        /// Name
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

/// Runs `user`.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    match &arguments.act {
        Act::List { listing, target } => {
            let remote = Remote::open(target, session)?;
            let users: Vec<User> = remote.pages("/api/v1/users", session)?;
            listing::write(users.into_iter().map(Row), *listing, session.terminal)?;
        }
        Act::Create { name, administrator, target } => {
            let remote = Remote::open(target, session)?;
            let password = prompt::secret("password", session.terminal)?;
            let new = NewUser {
                name: name.clone(),
                password: Some(password.reveal().to_owned()),
                is_administrator: *administrator,
            };
            let user: User = remote.wait(remote.client().post("/api/v1/users", &new), session)?;
            session.terminal.message(&format!("{} may come in", user.subject));
        }
        Act::Password { name, target } => set_password(name, target, session)?,
        Act::Disable { name, target } => set_disabled(name, true, target, session)?,
        Act::Enable { name, target } => set_disabled(name, false, target, session)?,
    }
    Ok(Outcome::Done)
}

/// One's own password needs the one until now; it is asked for first.
fn set_password(name: &str, target: &Target, session: &mut Session) -> Result<(), CommandError> {
    let remote = Remote::open(target, session)?;
    let whoami: api::Whoami = remote.get("/api/v1/whoami", session)?;
    let is_own = whoami.subjects.first().is_some_and(|own| *own == format!("user:{name}"));
    let current = match is_own {
        true => Some(prompt::secret("password until now", session.terminal)?),
        false => None,
    };
    let password = prompt::secret("new password", session.terminal)?;
    let body = NewPassword {
        password: password.reveal().to_owned(),
        current: current.map(|current| current.reveal().to_owned()),
    };
    let path = format!("/api/v1/users/{}/password", segment(name));
    let client = remote.client();
    remote.wait(client.send(client.request(Method::PUT, &path).json(&body)), session)?;
    session.terminal.message(&format!("user:{name} has a new password; their sessions have ended"));
    Ok(())
}

fn set_disabled(
    name: &str,
    is_disabled: bool,
    target: &Target,
    session: &mut Session,
) -> Result<(), CommandError> {
    let remote = Remote::open(target, session)?;
    let edit = UserEdit { is_disabled: Some(is_disabled), ..UserEdit::default() };
    let path = format!("/api/v1/users/{}", segment(name));
    let client = remote.client();
    let request = client.request(Method::PATCH, &path).json(&edit);
    let user: User = remote.wait(client.exchange(request), session)?;
    let said = if user.is_disabled { "may not come in any more" } else { "may come in again" };
    session.terminal.message(&format!("{} {said}", user.subject));
    Ok(())
}

struct Row(User);

impl Item for Row {
    const COLUMNS: &'static [Column] = &[
        column("NAME"),
        column("PROVIDER"),
        column("ADMINISTRATOR"),
        column("DISABLED"),
        column("SIGNED IN"),
        wide("PASSWORD"),
        wide("CREATED"),
    ];

    fn reference(&self) -> String {
        format!("user/{}", self.0.name)
    }

    fn cells(&self) -> Vec<String> {
        let yes = |is: bool| if is { "yes".to_owned() } else { String::new() };
        let user = &self.0;
        vec![
            user.name.clone(),
            user.provider.clone(),
            yes(user.is_administrator),
            yes(user.is_disabled),
            user.signed_in.map(|time| time.to_string()).unwrap_or_default(),
            yes(user.has_password),
            user.created.to_string(),
        ]
    }

    fn document(&self) -> Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
