//! Rules for new passwords: long, and not among those that attackers try first.
//!
//! Follows OWASP and NIST SP 800-63B: a minimum length and a list of common passwords, but no composition rules. It must
//! not be applied to existing passwords: a sign-in never fails because of these rules.

use domain::Invalid;
use secrecy::{ExposeSecret, SecretString};
use std::{collections::HashSet, sync::LazyLock};

pub const MIN_CHARS: usize = 12;
pub const MAX_CHARS: usize = 128;

const FIELD: &str = "password";
const ADVICE: &str = "Four or five unrelated words are long and easy to remember.";

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let list = include_str!("../../data/common-passwords.txt");
    list.lines().filter(|line| !line.starts_with('#')).collect()
});

/// Accepts a new password for the account `username`, or says what would be accepted.
pub fn check(password: &SecretString, username: &str) -> Result<(), Invalid> {
    let text = password.expose_secret();
    let length = text.chars().count();
    if length < MIN_CHARS {
        let message = format!("Use at least {MIN_CHARS} characters (this has {length}). {ADVICE}");
        return Err(Invalid::new(FIELD, message));
    }
    if length > MAX_CHARS {
        let message = format!("Use at most {MAX_CHARS} characters (this has {length}).");
        return Err(Invalid::new(FIELD, message));
    }
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    if is_repetition(&letters) || is_sequence(&letters) {
        return Err(Invalid::new(FIELD, format!("Repetitions and sequences are guessed first. {ADVICE}")));
    }
    let whole: String = letters.iter().collect();
    let core = whole.trim_matches(|c: char| !c.is_alphabetic());
    let username = username.to_lowercase();
    if whole == username || core == username {
        return Err(Invalid::new(FIELD, format!("Do not use your user name as the password. {ADVICE}")));
    }
    if COMMON.contains(&*whole) || (COMMON.contains(core) && is_most_of(core, &whole)) {
        return Err(Invalid::new(FIELD, format!("This is among the passwords guessed first. {ADVICE}")));
    }
    Ok(())
}

/// True for `password1234`, but not for `monkey` followed by eleven random digits.
fn is_most_of(core: &str, whole: &str) -> bool {
    core.chars().count() * 2 >= whole.chars().count()
}

/// `abcabcabcabc`, `aaaaaaaaaaaa`: a part of at most half the length, again and again.
fn is_repetition(letters: &[char]) -> bool {
    (1..=letters.len() / 2).any(|period| letters.iter().zip(&letters[period..]).all(|(a, b)| a == b))
}

/// `abcdefghijkl`, `123456789012`, `zyxwvutsrqpo`.
fn is_sequence(letters: &[char]) -> bool {
    let follows = |a: char, b: char| b as u32 == a as u32 + 1 || (a, b) == ('9', '0');
    letters.windows(2).all(|pair| follows(pair[0], pair[1]))
        || letters.windows(2).all(|pair| follows(pair[1], pair[0]))
}
