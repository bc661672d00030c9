#[pluv::room]
pub struct Chat;

#[pluv::room]
impl Chat {
    #[hook]
    fn migrate_state(_stored: pluv::serde_json::Value) -> Result<()> {
        Ok(())
    }
}

fn main() {}
