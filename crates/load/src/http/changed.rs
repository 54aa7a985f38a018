//! A request as functions of the processor see it, and what they have changed about it.

use scenario::{Body, HttpRequest, JsonTemplate, Target, Template};
use serde_json::{Value, json};

use super::url;

/// The request as it is written, before anything is filled in, as in Artillery.
pub(super) fn for_functions(step: &HttpRequest, target: &Target) -> Value {
    let mut written = step.source.clone();
    let Value::Object(fields) = &mut written else {
        return written;
    };
    let address = fields.get("url").or_else(|| fields.get("uri"));
    let address = address.and_then(Value::as_str).unwrap_or_default();
    let full = match address.starts_with('/') {
        true => format!("{}{}{address}", url::origin(target), target.path()),
        false => address.to_owned(),
    };
    fields.insert("url".into(), full.into());
    fields.insert("method".into(), step.method.clone().into());
    fields.entry("headers").or_insert_with(|| json!({}));
    written
}

/// The request with what is different in it now.
pub(super) fn apply(
    step: &HttpRequest,
    before: &Value,
    after: &Value,
) -> Result<HttpRequest, String> {
    let changed = |key: &str| {
        let value = after.get(key);
        (value != before.get(key)).then(|| value.cloned().unwrap_or(Value::Null))
    };
    let mut step = step.clone();
    if let Some(value) = changed("uri").or_else(|| changed("url")) {
        step.url = text(&value)?;
    }
    if let Some(Value::String(method)) = changed("method") {
        step.method = method.to_ascii_uppercase();
    }
    if let Some(value) = changed("headers") {
        // What was written is in the step already, among the script's own.
        for (name, value) in fields(&value) {
            set_header(&mut step, &name.to_ascii_lowercase(), text(&value)?);
        }
        for (name, _) in fields(before.get("headers").unwrap_or(&Value::Null)) {
            if after
                .pointer("/headers")
                .is_some_and(|h| h.get(&name).is_none())
            {
                let name = name.to_ascii_lowercase();
                step.headers.retain(|(known, _)| *known != name);
            }
        }
    }
    if let Some(value) = changed("body") {
        step.body = match value {
            Value::Null => Body::Empty,
            value => Body::Text(text(&value)?),
        };
    }
    if let Some(value) = changed("form") {
        set_header(&mut step, "content-type", form_type());
        step.body = Body::Form(json_fields(&value)?);
    }
    if let Some(value) = changed("json") {
        if !step.headers.iter().any(|(name, _)| name == "content-type") {
            set_header(
                &mut step,
                "content-type",
                Template::fixed("application/json"),
            );
        }
        step.body = Body::Json(JsonTemplate::new(&value)?);
    }
    if let Some(value) = changed("qs") {
        step.query = json_fields(&value)?;
    }
    if let Some(value) = changed("cookie") {
        let cookies = fields(&value).into_iter();
        let cookies = cookies.map(|(name, value)| Ok((name, text(&value)?)));
        step.cookies = cookies.collect::<Result<_, String>>()?;
    }
    if let Some(value) = changed("auth") {
        let part = |key: &str| text(value.get(key).unwrap_or(&Value::Null));
        step.auth = Some((part("user")?, part("pass")?));
    }
    if let Some(value) = changed("name") {
        step.name = Some(text(&value)?);
    }
    if let Some(value) = changed("followRedirect") {
        step.follows_redirects = scenario::value::is_truthy(&value);
    }
    Ok(step)
}

fn form_type() -> Template {
    Template::fixed("application/x-www-form-urlencoded")
}

fn text(value: &Value) -> Result<Template, String> {
    match value {
        Value::Null => Ok(Template::fixed("")),
        value => Template::parse(&scenario::value::text(value)),
    }
}

fn fields(value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Object(fields) => fields.clone().into_iter().collect(),
        _ => Vec::new(),
    }
}

fn json_fields(value: &Value) -> Result<Vec<(String, JsonTemplate)>, String> {
    let fields = fields(value).into_iter();
    fields
        .map(|(name, value)| Ok((name, JsonTemplate::new(&value)?)))
        .collect()
}

fn set_header(step: &mut HttpRequest, name: &str, value: Template) {
    match step.headers.iter_mut().find(|(known, _)| known == name) {
        Some(known) => known.1 = value,
        None => step.headers.push((name.to_owned(), value)),
    }
}
