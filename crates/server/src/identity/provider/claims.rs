//! What a provider says about a person, as this server takes it.

use serde_json::{Map, Value};

use super::{NotProven, OIDC, Oidc};

/// How long a name is at most.
const LONGEST_NAME: usize = 128;

/// How long the name of a group is at most, in bytes.
const LONGEST_GROUP: usize = 256;

/// In how many groups a person is at most.
const MOST_GROUPS: usize = 1_000;

/// A person, by the word of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proven {
    /// What the provider calls the person for ever.
    pub(crate) key: String,
    /// What the person would be called here.
    pub(crate) name: String,
    /// The groups, as the provider calls them.
    pub(crate) groups: Vec<String>,
}

/// The person that claims are about, with the groups that stand in them.
///
/// # Errors
/// There is no name, or it cannot be one.
pub(super) fn proven(oidc: &Oidc, claims: &Map<String, Value>) -> Result<Proven, NotProven> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    let subject = text("sub").unwrap_or_default();
    let claim = oidc.name_claim.as_str();
    let Some(name) = text(claim) else {
        return Err(NotProven::Unfit(format!("there is no claim `{claim}`, which names people")));
    };
    // An address that nobody confirmed is what somebody typed.
    if claim == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        let why = "the provider did not verify the `email`, which names people".to_owned();
        return Err(NotProven::Unfit(why));
    }
    if !is_name(name) {
        let shown: String = name.escape_debug().take(LONGEST_NAME).collect();
        let why =
            format!("`{shown}` cannot name a person: use visible ASCII, no markup, 1 to 128 of it");
        return Err(NotProven::Unfit(why));
    }
    // A subject is unique at its provider only (OpenID Connect Core, section 2).
    let key = format!("{} {subject}", oidc.issuer);
    Ok(Proven { key, name: format!("{OIDC}/{name}"), groups: groups(claims, &oidc.groups_claim) })
}

/// Whether claims say who the person is, and anything about groups.
pub(super) fn are_complete(oidc: &Oidc, claims: &Map<String, Value>) -> bool {
    claims.contains_key(&oidc.name_claim) && claims.contains_key(&oidc.groups_claim)
}

/// The groups that a claim lists: a list of texts, or one text. Anything else is none, since
/// nothing is granted by what is not understood.
fn groups(claims: &Map<String, Value>, claim: &str) -> Vec<String> {
    let listed = match claims.get(claim) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let mut groups: Vec<String> =
        listed.into_iter().filter(|group| is_group(group)).map(str::to_owned).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.truncate(MOST_GROUPS);
    groups
}

/// What stands in records, in commits and in Roles as a person's name.
fn is_name(name: &str) -> bool {
    let is_fit = |c: char| c.is_ascii_graphic() && !"<>\"'`\\".contains(c);
    !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_fit)
}

fn is_group(group: &str) -> bool {
    let is_blank = group.trim().is_empty();
    !is_blank && group.len() <= LONGEST_GROUP && !group.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// How every such refusal begins.
    const TAKEN: &str = "what the provider of identities says cannot be taken: ";

    fn of(name_claim: &str, claims: Value) -> Result<Proven, NotProven> {
        let oidc = Oidc {
            issuer: "https://id.example".to_owned(),
            client_id: "res-edge".to_owned(),
            client_secret: None,
            redirect: None,
            name_claim: name_claim.to_owned(),
            groups_claim: "groups".to_owned(),
        };
        proven(&oidc, claims.as_object().unwrap())
    }

    #[test]
    fn a_person_is_known_by_issuer_and_subject() {
        let found = of("preferred_username", json!({"sub": "7", "preferred_username": "anna"}));
        let found = found.unwrap();
        assert_eq!(
            (found.key.as_str(), found.name.as_str()),
            ("https://id.example 7", "oidc/anna")
        );
    }

    #[test]
    fn a_name_must_be_there_and_fit() {
        let refused = |claim: &str, claims: Value| of(claim, claims).unwrap_err().to_string();
        let shown = [
            refused("preferred_username", json!({"sub": "7"})),
            refused("sub", json!({"sub": "a b"})),
            refused("sub", json!({"sub": ""})),
            refused("sub", json!({"sub": "a<b>"})),
            refused("email", json!({"sub": "7", "email": "anna@contoso.example"})),
        ];
        insta::assert_snapshot!(shown.map(|text| text.replace(TAKEN, "")).join("\n"), @r"
        there is no claim `preferred_username`, which names people
        `a b` cannot name a person: use visible ASCII, no markup, 1 to 128 of it
        `` cannot name a person: use visible ASCII, no markup, 1 to 128 of it
        `a<b>` cannot name a person: use visible ASCII, no markup, 1 to 128 of it
        the provider did not verify the `email`, which names people
        ");
        let claims = json!({"sub": "7", "email": "a@contoso.example", "email_verified": true});
        assert_eq!(of("email", claims).unwrap().name, "oidc/a@contoso.example");
    }

    #[test]
    fn what_is_no_list_of_groups_grants_nothing() {
        let groups = |claim: Value| of("sub", json!({"sub": "7", "groups": claim})).unwrap().groups;
        assert_eq!(of("sub", json!({"sub": "7"})).unwrap().groups, Vec::<String>::new());
        for nothing in [json!([]), json!(""), json!(null), json!({"pets": true}), json!([7, null])]
        {
            assert_eq!(groups(nothing.clone()), Vec::<String>::new(), "{nothing}");
        }
        assert_eq!(groups(json!(["b", "a", "b", " ", "x\ny"])), ["a", "b"]);
        assert_eq!(groups(json!("pets and plants")), ["pets and plants"]);
    }
}
