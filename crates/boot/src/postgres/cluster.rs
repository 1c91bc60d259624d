//! The folders of a cluster, and the programs that work on it.
//!
//! Owns paths, ownership, versions, set-up and command lines. It must not keep a server running.

use super::{Error, Settings, postmaster::Postmaster};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{process::Command, time::Instant};

const DATABASE: &str = "mosaic";
const SUPERUSER: &str = "postgres";
const PORT: &str = "5432";
/// The user and group ("nobody") that run Postgres when Mosaic is root, unless the data belongs to another user.
const UNPRIVILEGED: (u32, u32) = (65534, 65534);
/// `sun_path` has 108 bytes including the NUL.
const MAX_SOCKET_PATH_BYTES: usize = 107;
const MAX_LOG_BYTES: u64 = 10 << 20;
/// Recovery after a crash can take minutes. Other starts take tenths of a second.
const READY_TIMEOUT: Duration = Duration::from_secs(300);
const READY_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A data folder and the programs for it.
#[derive(Debug)]
pub(super) struct Cluster {
    bin: PathBuf,
    home: PathBuf,
    options: Vec<String>,
    /// Uid and gid to run as, if Mosaic is root.
    user: Option<(u32, u32)>,
}

fn socket_folder(home: &Path) -> PathBuf {
    home.join("run")
}

/// The URL of a server with this home folder.
pub(super) fn url_at(home: &Path) -> String {
    let folder = percent_encoded(&socket_folder(home));
    format!("postgres://{SUPERUSER}@localhost/{DATABASE}?host={folder}&port={PORT}")
}

impl Cluster {
    /// Creates the folders, and refuses what cannot work.
    pub(super) async fn open(settings: Settings) -> Result<Self, Error> {
        let not_installed = |_| Error::NotInstalled(settings.install.clone());
        // Canonical, because the programs find their libraries relative to their own path.
        let bin = fs::canonicalize(settings.install.join("bin")).map_err(not_installed)?;
        fs::metadata(bin.join("postgres")).map_err(not_installed)?;
        private_folder(&settings.home, None)?;
        let home = fs::canonicalize(&settings.home).map_err(Error::at(&settings.home))?;
        let user = user_for(&home.join("data"));
        let cluster = Self { bin, home, options: settings.options, user };
        cluster.check_permissions()?;
        cluster.check_socket_path()?;
        private_folder(&cluster.home, user)?;
        private_folder(&cluster.run(), user)?;
        cluster.check_version().await?;
        Ok(cluster)
    }

