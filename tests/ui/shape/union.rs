#[pluv::room]
pub union Chat {
    a: u32,
    b: f32,
}

fn main() {}
