#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task(cron = "5/20 * * * *")]
    fn remind(&self) {}
}

fn main() {}
