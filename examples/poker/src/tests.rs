//! Tests of the table with clients, and without a worker.

use std::{cell::RefCell, time::Duration};

use pluv::testing::{Client, World};
use serde_json::{Value, json};

use crate::{Poker, Table, User};

const SECOND: Duration = Duration::from_secs(1);

thread_local! {
    /// The calls of the webhook: addresses and bodies.
    static CALLS: RefCell<Vec<(String, Value)>> = const { RefCell::new(Vec::new()) };
}

fn world_with(webhook: Option<&'static str>) -> World<Poker> {
    let world = World::new("planning", move || Poker {
        webhook: webhook.map(str::to_owned),
        post: |url, body| {
            let body = serde_json::from_str(&body).expect("it is JSON");
            CALLS.with_borrow_mut(|calls| calls.push((url, body)));
            Box::pin(std::future::ready(Ok(())))
        },
    });
    world.hibernate_before_each_input(true);
    world
}

fn world() -> World<Poker> {
    world_with(None)
}

fn join(world: &World<Poker>, id: &str) -> Client<Poker> {
    world.join(User { id: id.to_owned(), name: id.to_uppercase() })
}

fn table(client: &Client<Poker>) -> Table {
    client.shared().expect("it has joined")
}

fn open(client: &Client<Poker>, topic: &str) -> u32 {
    client.send("open", json!({ "topic": topic, "seconds": 30 }));
    table(client).round
}

fn vote(client: &Client<Poker>, estimate: &str) {
    client.send("vote", json!({ "round": table(client).round, "estimate": estimate }));
}

fn own_vote(client: &Client<Poker>) -> Value {
    client.received("yourVote").pop().map_or(Value::Null, |vote| vote["estimate"].clone())
}

fn history(client: &Client<Poker>, before: Option<u32>) -> Vec<Value> {
    let rounds = client.call("history", json!({ "before": before })).expect("it answers");
    rounds.as_array().cloned().expect("it is a list")
}

fn topics(rounds: &[Value]) -> Vec<&str> {
    rounds.iter().filter_map(|round| round["topic"].as_str()).collect()
}

#[test]
fn votes_are_in_no_frame_of_others_before_the_reveal() {
    let world = world();
    let (ada, bob, cleo) = (join(&world, "ada"), join(&world, "bob"), join(&world, "cleo"));
    open(&ada, "login");
    vote(&ada, "13");
    world.crash();
    [&ada, &bob, &cleo].iter().for_each(|client| client.join());
    vote(&bob, "8");
    vote(&ada, "5");
    assert_eq!(own_vote(&ada), "5");
    let late = join(&world, "dan");
    for client in [&bob, &cleo, &late] {
        let told: Vec<_> = client.frames().into_iter().filter(|frame| frame.name != "yourVote").collect();
        let text = format!("{told:?}");
        assert!(!["\"13\"", "\"8\"", "\"5\""].iter().any(|estimate| text.contains(estimate)), "{text}");
    }
    let seen = table(&late);
    assert_eq!(seen.voters.into_values().collect::<Vec<_>>(), ["ADA", "BOB"]);
    assert!(!seen.revealed && seen.votes.is_empty() && seen.average.is_none());
    cleo.send("reveal", json!({ "round": 1 }));
    let seen = table(&late);
    assert_eq!(json!(seen.votes), json!({ "ada": "5", "bob": "8" }));
    assert_eq!((seen.revealed, seen.average, seen.ends_at), (true, Some(6.5), None));
}

#[test]
fn a_vote_goes_to_all_tabs_of_its_user_and_to_nobody_else() {
    let world = world();
    let (ada, tab, bob) = (join(&world, "ada"), join(&world, "ada"), join(&world, "bob"));
    open(&ada, "login");
    let _ = (tab.frames(), bob.frames());
    vote(&ada, "3");
    assert_eq!((own_vote(&tab), bob.received("yourVote").len()), (json!("3"), 0));
    ada.leave();
    ada.join();
    assert_eq!(own_vote(&ada), "3", "who returns has their vote");
    assert!(!table(&bob).revealed, "nobody's leaving reveals");
}

#[test]
fn the_last_vote_of_those_present_reveals_all() {
    let world = world();
    let (ada, bob, cleo) = (join(&world, "ada"), join(&world, "bob"), join(&world, "cleo"));
    open(&ada, "login");
    vote(&ada, "?");
    vote(&cleo, "2");
    cleo.leave();
    assert!(!table(&ada).revealed);
    vote(&bob, "5");
    let seen = table(&ada);
    assert_eq!((seen.revealed, seen.average), (true, Some(3.5)));
    assert_eq!(json!(seen.votes), json!({ "ada": "?", "bob": "5", "cleo": "2" }), "who left keeps the vote");
    let ended = ada.received("roundEnded");
    assert_eq!((ended.len(), &ended[0]["votes"]), (1, &json!(3)));
    world.advance(60 * SECOND);
    assert_eq!((history(&ada, None).len(), ada.received("roundEnded").len()), (1, 0), "the countdown is cancelled");
}

