//! Who acts, and with which rights their transactions are opened.

use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// What a user may do beyond their own data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Their own data only.
    User,
    /// Also users, fleet, settings and the audit log, but never other users' content.
    Admin,
}

impl Role {
    /// The text stored in `users.role`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Reads the stored text. Anything unknown gets the fewest rights.
    pub fn from_stored(text: &str) -> Self {
        if text == "admin" { Self::Admin } else { Self::User }
    }
}

/// A signed-in user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Their account.
    pub id: UserId,
    /// Their role at the time of this request.
    pub role: Role,
}

/// The row-level-security scope of a transaction (`app.scope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Sees the acting user's own rows.
    User,
    /// Sees what an admin may see: users, containers, jobs, audit log, settings.
    Admin,
    /// Sees everything. Needs a stated reason.
    System,
}

impl Scope {
    /// The value of `app.scope` that the row-level-security policies compare with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::System => "system",
        }
    }
}

/// On whose behalf something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A user on their own data. Admins too are plain users here.
    User(Person),
    /// An admin on the fleet. Made only by [`Actor::as_admin`].
    Admin(Person),
    /// An admin on the account of a system container: with the account's rights, and none of their own.
    Delegate {
        /// The impersonated account, which no user signs in as.
        account: UserId,
        /// The admin who really acts.
        admin: UserId,
    },
    /// The product itself. The reason is logged.
    System(&'static str),
}

impl Actor {
    /// The product on a user's own things, with the least rights that this takes.
    pub const fn on_behalf_of(user: UserId) -> Self {
        Self::User(Person { id: user, role: Role::User })
    }

    /// Whose data it acts on, and with which role; `None` for the system.
    pub const fn person(&self) -> Option<Person> {
        match self {
            Self::User(person) | Self::Admin(person) => Some(*person),
            Self::Delegate { account, .. } => Some(Person { id: *account, role: Role::User }),
            Self::System(_) => None,
        }
    }

    /// Who really acts; `None` for the system.
    pub const fn real_user(&self) -> Option<UserId> {
        match self {
            Self::User(person) | Self::Admin(person) => Some(person.id),
            Self::Delegate { admin, .. } => Some(*admin),
            Self::System(_) => None,
        }
    }

    /// The same user as an admin on the fleet; `None` when their role does not allow it.
    pub fn as_admin(&self) -> Option<Self> {
        self.person().filter(|person| person.role == Role::Admin).map(Self::Admin)
    }

    /// The scope its transactions run in.
    pub const fn scope(&self) -> Scope {
        match self {
            Self::User(_) | Self::Delegate { .. } => Scope::User,
            Self::Admin(_) => Scope::Admin,
            Self::System(_) => Scope::System,
        }
    }
}
