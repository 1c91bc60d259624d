//! The container's profile, as Docker reports it and as it works inside.

use crate::harness::{TOKEN, TestInstance, inside, inspect, run};
use domain::containers::NetworkPolicy;

#[tokio::test]
async fn docker_reports_the_whole_profile() {
    let instance = TestInstance::new("10.121.0.0/24");
    let spec = instance.spec(instance.owner(), 7);
    let seen = instance.up(&spec, NetworkPolicy::Open).await;
    let is = |template: &str, expected: &str| assert_eq!(inspect(&seen, template), expected, "{template}");

    is("{{.Config.User}}", "10001:10001");
    is("{{.HostConfig.ReadonlyRootfs}}", "true");
    is("{{.HostConfig.Privileged}}", "false");
    is("{{.HostConfig.CapDrop}} {{.HostConfig.CapAdd}}", "[ALL] []");
    is("{{.HostConfig.SecurityOpt}}", "[no-new-privileges:true]");
    is("{{.HostConfig.PidsLimit}}", "64");
    is("{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}", "67108864 67108864");
    is("{{.HostConfig.NanoCpus}}", "500000000");
    is("{{.HostConfig.Init}}", "false");
    is("{{.HostConfig.Runtime}}", "runc");
    is("{{.HostConfig.RestartPolicy.Name}}", "no");
    is("{{.HostConfig.LogConfig}}", "{local map[compress:false max-file:1 max-size:1m]}");
    is("{{.HostConfig.Binds}} {{.HostConfig.PidMode}} {{.HostConfig.UTSMode}}", "[]");
    is("{{range .Mounts}}{{.Type}} {{.Destination}} {{end}}", "volume /data");
    is("{{len .NetworkSettings.Networks}}", "1");
    is("{{index .Config.Labels \"mosaic.instance\"}}", &instance.id.to_string());
    is("{{index .Config.Labels \"mosaic.user\"}}", &spec.owner.user.to_string());
    is("{{index .Config.Labels \"mosaic.container\"}}", &spec.owner.container.to_string());
    is("{{index .Config.Labels \"mosaic.generation\"}}", "7");
    // The fixed name keeps OpenClaw's lease on its state usable for the next container.
    let name = inspect(&seen, "{{.Name}}");
    is("/{{.Config.Hostname}}", &name);
    assert!(name.starts_with("/mosaic-") && name.len() == "/mosaic-12345678-12345678".len(), "{name}");
    let address = seen.address.unwrap();
    is(
        "{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}}:{{.HostPort}}{{end}}{{end}}",
        &address.to_string(),
    );
    assert!(address.ip().is_loopback() && address.port() != 0);
    assert!(seen.started_at.is_some());
}

#[tokio::test]
async fn the_limits_work_inside() {
    let instance = TestInstance::new("10.121.1.0/24");
    let seen = instance.up(&instance.spec(instance.owner(), 1), NetworkPolicy::Open).await;

    assert!(inside(&seen, "id").starts_with("uid=10001 gid=10001"));
    let status = inside(&seen, "cat /proc/self/status");
    for expected in
        ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"]
    {
        assert!(status.contains(expected), "{expected} in\n{status}");
    }
    for path in ["/x", "/bin/x", "/etc/x"] {
        assert!(inside(&seen, &format!("touch {path}")).contains("Read-only file system"), "{path}");
    }
    for path in ["/data/x", "/tmp/x", "/home/claw/x", "/run/mosaic/x"] {
        assert_eq!(inside(&seen, &format!("touch {path} && echo fine")), "fine", "{path}");
    }
    let mounts = inside(&seen, "cat /proc/mounts");
    let tmpfs = |path: &str| mounts.lines().find(|line| line.starts_with(&format!("tmpfs {path} "))).unwrap();
    assert!(tmpfs("/tmp").contains("size=262144k"));
    assert!(tmpfs("/home/claw").contains("size=65536k") && tmpfs("/home/claw").contains("uid=10001"));
    let config = tmpfs("/run/mosaic");
    for expected in ["size=16384k", "mode=700", "uid=10001", "gid=10001", "noexec"] {
        assert!(config.contains(expected), "{expected} in {config}");
    }
    assert_eq!(inside(&seen, "cat /proc/net/if_inet6"), "", "no IPv6 address, not even a local one");
}

#[tokio::test]
async fn the_entrypoint_learns_where_mosaic_is() {
    let instance = TestInstance::new("10.121.2.0/24");
    let spec = instance.spec(instance.owner(), 1);
    let seen = instance.up(&spec, NetworkPolicy::Open).await;
    let gateway = instance.network(&spec.owner, NetworkPolicy::Open).await.gateway;
    let url = inside(&seen, "echo $MOSAIC_CONFIG_URL");
    assert_eq!(url, format!("http://{gateway}:8081/api/internal/agent-config/x"));
    assert_eq!(inside(&seen, "echo $OPENCLAW_GATEWAY_TOKEN"), TOKEN);
}

#[tokio::test]
async fn a_small_host_and_a_closed_network_change_the_profile() {
    let instance = TestInstance::new("10.121.3.0/24");
    let mut spec = instance.spec(instance.owner(), 1);
    spec.limits.cpu_millis = 1_000_000;
    let seen = instance.up(&spec, NetworkPolicy::Closed).await;
    // Docker would refuse more cores than the host has.
    let cores = run("docker", &["info", "--format", "{{.NCPU}}"]);
    assert_eq!(inspect(&seen, "{{.HostConfig.NanoCpus}}"), format!("{cores}000000000"));
    assert_eq!(inspect(&seen, "{{.HostConfig.Dns}}"), "[127.0.0.1]");
    assert!(inside(&seen, "cat /etc/resolv.conf").contains("timeout:1 attempts:1"));
    assert!(inside(&seen, "timeout 3 nslookup localhost.invalid || echo failed").ends_with("failed"));
}
