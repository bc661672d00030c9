pub struct Chat<T>(T);

#[pluv::room]
impl Chat<u32> {
    #[event]
    fn say(&self) {}
}

fn main() {}
