//! The calculator: words in, answers out, in reverse Polish notation.

/// Numbers a stack holds at most.
const DEEPEST: usize = 512;

/// The numbers that one client has pushed.
#[derive(Debug)]
pub(crate) struct Stack {
    numbers: Vec<f64>,
}

impl Stack {
    pub(crate) fn new() -> Self {
        Self {
            numbers: Vec::with_capacity(DEEPEST),
        }
    }

    /// Takes one word in; the answer, where there is one. After an error the stack is as before.
    pub(crate) fn calculate(&mut self, word: &str) -> Option<String> {
        if let Some(number) = number(word) {
            if self.numbers.len() == DEEPEST {
                return Some("error: the stack is full".into());
            }
            self.numbers.push(number);
            return None;
        }
        let operator: fn(f64, f64) -> f64 = match word {
            "+" => |a, b| a + b,
            "-" => |a, b| a - b,
            "*" => |a, b| a * b,
            "/" => |a, b| a / b,
            _ => {
                let shown: String = word.chars().take(32).collect();
                return Some(format!(
                    "error: '{shown}' is neither a number nor an operator"
                ));
            }
        };
        let [.., a, b] = *self.numbers.as_slice() else {
            return Some(format!("error: '{word}' needs two operands"));
        };
        if word == "/" && b == 0.0 {
            return Some("error: division by zero".into());
        }
        let result = operator(a, b);
        if !result.is_finite() {
            return Some("error: the result is out of range".into());
        }
        self.numbers.truncate(self.numbers.len() - 2);
        self.numbers.push(result);
        Some(result.to_string())
    }
}

/// A decimal number; Rust's own parser also takes `inf` and `nan`, which are words here.
fn number(word: &str) -> Option<f64> {
    let is_decimal = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    word.parse()
        .ok()
        .filter(|n: &f64| n.is_finite() && word.bytes().all(is_decimal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, answers: &[&str]) {
        let mut stack = Stack::new();
        let got: Vec<String> = words
            .split(' ')
            .filter_map(|w| stack.calculate(w))
            .collect();
        assert_eq!(got, answers, "{words}");
    }

    #[test]
    fn operands_are_taken_in_the_order_in_which_they_were_pushed() {
        check("3 2 -", &["1"]);
        check("1 2 + 4 *", &["3", "12"]);
        check("6 -2 /", &["-3"]);
        check(".5 1. +", &["1.5"]);
    }

    #[test]
    fn an_error_leaves_the_stack_as_it_was() {
        check("1 + 2 +", &["error: '+' needs two operands", "3"]);
        check("1 0 / +", &["error: division by zero", "1"]);
        check("1e308 10 *", &["error: the result is out of range"]);
        check(
            "nan inf",
            &[
                "error: 'nan' is neither a number nor an operator",
                "error: 'inf' is neither a number nor an operator",
            ],
        );
    }

    #[test]
    fn a_stack_has_an_end() {
        let mut stack = Stack::new();
        assert!((0..DEEPEST).all(|_| stack.calculate("1").is_none()));
        assert_eq!(
            stack.calculate("1").as_deref(),
            Some("error: the stack is full")
        );
        assert_eq!(stack.calculate("+").as_deref(), Some("2"));
    }
}
