//! Whatever clients send, the room answers and lives.

use serde_json::json;

use super::{storage::Notes, world::World};
use crate::{
    auth::Access,
    document::tests::random::Random,
    properties::{FRAMES, alone, mutate, provider_frames},
    protocol::Protocol,
    protocol::yjs::Frame,
};

/// How many rooms there are, and how many frames each hears.
const ROOMS: u64 = 500;
const FRAMES_EACH: u32 = 200;

/// The memory that they may take, one after the other, in bytes.
const MEMORY: usize = 16_000_000;

#[test]
fn a_room_lives_whatever_its_clients_send() {
    let test = "engine::tests::anything::a_room_lives_whatever_its_clients_send";
    alone(test, MEMORY, ["rooms"], |_| {
        (0..ROOMS).for_each(hear_anything);
    });
}

/// Two clients and a provider who send anything, and one of each who sends nothing.
fn hear_anything(seed: u64) {
    let mut random = Random::new(seed);
    let mut world = World::<Notes>::new(seed.is_multiple_of(2));
    let quiet = world.join("quiet", &json!({}));
    let provider = |world: &mut World<Notes>, user: &str| world.connect_by(Protocol::Yjs, user, Access::Write);
    let quiet_provider = provider(&mut world, "quiet provider");
    let mut loud = [world.join("a", &json!({})), world.connect("b"), provider(&mut world, "c")];
    let provided = provider_frames();
    for _ in 0..FRAMES_EACH {
        match random.below(3) as usize {
            2 => world.send_binary(loud[2], &mutate(&mut random, &provided)),
            who => {
                let frame = mutate(&mut random, &FRAMES);
                world.send_text(loud[who], &String::from_utf8_lossy(&frame));
            }
        }
        // A frame that is none of its protocol ends a provider, and nobody else.
        if let Some(code) = world.closed(loud[2]) {
            assert_eq!(code, 1003);
            world.leave(loud[2]);
            loud[2] = provider(&mut world, "c");
        }
        assert!(world.closed(quiet).is_none() && world.closed(quiet_provider).is_none());
        assert!(world.binary_frames(quiet_provider).iter().all(|frame| Frame::parse(frame).is_some()));
        // Who did nothing is told of no mistake, and what it reads can be read.
        assert!(world.read_all(quiet).iter().all(|frame| frame.name != "$error"));
    }
    loud.into_iter().for_each(|client| world.leave(client));
    world.leave(quiet_provider);
    assert_eq!(world.others(quiet), json!({}));
    let newcomer = world.connect("newcomer");
    assert_eq!(world.names(newcomer), ["$registered"]);
    assert!(world.log().is_empty());
}
