//! The key ring: parsing, rotation, the key check and the setup token.

use super::{FIRST, SECOND, ring, rng};
use crate::{Aad, DataKey, Error, KeyCheck, KeyId, KeyRing, Purpose, WrappedKey, open, seal};
use domain::{InstanceId, UserId};
use secrecy::ExposeSecret;
use uuid::Uuid;

fn instance(number: u128) -> InstanceId {
    Uuid::from_u128(number).into()
}

fn user(number: u128) -> Option<UserId> {
    Some(Uuid::from_u128(number).into())
}

#[test]
fn weak_or_missing_keys_are_refused_with_the_remedy() {
    let weak = |position, why| Err(Error::WeakKey { position, why });
    let parse = |text: &str| KeyRing::parse(&text.into()).map(drop);
    assert_eq!(parse(""), Err(Error::NoKey));
    assert_eq!(parse(" , ,"), Err(Error::NoKey));
    assert_eq!(parse("hunter2"), weak(1, "has fewer than 32 characters"));
    assert_eq!(parse(&"ab".repeat(40)), weak(1, "repeats the same few characters"));
    assert_eq!(parse(&format!("{FIRST},short")), weak(2, "has fewer than 32 characters"));
    let text = parse("hunter2").unwrap_err().to_string();
    assert!(text.contains("openssl rand -base64 32") && !text.contains("hunter2"), "{text}");
}

#[test]
fn blanks_and_repetitions_do_not_count() {
    let plain: Vec<KeyId> = ring(&format!("{FIRST},{SECOND}")).ids().collect();
    let padded: Vec<KeyId> = ring(&format!(" {FIRST} ,{SECOND}\n,{FIRST},")).ids().collect();
    assert_eq!(plain, padded);
    assert_eq!(plain.len(), 2);
    assert_eq!(plain[0], ring(FIRST).newest_id());
}

#[test]
fn derivations_and_encodings_never_change() {
    // Known answers from an independent implementation: a change here would make every stored secret
    // unreadable after an upgrade.
    const WRAPPED: &str = "0100364e4cf32df58e000102030405060708090a0b6e3d850bc42f3f743f2538af80f9aceb\
                           653724774db688cdc9741dfa107d66e0fd285cc2df823262ebef939cbfccfeb2";
    let ring = ring(SECOND);
    assert_eq!(ring.newest_id().to_string(), "00364e4cf32df58e");
    let token = ring.setup_token(instance(1));
    assert_eq!(token.expose_secret(), "hIdNnQ82aXQqSTci7fmk2QdOYZmMxPAJZvAo8c9rRtQ");
    let data_key = ring.unwrap(&WrappedKey::from_bytes(&hex(WRAPPED)).unwrap(), user(5)).unwrap();
    assert!(data_key.bytes().iter().copied().eq(0..32));
    assert_eq!(data_key.id().to_string(), "13f56c7231de0901");
}

#[test]
fn a_rewrapped_key_reads_what_was_sealed_before_and_needs_the_old_key_no_more() {
    let aad = Aad { purpose: Purpose::ProviderApiKey, row: Uuid::from_u128(9), owner: user(5) };
    let (old, both, new) = (ring(FIRST), ring(&format!("{SECOND},{FIRST}")), ring(SECOND));
    let data_key = DataKey::generate(&mut rng());
    let sealed = seal(&data_key, &aad, &"sk-live-1".into()).unwrap();
    let wrapped = old.wrap(&data_key, user(5)).unwrap();

    assert_eq!(both.unwrap(&wrapped, user(5)).unwrap().id(), data_key.id());
    let rewrapped = both.rewrap(&wrapped, user(5)).unwrap();

    assert_eq!(rewrapped.key_id(), new.newest_id());
    let again = new.unwrap(&rewrapped, user(5)).unwrap();
    assert_eq!(open(&again, &aad, &sealed).unwrap().expose_secret(), "sk-live-1");
    assert_eq!(new.unwrap(&wrapped, user(5)).unwrap_err(), Error::UnknownKey { needed: old.newest_id() });
}

#[test]
fn a_wrapped_key_opens_for_its_owner_only() {
    let ring = ring(FIRST);
    let wrapped = ring.wrap(&DataKey::generate(&mut rng()), user(5)).unwrap();
    assert_eq!(ring.unwrap(&wrapped, user(6)).unwrap_err(), Error::OpenFailed);
    assert_eq!(ring.unwrap(&wrapped, None).unwrap_err(), Error::OpenFailed);
    assert!(ring.unwrap(&wrapped, user(5)).is_ok());
}

#[test]
fn the_key_check_tells_a_wrong_key_and_survives_a_rotation() {
    let check = KeyCheck::create(&ring(FIRST), instance(1)).unwrap();
    let check = KeyCheck::from_bytes(&check.to_bytes()).unwrap();
    let stored = ring(FIRST).newest_id();
    assert_eq!(check.verify(&ring(FIRST), instance(1)), Ok(()));
    assert_eq!(check.verify(&ring(&format!("{SECOND},{FIRST}")), instance(1)), Ok(()));
    assert_eq!(check.verify(&ring(SECOND), instance(1)), Err(Error::WrongKey { stored }));
    assert_eq!(check.verify(&ring(FIRST), instance(2)), Err(Error::OpenFailed));
}

#[test]
fn replicas_agree_on_the_setup_token() {
    let token = ring(FIRST).setup_token(instance(1));
    let rotated = ring(&format!("{SECOND},{FIRST}"));
    assert_eq!(token.expose_secret(), ring(FIRST).setup_token(instance(1)).expose_secret());
    assert_ne!(token.expose_secret(), ring(FIRST).setup_token(instance(2)).expose_secret());
    assert!(rotated.is_setup_token(instance(1), &token));
    assert!(rotated.is_setup_token(instance(1), &rotated.setup_token(instance(1))));
    assert!(!rotated.is_setup_token(instance(2), &token));
    assert!(!ring(SECOND).is_setup_token(instance(1), &token));
    assert!(!rotated.is_setup_token(instance(1), &"".into()));
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
