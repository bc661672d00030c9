//! A hundred clients in a room.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::json;
use tests::{Client, LAB, connect, fixture, fresh};

const SIZE: usize = 100;

/// Joins all clients at once, each of which reads everything up to now.
async fn crowd(name: &str) -> Vec<Client> {
    let (base, room) = (fixture(), fresh(name));
    let joins = (0..SIZE).map(|index| {
        let (base, room) = (&base, &room);
        async move { Client::join(base, LAB, room, &format!("user-{index}"), &json!({})).await }
    });
    let mut clients = join_all(joins).await;
    join_all(clients.iter_mut().map(Client::drain)).await;
    clients
}

#[tokio::test]
async fn a_hundred_clients_that_join_at_once_see_each_other() {
    let mut clients = crowd("crowd").await;
    let sessions: BTreeSet<_> = clients.iter().map(|client| client.id.clone()).collect();
    assert_eq!(sessions.len(), SIZE);
    for client in &mut clients {
        let others = client.others().await;
        let seen: BTreeSet<_> = others.as_object().expect("others are an object").keys().cloned().collect();
        let expected = sessions.iter().filter(|session| **session != client.id).cloned().collect();
        assert_eq!(seen, expected);
        let users: BTreeSet<_> = others
            .as_object()
            .into_iter()
            .flat_map(|others| others.values())
            .map(|other| other["user"]["id"].as_str())
            .collect();
        assert_eq!(users.len(), SIZE - 1, "each has a user of its own");
    }
}

#[tokio::test]
async fn a_broadcast_reaches_each_of_a_hundred_clients_once() {
    let mut clients = crowd("broadcast").await;
    let cause = clients[0].id.clone();
    clients[0].send("say", &json!({ "text": "hi" })).await;
    for client in &mut clients {
        let said = client.only("said").await;
        assert_eq!((&said["connectionId"], &said["data"]), (&json!(cause), &json!({ "text": "hi" })));
    }
}

#[tokio::test]
async fn messages_of_one_client_arrive_in_order_while_others_send() {
    const SENDERS: usize = 5;
    const EACH: usize = 20;
    let mut clients = crowd("order").await;
    join_all(clients.iter_mut().take(SENDERS).map(async |sender| {
        for number in 0..EACH {
            sender.send("say", &json!({ "text": number.to_string() })).await;
        }
    }))
    .await;
    let spoken: BTreeMap<_, _> =
        clients.iter().take(SENDERS).map(|sender| (sender.id.clone(), (0..EACH).collect::<Vec<_>>())).collect();
    join_all(clients.iter_mut().map(async |client| {
        let mut heard: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for _ in 0..SENDERS * EACH {
            let said = client.until("said").await;
            let sender = said["connectionId"].as_str().expect("it has a sender").to_owned();
            let number = said["data"]["text"].as_str().and_then(|text| text.parse().ok());
            heard.entry(sender).or_default().push(number.expect("it is a number"));
        }
        assert_eq!(heard, spoken);
        client.silent().await;
    }))
    .await;
}

#[tokio::test]
async fn the_last_of_a_hundred_clients_sees_each_other_client_leave_once() {
    let mut clients = crowd("leaving").await;
    let mut last = clients.pop().expect("there are clients");
    let sessions: BTreeSet<_> = clients.iter().map(|client| client.id.clone()).collect();
    join_all(clients.into_iter().enumerate().map(async |(index, client)| match index % 2 {
        0 => drop(client.leave(1000).await),
        _ => client.drop_connection(),
    }))
    .await;
    let mut left = BTreeSet::new();
    for _ in 1..SIZE {
        let exit = last.until("$exit").await;
        assert!(left.insert(exit["data"]["sessionId"].as_str().map(str::to_owned)), "each leaves once: {exit}");
    }
    assert_eq!(left, sessions.into_iter().map(Some).collect());
    assert!(!last.drain_names().await.contains(&"$exit".to_owned()));
    assert_eq!(last.others().await, json!({}));
}

#[tokio::test]
async fn a_thousand_clients_share_a_room() {
    const MANY: usize = 1_000;
    let (base, room) = (fixture(), fresh("thousand"));
    let mut clients: Vec<Client> = Vec::with_capacity(MANY);
    for index in 0..MANY {
        let path = format!("{base}/plain/room/{room}");
        let mut client = connect(&path).await;
        client.register().await;
        client.initialize(&json!({ "index": index })).await;
        clients.push(client);
    }
    join_all(clients.iter_mut().map(Client::drain)).await;
    let sessions: BTreeSet<_> = clients.iter().map(|client| client.id.clone()).collect();
    assert_eq!(sessions.len(), MANY);
    for index in [0, MANY / 2, MANY - 1] {
        let others = clients[index].others().await;
        let seen: BTreeSet<_> = others.as_object().expect("others are an object").keys().cloned().collect();
        assert_eq!(seen, sessions.iter().filter(|session| **session != clients[index].id).cloned().collect());
    }
    clients[0].send("say", &json!({ "text": "hi" })).await;
    for client in &mut clients {
        assert_eq!(client.only("said").await["data"]["text"], "hi");
    }
    let last = clients.pop().expect("there are clients").id;
    for client in &mut clients {
        assert_eq!(client.until("$exit").await["data"]["sessionId"], last.as_str());
    }
}
