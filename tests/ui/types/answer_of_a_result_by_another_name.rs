use pluv::prelude::*;

pub struct Page {
    pub texts: Vec<String>,
}

type Answered<T> = std::result::Result<T, Error>;

#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    async fn history(&self) -> Answered<Page> {
        Ok(Page { texts: Vec::new() })
    }
}

pluv::serve!(Chat);

fn main() {}
