//! What an expression comes to for a message.
//!
//! What does not make sense, like the length of a number, comes to `null`, which is not true.

use std::borrow::Cow;

use super::{Comparison, Expression, Function, Step};
use crate::wire::Value;

type Outcome<'a> = Cow<'a, Value>;

const NULL: Value = Value::Null;

pub(super) fn evaluate<'a>(expression: &'a Expression, message: &'a Value) -> Outcome<'a> {
    match expression {
        Expression::Literal(value) => Cow::Borrowed(value),
        Expression::Path(steps) => {
            let found = steps.iter().try_fold(message, step);
            Cow::Borrowed(found.unwrap_or(&NULL))
        }
        Expression::Not(inner) => truth(!is_true(&evaluate(inner, message))),
        Expression::And(parts) => first(parts, message, |value| !is_true(value)),
        Expression::Or(parts) => first(parts, message, is_true),
        Expression::Compare(comparison, sides) => {
            let (left, right) = (evaluate(&sides.0, message), evaluate(&sides.1, message));
            compare(*comparison, &left, &right).map_or(Cow::Owned(NULL), truth)
        }
        Expression::Call(function, arguments) => {
            let mut values = arguments.iter().map(|argument| evaluate(argument, message));
            let (subject, wanted) = (values.next(), values.next());
            let subject = subject.unwrap_or(Cow::Borrowed(&NULL));
            let wanted = wanted.unwrap_or(Cow::Borrowed(&NULL));
            Cow::Owned(call(*function, &subject, &wanted).unwrap_or(NULL))
        }
    }
}

/// Says what counts as true: all but `null`, `false` and what is empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Text(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        Value::Int(_) | Value::Uint(_) | Value::Float(_) => true,
    }
}

fn truth<'a>(flag: bool) -> Outcome<'a> {
    Cow::Owned(Value::Bool(flag))
}

fn first<'a>(
    parts: &'a [Expression],
    message: &'a Value,
    decides: fn(&Value) -> bool,
) -> Outcome<'a> {
    let mut last = Cow::Borrowed(&NULL);
    for part in parts {
        last = evaluate(part, message);
        if decides(&last) {
            break;
        }
    }
    last
}

fn step<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Field(name) => value.get(name),
        Step::Index(index) => {
            let items = value.as_list()?;
            let from_end = usize::try_from(index.unsigned_abs()).ok()?;
            let index = if *index < 0 {
                items.len().checked_sub(from_end)?
            } else {
                from_end
            };
            items.get(index)
        }
    }
}

// Only numbers have an order.
fn compare(comparison: Comparison, left: &Value, right: &Value) -> Option<bool> {
    let order = || number(left)?.partial_cmp(&number(right)?);
    Some(match comparison {
        Comparison::Equal => same(left, right),
        Comparison::NotEqual => !same(left, right),
        Comparison::Less => order()?.is_lt(),
        Comparison::LessOrEqual => order()?.is_le(),
        Comparison::Greater => order()?.is_gt(),
        Comparison::GreaterOrEqual => order()?.is_ge(),
    })
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Uint(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

// JSON knows one kind of numbers, and no order of fields.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            let mut pairs = left.iter().zip(right);
            left.len() == right.len() && pairs.all(|(left, right)| same(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            let found = |key: &str| right.iter().find(|(name, _)| name == key);
            let mut fields = left.iter();
            left.len() == right.len()
                && fields
                    .all(|(key, value)| found(key).is_some_and(|(_, other)| same(value, other)))
        }
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left == right,
        },
    }
}

fn call(function: Function, subject: &Value, wanted: &Value) -> Option<Value> {
    let texts = || Some((subject.as_text()?, wanted.as_text()?));
    Some(match function {
        Function::Contains => match subject {
            Value::List(items) => Value::Bool(items.iter().any(|item| same(item, wanted))),
            _ => {
                let (text, wanted) = texts()?;
                Value::Bool(text.contains(wanted))
            }
        },
        Function::StartsWith => texts()
            .map(|(text, start)| text.starts_with(start))
            .map(Value::Bool)?,
        Function::EndsWith => texts()
            .map(|(text, end)| text.ends_with(end))
            .map(Value::Bool)?,
        Function::Length => Value::from_u64(match subject {
            Value::Text(text) => text.chars().count(),
            Value::List(items) => items.len(),
            Value::Map(entries) => entries.len(),
            _ => return None,
        } as u64),
    })
}
