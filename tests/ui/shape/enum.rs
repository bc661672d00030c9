#[pluv::room]
pub enum Chat {
    Open,
    Closed,
}

fn main() {}
