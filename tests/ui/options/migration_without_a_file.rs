#[pluv::room(migrations = ["migrations/0001_missing.sql"])]
pub struct Chat;

#[pluv::room]
impl Chat {}

fn main() {}
