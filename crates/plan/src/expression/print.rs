//! The one way an expression is written.

use super::lex::is_bare;
use super::{Pattern, Syntax, SyntaxKind, Term};

/// An expression as text, with the fewest parentheses and quotes. Parsing the text gives an
/// equal expression.
#[must_use]
pub fn print(syntax: &Syntax) -> String {
    let mut text = String::new();
    write(syntax, 0, &mut text);
    text
}

/// How tightly a form binds; a form inside another is put in parentheses unless it binds
/// tighter. (A chain in a chain of the same operator keeps its parentheses, and so its shape.)
fn binding(kind: &SyntaxKind) -> u8 {
    match kind {
        SyntaxKind::Or(_) => 1,
        SyntaxKind::And(_) => 2,
        SyntaxKind::Not(_) => 3,
        SyntaxKind::All | SyntaxKind::None | SyntaxKind::Term(_) => 4,
    }
}

fn write(syntax: &Syntax, outer: u8, text: &mut String) {
    let own = binding(&syntax.kind);
    let enclosed = own <= outer && own < 3;
    if enclosed {
        text.push('(');
    }
    match &syntax.kind {
        SyntaxKind::All => text.push_str("all"),
        SyntaxKind::None => text.push_str("none"),
        SyntaxKind::Term(term) => write_term(term, text),
        SyntaxKind::Not(inner) => {
            text.push_str("not ");
            write(inner, own, text);
        }
        SyntaxKind::And(operands) => write_chain(operands, " and ", own, text),
        SyntaxKind::Or(operands) => write_chain(operands, " or ", own, text),
    }
    if enclosed {
        text.push(')');
    }
}

fn write_chain(operands: &[Syntax], operator: &str, own: u8, text: &mut String) {
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            text.push_str(operator);
        }
        write(operand, own, text);
    }
}

fn write_term(term: &Term, text: &mut String) {
    match term {
        Term::Group(path) => {
            text.push_str("/g");
            for part in path.value.strip_prefix('/').unwrap_or(&path.value).split('/') {
                text.push('/');
                write_part(&Pattern::exact(part), text);
            }
        }
        Term::Cluster(name) => {
            text.push_str("/c/");
            write_part(&name.value, text);
        }
        Term::Namespace(name) => {
            text.push_str("/n/");
            write_part(&Pattern::exact(&name.value), text);
        }
        Term::Metadata { key, value } => {
            text.push_str("/m/");
            write_part(&Pattern::exact(&key.value), text);
            text.push('/');
            write_part(&value.value, text);
        }
    }
}

fn write_part(pattern: &Pattern, text: &mut String) {
    let literal = |c: char| is_bare(c) && c != '*';
    let bare = pattern.runs().iter().all(|run| run.chars().all(literal));
    if bare && pattern.as_exact() != Some("") {
        text.push_str(&pattern.runs().join("*"));
        return;
    }
    text.push('"');
    for (index, run) in pattern.runs().iter().enumerate() {
        if index > 0 {
            text.push('*');
        }
        for c in run.chars() {
            if matches!(c, '"' | '\\' | '*') {
                text.push('\\');
            }
            text.push(c);
        }
    }
    text.push('"');
}
