//! The kinds of mistakes that reading documents finds.

model::codes! {
    ALIAS_IN_DOCUMENT = "alias-in-document",
        "An anchor, an alias or a merge key `<<` stands in a document. What a document says must be readable in place, so that an edit and a review concern exactly what they show.";
    DUPLICATE_KEY = "duplicate-key",
        "A key stands twice in one mapping. Readers of YAML disagree on which one counts.";
    INVALID_KEY = "invalid-key",
        "A key of a label or a value has characters that it must not have.";
    INVALID_NAME = "invalid-name",
        "A name is no DNS label (RFC 1123), or a group path is not made of them.";
    INVALID_VALUE = "invalid-value",
        "A field's text does not follow the syntax of that field.";
    LIMIT_PASSED = "limit-passed",
        "A file is larger, or nested deeper, than is read.";
    MERGE_CONFLICT = "merge-conflict",
        "Git left the marks of an unfinished merge in a file.";
    MISSING_FIELD = "missing-field",
        "A field that must be given is not.";
    NOT_A_DOCUMENT = "not-a-document",
        "A document of the inventory or the policies is not a mapping with `apiVersion` and `kind`.";
    NOT_SUPPORTED_YET = "not-supported-yet",
        "A kind or a setting is planned, and this version does nothing with it. It is refused, so that nobody relies on it.";
    NOT_UTF8 = "not-utf8",
        "A file is not encoded as UTF-8.";
    NULL_VALUE = "null-value",
        "A value is given as null or not written at all. An empty text is written as `\"\"`.";
    PATH_LEAVES_SOURCE = "path-leaves-source",
        "A path is absolute, or has parts that lead out of its folder. Templates are read from the source only.";
    RESERVED_NAME = "reserved-name",
        "A name is kept for a folder or an object that Res-Edge or Kubernetes makes itself.";
    TAG_IN_DOCUMENT = "tag-in-document",
        "A YAML tag other than `!!str` stands in a document; it would change what a value reads as.";
    UNKNOWN_FIELD = "unknown-field",
        "A field is not one that its kind has. It would silently do nothing.";
    UNKNOWN_KIND = "unknown-kind",
        "`kind` names no kind of document.";
    UNREAD_FILE = "unread-file",
        "A file among the documents has an ending that is not read. Its documents would silently not count.";
    WRONG_API_VERSION = "wrong-api-version",
        "`apiVersion` is not `res-edge.dev/v1`.";
    WRONG_PLACE = "wrong-place",
        "A document stands in a folder where its kind is not read: rights to change files and the meaning of a folder would no longer agree.";
    WRONG_TYPE = "wrong-type",
        "A field holds a mapping, a list or a kind of scalar that it does not take.";
    YAML_SYNTAX = "yaml-syntax",
        "A file is not well-formed YAML.";
}
