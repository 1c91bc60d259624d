//! Which version is in force. The first one is in force when the gateway listens. A later one is in force
//! when the gateway has applied it or has not refused it in time. A refused version is replaced on the
//! disk by the version in force, which a restart inside the container must find, and is reported until
//! the server has another version. It must not read the gateway's output itself: `lines` does.

use std::net::{Ipv4Addr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::disk::{Changed, Disk};
use crate::envelope::{Envelope, Version};
use crate::lines::{self, ConfigEvent};
use crate::mosaic::{ConfigResponse, MosaicClient, Poll, Refusal, Report};
use crate::{lock, say};

/// The gateway refuses a written config within 0.5 to 1.5 s, on a busy machine later.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the gateway logs about a config that was restored, which must not count for the next one.
const RESTORE_DURATION: Duration = Duration::from_secs(2);
/// A boot on a very busy machine.
const BOOT_TIMEOUT: Duration = Duration::from_secs(90);
const CONNECT_INTERVAL: Duration = Duration::from_millis(250);
/// Limits the requests to a server that always responds at once.
const MIN_REQUEST_INTERVAL: Duration = Duration::from_secs(1);

/// Follows Mosaic's versions.
#[derive(Debug)]
pub struct Follower {
    mosaic: MosaicClient,
    disk: Disk,
    report: Report,
    /// The version in force before the present one, which is restored after a late refusal.
    previous: Option<(Version, Vec<u8>)>,
    /// The config in force.
    config: Option<Vec<u8>>,
    version_on_disk: VersionOnDisk,
}

/// The version with which the gateway would start.
#[derive(Debug, Clone, Default)]
pub struct VersionOnDisk(Arc<Mutex<Option<Version>>>);

impl VersionOnDisk {
    /// `None` before the first version.
    pub fn get(&self) -> Option<Version> {
        lock(&self.0).clone()
    }

    fn set(&self, version: Option<Version>) {
        *lock(&self.0) = version;
    }
}

impl Follower {
    /// Without a version in force.
    pub fn new(mosaic: MosaicClient, disk: Disk) -> Self {
        Self {
            mosaic,
            disk,
            report: Report::default(),
            previous: None,
            config: None,
            version_on_disk: VersionOnDisk::default(),
        }
    }

    /// The version on the disk, now and later.
    pub fn version_on_disk(&self) -> VersionOnDisk {
        self.version_on_disk.clone()
    }

    /// Fetches until a first version is on the disk. The start of the gateway shows whether it is accepted.
    pub fn fetch_first(&mut self) -> Envelope {
        let mut poll = Poll::AtOnce;
        loop {
            let requested_at = Instant::now();
            match self.fetch(poll) {
                ConfigResponse::Unchanged => {}
                ConfigResponse::Invalid(refusal) => self.refuse(refusal),
                ConfigResponse::New(envelope) => {
                    if self.write(&envelope).is_some() {
                        return envelope;
                    }
                }
            }
            poll = Poll::Long;
            await_interval(requested_at);
        }
    }

    /// Follows forever, from the start of the gateway with the first version. `events` are what the
    /// gateway logs about its config.
    pub fn follow(mut self, first: Envelope, events: &Receiver<ConfigEvent>) {
        await_port(first.port);
        self.accept(first);
        loop {
            self.handle_late_refusal(events);
            let requested_at = Instant::now();
            match self.fetch(Poll::Long) {
                ConfigResponse::Unchanged => {}
                ConfigResponse::Invalid(refusal) => self.refuse(refusal),
                ConfigResponse::New(envelope) => {
                    self.handle_late_refusal(events);
                    self.apply(envelope, events);
                }
            }
            await_interval(requested_at);
        }
    }

    fn fetch(&mut self, poll: Poll) -> ConfigResponse {
        self.report.free_mib = self.disk.free_mib();
        self.mosaic.fetch_until_success(&self.report, poll)
    }

    fn apply(&mut self, envelope: Envelope, events: &Receiver<ConfigEvent>) {
        let refused = self.report.refused.as_ref().map(|refusal| &refusal.version);
        if self.report.have.as_ref() == Some(&envelope.version) || refused == Some(&envelope.version) {
            return;
        }
        let Some(changed) = self.write(&envelope) else {
            return;
        };
        // The gateway logs nothing about personality files, which it reads again for each turn.
        match await_refusal(changed, events) {
            Ok(()) => self.accept(envelope),
            Err(error) => {
                self.restore();
                self.refuse(Refusal { version: envelope.version, error });
                std::thread::sleep(RESTORE_DURATION);
                while events.try_recv().is_ok() {}
            }
        }
    }

    /// A refusal after [`REFUSAL_TIMEOUT`]: the version is not in force after all.
    fn handle_late_refusal(&mut self, events: &Receiver<ConfigEvent>) {
        let refusals = events.try_iter().filter_map(|event| match event {
            ConfigEvent::Refused(error) => Some(error),
            ConfigEvent::Applied | ConfigEvent::Fatal(_) => None,
        });
        let Some(error) = refusals.last() else {
            return;
        };
        let Some(version) = self.report.have.take() else {
            return;
        };
        let previous = self.previous.take();
        self.report.have = previous.as_ref().map(|(version, _)| version.clone());
        self.config = previous.map(|(_, config)| config);
        self.restore();
        self.refuse(Refusal { version, error });
    }

    fn write(&mut self, envelope: &Envelope) -> Option<Changed> {
        match self.disk.write(envelope) {
            Ok(changed) => {
                self.version_on_disk.set(Some(envelope.version.clone()));
                Some(changed)
            }
            Err(error) => {
                self.refuse(Refusal {
                    version: envelope.version.clone(),
                    error: lines::truncate(&error.to_string()),
                });
                None
            }
        }
    }

    fn accept(&mut self, envelope: Envelope) {
        say(&format!("version {} is in force", envelope.version.as_str()));
        let version = self.report.have.replace(envelope.version);
        let config = self.config.replace(envelope.config);
        self.previous = version.zip(config);
        self.report.refused = None;
    }

    fn refuse(&mut self, refusal: Refusal) {
        let (version, error) = (refusal.version.as_str(), &refusal.error);
        if self.report.refused.as_ref() != Some(&refusal) {
            say(&format!("version {version} is not in force: {error}"));
        }
        self.report.refused = Some(refusal);
    }

    /// Writes the config in force to the disk again.
    fn restore(&self) {
        let Some(config) = &self.config else {
            return;
        };
        self.version_on_disk.set(self.report.have.clone());
        if let Err(error) = self.disk.write_config(config) {
            say(&format!("the config in force could not be restored: {error}"));
        }
    }
}

/// Waits for the gateway's port, which opens after the config was accepted. After [`BOOT_TIMEOUT`] it
/// returns anyway: Mosaic decides about a gateway that does not start, and new versions must be fetched.
fn await_port(port: u16) {
    let deadline = Instant::now() + BOOT_TIMEOUT;
    while Instant::now() < deadline {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return;
        }
        std::thread::sleep(CONNECT_INTERVAL);
    }
}

/// The gateway's error about the config that was just written, if it refuses it in time.
fn await_refusal(changed: Changed, events: &Receiver<ConfigEvent>) -> Result<(), String> {
    if changed == Changed::No {
        return Ok(());
    }
    match events.recv_timeout(REFUSAL_TIMEOUT) {
        Ok(ConfigEvent::Refused(error)) => Err(error),
        // `Disconnected`: the output has ended, and so will this process.
        Ok(ConfigEvent::Applied | ConfigEvent::Fatal(_))
        | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
    }
}

/// Waits until another request is allowed.
fn await_interval(requested_at: Instant) {
    std::thread::sleep(MIN_REQUEST_INTERVAL.saturating_sub(requested_at.elapsed()));
}
