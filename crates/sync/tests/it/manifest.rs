//! Manifests are read as kubectl reads them.

use sync::read_manifest;

fn spec(text: &str) -> String {
    let text = format!("apiVersion: v1\nkind: X\nmetadata: {{name: a}}\nspec: {text}\n");
    match read_manifest(text.as_bytes()) {
        Ok(object) => object.value()["spec"].to_string(),
        Err(cause) => cause,
    }
}

#[test]
fn scalars() {
    let cases = [
        ("1", "1"),
        ("-7", "-7"),
        ("0644", "420"),
        ("0o17", "15"),
        ("0x1F", "31"),
        ("089", "89"),
        ("18446744073709551615", "18446744073709551615"),
        ("1.50", "1.5"),
        ("yes", "true"),
        ("Off", "false"),
        ("yEs", "\"yEs\""),
        ("\"yes\"", "\"yes\""),
        ("'1'", "\"1\""),
        ("!!str 1", "\"1\""),
        ("~", "null"),
        ("", "null"),
        ("2024-01-01", "\"2024-01-01\""),
        ("[a, {b: 1}]", "[\"a\",{\"b\":1}]"),
    ];
    for (text, json) in cases {
        assert_eq!(spec(text), json, "{text}");
    }
}

#[test]
fn what_no_released_tree_holds_is_refused() {
    for (text, cause) in [
        ("{a: 1, a: 2}", "the key `a` stands twice in one mapping"),
        ("{<<: {a: 1}}", "it holds a merge key"),
        (".inf", "a number is infinite or not a number"),
        ("99999999999999999999", "a whole number is too large"),
        ("{a: &x 1, b: *x}", "it holds an alias"),
    ] {
        assert_eq!(spec(text), cause, "{text}");
    }
}

#[test]
fn an_object_has_a_kind_a_version_and_a_name() {
    for (text, cause) in [
        ("- a", "it is not a mapping"),
        ("kind: X", "`apiVersion` is missing, empty or not a text"),
        (
            "apiVersion: v1\nkind: X\nmetadata: {name: 1}",
            "`metadata.name` is missing, empty or not a text",
        ),
        ("", "it holds 0 documents instead of one"),
        ("a: 1\n---\nb: 2", "it holds 2 documents instead of one"),
    ] {
        assert_eq!(read_manifest(text.as_bytes()).expect_err(text), cause);
    }
    assert_eq!(read_manifest(b"\xff").expect_err("no text"), "it is not UTF-8");
}

#[test]
fn debugging_an_object_shows_no_value_of_it() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {key: hunter2}\n";
    let object = read_manifest(secret.as_bytes()).expect("a manifest");
    assert_eq!(format!("{object:?}"), "Object(Secret a)");
}
