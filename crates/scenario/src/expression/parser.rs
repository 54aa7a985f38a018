//! From a condition's text to its terms: a lexer, and precedence climbing.

use regress::Regex;
use serde_json::Value;

use super::{Comparison, Function, Operation, Term};
use crate::value::Path;

/// Deeper nesting is no condition that a person wrote, and would exhaust the stack.
const DEEPEST: u32 = 64;

const EXPECTED_VALUE: &str = "it ends where a value was expected";

pub(super) fn parse(text: &str) -> Result<Term, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
    };
    let term = parser.choice()?;
    match parser.peek() {
        None => Ok(term),
        Some(token) => Err(format!("`{}` was not expected", token.text())),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    /// A pattern and its flags.
    Regex(String, String),
    Name(String),
    Sign(&'static str),
}

impl Token {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) | Self::Name(text) => text.clone(),
            Self::Regex(pattern, flags) => format!("/{pattern}/{flags}"),
            Self::Sign(sign) => (*sign).to_owned(),
        }
    }
}

/// Longer ones first, where one begins another.
const SIGNS: [&str; 25] = [
    "===", "!==", "==", "!=", "<=", ">=", "~=", "=~", "&&", "||", "<", ">", "!", "+", "-", "*",
    "/", "%", "^", "(", ")", "?", ":", ",", "=",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '0'..='9' => number(rest)?,
            '\'' | '"' => quoted(rest, first)?,
            '/' if wants_value(tokens.last()) => regex(rest)?,
            _ if is_name_start(first) => name(rest),
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| format!("`{first}` was not expected"))?;
                (Token::Sign(sign), sign.len())
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$' | '@')
}

/// Whether a slash here begins a regular expression rather than dividing.
fn wants_value(before: Option<&Token>) -> bool {
    match before {
        None => true,
        Some(Token::Sign(sign)) => *sign != ")",
        Some(_) => false,
    }
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let number = rest[..length].parse();
    let number = number.map_err(|_| format!("`{}` is no number", &rest[..length]))?;
    Ok((Token::Number(number), length))
}

fn quoted(rest: &str, quote: char) -> Result<(Token, usize), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.extend(chars.next().map(|(_, c)| c)),
            c if c == quote => return Ok((Token::Text(text), at + 1)),
            c => text.push(c),
        }
    }
    Err("a text without its closing quote".into())
}

fn regex(rest: &str) -> Result<(Token, usize), String> {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '/' => {
                let flags = &rest[at + 1..];
                let end = flags.find(|c: char| !c.is_ascii_alphabetic());
                let flags = &flags[..end.unwrap_or(flags.len())];
                let token = Token::Regex(rest[1..at].to_owned(), flags.to_owned());
                return Ok((token, at + 1 + flags.len()));
            }
            _ => {}
        }
    }
    Err("a regular expression without its closing slash".into())
}

