#[pluv::room(wrangler = false)]
pub struct Chat;

#[pluv::room]
impl Chat {}
