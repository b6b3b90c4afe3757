//! The layout `flux`.

use insta::assert_snapshot;

use super::flux;

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
