#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Round {
    pub topic: String,
}

#[pluv::room(state = Round)]
pub struct Poker;

#[pluv::room]
impl Poker {}

fn main() {}
