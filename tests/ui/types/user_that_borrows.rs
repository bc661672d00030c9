use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: &'static str,
}

#[pluv::room(user = User)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        let _ = cx.user().id;
    }
}

pluv::serve!(Chat);

fn main() {}
