use model::{ApplicationName, ClusterName, GroupPath, NameError, NamespaceName};

#[test]
fn names_are_dns_labels() {
    let long = "a".repeat(64);
    let cases = [
        ("store-1", None, "letters, digits and hyphens"),
        ("2301", None, "digits alone"),
        ("", Some(NameError::Empty), "nothing"),
        ("Store", Some(NameError::Character('S')), "upper case"),
        ("../x", Some(NameError::Character('.')), "a way out of the folder"),
        ("a_b", Some(NameError::Character('_')), "an underscore"),
        ("-a", Some(NameError::Edge), "a hyphen first"),
        ("a-", Some(NameError::Edge), "a hyphen last"),
        (&long, Some(NameError::TooLong(64)), "64 characters"),
    ];
    for (text, error, why) in cases {
        assert_eq!(ClusterName::parse(text).err(), error, "{why}");
    }
}

#[test]
fn some_names_are_reserved() {
    for name in ["namespaces", "flux-system", "cells", "web-slo"] {
        assert!(ApplicationName::parse(name).is_err(), "{name}");
        assert!(ClusterName::parse(name).is_ok(), "{name}");
    }
    for name in ["flux-system", "default", "kube-system", "kube-x"] {
        assert!(NamespaceName::parse(name).is_err(), "{name}");
    }
}

#[test]
fn a_group_path_knows_its_place() {
    let path = GroupPath::parse("/stores/central/la").unwrap();
    assert_eq!((path.parent(), path.depth()), (Some("/stores/central"), 2));
    assert!(path.contains("/stores/central/la/nola") && path.contains(path.as_str()));
    assert!(!path.contains("/stores/central/lab"));
    assert_eq!(GroupPath::parse("/corp").unwrap().parent(), None);
    for text in ["stores", "/", "/a//b", "/a/", "/a/B", ""] {
        assert!(GroupPath::parse(text).is_err(), "{text}");
    }
}
