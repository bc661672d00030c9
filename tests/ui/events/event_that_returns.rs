#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn count(&self) -> u32 {
        0
    }
}

fn main() {}
