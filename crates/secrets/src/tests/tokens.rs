//! Bearer tokens: form, hash, refusal of foreign ones.

use super::rng;
use crate::{Error, Token, TokenHash, TokenKind};
use secrecy::ExposeSecret;

const KINDS: [TokenKind; 4] = [TokenKind::Session, TokenKind::Api, TokenKind::Gateway, TokenKind::Flow];

#[test]
fn a_token_carries_256_bits_behind_its_prefix() {
    let mut rng = rng();
    for kind in KINDS {
        let (one, two) = (Token::generate(kind, &mut rng), Token::generate(kind, &mut rng));
        assert!(one.secret().expose_secret().starts_with(kind.prefix()));
        assert_eq!(one.secret().expose_secret().len(), 4 + 43);
        assert_ne!(one.hash(), two.hash());
        assert_eq!(Token::parse(kind, one.secret()).unwrap().hash(), one.hash());
    }
}

#[test]
fn only_its_own_kind_and_form_is_accepted() {
    for kind in KINDS {
        let token = Token::generate(kind, &mut rng());
        let text = token.secret().expose_secret();
        for other in KINDS.into_iter().filter(|other| *other != kind) {
            assert_eq!(Token::parse(other, token.secret()).unwrap_err(), Error::NotAToken);
        }
        for wrong in [&text[..46], &format!("{text}A"), &text[4..], "", &text.replacen('_', "-", 1)] {
            assert_eq!(Token::parse(kind, &wrong.into()).unwrap_err(), Error::NotAToken);
        }
    }
}

#[test]
fn the_hash_is_sha256_of_the_text_and_survives_storage() {
    let token = Token::parse(TokenKind::Api, &format!("mat_{}", "A".repeat(43)).into()).unwrap();
    let hex: String = token.hash().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "b30475c940a75554e930eb0ee24730beb19a32da96ed9120ac4c83ad823f0eee");
    assert_eq!(TokenHash::from_bytes(token.hash().as_bytes()).unwrap(), token.hash());
    assert_eq!(TokenHash::from_bytes(&[0; 31]).unwrap_err(), Error::Malformed);
}

#[test]
fn derived_values_differ_by_label_and_token() {
    let one = Token::generate(TokenKind::Flow, &mut rand::rng());
    let two = Token::generate(TokenKind::Flow, &mut rand::rng());
    let of = |token: &Token, label| token.derive(label).expose_secret().to_owned();
    assert_eq!(of(&one, "state"), of(&one, "state"));
    assert_ne!(of(&one, "state"), of(&one, "nonce"));
    assert_ne!(of(&one, "state"), of(&two, "state"));
    assert_eq!(of(&one, "state").len(), 43);
}
