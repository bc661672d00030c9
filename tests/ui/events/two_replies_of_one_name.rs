#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure(reply = "past")]
    fn history(&self) -> u32 {
        1
    }

    #[procedure(reply = "past")]
    fn page(&self) -> u32 {
        1
    }
}

pluv::serve!(Chat);

fn main() {}
