//! Passwords: Argon2id's parameters, equal work, bounded parallelism, and the rules.

use crate::{
    Error, Passwords, ThrottleClass,
    password::{needs_rehash, rules::check},
};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_password_verifies_against_its_own_hash_only() {
    let passwords = Passwords::default();
    let stored = passwords.hash("correct horse battery".into()).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_ne!(stored, passwords.hash("correct horse battery".into()).await.unwrap(), "salted");
    assert!(!needs_rehash(&stored));
    assert_eq!(
        passwords.verify("correct horse battery".into(), Some(stored.clone()), ThrottleClass::Unknown).await,
        Ok(true)
    );
    assert_eq!(
        passwords.verify("correct horse batterz".into(), Some(stored), ThrottleClass::Unknown).await,
        Ok(false)
    );
}

#[tokio::test]
async fn an_unknown_account_costs_the_same_work() {
    let passwords = Passwords::default();
    let stored = passwords.hash("correct horse battery".into()).await.unwrap();
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(
            passwords
                .verify("wrong horse battery".into(), Some(stored.clone()), ThrottleClass::Unknown)
                .await,
            Ok(false)
        );
        known = known.min(start.elapsed());
        let start = Instant::now();
        assert_eq!(
            passwords.verify("wrong horse battery".into(), None, ThrottleClass::Unknown).await,
            Ok(false)
        );
        unknown = unknown.min(start.elapsed());
    }
    // A skipped hash would be a thousand times faster; the wide bound is for a busy machine.
    assert!(unknown > known / 3 && known > unknown / 3, "{known:?} {unknown:?}");
}

#[tokio::test]
async fn hashes_of_other_strength_or_kind_are_to_be_renewed() {
    let weaker = "$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let other = "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(needs_rehash(weaker) && needs_rehash(other) && needs_rehash("plain"));
    let verdict = Passwords::default()
        .verify("whatever it is".into(), Some("plain".into()), ThrottleClass::Unknown)
        .await;
    assert_eq!(verdict, Err(Error::StoredHash));
}

#[tokio::test(flavor = "current_thread")]
async fn hashing_leaves_the_async_thread_free() {
    let passwords = Passwords::default();
    let mut hashing = std::pin::pin!(passwords.hash("correct horse battery".into()));
    let mut ticks = 0;
    loop {
        tokio::select! {
            biased;
            hash = &mut hashing => break assert!(hash.is_ok()),
            () = tokio::time::sleep(Duration::from_millis(1)) => ticks += 1,
        }
    }
    assert!(ticks > 3, "the only async thread stood still: {ticks} ticks");
}

#[tokio::test]
async fn hashing_waits_for_a_free_slot() {
    let no_slot = Passwords::new(0);
    let hash = no_slot.hash("correct horse battery".into());
    assert!(tokio::time::timeout(Duration::from_millis(300), hash).await.is_err());
}

#[test]
fn short_long_and_guessable_passwords_are_refused_with_advice() {
    let refused = [
        ("elevenchars", "at least 12"),
        (&*"x9".repeat(65), "at most 128"),
        ("qwerty123456", "guessed first"),
        ("Password1234", "guessed first"),
        ("1dragon!!!!!", "guessed first"),
        ("PasswordPassword", "guessed first"),
        ("abcabcabcabca", "guessed first"),
        ("123456789012", "guessed first"),
        ("Zyxwvutsrqpon", "guessed first"),
        ("wilhelmine-anna", "user name"),
        ("Wilhelmine-Anna1989!", "user name"),
    ];
    for (password, why) in refused {
        let refusal = check(&password.into(), "Wilhelmine-Anna").unwrap_err();
        assert_eq!(refusal.field, "password");
        assert!(refusal.message.contains(why), "{password}: {}", refusal.message);
    }
}

#[test]
fn long_passwords_of_any_characters_are_accepted() {
    let accepted = [
        "correct horse battery",
        "monkey-2957301845",
        "582930174628",
        "пароль не простой",
        "aB3$aB3%aB3&",
        "twelve chars",
    ];
    for password in accepted {
        assert_eq!(check(&password.into(), "alice"), Ok(()), "{password}");
    }
    assert_eq!(check(&"ü".repeat(3).repeat(4).into(), "alice").unwrap_err().field, "password");
}
