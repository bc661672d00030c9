pub struct Chat;

pluv::serve!(Chat);

fn main() {}