/// A name with its path: `user.names[0]['x']`.
fn name(rest: &str) -> (Token, usize) {
    let mut end = 0;
    while let Some(c) = rest[end..].chars().next() {
        if c.is_alphanumeric() || matches!(c, '_' | '$' | '@' | '.') {
            end += c.len_utf8();
        } else if c == '[' {
            match rest[end..].find(']') {
                Some(close) => end += close + 1,
                None => break,
            }
        } else {
            break;
        }
    }
    (Token::Name(rest[..end].to_owned()), end)
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Takes the next token if it is one of these signs or words.
    fn take(&mut self, wanted: &[&'static str]) -> Option<&'static str> {
        let found = match self.peek()? {
            Token::Sign(sign) => wanted.iter().find(|w| *w == sign),
            Token::Name(name) => wanted.iter().find(|w| *w == name),
            _ => None,
        };
        self.at += usize::from(found.is_some());
        found.copied()
    }

    fn choice(&mut self) -> Result<Term, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} deep"));
        }
        let condition = self.either()?;
        let term = match self.take(&["?"]) {
            None => condition,
            Some(_) => {
                let yes = self.choice()?;
                self.expect(":")?;
                Term::Choose(Box::new([condition, yes, self.choice()?]))
            }
        };
        self.depth -= 1;
        Ok(term)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), String> {
        match self.take(&[sign]) {
            Some(_) => Ok(()),
            None => Err(format!("`{sign}` is missing")),
        }
    }

    fn either(&mut self) -> Result<Term, String> {
        let mut term = self.both()?;
        while self.take(&["or", "||"]).is_some() {
            term = Term::Either(Box::new([term, self.both()?]));
        }
        Ok(term)
    }

    fn both(&mut self) -> Result<Term, String> {
        let mut term = self.comparison()?;
        while self.take(&["and", "&&"]).is_some() {
            term = Term::Both(Box::new([term, self.comparison()?]));
        }
        Ok(term)
    }

    fn comparison(&mut self) -> Result<Term, String> {
        let mut term = self.sum()?;
        const WORDS: [&str; 13] = [
            "===", "==", "=", "!==", "!=", "<=", ">=", "<", ">", "~=", "=~", "in", "not",
        ];
        while let Some(word) = self.take(&WORDS) {
            if matches!(word, "in" | "not") {
                if word == "not" {
                    self.expect("in")?;
                }
                let is_in = Term::In(Box::new(term), self.items()?);
                term = match word {
                    "not" => Term::Not(Box::new(is_in)),
                    _ => is_in,
                };
                continue;
            }
            let comparison = match word {
                "===" | "==" | "=" => Comparison::Equal,
                "!==" | "!=" => Comparison::Different,
                "<=" => Comparison::AtMost,
                ">=" => Comparison::AtLeast,
                "<" => Comparison::Less,
                ">" => Comparison::Greater,
                _ => Comparison::Matches,
            };
            term = Term::Compare(comparison, Box::new([term, self.sum()?]));
        }
        Ok(term)
    }

    fn sum(&mut self) -> Result<Term, String> {
        let mut term = self.product()?;
        while let Some(sign) = self.take(&["+", "-"]) {
            let operation = match sign {
                "+" => Operation::Add,
                _ => Operation::Subtract,
            };
            term = Term::Compute(operation, Box::new([term, self.product()?]));
        }
        Ok(term)
    }

    fn product(&mut self) -> Result<Term, String> {
        let mut term = self.power()?;
        while let Some(sign) = self.take(&["*", "/", "%", "mod"]) {
            let operation = match sign {
                "*" => Operation::Multiply,
                "/" => Operation::Divide,
                _ => Operation::Modulo,
            };
            term = Term::Compute(operation, Box::new([term, self.power()?]));
        }
        Ok(term)
    }

    fn power(&mut self) -> Result<Term, String> {
        let base = self.unary()?;
        match self.take(&["^"]) {
            Some(_) => Ok(Term::Compute(
                Operation::Power,
                Box::new([base, self.unary()?]),
            )),
            None => Ok(base),
        }
    }

    fn unary(&mut self) -> Result<Term, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} deep"));
        }
        let term = match self.take(&["!", "not", "-"]) {
            Some("-") => Term::Minus(Box::new(self.unary()?)),
            // As in filtrex, `not` is weaker than a comparison, and `!` stronger.
            Some("not") => Term::Not(Box::new(self.comparison()?)),
            Some(_) => Term::Not(Box::new(self.unary()?)),
            None => self.value()?,
        };
        self.depth -= 1;
        Ok(term)
    }

    fn value(&mut self) -> Result<Term, String> {
        let token = self.peek().cloned().ok_or(EXPECTED_VALUE)?;
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Term::Value(super::float(number))),
            Token::Text(text) => Ok(Term::Value(text.into())),
            Token::Regex(pattern, flags) => match Regex::with_flags(&pattern, flags.as_str()) {
                Ok(regex) => Ok(Term::Regex(Box::new(regex))),
                Err(error) => Err(format!("`{pattern}` is no regular expression: {error}")),
            },
            Token::Sign("(") => {
                let term = self.choice()?;
                self.expect(")")?;
                Ok(term)
            }
            Token::Sign(sign) => Err(format!("`{sign}` was not expected")),
            Token::Name(name) => match name.as_str() {
                "true" => Ok(Term::Value(true.into())),
                "false" => Ok(Term::Value(false.into())),
                "null" => Ok(Term::Value(Value::Null)),
                "undefined" => Ok(Term::Name(Path::parse("undefined"))),
                _ if self.peek() == Some(&Token::Sign("(")) => self.call(&name),
                _ => Ok(Term::Name(Path::parse(&name))),
            },
        }
    }

    /// `function(…)`, or `value.method(…)`.
    fn call(&mut self, name: &str) -> Result<Term, String> {
        let mut terms = Vec::new();
        let function = match name {
            "abs" => Some(Function::Abs),
            "ceil" => Some(Function::Ceil),
            "floor" => Some(Function::Floor),
            "round" => Some(Function::Round),
            "sqrt" => Some(Function::Sqrt),
            "log" => Some(Function::Log),
            "min" => Some(Function::Min),
            "max" => Some(Function::Max),
            "exists" => Some(Function::Exists),
            "empty" => Some(Function::Empty),
            "length" => Some(Function::Length),
            _ => None,
        };
        let function = match (function, name.rsplit_once('.')) {
            (Some(function), _) => function,
            (None, Some((path, method))) => {
                terms.push(Term::Name(Path::parse(path)));
                match method {
                    "includes" => Function::Contains,
                    "startsWith" => Function::StartsWith,
                    "endsWith" => Function::EndsWith,
                    "match" => {
                        let mut items = self.items()?;
                        let pattern = items.pop().ok_or(EXPECTED_VALUE)?;
                        let text = Term::Name(Path::parse(path));
                        return Ok(Term::Compare(
                            Comparison::Matches,
                            Box::new([text, pattern]),
                        ));
                    }
                    _ => return Err(format!("`{method}` is no function")),
                }
            }
            (None, None) => return Err(format!("`{name}` is no function")),
        };
        terms.extend(self.items()?);
        Ok(Term::Call(function, terms))
    }

    /// Values in parentheses.
    fn items(&mut self) -> Result<Vec<Term>, String> {
        self.expect("(")?;
        let mut items = Vec::new();
        if self.take(&[")"]).is_some() {
            return Ok(items);
        }
        loop {
            items.push(self.choice()?);
            if self.take(&[","]).is_none() {
                break;
            }
        }
        self.expect(")")?;
        Ok(items)
    }
}
