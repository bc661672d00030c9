#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn then(&self) -> u32 {
        1
    }
}

pluv::serve!(Chat);

fn main() {}
