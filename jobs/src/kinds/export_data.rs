//! `export-data`: collect all data of a user in one archive.

use crate::{Job, Lane, Policy};
use domain::UserId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportData {
    pub user_id: UserId,
}

impl Job for ExportData {
    const KIND: &'static str = "export-data";
    const LANE: Lane = Lane::Maintenance;

    fn policy() -> Policy {
        Policy { max_attempts: 3, timeout: Duration::from_secs(1800), ..Policy::default() }
    }

    fn unique_key(&self) -> Option<String> {
        Some(format!("export:{}", self.user_id))
    }
}
