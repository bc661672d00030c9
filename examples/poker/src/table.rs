//! A round: its votes, what all clients see of it, and what is stored of it.

use std::collections::BTreeMap;

use pluv::prelude::*;

/// A value that a user votes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[rustfmt::skip]
pub enum Estimate {
    #[serde(rename = "1")] One,
    #[serde(rename = "2")] Two,
    #[serde(rename = "3")] Three,
    #[serde(rename = "5")] Five,
    #[serde(rename = "8")] Eight,
    #[serde(rename = "13")] Thirteen,
    #[serde(rename = "?")] Unsure,
}

/// The votes of the round by user ids: private to the room until they are revealed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Votes {
    pub(crate) by_user: BTreeMap<String, Estimate>,
}

impl Votes {
    /// Returns the average of the votes that have points, if there are any.
    pub(crate) fn average(&self) -> Option<f64> {
        let points =
            |vote: &Estimate| [Some(1.0), Some(2.0), Some(3.0), Some(5.0), Some(8.0), Some(13.0), None][*vote as usize];
        let points: Vec<f64> = self.by_user.values().filter_map(points).collect();
        (!points.is_empty()).then(|| points.iter().sum::<f64>() / points.len() as f64)
    }
}

/// The part of a round that all clients see. The names of its voters and the revealed votes are by user ids.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
pub struct Table {
    /// The number of the round: 0 before the first.
    pub round: u32,
    pub topic: String,
    pub seconds: u32,
    /// The end of the countdown, in milliseconds by the room's clock; null once the votes are revealed.
    pub ends_at: Option<u64>,
    pub voters: BTreeMap<String, String>,
    pub revealed: bool,
    pub votes: BTreeMap<String, Estimate>,
    /// Null if no vote has points.
    pub average: Option<f64>,
}

/// A past round.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Past {
    pub round: u32,
    pub topic: String,
    pub votes: usize,
    pub average: Option<f64>,
    /// In milliseconds since the Unix epoch.
    pub revealed_at: u64,
}
