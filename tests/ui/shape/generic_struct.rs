#[pluv::room]
pub struct Chat<T> {
    state: T,
}

fn main() {}
