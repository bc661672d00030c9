#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[task]
    fn remind(&self, _cx: &TaskContext) {}
}

fn main() {}
