//! From an XPath's text to its expression.

use super::{Axis, Expr, Step, Test};

/// Deeper nesting is no path that a person wrote, and would exhaust the stack.
const DEEPEST: u32 = 32;

const FUNCTIONS: [&str; 23] = [
    "position",
    "last",
    "count",
    "sum",
    "name",
    "local-name",
    "string",
    "number",
    "boolean",
    "not",
    "true",
    "false",
    "contains",
    "starts-with",
    "normalize-space",
    "string-length",
    "concat",
    "substring-before",
    "substring-after",
    "floor",
    "ceiling",
    "round",
    "text",
];

const AXES: [(&str, Axis); 10] = [
    ("child", Axis::Child),
    ("descendant", Axis::Descendant),
    ("descendant-or-self", Axis::DescendantOrSelf),
    ("self", Axis::Itself),
    ("parent", Axis::Parent),
    ("ancestor", Axis::Ancestor),
    ("ancestor-or-self", Axis::AncestorOrSelf),
    ("following-sibling", Axis::FollowingSibling),
    ("preceding-sibling", Axis::PrecedingSibling),
    ("attribute", Axis::Attribute),
];

pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser {
        rest: text.trim(),
        depth: 0,
    };
    let expr = parser.binary(0)?;
    match parser.rest.is_empty() {
        true => Ok(expr),
        false => Err(format!("`{}` was not expected", parser.rest)),
    }
}

/// Operators by how strongly they bind.
const LEVELS: [&[&str]; 6] = [
    &["or"],
    &["and"],
    &["!=", "="],
    &["<=", ">=", "<", ">"],
    &["+", "-"],
    &["*", "div", "mod"],
];

struct Parser<'t> {
    rest: &'t str,
    depth: u32,
}

impl<'t> Parser<'t> {
    fn take(&mut self, sign: &str) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    /// An operator; a word is one only where a word ends.
    fn operator(&mut self, level: &[&'static str]) -> Option<&'static str> {
        let is_next = |sign: &&&'static str| {
            let after = self.rest.strip_prefix(**sign);
            let is_word = sign.starts_with(|c: char| c.is_ascii_alphabetic());
            after.is_some_and(|after| !is_word || !after.starts_with(is_name_part))
        };
        let found = *level.iter().find(is_next)?;
        self.take(found);
        Some(found)
    }

    fn binary(&mut self, level: usize) -> Result<Expr, String> {
        let Some(signs) = LEVELS.get(level) else {
            return self.union();
        };
        let mut expr = self.binary(level + 1)?;
        while let Some(sign) = self.operator(signs) {
            expr = Expr::Binary(sign, Box::new([expr, self.binary(level + 1)?]));
        }
        Ok(expr)
    }

    fn union(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested more than {DEEPEST} deep"));
        }
        let expr = match self.take("-") {
            true => Expr::Minus(Box::new(self.union()?)),
            false => {
                let first = self.primary()?;
                let mut all = vec![first];
                while self.take("|") {
                    all.push(self.primary()?);
                }
                match all.len() {
                    1 => all.remove(0),
                    _ => Expr::Union(all),
                }
            }
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn primary(&mut self) -> Result<Expr, String> {
        if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let (text, after) = self.rest[1..]
                .split_once(quote)
                .ok_or("a text without its closing quote")?;
            self.rest = after.trim_start();
            return Ok(Expr::Text(text.to_owned()));
        }
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let is_part = |c: char| c.is_ascii_digit() || c == '.';
            let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
            let number = self.rest[..end].parse();
            let number = number.map_err(|_| format!("`{}` is no number", &self.rest[..end]))?;
            self.rest = self.rest[end..].trim_start();
            return Ok(Expr::Number(number));
        }
        if self.take("(") {
            let expr = self.binary(0)?;
            return match self.take(")") {
                true => Ok(expr),
                false => Err("`)` is missing".into()),
            };
        }
        let name = self.peek_name();
        let is_call = self.rest[name.len()..].trim_start().starts_with('(');
        match is_call && !matches!(name, "text" | "node") {
            true => self.call(),
            false => self.path(),
        }
    }

    fn peek_name(&self) -> &'t str {
        let end = self.rest.find(|c| !is_name_part(c));
        &self.rest[..end.unwrap_or(self.rest.len())]
    }

    fn call(&mut self) -> Result<Expr, String> {
        let name = self.peek_name();
        if !FUNCTIONS.contains(&name) {
            return Err(format!("`{name}` is no function"));
        }
        self.take(name);
        self.take("(");
        let mut args = Vec::new();
        if !self.take(")") {
            loop {
                args.push(self.binary(0)?);
                if !self.take(",") {
                    break;
                }
            }
            if !self.take(")") {
                return Err("`)` is missing".into());
            }
        }
        Ok(Expr::Call(name.to_owned(), args))
    }

    fn path(&mut self) -> Result<Expr, String> {
        let anywhere = || Step {
            axis: Axis::DescendantOrSelf,
            test: Test::Node,
            predicates: Vec::new(),
        };
        let mut steps = Vec::new();
        let is_absolute = self.rest.starts_with('/');
        if self.take("//") {
            steps.push(anywhere());
        } else if self.take("/") && self.rest.is_empty() {
            return Ok(Expr::Path { is_absolute, steps });
        }
        loop {
            steps.push(self.step()?);
            if self.take("//") {
                steps.push(anywhere());
            } else if !self.take("/") {
                break;
            }
        }
        Ok(Expr::Path { is_absolute, steps })
    }

    fn step(&mut self) -> Result<Step, String> {
        let plain = |axis| Step {
            axis,
            test: Test::Node,
            predicates: Vec::new(),
        };
        if self.take("..") {
            return Ok(plain(Axis::Parent));
        }
        if self.take(".") {
            return Ok(plain(Axis::Itself));
        }
        let mut axis = match self.take("@") {
            true => Axis::Attribute,
            false => Axis::Child,
        };
        let name = self.peek_name();
        if self.rest[name.len()..].starts_with("::") {
            let known = AXES.iter().find(|(known, _)| *known == name);
            axis = known.ok_or_else(|| format!("`{name}` is no axis"))?.1;
            self.take(name);
            self.take("::");
        }
        let test = self.test()?;
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(self.binary(0)?);
            if !self.take("]") {
                return Err("`]` is missing".into());
            }
        }
        Ok(Step {
            axis,
            test,
            predicates,
        })
    }

    fn test(&mut self) -> Result<Test, String> {
        if self.take("*") {
            return Ok(Test::AnyName);
        }
        let name = self.peek_name();
        if name.is_empty() {
            return Err(match self.rest {
                "" => "it ends where a name was expected".to_owned(),
                rest => format!("`{rest}` is no name"),
            });
        }
        self.take(name);
        if self.take("(") {
            return match (name, self.take(")")) {
                ("text", true) => Ok(Test::Text),
                ("node", true) => Ok(Test::Node),
                _ => Err(format!("`{name}(` is no test of nodes")),
            };
        }
        // A prefix says nothing here: the namespaces are the document's own.
        if self.rest.starts_with(':') && !self.rest.starts_with("::") {
            self.take(":");
            return self.test();
        }
        Ok(Test::Name(name.to_owned()))
    }
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}
