//! Where a new document goes. Pure.

use model::Kind;

use crate::catalogue::plural;

/// The file of a new document: one of its own, in the folder of its kind. A group's folders are
/// those of its path.
pub(super) fn file_of(kind: Kind, name: &str) -> String {
    let name = name.trim_start_matches('/');
    match kind {
        Kind::Fleet => "fleet.yaml".to_owned(),
        Kind::Role => format!("policies/{}/{name}.yaml", plural(kind)),
        _ => format!("inventory/{}/{name}.yaml", plural(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_a_file_of_its_own_in_the_folder_of_its_kind() {
        assert_eq!(file_of(Kind::Cluster, "la-1"), "inventory/clusters/la-1.yaml");
        assert_eq!(file_of(Kind::Group, "/stores/la"), "inventory/groups/stores/la.yaml");
        assert_eq!(file_of(Kind::Role, "pets"), "policies/roles/pets.yaml");
    }
}
