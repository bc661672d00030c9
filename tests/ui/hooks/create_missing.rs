#[pluv::room]
pub struct Chat {
    limit: usize,
}

#[pluv::room]
impl Chat {}

fn main() {}
