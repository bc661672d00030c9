//! What the worker asks of the room, which no connection causes.

use std::rc::Rc;

use super::{Core, Step, raw};
use crate::{
    document::StoreError,
    protocol::{Origin, Output},
    room::{
        Evict, Millis,
        ask::{Answer, Ask, Card, Unmet},
        effect::{Effect, To},
        evict::Whom,
    },
};

/// Who changed the document, for clients, which take no change of nobody's.
const WORKER: &str = "worker";

impl Core {
    /// The worker asks for something; `bytes` is what it takes.
    pub(crate) fn consult(&mut self, now: Millis, ask: Ask, bytes: Vec<u8>) -> (Step, Answer) {
        let mut step = Step::default();
        let answer = match ask {
            Ask::Broadcast => self.announce(&Whom::All, bytes, &mut step),
            Ask::SendToUser(id) => self.announce(&Whom::User(id), bytes, &mut step),
            Ask::Sessions => self.cards(),
            Ask::Size => json(&self.members.len()),
            Ask::Evict(evict) => json(&self.evict(now, &evict, &mut step)),
            Ask::Storage => self.whole(now),
            Ask::UpdateStorage => self.update_from_outside(now, bytes, &mut step),
            // What remains is `delete_now`.
            Ask::Delete => {
                self.evict(now, &Evict::all().because("the room was deleted"), &mut step);
                Ok(Vec::new())
            }
        };
        (step, answer)
    }

    /// An output to connections that have joined, and take any.
    fn announce(&self, whom: &Whom, output: Vec<u8>, step: &mut Step) -> Answer {
        let head = String::from_utf8(output).map_err(|error| Unmet::Wrong(error.to_string()))?;
        let to: Vec<_> = self
            .connections_of(whom)
            .into_iter()
            .filter(|connection| {
                self.members.get(connection).is_some_and(|member| member.joined && member.yjs.is_none())
            })
            .collect();
        let count = to.len();
        let frame = Output::from_head(head).into_frame(&Origin::nobody(&self.name));
        step.effects.push(Effect::Send { to: To::Many(to), frame });
        json(&count)
    }

    fn cards(&self) -> Answer {
        let cards: Vec<_> = self
            .members
            .values()
            .filter(|member| member.joined)
            .filter_map(|member| {
                let presence = raw(&self.presence_of(&member.key).json)?;
                Some(Card {
                    id: member.id().to_string(),
                    protocol: member.protocol(),
                    user: raw(&member.user.json)?,
                    presence,
                })
            })
            .collect();
        json(&cards)
    }

    fn whole(&mut self, now: Millis) -> Answer {
        self.storage()?.encode_full(now).map_err(Unmet::from)
    }

    /// Stores an update, and shows it to everyone.
    fn update_from_outside(&mut self, now: Millis, update: Vec<u8>, step: &mut Step) -> Answer {
        // What came before it is stored before it.
        self.flush(now, step);
        let document = self.storage()?;
        let Some(update) = document.validate(update).map_err(|error| Unmet::Wrong(error.to_string()))? else {
            return Ok(Vec::new());
        };
        let stored = document.store(now, &[&update]).inspect_err(|_| document.unload())?;
        let origin = Rc::new(Origin::new(&self.name, WORKER.into(), "null"));
        for news in stored {
            if let Some(news) = news? {
                self.stored(news, &origin, step);
            }
        }
        Ok(Vec::new())
    }
}

fn json(value: &impl serde::Serialize) -> Answer {
    serde_json::to_vec(value).map_err(|error| Unmet::Failed(error.to_string()))
}

impl From<StoreError> for Unmet {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Failed(_) => Self::Failed(error.to_string()),
            _ => Self::Wrong(error.to_string()),
        }
    }
}
