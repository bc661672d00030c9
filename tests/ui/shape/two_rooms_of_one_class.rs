mod lobby {
    #[pluv::room(path = "/lobby", binding = "LOBBY")]
    pub struct Chat;

    #[pluv::room]
    impl Chat {}
}

mod hall {
    #[pluv::room(path = "/hall", binding = "HALL")]
    pub struct Chat;

    #[pluv::room]
    impl Chat {}
}

pluv::serve!(lobby::Chat, hall::Chat);

fn main() {}
