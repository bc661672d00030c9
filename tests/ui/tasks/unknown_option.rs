#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task(schedule = "0 9 * * *")]
    fn remind(&self) {}
}

fn main() {}
