#[pluv::output]
pub enum Output {
    HistoryResult { texts: Vec<String> },
}

#[pluv::room(output = Output)]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[procedure]
    fn history(&self) -> Vec<String> {
        Vec::new()
    }
}

pluv::serve!(Chat);

fn main() {}
