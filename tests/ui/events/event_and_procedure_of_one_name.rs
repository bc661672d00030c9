#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn history(&self) {}

    #[procedure(name = "history")]
    fn past(&self) -> u32 {
        0
    }
}

fn main() {}
