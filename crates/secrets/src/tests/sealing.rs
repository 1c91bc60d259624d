//! Seal and open: round trip, and refusal of everything that was changed or moved.

use super::rng;
use crate::{Aad, DataKey, Error, Purpose, Sealed, open, seal};
use domain::UserId;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

fn purposes() -> impl Strategy<Value = Purpose> {
    prop_oneof![
        Just(Purpose::ProviderApiKey),
        Just(Purpose::GatewayToken),
        Just(Purpose::OidcClientSecret),
        Just(Purpose::DataKey),
        Just(Purpose::KeyCheck),
    ]
}

fn places() -> impl Strategy<Value = Aad> {
    // Small numbers on purpose, so that row and owner often coincide between two places.
    (purposes(), 0..4u128, proptest::option::of(0..4u128)).prop_map(|(purpose, row, owner)| Aad {
        purpose,
        row: Uuid::from_u128(row),
        owner: owner.map(|owner| UserId::from(Uuid::from_u128(owner))),
    })
}

proptest! {
    #[test]
    fn what_was_sealed_opens(secret in ".{0,200}", aad in places(), seed: u64) {
        let key = DataKey::generate(&mut StdRng::seed_from_u64(seed));
        let sealed = seal(&key, &aad, &secret.as_str().into()).unwrap();
        let stored = Sealed::from_bytes(&sealed.to_bytes()).unwrap();
        prop_assert_eq!(&stored, &sealed);
        let opened = open(&key, &aad, &stored).unwrap();
        prop_assert_eq!(opened.expose_secret(), &secret);
    }

    #[test]
    fn any_flipped_bit_is_refused(secret in ".{0,40}", aad in places(), at: prop::sample::Index) {
        let key = DataKey::generate(&mut rng());
        let mut bytes = seal(&key, &aad, &secret.as_str().into()).unwrap().to_bytes();
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = Sealed::from_bytes(&bytes).and_then(|sealed| open(&key, &aad, &sealed));
        let expected = match bit / 8 {
            0 => matches!(opened, Err(Error::Malformed)),
            1..9 => matches!(opened, Err(Error::UnknownKey { .. })),
            _ => matches!(opened, Err(Error::OpenFailed)),
        };
        prop_assert!(expected, "bit {}: {:?}", bit, opened);
    }

    #[test]
    fn a_moved_value_is_refused(home in places(), other in places()) {
        prop_assume!(home != other);
        let key = DataKey::generate(&mut rng());
        let sealed = seal(&key, &home, &"sk-live-1".into()).unwrap();
        prop_assert_eq!(open(&key, &other, &sealed).unwrap_err(), Error::OpenFailed);
    }

    #[test]
    fn no_two_places_share_their_associated_data(home in places(), other in places()) {
        let id = DataKey::generate(&mut rng()).id();
        prop_assert_eq!(home == other, home.bytes(id) == other.bytes(id));
    }

    #[test]
    fn reading_arbitrary_bytes_never_panics(bytes: Vec<u8>) {
        if let Ok(sealed) = Sealed::from_bytes(&bytes) {
            prop_assert_eq!(sealed.to_bytes(), bytes);
        }
    }
}

#[test]
fn a_shortened_value_is_refused() {
    let (key, aad) = (DataKey::generate(&mut rng()), place());
    let bytes = seal(&key, &aad, &"sk-live-1".into()).unwrap().to_bytes();
    for length in 0..bytes.len() {
        assert!(Sealed::from_bytes(&bytes[..length]).and_then(|sealed| open(&key, &aad, &sealed)).is_err());
    }
}

#[test]
fn another_data_key_is_named_instead_of_a_puzzle() {
    let mut rng = rng();
    let (mine, other) = (DataKey::generate(&mut rng), DataKey::generate(&mut rng));
    let sealed = seal(&mine, &place(), &"sk-live-1".into()).unwrap();
    assert_eq!(open(&other, &place(), &sealed).unwrap_err(), Error::UnknownKey { needed: mine.id() });
}

#[test]
fn sealing_twice_gives_different_bytes() {
    let (key, secret) = (DataKey::generate(&mut rng()), SecretString::from("sk-live-1"));
    let once = seal(&key, &place(), &secret).unwrap();
    assert_ne!(once, seal(&key, &place(), &secret).unwrap());
}

fn place() -> Aad {
    Aad { purpose: Purpose::ProviderApiKey, row: Uuid::from_u128(9), owner: None }
}
