#[derive(Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Round {
    pub topic: String,
}

#[pluv::room(state = Round)]
pub struct Poker;

#[pluv::room]
impl Poker {
    #[hook]
    async fn migrate_state(stored: pluv::serde_json::Value) -> Result<Round> {
        Ok(Round { topic: stored.to_string() })
    }
}

fn main() {}
