//! A saved provider with its key, as the outbound client wants it.

use super::draft::key_place;
use crate::{Cx, Result, keys};
use ::providers::Target;
use secrets::Sealed;
use store::{Tx, providers::Provider};

/// The stored key goes to the stored address only: neither can be replaced by something typed.
pub(super) async fn stored_target(cx: &Cx, tx: &mut Tx, provider: &Provider) -> Result<Target> {
    let key = match &provider.api_key {
        Some(bytes) => {
            let data_key = keys::of_user(&cx.services, tx, provider.user_id).await?;
            let place = key_place(provider.id, provider.user_id);
            // Opened to ask its own provider something.
            Some(secrets::open(&data_key, &place, &Sealed::from_bytes(bytes)?)?)
        }
        None => None,
    };
    Ok(Target {
        kind: provider.kind.parse()?,
        base_url: provider.base_url.clone(),
        key,
        models: provider.models.iter().map(|model| model.id.clone()).collect(),
    })
}
