//! Messages that are not accepted: each is one error to its sender, and nothing to anyone else.

use serde_json::{Value, json};

use super::simulation::Simulation;
use crate::{document::tests::random::Random, engine::tests::world::TestRoom};

/// One of the things that can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// A frame that is not one, of these.
    Frame(usize),
    /// A message whose data is not as it must be, of those.
    Message(usize),
    /// A frame that is cut off after so many bytes.
    Cut(usize),
    Binary,
    /// An event that the room does not have.
    Unknown,
    /// An event whose handler fails.
    Refused,
}

const FRAMES: [&str; 8] = [
    "",
    "{\"type\":",
    "[]",
    "null",
    r#"{"type":5,"data":{}}"#,
    r#"{"type":"","data":{}}"#,
    r#"{"type":"say","data":[]}"#,
    r#"{"type":"say","type":"say","data":{}}"#,
];

const MESSAGES: usize = 9;

fn message(number: usize) -> (&'static str, Value) {
    match number {
        0 => ("$storageUpdated", json!({})),
        1 => ("$made up", json!({})),
        2 => ("$initializeSession", json!({ "presence": {} })),
        3 => ("$updateStorage", json!({ "origin": null, "update": "!!!" })),
        4 => ("$updateStorage", json!({ "origin": null, "update": "AQEBAQ==" })),
        5 => ("$updateStorage", json!({ "origin": null })),
        6 => ("$updatePresence", json!({ "presence": { "x": "no number" } })),
        7 => ("$updatePresence", json!({})),
        _ => ("say", json!({ "number": "none" })),
    }
}

impl Mistake {
    pub(super) fn any(random: &mut Random) -> Self {
        match random.below(6) {
            0 => Self::Frame(random.below(FRAMES.len() as u64) as usize),
            1 => Self::Message(random.below(MESSAGES as u64) as usize),
            2 => Self::Cut(random.below(24) as usize),
            3 => Self::Binary,
            4 => Self::Unknown,
            _ => Self::Refused,
        }
    }
}

impl<R: TestRoom> Simulation<R> {
    pub(super) fn err(&mut self, number: usize, mistake: Mistake) {
        let Some(line) = self.people[number].sharing() else { return };
        line.mistakes += 1;
        match mistake {
            Mistake::Frame(number) => line.outbox.push_back(FRAMES[number].to_owned()),
            Mistake::Message(number) => {
                let (name, data) = message(number);
                line.send(name, &data);
            }
            Mistake::Cut(end) => line.outbox.push_back(r#"{"type":"say","data":{}}"#[..end.min(23)].to_owned()),
            Mistake::Unknown => line.send("dance", &json!({})),
            Mistake::Refused => line.send("refuse", &json!({})),
            Mistake::Binary => {
                let client = line.client;
                self.act(|world| world.send_binary(client, &[0]));
            }
        }
    }
}
