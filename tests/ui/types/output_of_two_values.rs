#[pluv::output]
pub enum Output {
    Point(f64, f64),
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {}

pluv::serve!(Chat);

fn main() {}
