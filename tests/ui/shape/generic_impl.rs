pub struct Chat<T>(T);

#[pluv::room]
impl<T> Chat<T> {
    #[event]
    fn say(&self) {}
}

fn main() {}
