#[pluv::room]
fn chat() {}

fn main() {}