    /// Locks the home folder.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has locked it.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let path = self.home.join("lock");
        let mut open = OpenOptions::new();
        let open = open.write(true).create(true).truncate(false).mode(0o600);
        let file = open.open(&path).map_err(Error::at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(self.home.clone())),
            Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
        }
    }

    /// Creates the cluster if there is none: under another name, which is changed at the end, so that an interrupted set-up
    /// leaves no broken cluster.
    pub(super) async fn initialise(&self) -> Result<(), Error> {
        let (data, draft) = (self.data(), self.home.join("data.new"));
        if data.exists() {
            return Ok(());
        }
        tracing::info!(folder = %data.display(), "creating a new Postgres cluster");
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(Error::at(&draft))?;
        }
        let mut initdb = self.command("initdb");
        initdb.arg("-D").arg(&draft).args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]);
        initdb.args(["--locale=C.UTF-8", "--data-checksums"]);
        run("initdb", initdb).await?;
        fs::rename(&draft, &data).map_err(Error::at(&data))
    }

    /// Adopts or starts the server, and waits until it answers.
    pub(super) async fn launch(&self) -> Result<Postmaster, Error> {
        loop {
            let mut postmaster = match Postmaster::find(&self.data(), &self.run()).await? {
                Some(running) => running,
                None => Postmaster::spawn(self.server()?).map_err(Error::at(self.bin.join("postgres")))?,
            };
            match self.await_ready(&mut postmaster).await {
                // It was told to stop just before it was found.
                Err(Error::Ended { .. }) if postmaster.is_adopted() => continue,
                answered => answered?,
            }
            tracing::info!(
                pid = postmaster.raw_pid(),
                adopted = postmaster.is_adopted(),
                "Postgres is ready"
            );
            return Ok(postmaster);
        }
    }

    /// Creates the database if it is missing. The server must answer.
    pub(super) async fn create_database(&self) -> Result<(), Error> {
        let mut list = self.client("psql");
        list.args(["--no-psqlrc", "--list", "--tuples-only", "--no-align", "--dbname=postgres"]);
        let databases = run("psql", list).await?;
        let names = databases.lines().filter_map(|line| line.split('|').next());
        if names.into_iter().any(|name| name == DATABASE) {
            return Ok(());
        }
        let mut createdb = self.client("createdb");
        createdb.arg(DATABASE);
        run("createdb", createdb).await.map(drop)
    }

    pub(super) fn url(&self) -> String {
        url_at(&self.home)
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn run(&self) -> PathBuf {
        socket_folder(&self.home)
    }

    fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    fn check_socket_path(&self) -> Result<(), Error> {
        let socket = self.run().join(format!(".s.PGSQL.{PORT}"));
        if socket.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
            return Err(Error::PathTooLong(socket));
        }
        Ok(())
    }

    /// The other user must be able to pass through all parent folders.
    fn check_permissions(&self) -> Result<(), Error> {
        let Some((uid, _)) = self.user else { return Ok(()) };
        let parents_of_home = self.home.ancestors().skip(1);
        for folder in self.bin.ancestors().chain(parents_of_home) {
            let found = fs::metadata(folder).map_err(Error::at(folder))?;
            if found.mode() & 0o001 == 0 && found.uid() != uid {
                return Err(Error::NoPassage { folder: folder.to_owned(), uid });
            }
        }
        Ok(())
    }

    async fn check_version(&self) -> Result<(), Error> {
        let path = self.data().join("PG_VERSION");
        if !self.data().exists() {
            return Ok(());
        }
        let found = fs::read_to_string(&path).map_err(Error::at(&path))?.trim().to_owned();
        let mut version = self.command("postgres");
        version.arg("--version");
        let installed = run("postgres --version", version).await?;
        let installed = major_version(&installed).to_owned();
        if found != installed {
            return Err(Error::OtherMajor { data: self.data(), found, installed });
        }
        Ok(())
    }

    fn server(&self) -> Result<Command, Error> {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data());
        let run = self.run();
        let ours = [
            "listen_addresses=".to_owned(),
            format!("port={PORT}"),
            format!("unix_socket_directories={}", run.display()),
            "unix_socket_permissions=0700".to_owned(),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
            // Failing statements and "Key (…)=(…) already exists" would write users' content to the log.
            "log_error_verbosity=terse".to_owned(),
            "log_min_error_statement=panic".to_owned(),
        ];
        for setting in ours.iter().chain(&self.options) {
            command.arg("-c").arg(setting);
        }
        let log = self.open_log()?;
        command.stdout(log.try_clone().map_err(Error::at(self.log()))?).stderr(log);
        // A process group of its own: Ctrl-C in the terminal must reach only Mosaic, which finishes its work first.
        command.process_group(0);
        Ok(command)
    }

    fn open_log(&self) -> Result<File, Error> {
        let path = self.log();
        if fs::metadata(&path).is_ok_and(|log| log.len() > MAX_LOG_BYTES) {
            fs::rename(&path, path.with_extension("log.1")).map_err(Error::at(&path))?;
        }
        OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(Error::at(&path))
    }

    async fn await_ready(&self, postmaster: &mut Postmaster) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            let mut ask = self.client("pg_isready");
            ask.arg("--quiet").kill_on_drop(true);
            tokio::select! {
                biased;
                () = postmaster.gone() => {
                    return Err(Error::Ended { last_line: last_line(&self.log()), log: self.log() });
                }
                answer = ask.status() => {
                    if answer.map_err(Error::at(self.bin.join("pg_isready")))?.success() {
                        return Ok(());
                    }
                }
            }
            if began.elapsed() > READY_TIMEOUT {
                let seconds = READY_TIMEOUT.as_secs();
                return Err(Error::Silent { seconds, last_line: last_line(&self.log()), log: self.log() });
            }
            tokio::time::sleep(READY_POLL_INTERVAL).await;
        }
    }

    fn client(&self, program: &str) -> Command {
        let mut command = self.command(program);
        command.args(["-U", SUPERUSER, "-p", PORT, "-h"]).arg(self.run());
        command
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        // The programs must see no secrets, and no PG* variables that would point them elsewhere.
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }
}

/// Postgres refuses to run as root, or with another user's data folder.
fn user_for(data: &Path) -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let owner = fs::metadata(data).map(|data| (data.uid(), data.gid()));
    Some(owner.ok().filter(|(uid, _)| *uid != 0).unwrap_or(UNPRIVILEGED))
}

fn private_folder(path: &Path, user: Option<(u32, u32)>) -> Result<(), Error> {
    // The other user must pass through the parent folders. Only the last folder is private.
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o711).create(parent).map_err(Error::at(parent))?;
    }
    DirBuilder::new().recursive(true).create(path).map_err(Error::at(path))?;
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(Error::at(path))?;
    let Some((uid, gid)) = user else { return Ok(()) };
    chown(path, Some(uid), Some(gid)).map_err(Error::at(path))
}

async fn run(program: &'static str, mut command: Command) -> Result<String, Error> {
    command.kill_on_drop(true);
    let Output { status, stdout, stderr } = command.output().await.map_err(Error::at(program))?;
    if !status.success() {
        let text = String::from_utf8_lossy(&stderr);
        let last_line = text.trim().lines().last().unwrap_or("it wrote nothing").into();
        return Err(Error::Program { program, last_line });
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// `18` for `postgres (PostgreSQL) 18.6`, `15` for `postgres (PostgreSQL) 15.20 (Debian 15.20-1)`.
fn major_version(version: &str) -> &str {
    let number = version.split(") ").nth(1).unwrap_or(version);
    number.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(number)
}

fn last_line(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.trim_end().lines().last().unwrap_or("nothing was logged").to_owned()
}

fn percent_encoded(path: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    let bytes = path.as_os_str().as_encoded_bytes().iter();
    bytes.map(|byte| if plain(byte) { char::from(*byte).into() } else { format!("%{byte:02X}") }).collect()
}
