#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task(cron = "0 9 * *")]
    fn remind(&self) {}
}

fn main() {}
