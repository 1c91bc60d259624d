//! The names of an owner's objects. They depend only on the ids, so that a step that is repeated after a crash finds the
//! objects of the first attempt.

use domain::{
    InstanceId,
    containers::{NetworkPolicy, Owner},
};
use uuid::Uuid;

/// Crockford's base 32 in lower case: without letters that look like digits, and valid in every name.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The name of the owner's container, network and volume (each kind has its own name space in Docker).
pub(crate) fn object_name(owner: &Owner) -> String {
    format!("mosaic-{}-{}", short(owner.instance.uuid()), short(owner.user.uuid()))
}

/// The name of the owner's bridge: exactly the 15 bytes that Linux allows for an interface.
pub(crate) fn bridge_name(owner: &Owner, policy: NetworkPolicy) -> String {
    bridge_prefix(owner.instance, policy) + &short(owner.user.uuid())
}

/// The prefix of the bridge names of one instance and policy, by which the guard matches them. With the instance's three
/// characters several instances on one host can have different rules.
pub(crate) fn bridge_prefix(instance: InstanceId, policy: NetworkPolicy) -> String {
    let kind = match policy {
        NetworkPolicy::Open => "msc",
        NetworkPolicy::Closed => "msn",
    };
    format!("{kind}-{}", instance_tag(instance))
}

/// Three characters for the instance, in bridge names and in the name of the guard's table.
pub(crate) fn instance_tag(instance: InstanceId) -> String {
    short(instance.uuid()).chars().take(3).collect()
}

/// The last 40 bits in 8 characters. This is the random part of a UUIDv7; the first part is the time, which is the same
/// for users who signed up in the same minute.
fn short(id: Uuid) -> String {
    let bits = id.as_u128();
    (0..8)
        .rev()
        .map(|position| {
            let digit = (bits >> (position * 5)) & 31;
            char::from(ALPHABET[digit as usize])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use domain::{ContainerId, UserId};

    fn owner(user: u128) -> Owner {
        Owner {
            instance: InstanceId::from(Uuid::from_u128(0x0198_f3c2_0000_7000_8000_00ff_eeb3_a271)),
            user: UserId::from(Uuid::from_u128(user)),
            container: ContainerId::from(Uuid::nil()),
        }
    }

    #[test]
    fn names_are_stable_and_fit_an_interface() {
        let owner = owner(0x0198_f3c2_0000_7000_8000_0000_0000_0021);
        assert_eq!(
            object_name(&owner),
            "mosaic-zzqb7891-00000011".replace("zzqb7891", &short(owner.instance.uuid()))
        );
        for policy in [NetworkPolicy::Open, NetworkPolicy::Closed] {
            let name = bridge_name(&owner, policy);
            assert_eq!(name.len(), 15);
            assert!(name.starts_with(&bridge_prefix(owner.instance, policy)));
        }
        assert_ne!(bridge_name(&owner, NetworkPolicy::Open), bridge_name(&owner, NetworkPolicy::Closed));
    }

    #[test]
    fn users_of_the_same_minute_get_different_names() {
        let first = owner(0x0198_f3c2_0000_7000_8000_1111_2222_3333);
        let second = owner(0x0198_f3c2_0000_7000_8000_1111_2222_3334);
        assert_ne!(object_name(&first), object_name(&second));
    }
}
