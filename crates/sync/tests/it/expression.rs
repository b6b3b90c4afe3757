//! Health of custom resources by an expression.

use sync::health::Expression;
use sync::read_manifest;

const BACKUP: &str = "apiVersion: x.io/v1
kind: Backup
metadata: {name: a}
status:
  phase: Running
  conditions:
  - {type: Synced, status: \"True\"}
  - {type: Stored, status: \"False\"}
";

fn said(expression: &str) -> String {
    let object = read_manifest(BACKUP.as_bytes()).expect("a manifest");
    match Expression::compile(expression) {
        Ok(expression) => expression.health(&object).to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn truth_is_current_and_words_are_words() {
    assert_eq!(
        said("object.status.conditions.exists(c, c.type == 'Synced' && c.status == 'True')"),
        "Current Current: the health expression says so"
    );
    assert_eq!(
        said("object.status.phase == 'Done'"),
        "InProgress ExpressionFalse: the health expression is false"
    );
    assert_eq!(
        said("object.status.phase == 'Running' ? 'Failed' : 'Current'"),
        "Failed ExpressionFailed: the health expression says Failed"
    );
}

#[test]
fn what_cannot_be_said_is_unknown() {
    for expression in ["object.status.missing == 1", "1", "'Fine'"] {
        assert!(said(expression).starts_with("Unknown ExpressionFailed"), "{expression}");
    }
    assert!(said("object.status.").starts_with("the expression is not CEL"));
}

#[test]
fn expressions_have_limits() {
    let long = format!("object.x == '{}'", "a".repeat(2_048));
    assert_eq!(said(&long), "the expression is too large: more than 2,048 bytes");
    let deep = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(said(&deep), "the expression is too large: brackets nest deeper than 24");
    let nested = "object.l.all(a, object.l.all(b, object.l.all(c, a + b + c > 0)))";
    let object =
        format!("apiVersion: v1\nkind: X\nmetadata: {{name: a}}\nl: [{}]\n", "1,".repeat(200));
    let object = read_manifest(object.as_bytes()).expect("a manifest");
    let health = Expression::compile(nested).expect("it is CEL").health(&object);
    assert_eq!(health.reason, "ExpressionTooExpensive");
}
