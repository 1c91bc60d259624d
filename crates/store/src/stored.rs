//! State columns: a text in the database, an enum in the program.
//!
//! A query names the column `status as "status: Stored<TurnStatus>"`, and the field is a plain [`TurnStatus`]. What a
//! text stands for that no version has written is decided once per enum, by [`StoredText::from_stored`].

use domain::{
    Role,
    conversation::MessageRole,
    lifecycle::{Desired, Observed},
    turn::{Stage, TurnStatus},
};
use sqlx::{
    Decode, Postgres, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
};

/// An enum that is stored as a text.
pub(crate) trait StoredText {
    /// Reads the stored text. An unknown text becomes the value that allows or promises the least.
    fn from_stored(text: &str) -> Self;
}

/// A text column as a query macro reads it, on the way to the field that is a `T`.
#[derive(Debug)]
pub(crate) struct Stored<T>(T);

impl<T> Type<Postgres> for Stored<T> {
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }

    fn compatible(ty: &PgTypeInfo) -> bool {
        <str as Type<Postgres>>::compatible(ty)
    }
}

impl<'r, T: StoredText> Decode<'r, Postgres> for Stored<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(T::from_stored(<&str as Decode<Postgres>>::decode(value)?)))
    }
}

/// Enums that can be fields of rows, with how each reads the stored text.
macro_rules! stored_text {
    ($($enum:ty: $from_stored:expr;)*) => {$(
        impl StoredText for $enum {
            fn from_stored(text: &str) -> Self {
                $from_stored(text)
            }
        }

        impl From<Stored<$enum>> for $enum {
            fn from(stored: Stored<$enum>) -> Self {
                stored.0
            }
        }
    )*};
}

stored_text! {
    Desired: Desired::from_stored;
    MessageRole: MessageRole::from_stored;
    Observed: Observed::from_stored;
    Role: Role::from_stored;
    Stage: Stage::from_stored;
    TurnStatus: |text| TurnStatus::from_stored(text).unwrap_or(TurnStatus::Failed);
}
