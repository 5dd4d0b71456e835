//! Tokens of an expression.

use std::iter::Peekable;
use std::str::Chars;

use crate::wire::{Format, Value};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// A name in double quotes, which is never a function's.
    Quoted(String),
    Literal(Value),
    /// A bare number, which has its place between brackets only.
    Number(i64),
    /// An operator or a bracket.
    Mark(&'static str),
}

/// Splits an expression.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut rest = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(next) = rest.next() {
        let token = match next {
            ' ' | '\t' | '\r' | '\n' => continue,
            '\'' => Token::Literal(Value::Text(until(&mut rest, '\'', true)?)),
            '`' => {
                let json = until(&mut rest, '`', true)?;
                let value = Format::Json.decode(json.trim().as_bytes());
                Token::Literal(value.map_err(|_| format!("`{json}` holds no JSON"))?)
            }
            '"' => {
                let name = format!("\"{}\"", until(&mut rest, '"', false)?);
                match Format::Json.decode(name.as_bytes()) {
                    Ok(Value::Text(name)) => Token::Quoted(name),
                    _ => return Err(format!("{name} is no quoted name")),
                }
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let more = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                Token::Name(collect(next, &mut rest, more))
            }
            '0'..='9' | '-' => {
                let digits = collect(next, &mut rest, char::is_ascii_digit);
                let number = digits.parse();
                Token::Number(number.map_err(|_| format!("{digits} is no whole number"))?)
            }
            _ => Token::Mark(mark(next, &mut rest)?),
        };
        tokens.push(token);
    }
    Ok(tokens)
}

fn mark(first: char, rest: &mut Peekable<Chars<'_>>) -> Result<&'static str, String> {
    let mut doubled = |second| rest.next_if_eq(&second).is_some();
    Ok(match first {
        '.' => ".",
        ',' => ",",
        '(' => "(",
        ')' => ")",
        '[' => "[",
        ']' => "]",
        '!' if doubled('=') => "!=",
        '!' => "!",
        '<' if doubled('=') => "<=",
        '<' => "<",
        '>' if doubled('=') => ">=",
        '>' => ">",
        '=' if doubled('=') => "==",
        '&' if doubled('&') => "&&",
        '|' if doubled('|') => "||",
        '|' | '&' | '*' | '?' | ':' | '{' | '}' | '@' => {
            return Err(format!("'{first}' is not supported in filters"));
        }
        _ => return Err(format!("'{first}' is out of place")),
    })
}

fn collect(first: char, rest: &mut Peekable<Chars<'_>>, more: impl Fn(&char) -> bool) -> String {
    let mut text = String::from(first);
    while let Some(next) = rest.next_if(&more) {
        text.push(next);
    }
    text
}

/// Takes all up to a closing quote. A backslash escapes it, and goes away with `unescape`; all
/// others stay.
fn until(rest: &mut Peekable<Chars<'_>>, quote: char, unescape: bool) -> Result<String, String> {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        if next == quote {
            return Ok(text);
        }
        if next == '\\' {
            let escaped = rest.next();
            if !(unescape && escaped == Some(quote)) {
                text.push('\\');
            }
            text.extend(escaped);
        } else {
            text.push(next);
        }
    }
    Err(format!("{quote} is not closed"))
}
