pub struct Count;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn count(&self) -> Count {
        Count
    }
}

fn main() {}
