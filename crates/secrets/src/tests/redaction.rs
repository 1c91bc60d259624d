//! No type shows its secret through `Debug`, and no error through `Display`.

use super::{FIRST, SECOND, ring, rng};
use crate::{Aad, DataKey, KeyCheck, KeyRing, Purpose, Token, TokenKind, seal};
use domain::InstanceId;
use secrecy::ExposeSecret;
use std::fmt::Write;
use uuid::Uuid;

const CANARY: &str = "sk-canary-5f1d";

#[test]
fn debug_output_holds_neither_text_nor_bytes_of_a_secret() {
    let ring = ring(&format!("{FIRST},{SECOND}"));
    let key = DataKey::generate(&mut rng());
    let aad = Aad { purpose: Purpose::ProviderApiKey, row: Uuid::from_u128(9), owner: None };
    let sealed = seal(&key, &aad, &CANARY.into()).unwrap();
    let wrapped = ring.wrap(&key, None).unwrap();
    let check = KeyCheck::create(&ring, InstanceId::from(Uuid::from_u128(1))).unwrap();
    let token = Token::generate(TokenKind::Api, &mut rng());

    let mut shown = String::new();
    let hash = token.hash();
    write!(shown, "{ring:?} {key:?} {sealed:?} {wrapped:?} {check:?} {token:?} {hash:?}").unwrap();
    write!(shown, "{ring:#?} {key:#?} {sealed:#?} {wrapped:#?} {check:#?} {token:#?} {hash:#?}").unwrap();

    let random = &token.secret().expose_secret()[4..];
    for secret in [FIRST, SECOND, CANARY, random] {
        assert!(!shown.contains(secret), "{shown}");
    }
    for bytes in
        [key.bytes().as_slice(), &wrapped.to_bytes()[21..], &sealed.to_bytes()[21..], hash.as_bytes()]
    {
        assert!(!shown.contains(&format!("{}, {}", bytes[0], bytes[1])), "{shown}");
        assert!(!shown.contains(&hex(&bytes[..4])), "{shown}");
    }
    assert!(shown.contains("Sealed(30 bytes)"), "{shown}");
}

#[test]
fn errors_do_not_repeat_what_they_refuse() {
    let errors = [
        format!("{0:?} {0}", KeyRing::parse(&CANARY.into()).unwrap_err()),
        format!("{0:?} {0}", Token::parse(TokenKind::Api, &CANARY.into()).unwrap_err()),
        format!("{0:?} {0}", crate::password::rules::check(&"canary-5f1".into(), "alice").unwrap_err()),
    ];
    for error in errors {
        assert!(!error.contains("canary"), "{error}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
