//! What can be wrong in a query.

use model::Code;

/// A filter, an order or a list of fields is malformed.
pub static QUERY_SYNTAX: Code = Code {
    name: "query-syntax",
    meaning: "The text is no filter, order or list of fields of the query language.",
};

/// A field does not exist.
pub static UNKNOWN_FIELD: Code = Code {
    name: "unknown-query-field",
    meaning: "A query names a field that this kind of list does not have; a mistyped name would silently match nothing.",
};

/// A label selector is malformed.
pub static SELECTOR_SYNTAX: Code = Code {
    name: "selector-syntax",
    meaning: "The text is no label selector, such as `ring=beta,region in (east,west)`.",
};

/// All of them.
pub static ALL: &[&Code] = &[&QUERY_SYNTAX, &UNKNOWN_FIELD, &SELECTOR_SYNTAX];
