use pluv::prelude::*;

#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: String,
}

#[pluv::room(user = User<String>)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[event]
    fn say(&self, cx: &Context) {
        let _ = cx.user();
    }
}

pluv::serve!(Chat);

fn main() {}
