#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task(cron = "0 9 31 2 *")]
    fn remind(&self) {}
}

fn main() {}
