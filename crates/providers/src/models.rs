//! The list of models that an account offers.

use crate::{
    account::{AccountClient, ProviderAccount},
    cause::{Cause, Failure},
    model_info::ModelInfo,
    outbound::{AllowedHosts, Outbound},
};

/// The models that the provider offers to this account, sorted by id. Makes one request.
///
/// # Errors
/// [`Cause::NotFound`] when the provider has no list; otherwise why the request failed.
pub async fn list_models(
    outbound: &Outbound,
    allowed: &AllowedHosts,
    account: &ProviderAccount,
) -> Result<Vec<ModelInfo>, Failure> {
    let client = AccountClient::open(outbound, allowed, account).await?;
    client.list_models().await?.ok_or_else(|| Cause::NotFound.into())
}
