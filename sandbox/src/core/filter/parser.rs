//! Tokens to expressions.
//!
//! From loose to tight: `||`, `&&`, one comparison, `!`.

use super::lexer::{Token, tokens};
use super::{Comparison, Expression, Function, Step};

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser {
        rest: tokens(text)?.into_iter().peekable(),
        depth: 0,
    };
    let expression = parser.or()?;
    match parser.rest.next() {
        None => Ok(expression),
        Some(token) => Err(misplaced(Some(&token))),
    }
}

struct Parser {
    rest: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

type Parsed = Result<Expression, String>;

impl Parser {
    fn or(&mut self) -> Parsed {
        self.series("||", Parser::and, Expression::Or)
    }

    fn and(&mut self) -> Parsed {
        self.series("&&", Parser::comparison, Expression::And)
    }

    fn series(
        &mut self,
        mark: &'static str,
        part: fn(&mut Parser) -> Parsed,
        whole: fn(Vec<Expression>) -> Expression,
    ) -> Parsed {
        let first = part(self)?;
        let mut parts = Vec::new();
        while self.take(mark) {
            parts.push(part(self)?);
        }
        if parts.is_empty() {
            return Ok(first);
        }
        parts.insert(0, first);
        Ok(whole(parts))
    }

    fn comparison(&mut self) -> Parsed {
        let left = self.unary()?;
        let Some(comparison) = self.comparator() else {
            return Ok(left);
        };
        let right = self.unary()?;
        if self.comparator().is_some() {
            return Err("comparisons do not chain".to_owned());
        }
        Ok(Expression::Compare(comparison, Box::new((left, right))))
    }

    fn comparator(&mut self) -> Option<Comparison> {
        let all = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<", Comparison::Less),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            (">=", Comparison::GreaterOrEqual),
        ];
        let found = all.into_iter().find(|(mark, _)| self.take(mark));
        found.map(|(_, comparison)| comparison)
    }

    fn unary(&mut self) -> Parsed {
        if !self.take("!") {
            return self.primary();
        }
        let is_bare = self.rest.peek() != Some(&Token::Mark("("));
        let operand = self.nested(Parser::unary)?;
        // JMESPath reads `!a.b` as `(!a).b`, which nobody means.
        if is_bare && matches!(&operand, Expression::Path(steps) if steps.len() > 1) {
            return Err("'!' before a path needs parentheses: !(a.b)".to_owned());
        }
        Ok(Expression::Not(Box::new(operand)))
    }

    fn primary(&mut self) -> Parsed {
        match self.rest.next() {
            Some(Token::Literal(value)) => Ok(Expression::Literal(value)),
            Some(Token::Mark("(")) => {
                let inner = self.nested(Parser::or)?;
                self.expect(")")?;
                if matches!(self.rest.peek(), Some(Token::Mark("." | "["))) {
                    return Err("a path must begin with a name".to_owned());
                }
                Ok(inner)
            }
            Some(Token::Name(name)) if self.take("(") => self.call(&name),
            Some(Token::Name(name) | Token::Quoted(name)) => self.path(name),
            Some(Token::Number(number)) => {
                Err(format!("a number is written in backticks: `{number}`"))
            }
            other => Err(misplaced(other.as_ref())),
        }
    }

    fn path(&mut self, first: String) -> Parsed {
        let mut steps = vec![Step::Field(first)];
        loop {
            if self.take(".") {
                match self.rest.next() {
                    Some(Token::Name(name) | Token::Quoted(name)) => {
                        steps.push(Step::Field(name));
                    }
                    other => return Err(misplaced(other.as_ref())),
                }
            } else if self.take("[") {
                match self.rest.next() {
                    Some(Token::Number(index)) => steps.push(Step::Index(index)),
                    other => return Err(misplaced(other.as_ref())),
                }
                self.expect("]")?;
            } else {
                return Ok(Expression::Path(steps));
            }
        }
    }

    fn call(&mut self, name: &str) -> Parsed {
        let (function, arity) = match name {
            "contains" => (Function::Contains, 2),
            "starts_with" => (Function::StartsWith, 2),
            "ends_with" => (Function::EndsWith, 2),
            "length" => (Function::Length, 1),
            _ => return Err(format!("the function {name} is not supported in filters")),
        };
        let mut arguments = vec![self.nested(Parser::or)?];
        while self.take(",") {
            arguments.push(self.nested(Parser::or)?);
        }
        self.expect(")")?;
        if arguments.len() != arity {
            return Err(format!("{name} takes {arity} arguments"));
        }
        Ok(Expression::Call(function, arguments))
    }

    /// Parses something inside something, of which there is only so much.
    fn nested(&mut self, part: fn(&mut Parser) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH}"));
        }
        let inner = part(self);
        self.depth -= 1;
        inner
    }

    fn take(&mut self, mark: &'static str) -> bool {
        self.rest.next_if_eq(&Token::Mark(mark)).is_some()
    }

    fn expect(&mut self, mark: &'static str) -> Result<(), String> {
        if self.take(mark) {
            return Ok(());
        }
        Err(format!("'{mark}' is missing"))
    }
}

fn misplaced(token: Option<&Token>) -> String {
    match token {
        None => "it ends too early".to_owned(),
        Some(Token::Mark(mark)) => format!("'{mark}' is out of place"),
        Some(Token::Name(name) | Token::Quoted(name)) => format!("'{name}' is out of place"),
        Some(Token::Number(number)) => format!("{number} is out of place"),
        Some(Token::Literal(_)) => "a literal is out of place".to_owned(),
    }
}

const MAX_DEPTH: usize = 32;
