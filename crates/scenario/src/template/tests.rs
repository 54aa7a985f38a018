//! Placeholders as both eras write them.

use serde_json::json;

use super::*;

struct Fixed(Value, u64);

impl Scope for Fixed {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
    fn random(&mut self) -> u64 {
        self.1 += 1;
        self.1
    }
}

fn scope() -> Fixed {
    let variables = json!({
        "user": { "names": ["Ada", "Grace"], "age": 36, "score": 1.0 },
        "on": true,
        "nothing": null,
        "greeting": "hi {{ user.names[0] }}",
        "self": "{{ self }} again",
    });
    Fixed(variables, 0)
}

#[test]
fn placeholders_are_filled() {
    for (text, filled) in [
        ("plain", "plain"),
        ("", ""),
        ("{{ user.names[1] }}-{{user.age}}!", "Grace-36!"),
        ("/{{ nobody }}/{{ on }}", "/undefined/true"),
        ("<{{ nothing }}>", "<null>"),
        ("{{{ user.age }}}!", "36!"),
        ("{{ user['names'].length }}.", "2."),
        ("{{ user.score }}:{{ user.names }}", r#"1:["Ada","Grace"]"#),
        ("{{ greeting }}!", "hi Ada!"),
        ("{{ $randomNumber(5, 7) }}", "6"),
        ("{{ $randomNumber(7,5) }}", "6"),
        ("{{ $randomNumber(-3, -3) }}", "-3"),
        ("{{ $randomString(3) }}", "bcd"),
        ("{{ $uuid() }}", "00000000-0000-4001-8000-000000000002"),
        ("{{ $template(greeting) }}", "hi Ada"),
        ("{{ a", "{{ a"),
        ("{{}}", "{{}}"),
        ("{{ 1 + 1 }}", "{{ 1 + 1 }}"),
    ] {
        let template = Template::parse(text).unwrap();
        assert_eq!(template.render(&mut scope()), filled, "{text}");
    }
}

#[test]
fn a_template_that_contains_itself_ends() {
    let text = Template::parse("{{ self }}!").unwrap();
    assert!(text.render(&mut scope()).ends_with("again!"));
}

#[test]
fn what_cannot_be_filled_is_an_error() {
    for text in [
        "{{ $randomNumber(a) }}",
        "{{ $randomNumber(1,2,3) }}",
        "{{ $randomString(99999999) }}",
        "{{ $frob(1) }}",
    ] {
        assert!(Template::parse(text).is_err(), "{text}");
    }
    let (_, slips) = Template::read("{{ 1 + 1 }} {{ a");
    assert_eq!(slips.len(), 2);
    assert!(slips.iter().all(|slip| !slip.is_error));
}

#[test]
fn json_keeps_types_and_drops_what_is_not_there() {
    let document = json!({ "age": "{{ user.age }}", "gone": "{{ nobody }}", "tags":
        ["x{{ on }}", 1, "{{ nobody }}"], "{{ user.names[0] }}": "a\"{{ on }}", "n": null });
    let template = JsonTemplate::new(&document).unwrap();
    assert_eq!(
        template.render(&mut scope()).unwrap(),
        r#"{"age":36,"tags":["xtrue",1,null],"Ada":"a\"true","n":null}"#
    );
    let fixed = JsonTemplate::new(&json!({ "a": 1 })).unwrap();
    assert_eq!(fixed, JsonTemplate::Fixed(r#"{"a":1}"#.into()));
    let whole = JsonTemplate::new(&json!("{{ user }}")).unwrap();
    assert_eq!(whole.value(&mut scope()).unwrap()["age"], 36);
    let none = JsonTemplate::new(&json!("{{ nobody }}")).unwrap();
    assert_eq!(none.render(&mut scope()), None);
    assert!(JsonTemplate::new(&json!(["{{ $frob() }}"])).is_err());
}
