//! The published JSON Schema is the one of the types; `LEAKSCOPE_BLESS=1` writes it anew.

use std::path::Path;

#[test]
fn the_published_schema_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/verdict.schema.json");
    let schema = format!("{:#}\n", verdict::json_schema());
    if std::env::var_os("LEAKSCOPE_BLESS").is_some() {
        std::fs::write(&path, &schema).expect("docs can be written");
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == schema,
        "docs/verdict.schema.json is not what the types say: run \
         `LEAKSCOPE_BLESS=1 cargo test -p leakscope-verdict --test schema`, and look at the change"
    );
}
