#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    const SAY: &'static str = "say";
}

fn main() {}
