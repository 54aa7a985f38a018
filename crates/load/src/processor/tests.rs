//! Single expressions; whole processors are tested from outside, in both engines.

use serde_json::{Map, json};

use super::evaluate;

#[test]
fn an_expression_sees_variables_by_their_names() {
    let variables = Map::from_iter([("a".to_owned(), json!({ "b": [1, 2] }))]);
    for (code, value) in [
        ("a.b.length + 1", json!(3)),
        ("this.a.b[1]", json!(2)),
        ("'x'.toUpperCase()", json!("X")),
        ("undefined", json!(null)),
        ("var c = a.b[0]; c + 1", json!(2)),
    ] {
        assert_eq!(evaluate(code, &variables), Ok(value), "{code}");
    }
    for code in ["nobody.x", "throw new Error('no')", "(("] {
        assert!(evaluate(code, &variables).is_err(), "{code}");
    }
}
