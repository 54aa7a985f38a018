//! Socket.IO's packets, version 5 of their protocol (that of servers 3 and 4), as texts.

use serde_json::Value;

/// A packet, as it stands in a message of Engine.IO.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Packet {
    /// A namespace was joined.
    Connect,
    Disconnect,
    /// A name and its arguments.
    Event(Vec<Value>),
    /// An acknowledgement of the event with this number.
    Ack(u64, Vec<Value>),
    /// A namespace was not joined, and why.
    Refused(String),
}

/// The namespace and the packet; nothing if the text is none.
pub(super) fn parse(text: &str) -> Option<(String, Packet)> {
    let kind = text.chars().next()?;
    let mut rest = &text[kind.len_utf8()..];
    if matches!(kind, '5' | '6') {
        // So many attachments follow, which are left out.
        rest = rest.split_once('-')?.1;
    }
    let mut namespace = "/".to_owned();
    if rest.starts_with('/') {
        let (name, after) = rest.split_once(',').unwrap_or((rest, ""));
        namespace = name.split('?').next().unwrap_or_default().to_owned();
        rest = after;
    }
    let digits = rest.find(|c: char| !c.is_ascii_digit());
    let (id, data) = rest.split_at(digits.unwrap_or(rest.len()));
    let data = match data {
        "" => Value::Null,
        data => serde_json::from_str(data).ok()?,
    };
    let arguments = |data| match data {
        Value::Array(arguments) => Some(arguments),
        _ => None,
    };
    let packet = match kind {
        '0' => Packet::Connect,
        '1' => Packet::Disconnect,
        '2' | '5' => Packet::Event(arguments(data)?),
        '3' | '6' => Packet::Ack(id.parse().ok()?, arguments(data)?),
        '4' => {
            let why = data.get("message").unwrap_or(&data);
            Packet::Refused(scenario::value::text(why).into_owned())
        }
        _ => return None,
    };
    Some((namespace, packet))
}

fn head(kind: char, namespace: &str) -> String {
    match namespace {
        "/" => kind.to_string(),
        other => format!("{kind}{other},"),
    }
}

/// Joins a namespace.
pub(super) fn connect(namespace: &str, auth: Option<&str>) -> String {
    head('0', namespace) + auth.unwrap_or_default()
}

/// Leaves a namespace.
pub(super) fn disconnect(namespace: &str) -> String {
    head('1', namespace)
}

/// An event, with the number that its acknowledgement is to have.
pub(super) fn event(namespace: &str, id: Option<u64>, arguments: &str) -> String {
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    head('2', namespace) + &id + arguments
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packets_are_read() {
        let event = |arguments: Value| Packet::Event(arguments.as_array().unwrap().clone());
        for (text, namespace, packet) in [
            ("0{\"sid\":\"x\"}", "/", Packet::Connect),
            ("0/admin,{\"sid\":\"x\"}", "/admin", Packet::Connect),
            ("1/admin,", "/admin", Packet::Disconnect),
            ("2[\"hi\",1]", "/", event(json!(["hi", 1]))),
            ("2/a,7[\"hi\"]", "/a", event(json!(["hi"]))),
            ("312[]", "/", Packet::Ack(12, vec![])),
            (
                "3/a,0[{\"ok\":true}]",
                "/a",
                Packet::Ack(0, vec![json!({ "ok": true })]),
            ),
            ("4{\"message\":\"no\"}", "/", Packet::Refused("no".into())),
            (
                "51-[\"b\",{\"_placeholder\":true,\"num\":0}]",
                "/",
                event(json!(["b", { "_placeholder": true, "num": 0 }])),
            ),
        ] {
            assert_eq!(parse(text), Some((namespace.to_owned(), packet)), "{text}");
        }
        for text in ["", "9", "2", "2{}", "3[]", "2[\"hi", "é"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn packets_are_written() {
        assert_eq!(connect("/", None), "0");
        assert_eq!(connect("/a", Some("{\"t\":1}")), "0/a,{\"t\":1}");
        assert_eq!(event("/", Some(3), "[\"x\"]"), "23[\"x\"]");
        assert_eq!(event("/a", None, "[\"x\"]"), "2/a,[\"x\"]");
        assert_eq!(disconnect("/a"), "1/a,");
    }
}
