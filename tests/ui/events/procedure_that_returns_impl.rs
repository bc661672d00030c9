#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn count(&self) -> impl Iterator<Item = u32> {
        0..3
    }
}

fn main() {}
