type Answered<T> = std::result::Result<T, String>;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn count(&self) -> Answered<u32> {
        Err("the password of the database".to_owned())
    }
}

pluv::serve!(Chat);

fn main() {}
