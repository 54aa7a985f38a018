//! A command line in one text, as it stands in an option: its words, without a shell.

/// The words of a command line, with quotes as a shell has them and nothing else of a shell.
pub(crate) fn split(text: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (quote.is_none() && !words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_without_a_shell() {
        let words = |text| split(text).unwrap_or_default();
        assert_eq!(
            words("notify 'a b' \"c's\" d''e"),
            ["notify", "a b", "c's", "de"]
        );
        assert_eq!(words("echo $HOME; rm *"), ["echo", "$HOME;", "rm", "*"]);
        assert_eq!(split("unclosed 'quote"), None);
        assert_eq!(split("  "), None);
    }
}
