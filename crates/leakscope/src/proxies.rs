//! The proxies that the environment names, as curl and Node.js tools read it.

use load::{Proxies, Proxy};

use crate::failure::warn;

/// `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in small letters or capitals.
pub(crate) fn of_environment() -> Proxies {
    of(|name| std::env::var(name).ok())
}

fn of(variable: impl Fn(&str) -> Option<String>) -> Proxies {
    let either = |name: &str| {
        variable(&name.to_ascii_lowercase())
            .or_else(|| variable(name))
            .filter(|value| !value.trim().is_empty())
    };
    let proxy = |name: &str| {
        let url = either(name)?;
        Proxy::parse(url.trim())
            .inspect_err(|error| warn(&format!("`{name}` is ignored: {error}")))
            .ok()
    };
    let except = either("NO_PROXY").unwrap_or_default();
    Proxies {
        plain: proxy("HTTP_PROXY"),
        tls: proxy("HTTPS_PROXY"),
        except: except.split(',').map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_proxies_in_small_letters_first() {
        let proxies = of(|name| match name {
            "http_proxy" => Some("http://small:1".into()),
            "HTTP_PROXY" => Some("http://large:1".into()),
            "NO_PROXY" => Some("localhost,.example".into()),
            _ => None,
        });
        assert_eq!(proxies.plain, Proxy::parse("http://small:1").ok());
        assert_eq!((proxies.tls, proxies.except.len()), (None, 2));
    }
}
