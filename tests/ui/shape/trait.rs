#[pluv::room]
pub trait Chat {}

fn main() {}
