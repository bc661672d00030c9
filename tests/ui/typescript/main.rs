//! What does not compile where a room's types become TypeScript: each case beside what the compiler says of it.

#[test]
fn a_type_without_the_derive_is_one_error() {
    trybuild::TestCases::new().compile_fail("*_without_ts.rs");
}
