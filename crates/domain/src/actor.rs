//! Who acts, and with which rights a transaction is opened for him.

use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// What a person may do besides looking after his own things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Own things only.
    User,
    /// Users, fleet, settings and audit as well; never other people's content.
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

    /// Reads the stored text; anything unknown has the least rights.
    pub fn from_stored(text: &str) -> Self {
        if text == "admin" { Self::Admin } else { Self::User }
    }
}

/// A signed-in person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// His account.
    pub id: UserId,
    /// His role as of this request.
    pub role: Role,
}

/// The row-level-security scope of a transaction (`app.scope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Sees rows whose owner is the acting user.
    User,
    /// Sees what an admin may look at: users, containers, jobs, audit, settings.
    Admin,
    /// Sees everything; needs a stated reason.
    System,
}

impl Scope {
    /// The value of the `app.scope` setting that the policies compare with.
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
    /// A person on his own things. An admin is a plain user here too.
    User(Person),
    /// An admin on the fleet. Made only by [`Actor::as_admin`].
    Admin(Person),
    /// An admin on the account of one of the instance's own agents: with its rights, and none of his.
    Delegate {
        /// For whom: an account that nobody signs in as.
        account: UserId,
        /// Whose doing it is.
        admin: UserId,
    },
    /// The product itself; the reason is logged and greppable.
    System(&'static str),
}

impl Actor {
    /// On whose things, and with which role; `None` for the system.
    pub const fn person(&self) -> Option<Person> {
        match self {
            Self::User(person) | Self::Admin(person) => Some(*person),
            Self::Delegate { account, .. } => Some(Person { id: *account, role: Role::User }),
            Self::System(_) => None,
        }
    }

    /// Whose doing it is; `None` for the system.
    pub const fn real_user(&self) -> Option<UserId> {
        match self {
            Self::User(person) | Self::Admin(person) => Some(person.id),
            Self::Delegate { admin, .. } => Some(*admin),
            Self::System(_) => None,
        }
    }

    /// The same person with an admin's view, `None` when his role does not allow it.
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
