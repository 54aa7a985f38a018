//! A command line in one text, as a shell would take it apart; nothing in it is expanded.

/// The words of a command; `None` if a quote does not end.
pub(super) fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_join_what_belongs_together() {
        let words = |text| split(text).unwrap();
        assert_eq!(
            words("node  server.js\t--port 1"),
            ["node", "server.js", "--port", "1"]
        );
        assert_eq!(
            words(r#"a 'b c' "d \" e" f\ g ''"#),
            ["a", "b c", "d \" e", "f g", ""]
        );
        assert_eq!(words("x='$HOME;rm'"), ["x=$HOME;rm"]);
        assert_eq!(words("  "), [""; 0]);
        assert_eq!(split("node 'server"), None);
        assert_eq!(split("node \\"), None);
    }
}
