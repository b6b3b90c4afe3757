//! The kinds of mistakes in template files and in the values that fill them.

model::codes! {
    AMBIGUOUS_YAML = "ambiguous-yaml",
        "Tools do not agree on how to read a scalar, a key, a merge or a repeated key of a template, so kubectl and kustomize would apply different objects.";
    BROKEN_ALIAS = "broken-alias",
        "An alias or a merge key `<<` cannot be written out: it contains itself, merges what is no mapping, or would grow beyond what is allowed.";
    COMPLEX_KEY = "complex-key",
        "A key of a manifest is a list, a mapping or null. Kubernetes objects have texts as keys.";
    NEAR_PLACEHOLDER = "near-placeholder",
        "A text looks like a placeholder and is none, so it is delivered as it is: the word after `rea.` must be `cluster`, `namespace` or `application`.";
    NOT_AN_OBJECT = "not-an-object",
        "A document of a manifest is no Kubernetes object: it lacks `apiVersion`, `kind` or `metadata.name`, or one of them is no valid text.";
    PLACEHOLDER_PLACE = "placeholder-place",
        "A placeholder stands where no value can: in a tag, an anchor, an alias, a directive, or a key that is no text.";
    REPEATED_FILLED_KEY = "repeated-filled-key",
        "A key becomes equal to another key of its mapping when its placeholder is filled, so one of the two would be lost.";
    SPLIT_PLACEHOLDER = "split-placeholder",
        "A placeholder is written with escapes or over the end of a line, so that it cannot be filled where it stands.";
    TEMPLATE_ENCODING = "template-encoding",
        "A template file with placeholders, or one that must hold manifests, is not encoded in UTF-8.";
    UNKNOWN_TAG = "unknown-tag",
        "A YAML tag stands in a manifest that Kubernetes tools do not know, or one that does not fit the text behind it.";
    UNREAD_TEMPLATE = "unread-template",
        "A file named as YAML is a text template of another tool and not YAML. It is delivered as it is.";
    VALUE_DOES_NOT_FIT = "value-does-not-fit",
        "A value cannot stand in the place of its placeholder without changing the structure of the file, or the kind of what stands there.";
}
