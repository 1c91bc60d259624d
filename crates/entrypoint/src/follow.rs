//! Which version is in force. The first one is, once the gateway listens; a later one, once the
//! gateway took it or did not object in time. One that it refused is taken back from the disk, so
//! that a restart inside the container finds what is in force, and is reported until the server
//! has another. It must not look at the gateway's output itself: `lines` does.

use std::net::{Ipv4Addr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::disk::{Changed, Disk};
use crate::envelope::{Envelope, Version};
use crate::lines::{self, News};
use crate::mosaic::{Answer, Mosaic, Refusal, Report, Wait};
use crate::say;

/// So long a written config may be refused; measured: 0.5 to 1.5 s, more on a busy machine.
const VERDICT: Duration = Duration::from_secs(5);
/// What the gateway says about a config that was put back; it must not count for the next one.
const ECHO: Duration = Duration::from_secs(2);
/// So long the first version may take to be in force: a boot on a very busy machine.
const BOOT: Duration = Duration::from_secs(90);
const KNOCK: Duration = Duration::from_millis(250);
/// Against a server that answers at once and for ever: at most one question in this time.
const BREATH: Duration = Duration::from_secs(1);

/// Follows Mosaic's versions.
#[derive(Debug)]
pub struct Follower {
    mosaic: Mosaic,
    disk: Disk,
    report: Report,
    /// The config in force before the present one, to go back to.
    before: Option<(Version, Vec<u8>)>,
    in_force: Option<Vec<u8>>,
    on_disk: OnDisk,
}

/// The version that the gateway would start with.
#[derive(Debug, Clone, Default)]
pub struct OnDisk(Arc<Mutex<Option<Version>>>);

impl OnDisk {
    /// The version now; `None` before the first.
    pub fn version(&self) -> Option<Version> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_now(&self, version: Option<Version>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = version;
    }
}

impl Follower {
    /// With nothing in force yet.
    pub fn new(mosaic: Mosaic, disk: Disk) -> Self {
        Self {
            mosaic,
            disk,
            report: Report::default(),
            before: None,
            in_force: None,
            on_disk: OnDisk::default(),
        }
    }

    /// What the disk holds, from now on.
    pub fn on_disk(&self) -> OnDisk {
        self.on_disk.clone()
    }

    /// Asks until a first version is on the disk. Whether it comes into force shows at the start.
    pub fn first(&mut self) -> Envelope {
        let mut wait = Wait::No;
        loop {
            let asked = Instant::now();
            match self.ask(wait) {
                Answer::Same => {}
                Answer::Mistaken(refusal) => self.refuse(refusal),
                Answer::New(envelope) => {
                    if self.write(&envelope).is_some() {
                        return envelope;
                    }
                }
            }
            wait = Wait::Long;
            breathe(asked);
        }
    }

    /// Follows for ever, beginning with the start of the gateway with the first version. `news`
    /// is what the gateway says about its config.
    pub fn follow(mut self, first: Envelope, news: &Receiver<News>) {
        until_listening(first.port);
        self.accept(first);
        loop {
            self.hear_late(news);
            let asked = Instant::now();
            match self.ask(Wait::Long) {
                Answer::Same => {}
                Answer::Mistaken(refusal) => self.refuse(refusal),
                Answer::New(envelope) => {
                    self.hear_late(news);
                    self.take(envelope, news);
                }
            }
            breathe(asked);
        }
    }

    fn ask(&mut self, wait: Wait) -> Answer {
        self.report.left_mib = self.disk.left_mib();
        self.mosaic.insist(&self.report, wait)
    }

    fn take(&mut self, envelope: Envelope, news: &Receiver<News>) {
        let refused = self.report.refused.as_ref().map(|refusal| &refusal.version);
        if self.report.have.as_ref() == Some(&envelope.version) || refused == Some(&envelope.version) {
            return;
        }
        let Some(changed) = self.write(&envelope) else {
            return;
        };
        // The gateway says nothing about personality files: it reads them anew for each turn.
        match verdict(changed, news) {
            Ok(()) => self.accept(envelope),
            Err(error) => {
                self.put_back();
                self.refuse(Refusal { version: envelope.version, error });
                std::thread::sleep(ECHO);
                while news.try_recv().is_ok() {}
            }
        }
    }

    /// A refusal that came after the time for it: the version is not in force after all.
    fn hear_late(&mut self, news: &Receiver<News>) {
        let late = news.try_iter().filter_map(|one| match one {
            News::Refused(error) => Some(error),
            News::Applied | News::Fatal(_) => None,
        });
        let Some(error) = late.last() else {
            return;
        };
        let Some(version) = self.report.have.take() else {
            return;
        };
        let before = self.before.take();
        self.report.have = before.as_ref().map(|(version, _)| version.clone());
        self.in_force = before.map(|(_, config)| config);
        self.put_back();
        self.refuse(Refusal { version, error });
    }

    fn write(&mut self, envelope: &Envelope) -> Option<Changed> {
        match self.disk.write(envelope) {
            Ok(changed) => {
                self.on_disk.is_now(Some(envelope.version.clone()));
                Some(changed)
            }
            Err(error) => {
                self.refuse(Refusal {
                    version: envelope.version.clone(),
                    error: lines::clip(&error.to_string()),
                });
                None
            }
        }
    }

    fn accept(&mut self, envelope: Envelope) {
        say(&format!("version {} is in force", envelope.version.as_str()));
        let had = self.report.have.replace(envelope.version);
        let config = self.in_force.replace(envelope.config);
        self.before = had.zip(config);
        self.report.refused = None;
    }

    fn refuse(&mut self, refusal: Refusal) {
        let (version, error) = (refusal.version.as_str(), &refusal.error);
        if self.report.refused.as_ref() != Some(&refusal) {
            say(&format!("version {version} is not in force: {error}"));
        }
        self.report.refused = Some(refusal);
    }

    fn put_back(&self) {
        let Some(config) = &self.in_force else {
            return;
        };
        self.on_disk.is_now(self.report.have.clone());
        if let Err(error) = self.disk.write_config(config) {
            say(&format!("the config in force could not be put back: {error}"));
        }
    }
}

/// Waits for the gateway's port: it opens once the config was accepted. A gateway that never opens
/// it is Mosaic's to judge; the answer to a new version must not wait for ever.
fn until_listening(port: u16) {
    let until = Instant::now() + BOOT;
    while Instant::now() < until {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return;
        }
        std::thread::sleep(KNOCK);
    }
}

/// What the gateway says about what was just written; silence is consent.
fn verdict(changed: Changed, news: &Receiver<News>) -> Result<(), String> {
    if changed == Changed::No {
        return Ok(());
    }
    match news.recv_timeout(VERDICT) {
        Ok(News::Refused(error)) => Err(error),
        // Its output has ended: so does this process, in a moment.
        Ok(News::Applied | News::Fatal(_))
        | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
    }
}

fn breathe(since: Instant) {
    std::thread::sleep(BREATH.saturating_sub(since.elapsed()));
}
