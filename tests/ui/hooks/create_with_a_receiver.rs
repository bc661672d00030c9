#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn create(self) -> Self {
        self
    }
}

fn main() {}
