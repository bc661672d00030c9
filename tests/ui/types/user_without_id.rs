use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub name: String,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        let _ = &cx.user().name;
    }
}

pluv::serve!(Chat);

fn main() {}
