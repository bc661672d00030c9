#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure(reply = "$count")]
    fn count(&self) -> u32 {
        0
    }
}

fn main() {}
