//! What is refused, and that a refusal changes nothing.

use agent::book::{Book, NotTaken};
use agent::link::Parcel;
use agent::state::Disk;
use agent::verify::Refused;
use api::agent::Statement;
use model::Observed;

use crate::centre::{Centre, Files, time};

/// An agent that runs generation 5, and its centre.
fn book() -> (Centre, Book, Disk) {
    let (centre, disk) = (Centre::new(), Disk::memory());
    let mut book = Book::open(&disk, centre.trust(), &Observed::Known(None));
    assert!(book.take(centre.parcel(5, &Files::shop(&["web"], 2, "5")), time(0)).unwrap());
    (centre, book, disk)
}

/// Why a parcel is refused; what runs is as it was, also after a start.
fn refused(centre: &Centre, mut book: Book, disk: &Disk, parcel: Parcel) -> Refused {
    let before = (book.current().unwrap().kept.clone(), book.highest());
    let error = match book.take(parcel, time(1)) {
        Err(NotTaken::Refused(refused)) => refused,
        other => panic!("it is taken: {other:?}"),
    };
    let again = Book::open(disk, centre.trust(), &Observed::Known(None));
    for book in [&book, &again] {
        assert_eq!((book.current().unwrap().kept.clone(), book.highest()), before);
    }
    error
}

fn with(change: impl FnOnce(&mut Statement)) -> Refused {
    let (centre, book, disk) = book();
    let parcel = centre.parcel_with(6, &Files::shop(&["web"], 2, "6"), change);
    refused(&centre, book, &disk, parcel)
}

#[test]
fn another_cluster_another_fleet_or_an_older_step() {
    let foreign = with(|said| said.cluster.uid = "33333333333333333333333333333333".to_owned());
    assert!(matches!(foreign, Refused::Foreign { .. }), "{foreign:?}");
    let fleet = with(|said| said.fleet = "44444444444444444444444444444444".to_owned());
    assert!(matches!(fleet, Refused::ForeignFleet(_)));
    assert!(matches!(with(|said| said.generation = 4), Refused::Older { .. }));
    // The tree is another one, so one of the two did not come from the one ledger.
    assert!(matches!(with(|said| said.generation = 5), Refused::OtherTree(_)));
    assert!(matches!(with(|said| said.kind = "Order".to_owned()), Refused::Malformed(_)));
    assert!(matches!(with(|said| said.tree = "main".to_owned()), Refused::Malformed(_)));
}

#[test]
fn a_statement_that_was_signed_earlier_does_not_come_back() {
    let (centre, book, disk) = book();
    let files = Files::shop(&["web"], 2, "5");
    let parcel = centre.parcel_with(5, &files, |said| said.issued = time(-10));
    assert!(matches!(refused(&centre, book, &disk, parcel), Refused::Earlier { .. }));
}

#[test]
fn a_cluster_that_was_renamed_is_still_itself() {
    let (centre, mut book, _) = book();
    let files = Files::shop(&["web"], 2, "6");
    let parcel = centre.parcel_with(6, &files, |said| said.cluster.name = "boston-2".to_owned());
    assert!(book.take(parcel, time(1)).unwrap());
}

#[test]
fn the_first_statement_must_name_the_cluster_that_was_joined() {
    let (centre, disk) = (Centre::new(), Disk::memory());
    let mut book = Book::open(&disk, centre.trust(), &Observed::Known(None));
    let files = Files::shop(&["web"], 1, "1");
    let parcel = centre.parcel_with(1, &files, |said| said.cluster.name = "austin".to_owned());
    assert!(matches!(book.take(parcel, time(0)), Err(NotTaken::Refused(Refused::Foreign { .. }))));
}

#[test]
fn a_signature_of_somebody_else_or_for_something_else_does_not_count() {
    let (centre, book, disk) = book();
    let other = Centre::new().parcel(6, &Files::shop(&["web"], 2, "6"));
    assert!(matches!(refused(&centre, book, &disk, other), Refused::Signature(_)));
}

#[test]
fn a_tree_of_which_something_is_missing_or_altered_is_refused() {
    let files = Files::shop(&["web"], 3, "6");
    let (_, objects) = files.objects();
    for id in objects.keys() {
        for alters in [false, true] {
            let (centre, book, disk) = book();
            // What is here already need not come, and is taken from here.
            if book_has(&book, id) {
                continue;
            }
            let mut parcel = centre.parcel(6, &files);
            let object = parcel.objects.remove(id).unwrap();
            if alters {
                let mut altered = object;
                altered.bytes = [&*altered.bytes, b" "].concat().into();
                parcel.objects.insert(*id, altered);
            }
            let why = refused(&centre, book, &disk, parcel);
            assert!(matches!(why, Refused::Tree(_)), "{why:?}");
        }
    }
}

fn book_has(book: &Book, id: &model::ObjectId) -> bool {
    let (_, here) = Files::shop(&["web"], 2, "5").objects();
    book.current().is_some() && here.contains_key(id)
}

#[test]
fn a_mark_of_the_cluster_keeps_older_releases_away_after_the_disk_was_lost() {
    let centre = Centre::new();
    let mark = agent::cluster::Mark {
        generation: model::Generation(9),
        cluster: Some(crate::centre::UID.to_owned()),
        fleet: None,
    };
    let mark = Observed::Known(Some(mark));
    let mut book = Book::open(&Disk::memory(), centre.trust(), &mark);
    let files = Files::shop(&["web"], 1, "8");
    let older = book.take(centre.parcel(8, &files), time(0));
    assert!(matches!(older, Err(NotTaken::Refused(Refused::Older { .. }))));
    assert!(book.take(centre.parcel(9, &files), time(0)).unwrap());
}

#[test]
fn a_release_that_cannot_be_kept_is_not_run() {
    let (centre, disk) = (Centre::new(), agent::state::Memory::default());
    let shared = Disk::Memory(disk.clone());
    let mut book = Book::open(&shared, centre.trust(), &Observed::Known(None));
    book.take(centre.parcel(1, &Files::shop(&["web"], 1, "1")), time(0)).unwrap();
    disk.fill(true);
    let full = book.take(centre.parcel(2, &Files::shop(&["web"], 1, "2")), time(0));
    assert!(matches!(full, Err(NotTaken::Disk(_))));
    assert_eq!(book.current().unwrap().statement.generation, 1);
    disk.fill(false);
    let again = Book::open(&shared, centre.trust(), &Observed::Known(None));
    assert_eq!(again.current().unwrap().statement.generation, 1);
}

#[test]
fn who_waits_for_whom_comes_with_the_statement() {
    let (centre, mut book, _) = book();
    let files = Files::shop(&["web"], 2, "6");
    let (tree, objects) = files.objects();
    let mut said = serde_json::to_value(crate::centre::statement(6, tree)).unwrap();
    said["dependsOn"] = serde_json::json!({"web": ["db"]});
    let kept = centre.sign_text(&said.to_string());
    book.take(Parcel { kept, pack: Vec::new(), objects }, time(1)).unwrap();
    let dependencies = &book.current().unwrap().desired.dependencies;
    assert!(dependencies["web"].contains("db"));
}