#[test]
fn the_countdown_reveals_after_hibernation_and_a_crash_and_in_an_empty_room() {
    for crashes in [false, true] {
        let world = world();
        let (ada, bob) = (join(&world, "ada"), join(&world, "bob"));
        let began = world.now();
        open(&ada, "login");
        assert_eq!(table(&bob).ends_at, Some(began + 30_000));
        vote(&ada, "8");
        world.advance(Duration::from_millis(29_999));
        assert!(!table(&bob).revealed);
        if crashes {
            world.crash();
            world.advance(SECOND);
            bob.join();
        } else {
            world.hibernate();
            world.advance(Duration::from_millis(1));
        }
        assert_eq!((table(&bob).revealed, table(&bob).average), (true, Some(8.0)));
        assert_eq!(history(&bob, None).len(), 1);
    }
    let world = world();
    let ada = join(&world, "ada");
    open(&ada, "nobody stays");
    ada.leave();
    world.advance(30 * SECOND);
    ada.join();
    let seen = table(&ada);
    assert_eq!((seen.revealed, seen.average, seen.votes.len()), (true, None, 0));
    assert_eq!(history(&ada, None)[0]["average"], Value::Null);
}

#[test]
fn a_new_round_begins_without_votes_and_its_countdown_is_its_own() {
    let world = world();
    let (ada, bob) = (join(&world, "ada"), join(&world, "bob"));
    open(&ada, "first");
    vote(&ada, "8");
    world.advance(20 * SECOND);
    bob.send("reveal", json!({ "round": 1 }));
    assert_eq!(open(&bob, "second"), 2);
    let seen = table(&ada);
    assert_eq!((seen.topic.as_str(), seen.revealed, seen.voters.len(), seen.votes.len()), ("second", false, 0, 0));
    ada.leave();
    ada.join();
    assert_eq!(own_vote(&ada), Value::Null);
    world.advance(29 * SECOND);
    assert!(!table(&ada).revealed);
    world.advance(SECOND);
    assert!(table(&ada).revealed);
}

#[test]
fn the_history_is_paged_from_the_newest() {
    let world = world();
    let ada = join(&world, "ada");
    for number in 1..=23 {
        open(&ada, &format!("topic {number}"));
        vote(&ada, "3");
    }
    world.crash();
    ada.join();
    let newest = history(&ada, None);
    assert_eq!((newest.len(), topics(&newest)[0], topics(&newest)[9]), (10, "topic 23", "topic 14"));
    assert_eq!((&newest[0]["votes"], &newest[0]["average"]), (&json!(1), &json!(3.0)));
    let next = history(&ada, Some(14));
    assert_eq!((topics(&next)[0], topics(&next)[9]), ("topic 13", "topic 4"));
    assert_eq!(topics(&history(&ada, Some(4))), ["topic 3", "topic 2", "topic 1"]);
    assert!(history(&ada, Some(1)).is_empty());
}

#[test]
fn refused_input_is_a_clear_error_and_changes_nothing() {
    let world = world();
    let (ada, bob) = (join(&world, "ada"), join(&world, "bob"));
    let refused = |event: &str, data: Value| {
        ada.send(event, data);
        ada.errors().pop().unwrap_or_default()
    };
    let opening = |topic: &str, seconds: u32| json!({ "topic": topic, "seconds": seconds });
    assert_eq!(refused("open", opening("  ", 30)), "a topic has 1 to 120 letters");
    assert_eq!(refused("open", opening(&"x".repeat(121), 30)), "a topic has 1 to 120 letters");
    assert_eq!(refused("open", opening("login", 4)), "a round takes 5 to 3600 seconds");
    assert_eq!(refused("open", opening("login", 3_601)), "a round takes 5 to 3600 seconds");
    assert_eq!(refused("vote", json!({ "round": 0, "estimate": "3" })), "round 0 is not open");
    assert_eq!(refused("reveal", json!({ "round": 0 })), "round 0 is not open");
    assert_eq!(table(&bob).round, 0);
    open(&ada, "login");
    assert_eq!(refused("open", opening("again", 30)), "a round is open: reveal the votes of `login` first");
    assert_eq!(refused("reveal", json!({ "round": 1 })), "nobody has voted yet");
    assert_eq!(refused("vote", json!({ "round": 2, "estimate": "3" })), "round 2 is not open");
    let error = refused("vote", json!({ "round": 1, "estimate": "4" }));
    assert!(error.contains("data.estimate") && error.contains("`13`"), "{error}");
    assert!(table(&bob).voters.is_empty() && bob.errors().is_empty());
    vote(&bob, "3");
    bob.send("reveal", json!({ "round": 1 }));
    assert_eq!(refused("vote", json!({ "round": 1, "estimate": "3" })), "round 1 is not open");
    assert_eq!(refused("reveal", json!({ "round": 1 })), "round 1 is not open");
    assert_eq!(json!(table(&ada).votes), json!({ "bob": "3" }));
}

#[test]
fn the_webhook_is_called_once_a_round_and_not_without_an_address() {
    for webhook in [None, Some("https://hooks.example/poker")] {
        let world = world_with(webhook);
        let ada = join(&world, "ada");
        open(&ada, "login");
        vote(&ada, "5");
        open(&ada, "logout");
        world.advance(60 * SECOND);
        world.wait();
        let calls = CALLS.take();
        let called: Vec<_> = calls.iter().map(|(url, body)| (url.as_str(), &body["topic"], &body["average"])).collect();
        match webhook {
            None => assert!(called.is_empty(), "{called:?}"),
            Some(url) => {
                assert_eq!(called, [(url, &json!("login"), &json!(5.0)), (url, &json!("logout"), &Value::Null)]);
            }
        }
    }
}
