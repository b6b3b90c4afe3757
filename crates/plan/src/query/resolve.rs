//! Names become fields, and each part is what may stand in its place.

use schema::nearest;

use super::QueryError;
use super::fields::Fields;
use super::filter::{Condition, Operand, TextTest};
use super::parse::{Expression, Kind};
use crate::expression::{Extent, short};

const FUNCTIONS: [&str; 6] = ["contains", "startswith", "endswith", "tolower", "toupper", "length"];

pub(super) fn resolve(
    expression: &Expression,
    fields: &Fields<'_>,
) -> Result<Condition, QueryError> {
    let all = |operands: &[Expression]| {
        operands.iter().map(|operand| resolve(operand, fields)).collect::<Result<Vec<_>, _>>()
    };
    let extent = expression.extent;
    Ok(match &expression.kind {
        Kind::Boolean(boolean) => Condition::Always(*boolean),
        Kind::Not(inner) => Condition::Not(Box::new(resolve(inner, fields)?)),
        Kind::And(operands) => Condition::And(all(operands)?),
        Kind::Or(operands) => Condition::Or(all(operands)?),
        Kind::Compare(comparison, left, right) => {
            Condition::Compare(*comparison, operand(left, fields)?, operand(right, fields)?)
        }
        Kind::In(value, list) => {
            let list = list.iter().map(|item| operand(item, fields)).collect::<Result<_, _>>()?;
            Condition::In(operand(value, fields)?, list)
        }
        Kind::Call(name, arguments) => match text_test(name) {
            Some(test) => {
                let [text, part] = &arguments[..] else {
                    return Err(wrong_arguments(name, "a field and a text", extent));
                };
                Condition::Text(test, operand(text, fields)?, operand(part, fields)?)
            }
            None => {
                operand(expression, fields)?;
                return Err(no_condition(extent));
            }
        },
        Kind::Name(_) => Condition::Is(operand(expression, fields)?),
        Kind::Null | Kind::Number(_) | Kind::Text(_) => return Err(no_condition(extent)),
    })
}

fn operand(expression: &Expression, fields: &Fields<'_>) -> Result<Operand, QueryError> {
    let extent = expression.extent;
    Ok(match &expression.kind {
        Kind::Null => Operand::Null,
        Kind::Boolean(boolean) => Operand::Boolean(*boolean),
        Kind::Number(number) => Operand::Number(*number),
        Kind::Text(text) => Operand::Text(text.clone()),
        Kind::Name(name) => Operand::Field(fields.find(name, extent)?),
        Kind::Call(name, arguments) => {
            let make: fn(Box<Operand>) -> Operand = match name.as_str() {
                "tolower" => Operand::Lower,
                "toupper" => Operand::Upper,
                "length" => Operand::Length,
                _ if text_test(name).is_some() => return Err(no_value(extent)),
                _ => return Err(unknown_function(name, extent)),
            };
            let [argument] = &arguments[..] else {
                return Err(wrong_arguments(name, "one field or text", extent));
            };
            make(Box::new(operand(argument, fields)?))
        }
        _ => return Err(no_value(extent)),
    })
}

fn text_test(name: &str) -> Option<TextTest> {
    Some(match name {
        "contains" => TextTest::Contains,
        "startswith" => TextTest::StartsWith,
        "endswith" => TextTest::EndsWith,
        _ => return None,
    })
}

fn unknown_function(name: &str, extent: Extent) -> QueryError {
    let error = QueryError::syntax(format!("there is no function `{}`", short(name)), extent);
    match nearest::hint(name, FUNCTIONS) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn wrong_arguments(name: &str, expected: &str, extent: Extent) -> QueryError {
    QueryError::syntax(format!("`{name}` takes {expected}"), extent)
        .hint("as in `contains(tolower(name), 'nola')`")
}

fn no_condition(extent: Extent) -> QueryError {
    QueryError::syntax("this is a value, and not true or false", extent)
        .hint("compare it, as in `region eq 'central'`")
}

fn no_value(extent: Extent) -> QueryError {
    QueryError::syntax("a condition cannot be compared", extent)
        .hint("compare a field, and join conditions by `and` and `or`")
}
