//! Clients that edit one document: each types one character in its turn.

use std::{
    cell::RefCell,
    collections::HashMap,
    marker::PhantomData,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use pluv_tests::{Client, Message, Provider, Socket, connect, is_named};
use serde_json::json;
use yrs::{
    ClientID, Update,
    encoding::write::Write as _,
    sync::{Message as Frame, SyncMessage},
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use super::load::{Ledger, Load, Workload};

/// A client that has joined a room.
#[derive(Debug)]
pub(super) struct Joined<P> {
    pub(super) client: P,
    /// The document as it came, as a Yjs update.
    pub(super) state: Vec<u8>,
    /// From the first byte of the connection to the last one of the document.
    pub(super) took: Duration,
}

/// A protocol for documents. Updates are Yjs updates in their first encoding.
pub(super) trait Protocol: Sized {
    /// Connects to a room, up to where the client gets the edits of others.
    async fn join_room(url: &str) -> Result<Joined<Self>>;

    /// Waits until the room has handled all that the client sent.
    async fn settle(&mut self);

    fn socket(&mut self) -> &mut Socket;

    /// Returns the frame with an edit.
    fn edit(update: &[u8]) -> Message;

    /// Returns the edits in a frame, if it has any.
    ///
    /// # Errors
    /// When the server rejects something, or the frame is invalid.
    fn edited(frame: &Message) -> Result<Option<Vec<u8>>>;
}

/// The protocol of pluv.
impl Protocol for Client {
    async fn join_room(url: &str) -> Result<Joined<Self>> {
        let start = Instant::now();
        let mut client = connect(url).await;
        client.until_text("$registered").await;
        client.send("$initializeSession", &json!({ "presence": {}, "update": "" })).await;
        let received = client.until_text("$storageReceived").await;
        let took = start.elapsed();
        let state = match state_in(&received)? {
            "" => vec![0, 0], // an update without content
            state => BASE64_STANDARD.decode(state)?,
        };
        // The client confirms that it has the document.
        let echo = json!({ "origin": "$initialized", "update": BASE64_STANDARD.encode(&state) });
        client.send("$updateStorage", &echo).await;
        client.settle().await;
        Ok(Joined { client, state, took })
    }

    async fn settle(&mut self) {
        self.send("$getOthers", &json!({})).await;
        self.until_text("$othersReceived").await;
    }

    fn socket(&mut self) -> &mut Socket {
        self.socket()
    }

    fn edit(update: &[u8]) -> Message {
        let update = BASE64_STANDARD.encode(update);
        Message::text(format!(r#"{{"type":"$updateStorage","data":{{"origin":null,"update":"{update}"}}}}"#))
    }

    fn edited(frame: &Message) -> Result<Option<Vec<u8>>> {
        let Message::Text(text) = frame else { return Ok(None) };
        ensure!(!is_named(text, "$error"), "a room rejects: {text}");
        if !is_named(text, "$storageUpdated") {
            return Ok(None);
        }
        Ok(Some(BASE64_STANDARD.decode(state_in(text)?)?))
    }
}

/// The protocol of the Yjs providers, which both `y-partyserver` and pluv's rooms have.
impl Protocol for Provider {
    async fn join_room(url: &str) -> Result<Joined<Self>> {
        let start = Instant::now();
        let client = Self::connect_to(url).await;
        let took = start.elapsed();
        Ok(Joined { state: client.state(), client, took })
    }

    async fn settle(&mut self) {
        self.settle().await;
    }

    fn socket(&mut self) -> &mut Socket {
        self.socket()
    }

    fn edit(update: &[u8]) -> Message {
        Message::binary(Frame::Sync(SyncMessage::Update(update.to_vec())).encode_v1())
    }

    fn edited(frame: &Message) -> Result<Option<Vec<u8>>> {
        let Message::Binary(bytes) = frame else { return Ok(None) };
        match Frame::decode_v1(bytes).context("a frame of a server is not of the Yjs protocol")? {
            Frame::Sync(SyncMessage::Update(update)) => Ok(Some(update)),
            Frame::Auth(Some(reason)) => anyhow::bail!("a server rejects: {reason}"),
            _ => Ok(None),
        }
    }
}

/// Returns the document, or a change of it, in base64. The frame is not parsed: there are many, and some are large.
fn state_in(frame: &str) -> Result<&str> {
    let (_, rest) = frame.split_once(r#""state":""#).context("a frame has no state")?;
    let (state, _) = rest.split_once('"').context("a frame has no end")?;
    Ok(state)
}

/// The edits of clients of a room.
#[derive(Debug)]
pub(super) struct Editing<P> {
    typists: RefCell<Vec<Typist>>,
    /// The clients' places, by their Yjs ids.
    places: HashMap<u64, usize>,
    protocol: PhantomData<P>,
}

/// Clients that edit one document.
pub(super) type Editors<P> = Load<Editing<P>>;

impl<P: Protocol> Workload for Editing<P> {
    type Client = P;

    fn socket(client: &mut P) -> &mut Socket {
        client.socket()
    }

    fn next(&self, sender: usize) -> Message {
        P::edit(&self.typists.borrow_mut()[sender].edit())
    }

    fn deliver(&self, ledger: &mut Ledger, reader: usize, frame: &Message) -> Result<()> {
        let Some(update) = P::edited(frame)? else { return Ok(()) };
        // A busy room sends several edits in one frame.
        let update = Update::decode_v1(&update).context("a frame has no valid update")?;
        for (client, ranges) in update.insertions(true).iter() {
            // Some servers send an author its own edits too.
            if let Some(place) = self.places.get(&client.get()).copied().filter(|place| *place != reader) {
                for range in ranges {
                    ledger.deliver(place, reader, range.start..range.end)?;
                }
            }
        }
        Ok(())
    }
}

/// Makes a document of `size` bytes in a new room, and lets clients join; returns how long each took.
pub(super) async fn gather<P: Protocol>(url: &str, size: u32, clients: usize) -> Result<(Editors<P>, Vec<Duration>)> {
    let Joined { client: mut first, took, .. } = P::join_room(url).await?;
    for page in pages(size) {
        first.socket().send(P::edit(&page)).await;
        first.settle().await;
    }
    let (mut all, mut joins) = (vec![first], vec![took]);
    for _ in 1..clients {
        let Joined { client, state, took } = P::join_room(url).await?;
        ensure!(state.len() >= size as usize, "of a document of {size} bytes only {} came", state.len());
        all.push(client);
        joins.push(took);
    }
    let editing = Editing::new((0..clients).map(|index| Typist::new(index, size)).collect());
    Ok((Load::new(all, editing, clients, Ledger::of_clients(clients)), joins))
}

impl<P> Editing<P> {
    fn new(typists: Vec<Typist>) -> Self {
        let places = typists.iter().map(Typist::client).zip(0..).collect();
        Self { typists: RefCell::new(typists), places, protocol: PhantomData }
    }

    /// Checks that a document has all that was typed.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn check(&self, state: &[u8]) -> Result<()> {
        let known = Update::decode_v1(state)?.state_vector();
        for typist in self.typists.borrow().iter() {
            let (stored, typed) = (known.get(&ClientID::new(typist.client())), typist.typed());
            ensure!(stored == typed, "of a client's {typed} edits the document has {stored}");
        }
        Ok(())
    }
}

/// The root type of the document that has the text.
const ROOT: &str = "text";

/// The Yjs client of the first text.
const FIRST_AUTHOR: u64 = 0x9e37_79b9;

/// A piece of that text, in bytes.
const PAGE: u32 = 100_000;

/// The number of characters typed at one place before the next one, which is anywhere in the text.
const WORD: u32 = 8;

/// Struct `ContentString` of Yjs's first encoding, and what may precede the content.
const STRING: u8 = 4;
const HAS_LEFT: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;

/// A text of so many bytes, as updates that follow each other.
fn pages(size: u32) -> impl Iterator<Item = Vec<u8>> {
    (0..size).step_by(PAGE as usize).map(move |start| {
        let text: String = (start..size.min(start + PAGE)).map(letter).collect();
        let left = start.checked_sub(1).map(|clock| (FIRST_AUTHOR, clock));
        insertion((FIRST_AUTHOR, start), left, None, &text)
    })
}

/// A client that types into such a text.
#[derive(Debug)]
pub(super) struct Typist {
    client: u64,
    clock: u32,
    size: u32,
    /// The text is typed right of this character.
    place: u32,
}

impl Typist {
    /// The `index`th client of a text of `size` bytes, which are at least two.
    fn new(index: usize, size: u32) -> Self {
        // Numbers as large as those that clients draw.
        let client = 0x8000_0000 + (index as u64 + 1) * 0x0010_0007;
        Self { client, clock: 0, size, place: 0 }
    }

    /// The Yjs client id.
    fn client(&self) -> u64 {
        self.client
    }

    /// The number of characters typed.
    fn typed(&self) -> u32 {
        self.clock
    }

    /// Types the next character, and returns the update.
    fn edit(&mut self) -> Vec<u8> {
        let id = (self.client, self.clock);
        let left = if self.clock.is_multiple_of(WORD) {
            self.place = somewhere(self.client, self.clock) % (self.size - 1);
            (FIRST_AUTHOR, self.place)
        } else {
            (self.client, self.clock - 1)
        };
        let update = insertion(id, Some(left), Some((FIRST_AUTHOR, self.place + 1)), &letter(self.clock).to_string());
        self.clock += 1;
        update
    }
}

fn letter(clock: u32) -> char {
    char::from(b"etaoin shrdlu"[clock as usize % 13])
}

/// Returns a pseudo-random number.
fn somewhere(client: u64, clock: u32) -> u32 {
    let mixed = (client << 32 | u64::from(clock)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}

/// Text between two characters, each given by its client and clock.
fn insertion(id: (u64, u32), left: Option<(u64, u32)>, right: Option<(u64, u32)>, text: &str) -> Vec<u8> {
    let mut update = Vec::with_capacity(text.len() + 40);
    update.extend([1, 1]); // clients, structs
    update.write_var(id.0);
    update.write_var(id.1);
    update.write_u8(STRING | left.map_or(0, |_| HAS_LEFT) | right.map_or(0, |_| HAS_RIGHT));
    for (client, clock) in left.into_iter().chain(right) {
        update.write_var(client);
        update.write_var(clock);
    }
    if left.is_none() && right.is_none() {
        update.write_u8(1); // the parent is a root type
        update.write_string(ROOT);
    }
    update.write_string(text);
    update.write_u8(0); // deletions
    update
}

#[cfg(test)]
mod tests {
    use yrs::{Doc, GetString as _, ReadTxn as _, StateVector, Transact as _, merge_updates_v1};

    use super::*;

    #[test]
    fn an_update_is_found_in_a_frame_of_pluv() {
        let frame = r#"{"type":"$storageUpdated","data":{"state":"AAA="},"room":"a","connectionId":"b","user":null}"#;
        assert_eq!(Client::edited(&Message::text(frame)).expect("it is good"), Some(vec![0, 0]));
        let other = r#"{"type":"$storageUpdatedToo","data":{"state":"AAA="}}"#;
        assert_eq!(Client::edited(&Message::text(other)).expect("it is good"), None);
        assert!(Client::edited(&Message::text(r#"{"type":"$error","data":{"message":"no"}}"#)).is_err());
        assert!(Client::edited(&Message::text(r#"{"type":"$storageUpdated","data":{}}"#)).is_err());
    }

    #[test]
    fn an_update_is_found_in_a_frame_of_a_provider() {
        let update = [0, 0];
        assert_eq!(Provider::edited(&Provider::edit(&update)).expect("it is good"), Some(update.to_vec()));
        let request = Frame::Sync(SyncMessage::SyncStep1(StateVector::default()));
        assert_eq!(Provider::edited(&Message::binary(request.encode_v1())).expect("it is good"), None);
        assert!(Provider::edited(&Message::binary([0, 9].to_vec())).is_err());
        let rejection = Message::binary(Frame::Auth(Some("no".to_owned())).encode_v1());
        assert!(Provider::edited(&rejection).is_err());
    }

    #[test]
    fn all_edits_in_a_frame_are_delivered() {
        let editing = Editing::<Client>::new([0, 1, 2].map(|index| Typist::new(index, 1000)).into());
        let mut ledger = Ledger::of_clients(3);
        let edits = [0, 0, 1].map(|sender| {
            ledger.send(sender);
            editing.typists.borrow_mut()[sender].edit()
        });
        let all = Client::edit(&merge_updates_v1(&edits).expect("they fit together"));
        let all = Message::text(
            all.to_string().replace(r#""update""#, r#""state""#).replace("$updateStorage", "$storageUpdated"),
        );
        editing.deliver(&mut ledger, 2, &all).expect("it is in order");
        assert_eq!([0, 1].map(|stream| ledger.received(stream, 2)), [2, 1]);
        editing.deliver(&mut ledger, 0, &all).expect("it is in order");
        assert_eq!([0, 1].map(|stream| ledger.received(stream, 0)), [0, 1], "an author's own edits do not count");
        editing.deliver(&mut ledger, 2, &all).expect_err("they came twice");
    }

    #[test]
    fn typing_makes_a_document() {
        let doc = Doc::new();
        let apply = |update: Vec<u8>| {
            let update = Update::decode_v1(&update).expect("it is an update");
            doc.transact_mut().apply_update(update).expect("it fits");
        };
        pages(250_001).for_each(apply);
        let mut typists = [Typist::new(0, 250_001), Typist::new(1, 250_001)];
        for _ in 0..100 {
            typists.iter_mut().for_each(|typist| apply(typist.edit()));
        }
        let transaction = doc.transact();
        assert!(!transaction.has_missing_updates());
        let text = transaction.get_text(ROOT).expect("it is there").get_string(&transaction);
        assert_eq!(text.len(), 250_201);
        for typist in &typists {
            assert_eq!(transaction.state_vector().get(&ClientID::new(typist.client())), typist.typed());
        }
    }

    #[test]
    fn a_character_is_a_small_update() {
        let mut typist = Typist::new(49, 1_000_000);
        assert!((0..1000).all(|_| typist.edit().len() < 36));
    }
}
