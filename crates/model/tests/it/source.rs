use model::{FileId, Files, SourceFile, Span, hash_blob};

fn files(texts: &[(&str, &str)]) -> Files {
    Files::new(
        texts
            .iter()
            .map(|(path, text)| SourceFile {
                path: (*path).into(),
                bytes: text.as_bytes().into(),
                id: hash_blob(&[text.as_bytes()]),
                executable: false,
            })
            .collect(),
    )
}

#[test]
fn a_place_counts_lines_and_characters() {
    let files = files(&[("b.yaml", "é: 1\nkey: value\n"), ("a.yaml", "")]);
    let file = files.find("b.yaml").unwrap();
    assert_eq!(file, FileId(1), "files are in the order of paths");
    assert_eq!(files.place(Span::new(file, 4, 5)).to_string(), "b.yaml:1:4");
    assert_eq!(files.place(Span::new(file, 11, 16)).to_string(), "b.yaml:2:6");
    assert_eq!(files.text(Span::new(file, 11, 16)), Some("value"));
    assert_eq!(files.place(Span::new(file, 900, 901)).line, 3, "past the end is the end");
}

#[test]
fn a_folder_holds_what_is_below_it() {
    let mut files = files(&[
        ("apps/web/base/a.yaml", ""),
        ("apps/web.yaml", ""),
        ("apps/web/b.yaml", ""),
        ("apps/website/c.yaml", ""),
    ]);
    files.add_text("<expression>", "all");
    let below: Vec<&str> = files.below("apps/web").map(|(_, file)| &*file.path).collect();
    assert_eq!(below, ["apps/web/b.yaml", "apps/web/base/a.yaml"]);
    assert_eq!(files.iter().count(), 4, "an added text is no file of the source");
    assert_eq!(files.find("apps/website/c.yaml"), Some(FileId(3)));
}
