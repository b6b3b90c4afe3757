//! The layout `flux`.

use insta::assert_snapshot;

use model::{FileId, MemoryObjects, hash_blob};
use plan::template::parse_verbatim;

use super::{files_of, flux, show};

#[test]
fn fills_every_kind_of_place() {
    let template = "\
# for rea.cluster.name
metadata:
  name: rea.application.name
  host: rea.application.name.rea.cluster.name.example.com
  rea.cluster.name: key
spec:
  replicas: rea.cluster.replicas
  plain: a rea.cluster.name b
  single: 'it''s rea.cluster.odd'
  double: \"say \\\"rea.cluster.odd\\\"\"
  args: [--name, rea.cluster.name, {a: rea.cluster.replicas}]
  script: |
    echo rea.cluster.odd # rea.cluster.name
      deeper rea.cluster.replicas
  folded: >-
    one rea.cluster.odd
    two
  literal: rea..cluster.name svc.korea.cluster.local
";
    let values = [
        ("cluster.name", "nola"),
        ("application.name", "vote"),
        ("cluster.replicas", "3"),
        ("cluster.odd", "\"a: 'b' \"c\" #d\\\""),
    ];
    assert_snapshot!(flux("a.yaml", template, &values), @r#"
    # for nola
    metadata:
      name: vote
      host: vote.nola.example.com
      nola: key
    spec:
      replicas: 3
      plain: a nola b
      single: 'it''s a: ''b'' "c" #d\'
      double: "say \"a: 'b' \"c\" #d\\\""
      args: [--name, nola, {a: 3}]
      script: |
        echo a: 'b' "c" #d\ # nola
          deeper 3
      folded: >-
        one a: 'b' "c" #d\
        two
      literal: rea.cluster.name svc.korea.cluster.local
    "#);
}

/// One place, one value: the filled line, or why not.
fn place(template: &str, value: &str) -> String {
    let filled = flux("a.yaml", template, &[("cluster.x", value), ("cluster.y", "z")]);
    format!("{template:?} with {value:?}\n{filled}\n")
}

#[test]
fn a_plain_place_takes_values_with_their_own_kind() {
    let text: String = ["3", "0644", "1.10", "true", "null", "", ".inf", "store 12", "10.0.0.1:80"]
        .iter()
        .map(|value| place("a: rea.cluster.x", value))
        .collect();
    assert_snapshot!(text, @r#"
    "a: rea.cluster.x" with "3"
    a: 3
    "a: rea.cluster.x" with "0644"
    a: 0644
    "a: rea.cluster.x" with "1.10"
    a: 1.10
    "a: rea.cluster.x" with "true"
    a: true
    "a: rea.cluster.x" with "null"
    a: null
    "a: rea.cluster.x" with ""
    a: null
    "a: rea.cluster.x" with ".inf"
    a: .inf
    "a: rea.cluster.x" with "store 12"
    a: store 12
    "a: rea.cluster.x" with "10.0.0.1:80"
    a: 10.0.0.1:80
    "#);
}

#[test]
fn a_plain_place_refuses_what_would_read_as_something_else() {
    let values = [
        "\"3\"",
        "yes",
        "\"\"",
        "\"null\"",
        "2024-01-01",
        "1_000",
        "a: b",
        "a #b",
        "- a",
        "\" a\"",
        "\"a\nb\"",
        "&a",
        "a:",
        "[a]",
        "\"---\"",
    ];
    let text: String = values.iter().map(|value| place("a: rea.cluster.x", value)).collect();
    assert_snapshot!(text, @r#"
    "a: rea.cluster.x" with "\"3\""
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `3` cannot stand: it is a string that would be read as a number
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "yes"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `yes` cannot stand: it is a string that some readers take for a truth value, a number or a date
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "\"\""
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value cannot stand: it is empty
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "\"null\""
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `null` cannot stand: it is a string that would be read as null
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "2024-01-01"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `2024-01-01` cannot stand: it is a string that some readers take for a truth value, a number or a date
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "1_000"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `1_000` cannot stand: it is a string that some readers take for a truth value, a number or a date
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "a: b"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `a: b` cannot stand: it has a `:` before a space or at its end
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "a #b"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `a #b` cannot stand: it has ` #` in it, which begins a comment
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "- a"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `- a` cannot stand: it starts with a `-` before a space or its end
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "\" a\""
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value ` a` cannot stand: it has white space at its start or end
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "\"a\nb\""
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `a\nb` cannot stand: it has a control character, a tab or a line break in it
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "&a"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `&a` cannot stand: it starts with a character that is syntax
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "a:"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `a:` cannot stand: it has a `:` before a space or at its end
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "[a]"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `[a]` cannot stand: it starts with a character that is syntax
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: rea.cluster.x" with "\"---\""
    error[value-does-not-fit] 1:4: `rea.cluster.x` is a plain value, where the value `---` cannot stand: it starts with the mark between documents
      hint: put the place in quotes: `"rea.cluster.x"`
    "#);
}

#[test]
fn a_plain_place_with_other_text_must_stay_a_text() {
    let cases = [
        ("a: 1.rea.cluster.x", "5"),
        ("a: 1.rea.cluster.x", "b"),
        ("a: rea.cluster.x:30", "12"),
        ("a: rea.cluster.x.rea.cluster.x", "1"),
        ("a: x rea.cluster.x", ""),
        ("a: {b: c rea.cluster.x}", "d, e: f"),
        ("a: [rea.cluster.x]", "b?c"),
        ("a: x\n  rea.cluster.x\n  y", "#b"),
        ("a: x\n  - rea.cluster.x\n  y", "b"),
    ];
    let text: String = cases.iter().map(|(template, value)| place(template, value)).collect();
    assert_snapshot!(text, @r##"
    "a: 1.rea.cluster.x" with "5"
    error[value-does-not-fit] 1:6: `rea.cluster.x` is in a plain value, where the value `5` cannot stand: the result `1.5` is a string that would be read as a number
      hint: put the place in quotes: `"1.rea.cluster.x"`

    "a: 1.rea.cluster.x" with "b"
    a: 1.b
    "a: rea.cluster.x:30" with "12"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is in a plain value, where the value `12` cannot stand: the result `12:30` is a string that some readers take for a truth value, a number or a date
      hint: put the place in quotes: `"rea.cluster.x:30"`

    "a: rea.cluster.x.rea.cluster.x" with "1"
    error[value-does-not-fit] 1:4: `rea.cluster.x` is in a plain value, where the value `1` cannot stand: the result `1.1` is a string that would be read as a number
      hint: put the place in quotes: `"rea.cluster.x.rea.cluster.x"`

    "a: x rea.cluster.x" with ""
    error[value-does-not-fit] 1:6: `rea.cluster.x` is in a plain value, where the value cannot stand: the result `x ` has white space at its start or end
      hint: put the place in quotes: `"x rea.cluster.x"`

    "a: {b: c rea.cluster.x}" with "d, e: f"
    error[value-does-not-fit] 1:10: `rea.cluster.x` is in a plain value, where the value `d, e: f` cannot stand: the result `c d, e: f` has a `:` before a space or at its end
      hint: put the place in quotes: `"c rea.cluster.x"`

    "a: [rea.cluster.x]" with "b?c"
    error[value-does-not-fit] 1:5: `rea.cluster.x` is a plain value, where the value `b?c` cannot stand: it has a `?` in it, which is syntax between brackets
      hint: put the place in quotes: `"rea.cluster.x"`

    "a: x\n  rea.cluster.x\n  y" with "#b"
    error[value-does-not-fit] 2:3: `rea.cluster.x` is in a plain value, where the value `#b` cannot stand: the result `#b` starts with a character that is syntax
      hint: put the place in quotes: `"x rea.cluster.x y"`

    "a: x\n  - rea.cluster.x\n  y" with "b"
    a: x
      - b
      y
    "##);
}

#[test]
fn quotes_and_blocks_take_what_they_can_hold() {
    let cases = [
        ("a: 'rea.cluster.x'", "it's"),
        ("a: 'rea.cluster.x'", "\"a\nb\""),
        ("a: \"rea.cluster.x\"", "\"\\ \"a\nb\u{1}\u{2028}\""),
        ("a: \"rea.cluster.x\n  b\"", "\" c \""),
        ("a: 'rea.cluster.x\n  b'", "\"c \""),
        ("a: 'b\n  rea.cluster.x\n  c'", ""),
        ("a: |\n  rea.cluster.x\n", "# b: 'c'"),
        ("a: |\n  rea.cluster.x\n", "\" b\""),
        ("a: |\n  b\n  rea.cluster.x\n  c\n", "\"  b\""),
        ("a: |\n  b\n  rea.cluster.x\n", ""),
        ("a: |\n  b rea.cluster.x\n", "\"a\nb\""),
        ("a: >\n  b\n  rea.cluster.x\n", "\" b\""),
        ("a: >\n  b rea.cluster.x\n  c\n", "\"d \""),
        ("\"a\nrea.cluster.x b\"", "---"),
        ("\"a\nrea.cluster.x b\"", "<<<<<<<"),
        ("--- |\nrea.cluster.x\n", "# b"),
        ("--- |\nb\nrea.cluster.x\n", "..."),
    ];
    let text: String = cases.iter().map(|(template, value)| place(template, value)).collect();
    assert_snapshot!(text, @r##"
    "a: 'rea.cluster.x'" with "it's"
    a: 'it''s'
    "a: 'rea.cluster.x'" with "\"a\nb\""
    error[value-does-not-fit] 1:5: `rea.cluster.x` is in a value in single quotes, where the value `a\nb` cannot stand: it has a line break or a control character in it
      hint: write the text in double quotes and in one line, where every value fits

    "a: \"rea.cluster.x\"" with "\"\\ \"a\nb\u{1}\u{2028}\""
    a: "\\ \"a\nb\u0001\u2028"
    "a: \"rea.cluster.x\n  b\"" with "\" c \""
    a: "\u0020c\u0020
      b"
    "a: 'rea.cluster.x\n  b'" with "\"c \""
    error[value-does-not-fit] 1:5: `rea.cluster.x` is in a value in single quotes, where the value `c ` cannot stand: the result `c ` starts or ends a line of a text of several lines with nothing or with white space, which YAML drops there
      hint: write the text in double quotes and in one line, where every value fits

    "a: 'b\n  rea.cluster.x\n  c'" with ""
    error[value-does-not-fit] 2:3: `rea.cluster.x` is in a value in single quotes, where the value cannot stand: the result starts or ends a line of a text of several lines with nothing or with white space, which YAML drops there
      hint: write the text in double quotes and in one line, where every value fits

    "a: |\n  rea.cluster.x\n" with "# b: 'c'"
    a: |
      # b: 'c'

    "a: |\n  rea.cluster.x\n" with "\" b\""
    error[value-does-not-fit] 2:3: `rea.cluster.x` is in a literal block, where the value ` b` cannot stand: the result ` b` starts the block with white space, which would change its indentation
      hint: write the text in double quotes and in one line, where every value fits

    "a: |\n  b\n  rea.cluster.x\n  c\n" with "\"  b\""
    a: |
      b
        b
      c

    "a: |\n  b\n  rea.cluster.x\n" with ""
    error[value-does-not-fit] 3:3: `rea.cluster.x` is in a literal block, where the value cannot stand: the result leaves a line of the block blank
      hint: write the text in double quotes and in one line, where every value fits

    "a: |\n  b rea.cluster.x\n" with "\"a\nb\""
    error[value-does-not-fit] 2:5: `rea.cluster.x` is in a literal block, where the value `a\nb` cannot stand: it has a line break or a control character in it
      hint: write the text in double quotes and in one line, where every value fits

    "a: >\n  b\n  rea.cluster.x\n" with "\" b\""
    error[value-does-not-fit] 3:3: `rea.cluster.x` is in a folded block, where the value ` b` cannot stand: the result ` b` starts a line with white space, which folds differently
      hint: write the text in double quotes and in one line, where every value fits

    "a: >\n  b rea.cluster.x\n  c\n" with "\"d \""
    error[value-does-not-fit] 2:5: `rea.cluster.x` is in a folded block, where the value `d ` cannot stand: the result `b d ` ends a line with white space, which folds differently
      hint: write the text in double quotes and in one line, where every value fits

    "\"a\nrea.cluster.x b\"" with "---"
    error[value-does-not-fit] 2:1: `rea.cluster.x` is in a value in double quotes, where the value `---` cannot stand: the result `--- b` starts with the mark between documents, at the first column
      hint: write the text in one line

    "\"a\nrea.cluster.x b\"" with "<<<<<<<"
    error[value-does-not-fit] 2:1: `rea.cluster.x` is in a value in double quotes, where the value `<<<<<<<` cannot stand: the result `<<<<<<< b` starts with the mark of an unfinished merge, at the first column
      hint: write the text in one line

    "--- |\nrea.cluster.x\n" with "# b"
    error[value-does-not-fit] 2:1: `rea.cluster.x` is in a literal block, where the value `# b` cannot stand: the result `# b` starts with a character that is syntax, at the first column
      hint: write the text in double quotes and in one line, where every value fits

    "--- |\nb\nrea.cluster.x\n" with "..."
    error[value-does-not-fit] 3:1: `rea.cluster.x` is in a literal block, where the value `...` cannot stand: the result `...` starts with the mark between documents, at the first column
      hint: write the text in double quotes and in one line, where every value fits
    "##);
}

#[test]
fn keys_stay_texts_and_different() {
    let long = format!("\"{}\"", "k".repeat(1001));
    let cases = [
        ("rea.cluster.x: 1", "b"),
        ("rea.cluster.x: 1", "3"),
        ("\"rea.cluster.x\": 1", "3"),
        ("\"rea.cluster.x\": 1", "<<"),
        ("b: 1\nrea.cluster.x: 2", "b"),
        ("rea.cluster.y: 1\n'rea.cluster.x': 2", "z"),
        ("m: &m {b: 1}\nn: {<<: *m, rea.cluster.x: 2}", "b"),
        ("rea.cluster.x: 1", long.as_str()),
        ("? [rea.cluster.x]\n: 1", "b"),
        ("? |\n  rea.cluster.x\n: 1", "b"),
    ];
    let text: String = cases.iter().map(|(template, value)| place(template, value)).collect();
    assert_snapshot!(text, @r#"
    "rea.cluster.x: 1" with "b"
    b: 1
    "rea.cluster.x: 1" with "3"
    error[value-does-not-fit] 1:1: `rea.cluster.x` is a plain key, where the value `3` cannot stand: it is no string, and a key must be one
      hint: put the place in quotes: `"rea.cluster.x"`

    "\"rea.cluster.x\": 1" with "3"
    "3": 1
    "\"rea.cluster.x\": 1" with "<<"
    error[value-does-not-fit] 1:2: `rea.cluster.x` is in a key in double quotes, where the value `<<` cannot stand: the result `<<` is the key that merges another mapping
      hint: give the key another value

    "b: 1\nrea.cluster.x: 2" with "b"
    error[repeated-filled-key] 2:1: `rea.cluster.x` makes the key `b`, which its mapping already has
      hint: give one of the two another value, or another text around the placeholder

    "rea.cluster.y: 1\n'rea.cluster.x': 2" with "z"
    error[repeated-filled-key] 2:2: `rea.cluster.x` makes the key `z`, which its mapping already has
      hint: give one of the two another value, or another text around the placeholder

    "m: &m {b: 1}\nn: {<<: *m, rea.cluster.x: 2}" with "b"
    error[repeated-filled-key] 2:13: `rea.cluster.x` makes the key `b`, which its mapping already has
      hint: give one of the two another value, or another text around the placeholder

    "rea.cluster.x: 1" with "\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\""
    error[value-does-not-fit] 1:1: `rea.cluster.x` is a plain key, where the value `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…` cannot stand: the result `kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…` is too long for a key
      hint: give the key another value

    "? [rea.cluster.x]\n: 1" with "b"
    error[placeholder-place] 1:4: a placeholder stands in a key that is no simple text
      hint: write the key as one text, in one line

    "? |\n  rea.cluster.x\n: 1" with "b"
    error[placeholder-place] 1:3: a placeholder stands in a key that is no simple text
      hint: write the key as one text, in one line
    "#);
}

#[test]
fn placeholders_stand_only_where_values_can() {
    let cases = [
        ("a: !rea.cluster.x b", "c"),
        ("a: &rea.cluster.x b", "c"),
        ("%TAG ! rea.cluster.x:\n---\na: b", "c"),
        ("a: !!int rea.cluster.x", "3"),
        ("a: !!str rea.cluster.x", "3"),
        ("a: \"b\\nrea.cluster.x\"", "c"),
        ("a: \"\\x72ea.cluster.x\"", "c"),
        ("a: \"rea.cluster.\\x78\"", "c"),
        ("a: \"b\\\n  rea.cluster.x\"", "c"),
        ("a: \"\\rea.cluster.x \\x72ea.cluster.y\"", "c"),
        ("a: b # rea.cluster.x", "c"),
        ("a: b # rea.cluster.x", "\"c\nd: e\""),
        ("a: | # rea.cluster.x\n  b", "c"),
        ("a: rea.clusters.x rea.app.name rea.foo.x rea.cluster", "c"),
        ("a: rea...cluster.x krea.cluster.x ürea.cluster.x -rea.cluster.x", "c"),
        ("a: [rea.cluster.x", "c"),
        ("a: {{ .Values.b }}: c", "c"),
    ];
    let text: String = cases.iter().map(|(template, value)| place(template, value)).collect();
    assert_snapshot!(text, @r#"
    "a: !rea.cluster.x b" with "c"
    error[placeholder-place] 1:5: `rea.cluster.x` stands where no value can: in a tag, an anchor, an alias or a directive
      hint: placeholders can stand in keys, values and comments

    "a: &rea.cluster.x b" with "c"
    error[placeholder-place] 1:5: `rea.cluster.x` stands where no value can: in a tag, an anchor, an alias or a directive
      hint: placeholders can stand in keys, values and comments

    "%TAG ! rea.cluster.x:\n---\na: b" with "c"
    error[placeholder-place] 1:8: `rea.cluster.x` stands where no value can: in a tag, an anchor, an alias or a directive
      hint: placeholders can stand in keys, values and comments

    "a: !!int rea.cluster.x" with "3"
    error[unknown-tag] 1:10: a placeholder stands behind the tag `!!int`
      hint: remove the tag: a value has its own kind, and is a string in quotes

    "a: !!str rea.cluster.x" with "3"
    a: !!str 3
    "a: \"b\\nrea.cluster.x\"" with "c"
    a: "b\nc"
    "a: \"\\x72ea.cluster.x\"" with "c"
    error[split-placeholder] 1:4: a placeholder in this text is written with escapes or over the end of a line
      hint: write the placeholder in plain characters, with a space or a sign before it

    "a: \"rea.cluster.\\x78\"" with "c"
    error[split-placeholder] 1:4: a placeholder in this text is written with escapes or over the end of a line
      hint: write the placeholder in plain characters, with a space or a sign before it

    "a: \"b\\\n  rea.cluster.x\"" with "c"
    a: "b\
      rea.cluster.x"
    "a: \"\\rea.cluster.x \\x72ea.cluster.y\"" with "c"
    error[split-placeholder] 1:4: a placeholder in this text is written with escapes or over the end of a line
      hint: write the placeholder in plain characters, with a space or a sign before it

    "a: b # rea.cluster.x" with "c"
    a: b # c
    "a: b # rea.cluster.x" with "\"c\nd: e\""
    error[value-does-not-fit] 1:8: `rea.cluster.x` is in a comment, where the value cannot stand: it has a line break or a control character in it
      hint: take the placeholder out of the comment

    "a: | # rea.cluster.x\n  b" with "c"
    a: | # c
      b
    "a: rea.clusters.x rea.app.name rea.foo.x rea.cluster" with "c"
    warning[near-placeholder] 1:4: `rea.clusters.x` is no placeholder and stays as it is
      hint: write `rea.cluster.x`
    warning[near-placeholder] 1:19: `rea.app.name` is no placeholder and stays as it is
      hint: write `rea.application.name`
    a: rea.clusters.x rea.app.name rea.foo.x rea.cluster
    "a: rea...cluster.x krea.cluster.x ürea.cluster.x -rea.cluster.x" with "c"
    a: rea..cluster.x krea.cluster.x ürea.cluster.x -c
    "a: [rea.cluster.x" with "c"
    error[yaml-syntax] 1:4: the bracket `[` is not closed by its twin
      hint: close the bracket, or quote the text that holds it

    "a: {{ .Values.b }}: c" with "c"
    warning[unread-template] 1:1: the file is not YAML and is delivered as it is
      hint: if it is a template of another tool, such as a Helm chart, nothing has to be done
    a: {{ .Values.b }}: c
    "#);
}

#[test]
fn secrets_are_not_quoted() {
    let secret = "kind: Secret\nstringData:\n  a: rea.cluster.x\n  b: x rea.cluster.x\n";
    let other =
        "kind: List\nitems:\n- kind: Secret\n  data: {a: rea.cluster.x}\n- {a: rea.cluster.x}\n";
    let generator = "secretGenerator:\n- literals:\n  - rea.cluster.x\n";
    let patch = "patch: |\n  kind: Secret\n  a: rea.cluster.x\n";
    let text = [secret, other, generator].map(|template| place(template, "p: w")).concat();
    assert_snapshot!(text + &place(patch, "\"p\nw\""), @r#"
    "kind: Secret\nstringData:\n  a: rea.cluster.x\n  b: x rea.cluster.x\n" with "p: w"
    error[value-does-not-fit] 3:6: `rea.cluster.x` is a plain value, where the value cannot stand: it has a `:` before a space or at its end
      hint: put the place in quotes: `"rea.cluster.x"`
    error[value-does-not-fit] 4:8: `rea.cluster.x` is in a plain value, where the value cannot stand: the result has a `:` before a space or at its end
      hint: put the place in quotes: `"x rea.cluster.x"`

    "kind: List\nitems:\n- kind: Secret\n  data: {a: rea.cluster.x}\n- {a: rea.cluster.x}\n" with "p: w"
    error[value-does-not-fit] 4:13: `rea.cluster.x` is a plain value, where the value cannot stand: it has a `:` before a space or at its end
      hint: put the place in quotes: `"rea.cluster.x"`
    error[value-does-not-fit] 5:7: `rea.cluster.x` is a plain value, where the value `p: w` cannot stand: it has a `:` before a space or at its end
      hint: put the place in quotes: `"rea.cluster.x"`

    "secretGenerator:\n- literals:\n  - rea.cluster.x\n" with "p: w"
    error[value-does-not-fit] 3:5: `rea.cluster.x` is a plain value, where the value cannot stand: it has a `:` before a space or at its end
      hint: put the place in quotes: `"rea.cluster.x"`

    "patch: |\n  kind: Secret\n  a: rea.cluster.x\n" with "\"p\nw\""
    error[value-does-not-fit] 3:6: `rea.cluster.x` is in a literal block, where the value cannot stand: it has a line break or a control character in it
      hint: write the text in double quotes and in one line, where every value fits
    "#);
}

#[test]
fn files_that_are_not_yaml_take_lines() {
    let mut text = String::new();
    for (path, template, value) in [
        ("run.sh", "echo 'rea.cluster.x'\r\n", "it's"),
        ("run.sh", "echo rea.cluster.x", "\"a\nb\""),
        ("a.json", "{\"a\": \"rea.cluster.x\"}", "\"b\"c\u{7f}\""),
        ("a.json", "{\"a\": rea.cluster.x}", "3"),
        ("a.json", "{\"a\": rea.cluster.x}", "0644"),
        ("a.json", "{\"a\": rea.cluster.x}", "b"),
        ("a.json", "{\"a\": 1, \"b\": rea.cluster.x-c}", "b"),
        ("sops.yaml", "a: rea.cluster.x\nsops: {mac: b}\n", "b"),
        ("broken.yaml", "a: [b", "b"),
        ("chart.yaml", "a: {{- b }}\n- c", "b"),
        ("chart.yaml", "a: {{- rea.cluster.x }}\n- c", "b"),
    ] {
        text += &format!("{path}: {template:?} with {value:?}\n");
        text += &flux(path, template, &[("cluster.x", value)]);
        text += "\n";
    }
    assert_snapshot!(text, @r#"
    run.sh: "echo 'rea.cluster.x'\r\n" with "it's"
    echo 'it's'

    run.sh: "echo rea.cluster.x" with "\"a\nb\""
    error[value-does-not-fit] 1:6: `rea.cluster.x` is in a file that is not YAML, where the value cannot stand: it has a line break or a control character in it
      hint: give the value in one line, or put the text into a YAML file, in double quotes

    a.json: "{\"a\": \"rea.cluster.x\"}" with "\"b\"c\u{7f}\""
    {"a": "b\"c\u007f"}
    a.json: "{\"a\": rea.cluster.x}" with "3"
    {"a": 3}
    a.json: "{\"a\": rea.cluster.x}" with "0644"
    error[value-does-not-fit] 1:7: `rea.cluster.x` is a plain value, where the value `0644` cannot stand: it is not written as JSON writes it
      hint: put the place in quotes: `"rea.cluster.x"`

    a.json: "{\"a\": rea.cluster.x}" with "b"
    error[value-does-not-fit] 1:7: `rea.cluster.x` is a plain value, where the value `b` cannot stand: it is a string, which needs quotes in JSON
      hint: put the place in quotes: `"rea.cluster.x"`

    a.json: "{\"a\": 1, \"b\": rea.cluster.x-c}" with "b"
    error[value-does-not-fit] 1:15: `rea.cluster.x` is in a plain value, where the value `b` cannot stand: it is part of a text, which needs quotes in JSON
      hint: put the place in quotes: `"rea.cluster.x-c"`

    sops.yaml: "a: rea.cluster.x\nsops: {mac: b}\n" with "b"
    a: rea.cluster.x
    sops: {mac: b}

    broken.yaml: "a: [b" with "b"
    error[yaml-syntax] 1:4: the bracket `[` is not closed by its twin
      hint: close the bracket, or quote the text that holds it

    chart.yaml: "a: {{- b }}\n- c" with "b"
    warning[unread-template] 1:1: the file is not YAML and is delivered as it is
      hint: if it is a template of another tool, such as a Helm chart, nothing has to be done
    a: {{- b }}
    - c
    chart.yaml: "a: {{- rea.cluster.x }}\n- c" with "b"
    error[yaml-syntax] 1:6: "-" is only valid inside a block
    "#);
}

#[test]
fn bytes_that_are_no_text_are_not_touched() {
    let latin = b"a: \xe9".as_slice();
    let binary = b"\x00 rea.cluster.x".as_slice();
    for bytes in [latin, binary, b"\xef\xbb\xbfa: b\r\nc: d".as_slice(), b"".as_slice()] {
        let files = files_of("a.yaml", bytes);
        let sink = MemoryObjects::default();
        let template = parse_verbatim(&files, FileId(0), 0).expect("nothing is wrong with it");
        assert!(template.keys().is_empty());
        let blob = template.fill(&[], &sink).expect("nothing is filled");
        assert_eq!(blob, hash_blob(&[bytes]));
    }
    let files = files_of("a.txt", b"\xe9 rea.cluster.x");
    let errors = parse_verbatim(&files, FileId(0), 0).expect_err("it would go out unfilled");
    assert_snapshot!(show(&files, &errors), @r#"
    error[template-encoding] 1:3: the file is not encoded in UTF-8
      hint: save the file in UTF-8
    "#);
}

#[test]
fn keys_are_told_once_with_their_first_place() {
    let files =
        files_of("a.yaml", b"a: rea.cluster.x rea.cluster.y_2 # rea.cluster.z\nb: rea.cluster.x");
    let template = parse_verbatim(&files, FileId(0), 0).expect("nothing is wrong with it");
    let keys = template.keys().iter().map(|used| {
        let place = files.place(used.span);
        format!("{:?} {} at {}:{}\n", used.space, used.key, place.line, place.column)
    });
    assert_snapshot!(keys.collect::<String>(), @r#"
    Cluster x at 1:4
    Cluster y_2 at 1:18
    Cluster z at 1:36
    "#);
}
