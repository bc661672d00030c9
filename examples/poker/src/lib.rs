//! Planning poker: a team estimates a topic, each in secret, and all votes are revealed at once.
//!
//! The votes are the room's private state, and its shared state is what all clients see. The countdown is a task, the
//! history a table, and a webhook is called with each result.
#![expect(missing_docs, reason = "the names of most fields say it")]

mod table;
#[cfg(test)]
mod tests;

use std::{pin::Pin, rc::Rc, time::Duration};

use pluv::{prelude::*, serde_json};
use worker::{Fetch, Method, RequestInit};

pub use self::table::{Estimate, Past, Table, Votes};

#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct User {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Deserialize, TS)]
pub struct Opening {
    pub topic: String,
    pub seconds: u32,
}

/// A vote names its round: one that comes late does not count in the next.
#[derive(Debug, Deserialize, TS)]
pub struct Vote {
    pub round: u32,
    pub estimate: Estimate,
}

#[derive(Debug, Serialize, Deserialize, TS)]
pub struct Reveal {
    pub round: u32,
}

/// A page of the history: the rounds before one, or the newest.
#[derive(Debug, Deserialize, TS)]
pub struct Page {
    pub before: Option<u32>,
}

/// Everything that this room can send, besides the shared state.
#[pluv::output]
#[derive(Debug)]
pub enum Output {
    /// The receiver's own vote, and the room's time, which the countdown is by.
    YourVote {
        round: u32,
        estimate: Option<Estimate>,
        now: u64,
    },
    RoundEnded(Past),
}

/// Sends JSON to an address: tests replace it.
type Post = fn(url: String, body: String) -> Pin<Box<dyn Future<Output = Result<()>>>>;

#[pluv::room(user = User, output = Output, state = Votes, shared = Table, migrations = ["migrations/0001_rounds.sql"], debug)]
#[derive(Debug)]
pub struct Poker {
    webhook: Option<String>,
    post: Post,
}

#[pluv::room]
impl Poker {
    #[hook(create)]
    fn new(env: &Env) -> Self {
        let webhook = env.var("WEBHOOK").ok().map(|url| url.to_string());
        Self { webhook, post: |url, body| Box::pin(post(url, body)) }
    }

    /// Signs users in without a check, for the demo only.
    #[hook(authorize)]
    fn authorize(req: &Request, _env: &Env, _room: &str) -> Result<Option<User>> {
        let url = req.url()?;
        let query = |key| url.query_pairs().find(|(name, value)| name == key && !value.is_empty());
        let (_, id) =
            query("user_id").ok_or_else(|| Error::client("the user is missing: add `&user_id=` and `&name=`"))?;
        let name = query("name").map_or("Guest".into(), |(_, name)| name);
        Ok(Some(User { id: id.into_owned(), name: name.chars().take(32).collect() }))
    }

    /// Returns their vote to a user who opens a second tab or reloads the page.
    #[hook(user_connected)]
    fn greet(&self, cx: &Context) {
        let estimate = cx.state().by_user.get(&cx.user().id).copied();
        cx.reply(Output::YourVote { round: cx.shared().round, estimate, now: cx.now() });
    }

    #[event]
    fn open(&self, cx: &Context, input: Opening) -> Result<()> {
        let (topic, seconds, last) = (input.topic.trim().to_owned(), input.seconds, cx.shared());
        if last.ends_at.is_some() {
            return Err(Error::client(format!("a round is open: reveal the votes of `{}` first", last.topic)));
        }
        if topic.is_empty() || topic.chars().count() > 120 {
            return Err(Error::client("a topic has 1 to 120 letters"));
        }
        if !(5..=3_600).contains(&seconds) {
            return Err(Error::client("a round takes 5 to 3600 seconds"));
        }
        let (round, ends_at) = (last.round + 1, Some(cx.now() + 1_000 * u64::from(seconds)));
        cx.update(|votes| votes.by_user.clear())?;
        cx.update_shared(|table| *table = Table { round, topic, seconds, ends_at, ..Table::default() })?;
        cx.schedule_as("reveal", Duration::from_secs(seconds.into()), Reveal { round })?;
        Ok(())
    }

    /// Reveals all votes if it is the last that is missing. Someone who leaves does not: they may only reload the page.
    #[event]
    fn vote(&self, cx: &Context, input: Vote) -> Result<()> {
        let (round, estimate, user) = (input.round, input.estimate, cx.user());
        open_table(cx, round)?;
        cx.update(|votes| votes.by_user.insert(user.id.clone(), estimate))?;
        cx.update_shared(|table| table.voters.insert(user.id.clone(), user.name.clone()))?;
        let sessions = cx.sessions();
        for session in sessions.iter().filter(|session| session.user().id == user.id) {
            cx.send_to(session.id(), Output::YourVote { round, estimate: Some(estimate), now: cx.now() });
        }
        let has_voted = |id: &String| cx.shared().voters.contains_key(id);
        if sessions.iter().all(|session| has_voted(&session.user().id)) { self.end(cx) } else { Ok(()) }
    }

    #[event]
    fn reveal(&self, cx: &Context, input: Reveal) -> Result<()> {
        if open_table(cx, input.round)?.voters.is_empty() {
            return Err(Error::client("nobody has voted yet"));
        }
        self.end(cx)
    }

    #[task]
    fn count_down(&self, cx: &TaskContext, input: Reveal) -> Result<()> {
        open_table(cx, input.round).and_then(|_| self.end(cx))
    }

    /// Returns past rounds, the newest first, ten at a time.
    #[procedure]
    fn history(&self, cx: &Context, input: Page) -> Result<Vec<Past>> {
        let before = input.before.unwrap_or(u32::MAX);
        cx.sql().query("SELECT * FROM rounds WHERE round < ? ORDER BY round DESC LIMIT 10", params![before])
    }
}

impl Poker {
    /// Reveals the votes, stores the result, and calls the webhook if there is one.
    fn end(&self, cx: &TaskContext<'_, Self>) -> Result<()> {
        let (votes, now) = (cx.state(), cx.now());
        let average = votes.average();
        let Table { round, topic, .. } = cx.update_shared(|table| {
            *table = Table { ends_at: None, revealed: true, votes: votes.by_user.clone(), average, ..table.clone() };
            table.clone()
        })?;
        let past = Past { round, topic, votes: votes.by_user.len(), average, revealed_at: now };
        let row = params![past.round, past.topic, past.votes, past.average, past.revealed_at];
        cx.sql().exec("INSERT INTO rounds (round, topic, votes, average, revealed_at) VALUES (?, ?, ?, ?, ?)", row)?;
        cx.cancel_as("reveal")?;
        if let Some(url) = self.webhook.clone() {
            cx.wait_until((self.post)(url, serde_json::to_string(&past)?));
        }
        cx.broadcast(Output::RoundEnded(past));
        Ok(())
    }
}

fn open_table(cx: &TaskContext<'_, Poker>, round: u32) -> Result<Rc<Table>> {
    let table = cx.shared();
    let is_open = table.round == round && table.ends_at.is_some();
    if is_open { Ok(table) } else { Err(Error::client(format!("round {round} is not open"))) }
}

async fn post(url: String, body: String) -> Result<()> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into())).headers.set("content-type", "application/json")?;
    let status = Fetch::Request(Request::new_with_init(&url, &init)?).send().await?.status_code();
    if (200..300).contains(&status) { Ok(()) } else { Err(Error::internal(format!("the webhook answered {status}"))) }
}

pluv::serve!(Poker);
