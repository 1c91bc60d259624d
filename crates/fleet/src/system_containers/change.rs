//! What one is for, said anew.

use super::{Listed, list::listed, parse_purpose};
use crate::{Cx, Error, Result};
use domain::UserId;
use serde_json::json;
use store::system_containers;

/// Changes its purpose.
pub async fn change(cx: &Cx, id: UserId, purpose: &str) -> Result<Listed> {
    let admin = cx.as_admin()?;
    let purpose = parse_purpose(purpose)?;
    let mut tx = cx.system("an admin says what an agent of the instance itself is for").await?;
    if !system_containers::set_purpose(&mut tx, id, &purpose).await? {
        return Err(Error::NotFound("system container"));
    }
    let detail = json!({ "purpose": purpose });
    admin.audit(&mut tx, "system_container.change", &id.to_string(), Some(id), detail).await?;
    let changed = listed(cx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}
