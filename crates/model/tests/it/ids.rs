use model::{
    ClusterUid, Entry, FleetUid, Generation, MemoryObjects, Mode, ObjectId, Piece, Sink, hash_blob,
    hash_tree, hash_variant, tree_bytes,
};

#[test]
fn blobs_and_trees_have_the_ids_that_git_gives_them() {
    // `printf 'hello\n' | git hash-object --stdin` and `git mktree </dev/null`.
    let blob = hash_blob(&[b"hel", b"lo\n"]);
    assert_eq!(blob.to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
    assert_eq!(hash_tree(&[]).to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

#[test]
fn a_folder_sorts_as_if_its_name_ended_with_a_slash() {
    let id = ObjectId([1; 20]);
    let entries = [
        Entry::new("a0", Mode::File, id),
        Entry::new("a", Mode::Tree, id),
        Entry::new("a.yaml", Mode::Executable, id),
    ];
    let bytes = tree_bytes(&entries);
    let text = String::from_utf8_lossy(&bytes);
    let order = ["100755 a.yaml\0", "40000 a\0", "100644 a0\0"].map(|part| text.find(part));
    assert!(order.is_sorted() && order.iter().all(Option::is_some), "{order:?}");
}

#[test]
fn a_variant_is_its_pieces_in_order() {
    let objects = MemoryObjects::default();
    let base = model::Base { number: 0, bytes: b"a: X\n".as_slice().into() };
    let pieces = [Piece::Copy(0..3), Piece::Insert(b"1"), Piece::Copy(4..5)];
    let id = objects.variant(&base, &pieces);
    assert_eq!(id, hash_variant(&base, &pieces));
    assert_eq!(objects.get_blob(id).as_deref(), Some(b"a: 1\n".as_slice()));
    assert_eq!(id, hash_blob(&[b"a: 1\n"]));
}

#[test]
fn uids_are_halves_of_sha256() {
    // printf 'fleet/contoso' | sha256sum
    let fleet = FleetUid::derived("contoso");
    let cluster = ClusterUid::derived(fleet, "store-1", Generation(1));
    assert_eq!(fleet.to_string().len(), 32);
    assert_ne!(cluster, ClusterUid::derived(fleet, "store-1", Generation(2)));
    assert_eq!(cluster.shard(), cluster.to_string()[..2]);
    assert_eq!(fleet.to_string().parse(), Ok(fleet));
}

#[test]
fn a_text_that_is_no_id_is_refused() {
    let long = "é".repeat(20);
    for text in ["", "xyz", "ce01", long.as_str(), "ZZ013625030ba8dba906f756967f9e9ca394464a"] {
        assert!(text.parse::<ObjectId>().is_err(), "{text}");
    }
}
