//! The state of a room that all clients see.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    prelude::*,
    testing::{Client, World},
};

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "camelCase")]
pub enum Output {
    Played {},
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Board {
    title: String,
    cards: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    winner: Option<String>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Secret {
    moves: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Move {
    title: String,
    card: String,
    winner: Option<String>,
    is_refused: bool,
}

#[pluv_macros::room(crate = "crate", output = Output, state = Secret, shared = Board, wrangler = false)]
pub struct Game;

#[pluv_macros::room(crate = "crate")]
impl Game {
    #[event]
    fn play(&self, cx: &Context, input: Move) -> Result<()> {
        cx.update(|secret| secret.moves += 1)?;
        cx.broadcast(Output::Played {});
        cx.update_shared(|board| board.winner.clone_from(&input.winner))?;
        cx.update_shared(|board| {
            if !input.title.is_empty() {
                board.title = input.title;
            }
            if !input.card.is_empty() {
                *board.cards.entry(input.card).or_default() += 1;
            }
        })?;
        assert_eq!(cx.shared().winner, input.winner, "it sees what it changed");
        if input.is_refused { Err(Error::client("not your turn")) } else { Ok(()) }
    }
}

fn world() -> World<Game> {
    let world = World::new("game", || Game);
    world.hibernate_before_each_input(true);
    world
}

fn changes(client: &Client<Game>) -> Vec<serde_json::Value> {
    client.received("shared")
}

#[test]
fn a_client_gets_the_whole_when_it_joins_and_then_the_changed_fields() {
    let world = world();
    let ada = world.join(());
    let whole = json!({ "version": 0, "whole": true, "fields": { "title": "", "cards": {} } });
    assert_eq!(changes(&ada), [whole]);
    ada.send("play", json!({ "title": "one", "winner": "ada" }));
    let change = json!({ "version": 1, "whole": false, "fields": { "title": "one", "winner": "ada" } });
    let names: Vec<_> = ada.frames().into_iter().filter(crate::testing::Frame::is_event).collect();
    assert_eq!(names.iter().map(|frame| frame.name.as_str()).collect::<Vec<_>>(), ["shared", "played"]);
    assert_eq!(names[0].data, change);
    ada.send("play", json!({ "card": "a" }));
    assert_eq!(
        changes(&ada),
        [json!({ "version": 2, "whole": false, "fields": { "cards": { "a": 1 } }, "removed": ["winner"] })]
    );
    let bob = world.join(());
    let whole = json!({ "version": 2, "whole": true, "fields": { "title": "one", "cards": { "a": 1 } } });
    assert_eq!(changes(&bob), [whole]);
    assert_eq!(ada.shared::<Board>(), bob.shared());
}

#[test]
fn what_changes_nothing_or_is_rolled_back_tells_nobody() {
    let world = world();
    let (ada, bob) = (world.join(()), world.join(()));
    let _ = (ada.frames(), bob.frames());
    ada.send("play", json!({}));
    ada.send("play", json!({ "title": "two", "isRefused": true, "is_refused": true }));
    assert_eq!(ada.errors(), ["not your turn"]);
    assert_eq!((changes(&ada).len(), changes(&bob).len()), (0, 0));
    ada.send("play", json!({ "title": "three" }));
    assert_eq!(changes(&bob)[0]["version"], 1, "no version is left out");
}

#[test]
fn it_outlasts_a_crash_and_is_sent_again_when_asked_for() {
    let world = world();
    let ada = world.join(());
    ada.send("play", json!({ "title": "one" }));
    world.crash();
    ada.join();
    assert_eq!(changes(&ada).last().map(|change| change["version"].clone()), Some(json!(1)));
    let _ = ada.frames();
    ada.send_text(r#"{"type":"$getShared","data":{}}"#);
    assert_eq!(changes(&ada), [json!({ "version": 1, "whole": true, "fields": { "title": "one", "cards": {} } })]);
}

#[test]
fn it_is_deleted_with_the_room() {
    let world = world();
    let ada = world.join(());
    ada.send("play", json!({ "title": "one" }));
    world.delete().expect("it is deleted");
    ada.join();
    assert_eq!(ada.shared::<Board>(), Some(Board::default()));
}
