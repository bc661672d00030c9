//! Its rooms are in a test and in an example.
