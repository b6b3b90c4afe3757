//! `res-edge access`: who may do what by the Roles of the source, and whether someone may make a
//! change.

use model::{Approvals, CommitId, Cover, Digest, Kind, Policies, Subject, Verb};
use plan::{Changes, Side};
use release::access::{
    Answer, Explained, Lack, Outstanding, Person, Verdict, authorize, explain, outstanding,
};
use serde_json::{Value, json};

use super::Outcome;
use super::diff::Sides;
use crate::error::CommandError;
use crate::present::listing::columns;
use crate::session::Session;
use crate::source;

/// Explains who may do what, and by which role; or says whether someone may make a change, and
/// what is lacking.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 done, or the change may be merged; 1 it may not, or the source has errors;
2 failed; 3 it waits for approvals.

Examples:
  res-edge access                          everyone
  res-edge access user:anna group:oidc/pets
  res-edge access user:anna --base main    may anna merge what the work tree changes?")]
pub(crate) struct Arguments {
    /// user:NAME, token:NAME, and groups of the same person as group:PROVIDER/NAME; else everyone
    #[arg(value_name = "SUBJECT")]
    subjects: Vec<String>,
    /// Judge the change since this revision, by its roles
    #[arg(long, value_name = "REV", requires = "subjects")]
    base: Option<String>,
    /// Output format
    #[arg(short, long, value_parser = ["text", "json"], default_value = "text")]
    #[arg(value_name = "text|json", hide_possible_values = true, hide_default_value = true)]
    output: String,
}

/// Writes the explanation or the verdict.
///
/// # Errors
/// A subject is none, or a source cannot be read or is not accepted.
pub(crate) fn run(arguments: &Arguments, session: &mut Session) -> Result<Outcome, CommandError> {
    let subjects = arguments.subjects.iter().map(|text| subject(text));
    let subjects = subjects.collect::<Result<Vec<Subject>, CommandError>>()?;
    let as_json = arguments.output == "json";
    match (&arguments.base, Person::of(subjects)) {
        (Some(base), Some(person)) => check(base, &person, as_json, session),
        (_, person) => list(person, as_json, session),
    }
}

fn subject(text: &str) -> Result<Subject, CommandError> {
    Subject::parse(text).ok_or_else(|| {
        CommandError::user(format!("`{text}` is no subject"))
            .hint("write `user:<name>`, `group:<provider>/<name>` or `token:<name>`")
    })
}

fn list(
    person: Option<Person>,
    as_json: bool,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let policies = plan::policies(&source::check(session)?.fleet);
    let rights: Vec<Explained> = match person {
        Some(person) => explain(&policies, &person),
        None => everyone(&policies).flat_map(|person| explain(&policies, &person)).collect(),
    };
    if as_json {
        let rights: Vec<Value> = rights.iter().map(right_document).collect();
        return print(&document("AccessList", json!({ "rights": rights })), session);
    }
    if rights.is_empty() {
        session.terminal.message("no role grants anything here");
        return Ok(Outcome::Done);
    }
    let titles = ["SUBJECT", "ROLE", "VERBS", "KINDS", "GROUPS", "NAMESPACES", "CLUSTERS"];
    let rows = rights.iter().map(row).collect();
    session.terminal.print(&columns(Some(titles.map(str::to_owned).to_vec()), rows))?;
    Ok(Outcome::Done)
}

/// Each subject of a Role, once.
fn everyone(policies: &Policies) -> impl Iterator<Item = Person> {
    let mut subjects: Vec<&Subject> =
        policies.roles.iter().flat_map(|role| &role.subjects).collect();
    subjects.sort();
    subjects.dedup();
    subjects.into_iter().map(|subject| Person::new(subject.clone()))
}

fn row(right: &Explained) -> Vec<String> {
    vec![
        right.subject.as_ref().map_or_else(String::new, Subject::to_string),
        right.source.to_string(),
        verbs(right).join(","),
        kinds(&right.kinds).join(","),
        cover(&right.groups).join(","),
        cover(&right.namespaces).join(","),
        right.clusters.len().to_string(),
    ]
}

