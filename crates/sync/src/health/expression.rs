//! Health of custom resources by an expression in CEL.
//!
//! The expression sees the whole object as `object` and answers `true` (current), `false` (in
//! progress), or one of the words `Current`, `InProgress` and `Failed`:
//!
//! ```text
//! has(object.status) && object.status.phase == "Synced"
//! object.status.phase == "Error" ? "Failed" : "InProgress"
//! ```
//!
//! What an expression may cost is limited before it runs: its length, its nesting, and the number
//! of its loops in proportion to the largest collection of the object.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use kube_cel::KubeCelExt as _;
use kube_cel::cel::{Context, Program, Value as CelValue, to_value};
use serde_json::Value;

use super::{Health, State};
use crate::Object;

const MAX_LENGTH: usize = 2_048;
const MAX_DEPTH: usize = 24;
const MAX_ITERATIONS: usize = 1_000_000;
/// The macros of CEL that loop
/// (<https://github.com/google/cel-spec/blob/master/doc/langdef.md#macros>).
const LOOPS: &[&str] = &[
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "transformList",
    "transformMap",
    "existsOne",
    "sortBy",
];

/// Why a text is no expression of health.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It passes a limit.
    #[error("the expression is too large: {0}")]
    Limit(&'static str),
    /// It is not CEL.
    #[error("the expression is not CEL: {0}")]
    Syntax(String),
}

/// A compiled expression of health.
#[derive(Debug)]
pub struct Expression {
    program: Program,
    loops: u32,
}

impl Expression {
    /// Compiles a text.
    ///
    /// # Errors
    /// It is not CEL, or passes a limit.
    pub fn compile(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > MAX_LENGTH {
            return Err(ExpressionError::Limit("more than 2,048 bytes"));
        }
        if depth(text) > MAX_DEPTH {
            return Err(ExpressionError::Limit("brackets nest deeper than 24"));
        }
        // The parser is not ours: a panic in it is a mistake of the text as far as we know.
        let compiled = catch_unwind(AssertUnwindSafe(|| Program::compile(text)));
        let program = match compiled {
            Ok(Ok(program)) => program,
            Ok(Err(error)) => return Err(ExpressionError::Syntax(first_line(&error.to_string()))),
            Err(_) => return Err(ExpressionError::Syntax("it cannot be parsed".to_owned())),
        };
        Ok(Self { program, loops: count_loops(text) })
    }

    /// How an object is by this expression. What fails or passes a limit is unknown.
    #[must_use]
    pub fn health(&self, object: &Object) -> Health {
        if object.is_terminating() {
            return Health::new(State::Terminating, "Terminating", "it is being deleted");
        }
        if largest(object.value()).saturating_pow(self.loops) > MAX_ITERATIONS {
            return Health::new(
                State::Unknown,
                "ExpressionTooExpensive",
                "the health expression loops too often over this object",
            );
        }
        match catch_unwind(AssertUnwindSafe(|| self.run(object))) {
            Ok(health) => health,
            Err(_) => failure("it cannot be evaluated"),
        }
    }

    fn run(&self, object: &Object) -> Health {
        let mut context = Context::default();
        context.register_all();
        let Ok(value) = to_value(object.value()) else {
            return failure("the object cannot be read by it");
        };
        context.add_variable_from_value("object", value);
        match self.program.execute(&context) {
            Ok(CelValue::Bool(true)) => Health::current("the health expression says so"),
            Ok(CelValue::Bool(false)) => {
                Health::in_progress("ExpressionFalse", "the health expression is false")
            }
            Ok(CelValue::String(word)) => said(&word),
            Ok(_) => failure("it gives neither true, false nor a word"),
            Err(error) => failure(&first_line(&error.to_string())),
        }
    }
}

fn said(word: &str) -> Health {
    let message = format!("the health expression says {word}");
    match word {
        "Current" => Health::current(message),
        "InProgress" => Health::in_progress("ExpressionInProgress", message),
        "Failed" => Health::failed("ExpressionFailed", message),
        _ => failure("it gives a word that is not Current, InProgress or Failed"),
    }
}

fn failure(cause: &str) -> Health {
    Health::new(State::Unknown, "ExpressionFailed", format!("the health expression: {cause}"))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

fn depth(text: &str) -> usize {
    let mut depths = text.chars().scan(0_usize, |depth, c| {
        match c {
            '(' | '[' | '{' | '?' | '!' | '-' => *depth += 1,
            ')' | ']' | '}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    let mut deepest = 0;
    depths.by_ref().for_each(|depth| deepest = deepest.max(depth));
    deepest
}

fn count_loops(text: &str) -> u32 {
    let loops: HashSet<&str> = LOOPS.iter().copied().collect();
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    u32::try_from(words.filter(|word| loops.contains(word)).count()).unwrap_or(u32::MAX)
}

fn largest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(largest).fold(items.len(), usize::max),
        Value::Object(map) => map.values().map(largest).fold(map.len(), usize::max),
        _ => 1,
    }
}
