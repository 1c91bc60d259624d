//! One container of the real agent image, without Mosaic's entrypoint.

use openclaw::{
    Gateway, Readiness,
    render::{RenderedConfig, StateFile},
};
use secrecy::ExposeSecret;
use std::{
    io::Write,
    net::SocketAddr,
    process::{Command, Output, Stdio},
    time::Duration,
};

pub const CONFIG: &str = "/run/mosaic/openclaw.json";
const TOKEN: &str = "a-token-of-at-least-24-characters";

/// The real agent image.
pub fn image() -> String {
    std::env::var("MOSAIC_TEST_AGENT_IMAGE").expect(
        "this test needs the real agent image: run `make test`, which builds it and sets MOSAIC_TEST_AGENT_IMAGE",
    )
}

fn docker(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("docker is on the path");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Removed when the test ends, also after a panic.
pub struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", "-v", &self.0], "");
    }
}

impl Container {
    pub fn start(image: &str) -> Self {
        let run = std::env::var("MOSAIC_TEST_RUN").unwrap_or_else(|_| "by-hand".into());
        let (label, token) = (format!("mosaic.test={run}"), format!("OPENCLAW_GATEWAY_TOKEN={TOKEN}"));
        let output = docker(
            &[
                "run",
                "-d",
                "--init",
                "--label",
                &label,
                "-e",
                &token,
                "-p",
                "127.0.0.1::18789",
                "--hostname",
                "cell",
                "--memory",
                "2g",
                "--log-driver",
                "none",
                "--entrypoint",
                "sleep",
                image,
                "infinity",
            ],
            "",
        );
        assert!(output.status.success(), "{}", text(&output));
        Self(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// Runs a shell line inside.
    pub fn shell(&self, line: &str, input: &str) -> (bool, String) {
        let output = docker(&["exec", "-i", &self.0, "sh", "-c", line], input);
        (output.status.success(), text(&output))
    }

    pub fn write(&self, path: &str, content: &str) {
        let folder = path.rsplit_once('/').unwrap().0;
        let line = format!("mkdir -p {folder} && cat > {path}.new && mv {path}.new {path}");
        let (ok, output) = self.shell(&line, content);
        assert!(ok, "{output}");
    }

    /// Puts a rendered configuration where OpenClaw looks for it.
    pub fn apply(&self, rendered: &RenderedConfig) {
        for StateFile { path, content } in &rendered.files {
            self.write(&format!("/data/{path}"), content);
        }
        self.write(CONFIG, rendered.config.expose_secret());
    }

    /// The address under which the container reaches this process.
    pub fn host(&self) -> String {
        let format = "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}";
        text(&docker(&["inspect", "-f", format, &self.0], "")).trim().to_owned()
    }

    pub fn gateway(&self) -> Gateway {
        let port = text(&docker(&["port", &self.0, "18789/tcp"], ""));
        let address: SocketAddr = port.lines().next().unwrap().trim().parse().unwrap();
        Gateway::new(address, TOKEN.into(), openclaw::http_client().unwrap())
    }

    /// Starts the gateway and waits until it is ready.
    pub async fn boot(&self) -> Gateway {
        let line = "nohup openclaw gateway run --bind lan --port 18789 >>/tmp/gateway.log 2>&1 & echo $! >/tmp/gateway.pid";
        assert!(self.shell(line, "").0);
        let gateway = self.gateway();
        for _ in 0..900 {
            if gateway.readiness().await == Readiness::Ready {
                return gateway;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("the gateway did not become ready: {}", self.log());
    }

    pub fn kill(&self) {
        let (ok, output) = self.shell("kill -9 $(cat /tmp/gateway.pid); sleep 1", "");
        assert!(ok, "{output}");
    }

    /// Stops the gateway with SIGTERM and then tidies up, as the image does.
    pub fn stop(&self) {
        let line = "kill -TERM $(cat /tmp/gateway.pid); while kill -0 $(cat /tmp/gateway.pid) 2>/dev/null; do sleep 0.2; done";
        let (ok, output) = self.shell(&format!("{line}; $MOSAIC_TIDY_CMD"), "");
        assert!(ok, "{output}");
    }

    /// The files of the state that contain this text, ignoring case.
    pub fn files_with(&self, text: &str) -> String {
        self.shell(&format!("grep -rail '{text}' /data"), "").1
    }

    /// Waits until the gateway has logged `sentence`.
    pub async fn await_log(&self, sentence: &str) {
        for _ in 0..300 {
            if self.shell(&format!("grep -qF '{sentence}' /tmp/gateway.log"), "").0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("the gateway never logged {sentence:?}: {}", self.log());
    }

    pub fn log(&self) -> String {
        self.shell("tail -n 40 /tmp/gateway.log | cut -c1-600", "").1
    }
}
