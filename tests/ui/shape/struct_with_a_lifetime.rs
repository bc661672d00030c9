#[pluv::room]
pub struct Chat<'a> {
    name: &'a str,
}

fn main() {}
