pluv::serve!();

fn main() {}
