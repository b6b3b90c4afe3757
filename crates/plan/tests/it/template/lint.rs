//! What tools read differently in a manifest.

use insta::assert_snapshot;

use super::manifests;

/// What is worth knowing about the spec of an object.
fn found(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    let head = "apiVersion: example.com/v1\nkind: Kiosk\nmetadata: {name: a}\nspec:\n";
    let text = manifests(&format!("{head}{lines}"), &[]);
    text.split_once("# Kiosk").map_or(text.clone(), |(warnings, _)| warnings.to_owned())
}

#[test]
fn scalars_that_tools_read_differently_are_named() {
    let lines = "\
a: yes
b: Off
c: 0644
d: 08
e: 1_000
f: 2024-1-2
g: 12:30:45
h: 1e3
i: .inf
j: 0o17
k: [1e400, 0XFF, -0b11]";
    assert_snapshot!(found(lines), @r#"
    warning[ambiguous-yaml] 5:6: `yes` is `true` to kubectl, and a text to kustomize
      hint: write `"yes"` or `true`
    warning[ambiguous-yaml] 6:6: `Off` is `false` to kubectl, and a text to kustomize
      hint: write `"Off"` or `false`
    warning[ambiguous-yaml] 7:6: `0644` is the number 420 to kubectl and kustomize, and another one to readers of YAML 1.2
      hint: write `420` or `"0644"`
    warning[ambiguous-yaml] 8:6: `08` is the number 8 to kubectl and kustomize, and a text to other readers
      hint: write `8` or `"08"`
    warning[ambiguous-yaml] 9:6: `1_000` is the number 1000 to kubectl and kustomize, and a text to other readers
      hint: write `1000` or `"1_000"`
    warning[ambiguous-yaml] 10:6: `2024-1-2` is a text to kubectl, and becomes `2024-01-02T00:00:00Z` in kustomize
      hint: write `"2024-1-2"`
    warning[ambiguous-yaml] 11:6: `12:30:45` is a text to kubectl and kustomize, and a number to other readers
      hint: write `"12:30:45"`
    warning[ambiguous-yaml] 12:6: `1e3` is the number 1000 to kubectl and kustomize, and a text to other readers
      hint: write `1000` or `"1e3"`
    warning[ambiguous-yaml] 13:6: `.inf` is a number that kubectl and kustomize refuse
      hint: write `".inf"`
    warning[ambiguous-yaml] 14:6: `0o17` is the number 15 to kubectl and kustomize, and a text to other readers
      hint: write `15` or `"0o17"`
    warning[ambiguous-yaml] 15:7: `1e400` is a text to kubectl and kustomize, and a number to other readers
      hint: write `"1e400"`
    warning[ambiguous-yaml] 15:14: `0XFF` is the number 255 to kubectl and kustomize, and a text to other readers
      hint: write `255` or `"0XFF"`
    warning[ambiguous-yaml] 15:20: `-0b11` is the number -3 to kubectl and kustomize, and a text to other readers
      hint: write `-3` or `"-0b11"`
    "#);
}

#[test]
fn keys_and_merges_that_tools_read_differently_are_named() {
    let lines = "n: 1\n8080: 2\nTrue: 3\n2024-01-01: 4\nx: {a: 2, <<: {a: 1, c: 3}}";
    assert_snapshot!(found(lines), @r#"
    warning[ambiguous-yaml] 5:3: the key `n` is the key `"false"` to kubectl, and `"n"` to kustomize
      hint: write `"n"`
    warning[ambiguous-yaml] 6:3: the key `8080` is the key `"8080"` to kubectl, and refused by kustomize
      hint: write `"8080"`
    warning[ambiguous-yaml] 7:3: the key `True` is the key `"true"` to kubectl, and refused by kustomize
      hint: write `"true"` or `"True"`
    warning[ambiguous-yaml] 8:3: the key `2024-01-01` is a text to kubectl, and refused by kustomize
      hint: write `"2024-01-01"`
    warning[ambiguous-yaml] 9:13: what `<<` merges wins over the keys before it to kubectl, and not to kustomize
      hint: write `<<` before the other keys
    "#);
}

#[test]
fn what_all_tools_read_alike_is_not_named() {
    let lines = "\
a: [~, null, true, 0x1F, .5, 1.10, 1000, -3, 1.5e+3, 0, 0.5, yEs, 2024-02-30, 1.2.3, 1e]
b: ['yes', \"0644\", !!str no]
c: 2024-01-01T10:00:00Z
d: {<<: {a: 1}, b: 2}";
    assert_snapshot!(found(lines), @"");
}
