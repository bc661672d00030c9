#[pluv::output]
pub enum Output {
    Counted(u32),
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
