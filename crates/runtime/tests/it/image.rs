//! An image of two megabytes with a static busybox, so that no registry is needed.

use crate::harness::{run, shell};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::{Arc, Mutex, Weak},
};

/// The stand-in for OpenClaw. `/data/mode` sets its behaviour.
const ENTRY: &str = r#"#!/bin/sh
trap 'exit 0' TERM
case "$(cat /data/mode 2>/dev/null)" in
  oom) exec tail /dev/zero ;;
  crash) exit 3 ;;
  stubborn) trap '' TERM ;;
esac
httpd -p 18789 -h /srv
while :; do sleep 1 & wait $!; done
"#;
const APPLETS: [&str; 12] =
    ["sh", "cat", "echo", "tail", "sleep", "httpd", "nc", "timeout", "nslookup", "id", "touch", "ls"];

/// The image. Removed with its last user.
pub struct TestImage {
    pub name: String,
}

impl TestImage {
    /// The image of this process.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestImage>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        if let Some(image) = shared.upgrade() {
            return image;
        }
        let image = Arc::new(Self::build());
        *shared = Arc::downgrade(&image);
        image
    }

    fn build() -> Self {
        let busybox =
            ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| is_static(Path::new(path)));
        let busybox = busybox.expect("no static busybox (package busybox-static): run `make test`");
        let name = format!("mosaic-test-busybox:{}", std::process::id());
        let root = std::env::temp_dir().join(format!("mosaic-test-image-{}", std::process::id()));
        for folder in ["bin", "data", "tmp", "home/claw", "run/mosaic", "srv", "etc"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        // runc gives a tmpfs the mode of the image's folder below it, independently of its options.
        for (folder, mode) in [("tmp", 0o1777), ("home/claw", 0o700), ("run/mosaic", 0o700)] {
            fs::set_permissions(root.join(folder), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::copy(busybox, root.join("bin/busybox")).unwrap();
        for applet in APPLETS {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        fs::write(root.join("srv/index.html"), "agent").unwrap();
        fs::write(root.join("bin/entry"), ENTRY).unwrap();
        fs::set_permissions(root.join("bin/entry"), fs::Permissions::from_mode(0o755)).unwrap();
        shell(&format!(
            "tar -C {} --owner=10001 --group=10001 -c . | docker import -c 'CMD [\"/bin/entry\"]' -c 'ENV PATH=/bin' - {name}",
            root.display()
        ));
        fs::remove_dir_all(root).unwrap();
        Self { name }
    }
}

impl Drop for TestImage {
    fn drop(&mut self) {
        run("docker", &["rmi", "-f", &self.name]);
    }
}

/// The ELF file of a static program does not name the interpreter `ld-linux`.
fn is_static(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    !bytes.windows(9).any(|window| window == b"/ld-linux")
}
