//! Any bytes are documents or mistakes, and every place lies inside the file.

use model::{FileId, Files, SourceFile};

/// Panics where the law does not hold.
pub(crate) fn check(bytes: &[u8]) {
    for path in ["fleet.yaml", "inventory/all.yaml", "policies/all.yaml"] {
        let file = SourceFile {
            path: path.into(),
            bytes: bytes.into(),
            id: model::hash_blob(&[bytes]),
            executable: false,
        };
        let files = Files::new(vec![file]);
        let (_, diagnostics) = schema::read(&files, FileId(0));
        for label in diagnostics.iter().flat_map(|diagnostic| &diagnostic.labels) {
            assert!(label.span.start <= label.span.end, "a span has an order");
            assert!(label.span.end as usize <= bytes.len(), "a span lies inside its file");
        }
    }
}
