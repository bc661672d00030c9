//! Compile-fail tests with the feature `ts`: each case is beside its expected output.

#[test]
fn a_type_without_the_derive_is_one_error() {
    trybuild::TestCases::new().compile_fail("*_without_ts.rs");
}
