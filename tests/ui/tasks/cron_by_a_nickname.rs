#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task(cron = "@daily")]
    fn remind(&self) {}
}

fn main() {}
