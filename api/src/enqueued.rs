//! The response of routes that start a job.

use domain::JobId;
use rocket::{http::Status, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

/// The job that was enqueued.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Enqueued)]
pub struct EnqueuedResponse {
    /// Follow it at `/api/jobs/{id}`.
    job_id: JobId,
}

/// `202 Accepted` with the job.
pub type Accepted = (Status, Json<EnqueuedResponse>);

pub fn accepted(job_id: JobId) -> Accepted {
    (Status::Accepted, Json(EnqueuedResponse { job_id }))
}
