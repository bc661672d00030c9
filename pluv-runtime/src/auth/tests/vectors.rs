//! HS256 against published values.

use jsonwebtoken::{EncodingKey, crypto::JwtVerifier};
use signature::{Signer, Verifier};

use super::base64url;
use crate::auth::keys::Hs256;

/// RFC 7515, appendix A.1, which is the example of RFC 7519, section 3.1, too.
const MESSAGE: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==";

#[test]
fn the_example_of_rfc_7515_is_signed_as_printed() {
    let key = EncodingKey::from_urlsafe_base64_secret(KEY).expect("it is base64");
    let key = Hs256::new(key.as_bytes()).expect("it is a secret");
    let signature = key.try_sign(MESSAGE.as_bytes()).expect("a secret signs");
    assert_eq!(base64url(&signature), SIGNATURE);
    assert!(key.verify(MESSAGE.as_bytes(), &signature).is_ok());
    assert_eq!(JwtVerifier::algorithm(&key), jsonwebtoken::Algorithm::HS256);
}

#[test]
fn hmac_makes_the_values_of_rfc_4231() {
    let mac = |key: &[u8], message: &[u8]| {
        let signature = Hs256::new(key).expect("it is a secret").try_sign(message).expect("a secret signs");
        signature.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(mac(&[0x0b; 20], b"Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_eq!(
        mac(b"Jefe", b"what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert_eq!(
        mac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First"),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}