fn verbs(right: &Explained) -> Vec<&'static str> {
    right.verbs.iter().map(|verb| Verb::word(*verb)).collect()
}

fn kinds(kinds: &[Kind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| Kind::word(*kind)).collect()
}

/// `all`, `none` or the names.
fn cover<T: std::fmt::Display>(cover: &Cover<T>) -> Vec<String> {
    match cover {
        Cover::All => vec!["all".to_owned()],
        Cover::Only(list) if list.is_empty() => vec!["none".to_owned()],
        Cover::Only(list) => list.iter().map(T::to_string).collect(),
    }
}

fn check(
    base: &str,
    person: &Person,
    as_json: bool,
    session: &mut Session,
) -> Result<Outcome, CommandError> {
    let sides = Sides::read(base, None, session)?;
    let before = Side { fleet: &sides.base.fleet, source: &sides.base.source };
    let after = Side { fleet: &sides.head.fleet, source: &sides.head.source };
    let meaning = Changes::new(before, after).meaning(&sides.rendered_base, &sides.rendered_head);
    let policies = plan::policies(&sides.base.fleet);
    let verdict = authorize(&policies, &meaning, person);
    // Nobody approved a change that is only looked at.
    let nothing = (CommitId([0; 20]), Digest([0; 32]));
    let authors = [person.name.clone()];
    let waits = outstanding(&policies, &meaning, &verdict, &authors, &[], nothing);
    if as_json {
        print(&document("AccessCheck", verdict_document(&verdict, &waits)), session)?;
    } else {
        session.terminal.print(&verdict_text(&verdict, &waits))?;
    }
    Ok(match (verdict.merge.is_allowed(), waits.is_empty()) {
        (false, _) => Outcome::Faulty,
        (true, false) => Outcome::Held,
        (true, true) => Outcome::Done,
    })
}

fn verdict_text(verdict: &Verdict, waits: &[Outstanding]) -> String {
    let Verdict { propose, merge, approve, .. } = verdict;
    let mut text = format!("propose: {propose}\nmerge: {merge}\n");
    if merge.is_allowed() {
        text.push_str(&format!("approve: {approve}\n"));
    }
    waits.iter().for_each(|wait| text.push_str(&format!("waits: {wait}\n")));
    text
}

fn verdict_document(verdict: &Verdict, waits: &[Outstanding]) -> Value {
    let wait = |wait: &Outstanding| {
        json!({
            "roles": wait.roles,
            "approvals": approvals(wait.approvals),
            "approved": wait.n_approved,
            "message": wait.to_string(),
        })
    };
    json!({
        "propose": answer(&verdict.propose),
        "merge": answer(&verdict.merge),
        "approve": answer(&verdict.approve),
        "waits": waits.iter().map(wait).collect::<Vec<_>>(),
    })
}

fn answer(answer: &Answer) -> Value {
    match answer {
        Answer::Allowed { by } => json!({ "allowed": true, "by": by, "lacks": [], "count": 0 }),
        Answer::Refused { lacks, n_lacks } => {
            let lacks: Vec<String> = lacks.iter().map(Lack::to_string).collect();
            json!({ "allowed": false, "by": [], "lacks": lacks, "count": n_lacks })
        }
    }
}

fn right_document(right: &Explained) -> Value {
    json!({
        "subject": right.subject.as_ref().map(Subject::to_string),
        "role": right.source,
        "rule": right.rule,
        "verbs": verbs(right),
        "kinds": kinds(&right.kinds),
        "groups": cover(&right.groups),
        "namespaces": cover(&right.namespaces),
        "clusters": right.clusters.len(),
        "approvals": approvals(right.approvals),
    })
}

fn approvals(approvals: Approvals) -> Value {
    json!({ "count": approvals.count, "notAuthor": approvals.not_author })
}

fn document(kind: &str, status: Value) -> Value {
    json!({ "apiVersion": "res-edge.dev/v1", "kind": kind, "status": status })
}

fn print(document: &Value, session: &mut Session) -> Result<Outcome, CommandError> {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    session.terminal.print_line(&text)?;
    Ok(Outcome::Done)
}
