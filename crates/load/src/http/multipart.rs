//! `multipart/form-data` (RFC 7578).

use scenario::{Part, PartContent, Scope, value};

use crate::Surroundings;
use crate::cause::Cause;
use crate::variables::Variables;

/// The body and its content type.
pub(super) fn build(
    parts: &[Part],
    scope: &mut Variables<'_>,
    surroundings: &Surroundings,
) -> Result<(String, Vec<u8>), Cause> {
    let boundary = format!("leakscope-{:016x}{:016x}", scope.random(), scope.random());
    let mut body = Vec::new();
    for part in parts {
        let own_type = part.content_type.as_ref();
        let own_type = own_type.map(|t| t.render(scope).into_owned());
        let name = quoted(&part.name);
        let mut head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"");
        match &part.content {
            PartContent::Text(text) => {
                if let Some(content_type) = own_type {
                    head += &format!("\r\ncontent-type: {}", one_line(&content_type));
                }
                body.extend_from_slice(head.as_bytes());
                body.extend_from_slice(b"\r\n\r\n");
                let value = text.value(scope).unwrap_or_default();
                body.extend_from_slice(value::text(&value).as_bytes());
            }
            PartContent::File(path) => {
                let path = path.render(scope).into_owned();
                let contents = surroundings
                    .file(&path)
                    .map_err(|error| Cause(format!("`{path}` cannot be read: {error}")))?;
                let file_name = path.rsplit(['/', '\\']).next().unwrap_or_default();
                let known = own_type.unwrap_or_else(|| type_of(file_name).to_owned());
                head += &format!(
                    "; filename=\"{}\"\r\ncontent-type: {}",
                    quoted(file_name),
                    one_line(&known)
                );
                body.extend_from_slice(head.as_bytes());
                body.extend_from_slice(b"\r\n\r\n");
                body.extend_from_slice(&contents);
            }
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((format!("multipart/form-data; boundary={boundary}"), body))
}

/// A name within quotes, escaped as browsers do it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// The content type that a file's name promises.
fn type_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "js" | "mjs" => "text/javascript",
        "json" => "application/json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use scenario::Step;
    use serde_json::Map;

    use super::*;

    #[test]
    fn parts_follow_one_another() {
        let folder = std::env::temp_dir().join(format!("leakscope-parts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.json"), "{}").unwrap();
        let text = "config: {target: 'http://localhost', variables: {n: 7}}\nscenarios: [{flow: [{post: {url: /, \
                    formData: {'a\"b': 'x{{ n }}', typed: {value: 1, contentType: text/x}, \
                    file: {fromFile: a.json}}}}]}]";
        let script = scenario::parse(text, "s.yml").script.unwrap();
        let Step::Request(request) = &script.scenarios[0].flow[0] else {
            panic!("{script:?}")
        };
        let scenario::Body::Multipart(parts) = &request.body else {
            panic!("{request:?}")
        };
        let before = Map::new();
        let mut scope = Variables::new(&script, &before, 1, 0);
        let (content_type, body) = build(parts, &mut scope, &Surroundings::new(&folder)).unwrap();
        let boundary = content_type.split_once("boundary=").unwrap().1;
        let body = String::from_utf8(body).unwrap().replace(boundary, "B");
        assert_eq!(
            body,
            "--B\r\ncontent-disposition: form-data; name=\"a%22b\"\r\n\r\nx7\r\n\
             --B\r\ncontent-disposition: form-data; name=\"typed\"\r\ncontent-type: text/x\r\n\r\n1\r\n\
             --B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.json\"\r\n\
             content-type: application/json\r\n\r\n{}\r\n--B--\r\n"
        );
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(build(parts, &mut scope, &Surroundings::new(&folder)).is_err());
    }
}
