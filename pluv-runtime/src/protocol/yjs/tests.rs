//! Frames as stock `y-protocols` writes them, and what nobody writes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{Entries, Entry, Frame, QUERY_AWARENESS, awareness, denied, step1, step2, update};

/// The frames that `testdata/frames.mjs` writes.
#[derive(Deserialize)]
struct Frames {
    step1: Vec<Sample<String>>,
    step2: Vec<Sample<String>>,
    update: Vec<Sample<String>>,
    awareness: Vec<Sample<Vec<Told>>>,
    denied: Vec<Sample<String>>,
    query: Vec<Sample<String>>,
}

#[derive(Deserialize)]
struct Sample<T> {
    frame: String,
    content: T,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Told {
    client: u64,
    clock: u64,
    state: String,
}

fn frames() -> Frames {
    serde_json::from_str(include_str!("testdata/frames.json")).expect("the frames are JSON")
}

fn bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("it is base64")
}

fn entries_of(update: &[u8]) -> Option<Vec<Told>> {
    let told = |entry: Entry<'_>| Told {
        client: entry.client,
        clock: entry.clock,
        state: if entry.is_gone() { "null" } else { entry.state().expect("it is an object") }.to_owned(),
    };
    Entries::of(update)?.map(|entry| entry.map(told)).collect()
}

#[test]
fn what_stock_clients_send_is_read() {
    let frames = frames();
    for Sample { frame, content } in frames.step1 {
        assert_eq!(Frame::parse(&bytes(&frame)), Some(Frame::Step1(&bytes(&content))));
    }
    for Sample { frame, content } in frames.step2 {
        assert_eq!(Frame::parse(&bytes(&frame)), Some(Frame::Step2(&bytes(&content))));
    }
    for Sample { frame, content } in frames.update {
        assert_eq!(Frame::parse(&bytes(&frame)), Some(Frame::Update(&bytes(&content))));
    }
    for Sample { frame, content } in frames.awareness {
        let frame = bytes(&frame);
        let Some(Frame::Awareness(update)) = Frame::parse(&frame) else { panic!("it tells of clients") };
        assert_eq!(entries_of(update), Some(content));
    }
    for Sample { frame, .. } in frames.query {
        assert_eq!(Frame::parse(&bytes(&frame)), Some(Frame::QueryAwareness));
    }
}

#[test]
fn what_rooms_send_is_what_stock_servers_send() {
    let frames = frames();
    for Sample { frame, content } in frames.step1 {
        assert_eq!(step1(&bytes(&content)), bytes(&frame));
    }
    for Sample { frame, content } in frames.step2 {
        assert_eq!(step2(&bytes(&content)), bytes(&frame));
    }
    for Sample { frame, content } in frames.update {
        assert_eq!(update(&bytes(&content)), bytes(&frame));
    }
    for Sample { frame, content } in frames.awareness {
        let content: Vec<_> = content.iter().map(|told| (told.client, told.clock, &*told.state)).collect();
        assert_eq!(awareness(&content), bytes(&frame));
    }
    for Sample { frame, content } in frames.denied {
        assert_eq!(denied(&content), bytes(&frame));
    }
    assert_eq!(QUERY_AWARENESS.to_vec(), bytes(&frames.query[0].frame));
}

#[test]
fn a_frame_that_no_client_sends_is_none() {
    let malformed: [&[u8]; 18] = [
        &[],
        &[0],
        &[0, 3, 0],
        &[0, 2],
        &[0, 2, 1],
        &[0, 2, 0, 0],
        &[0, 0x82, 0, 0],
        &[0x80],
        &[0x80, 0],
        &[0xff; 8],
        &[0xff; 64],
        // A length of 2^53 - 1, and one of 2^32.
        &[0, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1],
        &[0, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 1],
        &[1],
        &[1, 2, 0],
        &[2, 0, 0],
        &[3, 0],
        &[4, 0],
    ];
    for frame in malformed {
        assert_eq!(Frame::parse(frame), None, "{frame:?}");
    }
}

#[test]
fn every_cut_of_a_frame_is_none() {
    let frames = frames();
    let all = [frames.step1, frames.step2, frames.update].into_iter().flatten().map(|sample| sample.frame);
    for frame in all.chain(frames.awareness.into_iter().map(|sample| sample.frame)) {
        let frame = bytes(&frame);
        for len in 0..frame.len() {
            assert_eq!(Frame::parse(&frame[..len]), None, "{len} of {frame:?}");
        }
        assert_eq!(Frame::parse(&[&*frame, &[0]].concat()), None, "{frame:?} and more");
    }
}

#[test]
fn an_awareness_that_is_malformed_says_so_once() {
    let whole = bytes(&frames().awareness[3].frame);
    let Some(Frame::Awareness(whole)) = Frame::parse(&whole) else { panic!("it tells of clients") };
    for len in 0..whole.len() {
        assert_eq!(entries_of(&whole[..len]), None, "{len}");
    }
    let trailing = [whole, &[0]].concat();
    let found: Vec<_> = Entries::of(&trailing).expect("it says how many").map(|entry| entry.is_some()).collect();
    assert_eq!(found, [true, true, false]);
    // As many as there are numbers, and a clock that leaves no higher one.
    assert_eq!(entries_of(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1, 1]), None);
    let highest = awareness(&[(1, (1 << 53) - 1, "{}")]);
    let Some(Frame::Awareness(highest)) = Frame::parse(&highest) else { panic!("it tells of clients") };
    assert_eq!(entries_of(highest), None);
}

#[test]
fn a_state_is_an_object_that_clients_can_compare() {
    let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    for (state, is_good) in [
        ("{}".to_owned(), true),
        (r#"{"a":"[[[\"{\\"}"#.to_owned(), true),
        (deep(99), true),
        (deep(100), false),
        (deep(1_000_000), false),
        ("[]".to_owned(), false),
        ("5".to_owned(), false),
        (String::new(), false),
    ] {
        let frame = awareness(&[(1, 1, &*state)]);
        let Some(Frame::Awareness(update)) = Frame::parse(&frame) else { panic!("it tells of clients") };
        let entry = Entries::of(update).and_then(|mut entries| entries.next()).flatten().expect("it tells of one");
        assert_eq!(entry.state().is_some(), is_good, "{}", &state[..state.len().min(30)]);
    }
    let frame = [1, 5, 1, 1, 1, 1, 0xff];
    let Some(Frame::Awareness(update)) = Frame::parse(&frame) else { panic!("it tells of clients") };
    let entry = Entries::of(update).and_then(|mut entries| entries.next()).flatten().expect("it tells of one");
    assert_eq!(entry.state(), None, "it is not UTF-8");
}
