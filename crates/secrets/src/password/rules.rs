//! What a new password must be like: long, and not among those that attackers try first.
//!
//! Owns the rules (after OWASP and NIST SP 800-63B: length and a list, no composition rules). It must not
//! be asked about existing passwords: a sign-in never fails because of them.

use domain::Invalid;
use secrecy::{ExposeSecret, SecretString};
use std::{collections::HashSet, sync::LazyLock};

/// The fewest characters of a password.
pub const MIN_CHARS: usize = 12;
/// The most characters of a password.
pub const MAX_CHARS: usize = 128;

const FIELD: &str = "password";
const ADVICE: &str = "Four or five words that do not belong together are long and easy to remember.";

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let list = include_str!("../../data/common-passwords.txt");
    list.lines().filter(|line| !line.starts_with('#')).collect()
});

/// Accepts a new password for the account `username`, or says which one would be accepted.
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
    if is_repeated(&letters) || is_run(&letters) {
        return Err(Invalid::new(FIELD, format!("Repetitions and runs are guessed first. {ADVICE}")));
    }
    let whole: String = letters.iter().collect();
    let core = whole.trim_matches(|c: char| !c.is_alphabetic());
    let username = username.to_lowercase();
    if whole == username || core == username {
        return Err(Invalid::new(FIELD, format!("Do not use your user name as password. {ADVICE}")));
    }
    if COMMON.contains(&*whole) || (COMMON.contains(core) && is_most_of(core, &whole)) {
        return Err(Invalid::new(FIELD, format!("This is among the passwords guessed first. {ADVICE}")));
    }
    Ok(())
}

/// `password1234`, but not `monkey` followed by eleven random digits.
fn is_most_of(core: &str, whole: &str) -> bool {
    core.chars().count() * 2 >= whole.chars().count()
}

/// `abcabcabcabc`, `aaaaaaaaaaaa`: some beginning of at most half the length, over and over.
fn is_repeated(letters: &[char]) -> bool {
    (1..=letters.len() / 2).any(|period| letters.iter().zip(&letters[period..]).all(|(a, b)| a == b))
}

/// `abcdefghijkl`, `123456789012`, `zyxwvutsrqpo`.
fn is_run(letters: &[char]) -> bool {
    let follows = |a: char, b: char| b as u32 == a as u32 + 1 || (a, b) == ('9', '0');
    letters.windows(2).all(|pair| follows(pair[0], pair[1]))
        || letters.windows(2).all(|pair| follows(pair[1], pair[0]))
}
