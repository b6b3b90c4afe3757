//! Who may do what with a change: a fleet, edits of its files, and a person give a verdict.
//!
//! A script is blocks; each starts with `= <title>` and says who acts and what is edited:
//!
//! ```text
//! as user:anna group:oidc/pets    who; the first is the person, the others groups
//! also token:mine                 what else acts for that person
//! admin                           everything is granted besides the Roles
//! by user:olga                    who wrote the change; else who acts
//! approved user:otto              who approved it
//! sed PATH | OLD | NEW            replace in a file, once
//! rm PATH | mv PATH PATH
//! add PATH                        the following lines that start with two blanks
//! outside                         files outside of the source differ too
//! ```

mod attacks;
mod laws;
mod places;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{CommitId, Digest, Expansions, Meaning, MemoryObjects, Policies, Subject};
use plan::{Changes, Side};
use release::access::{Approved, Person, authorize, outstanding};

/// Compares a text with its snapshot, which does not repeat the script.
macro_rules! shows {
    ($text:expr) => {
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!($text) })
    };
}
pub(crate) use shows;

/// Files by their paths.
pub(crate) type Texts = BTreeMap<String, String>;

/// The fleet that most cases start from.
pub(crate) const FLEET: &str = include_str!("fleet.txt");

pub(crate) fn texts(source: &str) -> Texts {
    testkit::files(source).into_iter().map(|file| (file.path, file.text)).collect()
}

/// A source, understood.
pub(crate) struct Understood {
    pub(crate) source: model::Source,
    pub(crate) fleet: plan::Fleet,
    pub(crate) rendered: model::Rendered,
}

impl Understood {
    /// Understands files, or says why they are refused.
    pub(crate) fn new(texts: &Texts) -> Result<Self, String> {
        let text: String =
            texts.iter().map(|(path, text)| format!("-- {path} --\n{text}")).collect();
        let source = testkit::source(&text);
        let (documents, found) = schema::read_source(&source);
        let shown = testkit::render_diagnostics(&source.files, &found);
        if found.iter().any(model::Diagnostic::is_error) {
            return Err(shown);
        }
        let (fleet, _) = plan::assemble(&source, documents)
            .map_err(|found| testkit::render_diagnostics(&source.files, &found))?;
        let objects = MemoryObjects::default();
        let rendered = plan::render(&fleet, &source, &Expansions::default(), &objects);
        Ok(Self { source, fleet, rendered })
    }

    pub(crate) fn side(&self) -> Side<'_> {
        Side { fleet: &self.fleet, source: &self.source }
    }

    pub(crate) fn policies(&self) -> Policies {
        plan::policies(&self.fleet)
    }

    /// What it means that another source takes the place of this one.
    pub(crate) fn until(&self, head: &Self) -> Meaning {
        Changes::new(self.side(), head.side()).meaning(&self.rendered, &head.rendered)
    }
}

/// Runs the blocks of a script on a fleet, and answers each verdict.
pub(crate) fn run(fleet: &str, script: &str) -> String {
    let base = texts(fleet);
    let blocks = script.split("\n= ").filter(|block| !block.trim().is_empty());
    blocks.map(|block| verdict(&base, block.trim_start_matches("= "))).collect()
}

fn verdict(base: &Texts, block: &str) -> String {
    let mut lines = block.lines();
    let title = lines.next().unwrap_or_default();
    let case = Case::read(base, lines);
    let before = Understood::new(base).expect("the fleet of the test is right");
    let after = match Understood::new(&case.head) {
        Ok(after) => after,
        Err(found) => return format!("= {title}\nrefused as a source\n{found}\n"),
    };
    let mut meaning = before.until(&after);
    meaning.files.others = case.outside;
    let policies = before.policies();
    let verdict = authorize(&policies, &meaning, &case.person);
    let mut text = format!("= {title}\n");
    let may = |may: bool| if may { "allowed" } else { "refused" };
    let (propose, approve) = (verdict.propose.is_allowed(), verdict.approve.is_allowed());
    let _ = writeln!(text, "propose {}, approve {}", may(propose), may(approve));
    let _ = writeln!(text, "merge {}", verdict.merge);
    let current = (CommitId([1; 20]), Digest([1; 32]));
    let waits = outstanding(&policies, &meaning, &verdict, &case.authors, &case.approved, current);
    for one in waits {
        let _ = writeln!(text, "waits: {one}");
    }
    text.push('\n');
    text
}

struct Case {
    head: Texts,
    person: Person,
    authors: Vec<Subject>,
    approved: Vec<Approved>,
    outside: bool,
}

impl Case {
    fn read<'a>(base: &Texts, lines: impl Iterator<Item = &'a str>) -> Self {
        let mut case = Self {
            head: base.clone(),
            person: Person::new(Subject::User("nobody".into())),
            authors: Vec::new(),
            approved: Vec::new(),
            outside: false,
        };
        let mut added = String::new();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            if let Some(text) = line.strip_prefix("  ") {
                let file = case.head.get_mut(&added).expect("`add` comes before its lines");
                file.push_str(text);
                file.push('\n');
                continue;
            }
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "add" => {
                    rest.clone_into(&mut added);
                    case.head.entry(added.clone()).or_default();
                }
                _ => case.follow(word, rest),
            }
        }
        if case.authors.is_empty() {
            case.authors.push(case.person.name.clone());
        }
        case
    }

    fn follow(&mut self, word: &str, rest: &str) {
        let subjects = |rest: &str| rest.split(' ').filter_map(Subject::parse).collect::<Vec<_>>();
        match word {
            "as" => {
                let mut all = subjects(rest);
                self.person = Person::new(all.remove(0));
                self.person.groups = all;
            }
            "also" => self.person.others = subjects(rest),
            "admin" => self.person = self.person.clone().with_everything("the administrator"),
            "by" => self.authors = subjects(rest),
            "approved" => {
                let by = Person::new(subjects(rest).remove(0));
                let (head, plan) = (CommitId([1; 20]), Digest([1; 32]));
                self.approved.push(Approved { by, head, plan });
            }
            "outside" => self.outside = true,
            "rm" => assert!(self.head.remove(rest).is_some(), "no `{rest}`"),
            "mv" => {
                let (from, to) = rest.split_once(' ').expect("two paths");
                let text = self.head.remove(from).unwrap_or_else(|| panic!("no `{from}`"));
                self.head.insert(to.to_owned(), text);
            }
            "sed" => {
                let parts: Vec<&str> = rest.split(" | ").collect();
                let [path, old, new] = parts[..] else { panic!("`sed {rest}`") };
                let [old, new] = [old, new].map(|text| text.replace("\\n", "\n"));
                let text = self.head.get_mut(path).unwrap_or_else(|| panic!("no `{path}`"));
                assert!(text.contains(&old), "no `{old}` in {path}");
                *text = text.replacen(&old, &new, 1);
            }
            _ => panic!("`{word}` is no word of a script"),
        }
    }
}
