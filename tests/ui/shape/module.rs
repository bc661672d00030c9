#[pluv::room]
mod chat {}

fn main() {}
