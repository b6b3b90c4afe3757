//! Server-sent events, as they come in pieces.

use api::agent::{EventReader, StreamedEvent};

fn events(pieces: &[&str]) -> Vec<StreamedEvent> {
    let mut reader = EventReader::default();
    pieces.iter().flat_map(|piece| reader.push(piece.as_bytes())).collect()
}

fn event(name: &str, data: &str, id: Option<&str>) -> StreamedEvent {
    StreamedEvent { name: name.to_owned(), data: data.to_owned(), id: id.map(str::to_owned) }
}

#[test]
fn events_are_whole_wherever_the_bytes_are_cut() {
    let text = ": a heartbeat\n\nretry: 1500\nid: \"a1\"\nevent: release\n\
                data: {\"generation\":3}\n\nevent: sync\r\ndata: {}\r\n\r\ndata: one\ndata: two\n\n";
    let whole = events(&[text]);
    let expected = [
        event("release", "{\"generation\":3}", Some("\"a1\"")),
        event("sync", "{}", Some("\"a1\"")),
        event("", "one\ntwo", Some("\"a1\"")),
    ];
    assert_eq!(whole, expected);
    for cut in 0..=text.len() {
        let (first, rest) = text.split_at(cut);
        assert_eq!(events(&[first, rest]), expected, "cut at {cut}");
    }
    let mut reader = EventReader::default();
    reader.push(text.as_bytes());
    assert_eq!(reader.retry(), Some(std::time::Duration::from_millis(1500)));
}

#[test]
fn an_endless_line_costs_no_memory_and_loses_no_later_event() {
    let mut reader = EventReader::default();
    for _ in 0..100 {
        assert!(reader.push(&[b'x'; 10_000]).is_empty());
    }
    let after = reader.push(b"\nevent: sync\ndata: {}\n\n");
    assert_eq!(after, [event("sync", "{}", None)]);
}
