//! Every step of a start: the worker is killed right before and right after it, and the engine fails it once.

use serde_json::{Value, json};
use tests::{EngineProxy, Fault, Mosaic, Options, Person, RequestMatch, eventually};

/// The steps that are requests to the engine.
const STEPS: [(&str, RequestMatch); 4] = [
    ("network", RequestMatch::next("POST", "/networks/create")),
    ("volume", RequestMatch::next("POST", "/volumes/create")),
    ("create", RequestMatch::next("POST", "/containers/create")),
    ("start", RequestMatch::next("POST", "/start")),
];
/// The `nth` inspection of the container after its start. The first reads the result of the start, the second sees that
/// the container is running, and later ones follow each probe of OpenClaw.
const fn inspection(nth: usize) -> RequestMatch {
    RequestMatch { method: "GET", path: "/json", after: Some("/start"), nth }
}

/// A Mosaic with one worker that reaches the engine through a proxy.
struct StartTest {
    mosaic: Mosaic,
    engine: EngineProxy,
    admin: Person,
    worker: usize,
    people: usize,
}

impl StartTest {
    async fn new() -> Self {
        let engine = EngineProxy::start();
        let engine_socket = Some(engine.socket().to_owned());
        let mut mosaic =
            Mosaic::start_with(Options { workers: 0, engine: engine_socket, ..Options::default() }).await;
        let admin = mosaic.onboarded().await;
        let worker = mosaic.start_worker();
        Self { mosaic, engine, admin, worker, people: 0 }
    }

    /// Creates a user who sends their first message.
    async fn send_first_message(&mut self, what: &str) -> (Person, String) {
        self.people += 1;
        let name = format!("person{}", self.people);
        let person = self.mosaic.user_with_agent(&name).await;
        let turn = person.ask(&person.create_chat().await, what).await;
        (person, turn)
    }

    fn kill_and_replace(&mut self) {
        self.mosaic.kill_worker(self.worker);
        self.worker = self.mosaic.start_worker();
    }

    /// The message was answered once, and no object is left over.
    async fn assert_answered_once(&self, person: &Person, turn: &str, what: &str) {
        assert_eq!(person.wait_for_turn(turn).await["status"], "done", "{what}");
        assert_eq!(self.mosaic.requests_with(what), 1, "{what}");
        let (containers, networks, volumes) = self.mosaic.count_objects().await;
        assert_eq!(
            [containers, networks, volumes],
            [self.people; 3],
            "{what}: containers, networks, volumes"
        );
    }

    async fn kill_worker_at(&mut self, what: &str, request: RequestMatch, fault: Fault) {
        let hit = self.engine.inject(request, fault);
        let (person, turn) = self.send_first_message(what).await;
        hit.await.unwrap();
        self.kill_and_replace();
        self.assert_answered_once(&person, &turn, what).await;
    }

    /// A trigger blocks the worker at this update, and the worker is killed there.
    async fn kill_worker_at_update(&mut self, what: &str, table: &str, condition: &str) {
        let pool = &self.mosaic.database.pool;
        let latch = format!(
            "create or replace function latch() returns trigger language plpgsql as
             $$ begin perform pg_advisory_xact_lock(4711); return new; end $$;
             create or replace trigger latch before update on {table} for each row when ({condition})
             execute function latch()"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(latch)).execute(pool).await.unwrap();
        let mut holder = pool.begin().await.unwrap();
        sqlx::query("select pg_advisory_xact_lock(4711)").execute(&mut *holder).await.unwrap();
        let (person, turn) = self.send_first_message(what).await;
        let pool = self.mosaic.database.pool.clone();
        eventually("the worker waits at the update", || async {
            // Only in this database: other tests have their own latches.
            let held = "select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted
                        and database = (select oid from pg_database where datname = current_database())";
            sqlx::query(held).fetch_optional(&pool).await.unwrap()
        })
        .await;
        self.kill_and_replace();
        holder.rollback().await.unwrap();
        self.assert_answered_once(&person, &turn, what).await;
        let drop = format!("drop trigger latch on {table}");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&pool).await.unwrap();
    }
}

#[tokio::test]
async fn a_start_succeeds_although_the_worker_is_killed_at_any_step() {
    let before = async {
        let mut test = StartTest::new().await;
        for (step, request) in STEPS {
            test.kill_worker_at(&format!("killed before {step}"), request, Fault::DropRequest).await;
        }
    };
    let after = async {
        let mut test = StartTest::new().await;
        for (step, request) in STEPS {
            test.kill_worker_at(&format!("killed after {step}"), request, Fault::DropResponse).await;
        }
    };
    let probing = async {
        let mut test = StartTest::new().await;
        test.kill_worker_at("killed before a probe", inspection(2), Fault::DropRequest).await;
        test.kill_worker_at("killed after a probe", inspection(3), Fault::DropRequest).await;
        let ready = "new.observed = 'ready' and old.observed <> 'ready'";
        test.kill_worker_at_update("killed before ready", "user_containers", ready).await;
        let done = "new.state = 'done' and new.kind = 'start-container'";
        test.kill_worker_at_update("killed after ready", "jobs", done).await;
    };
    tokio::join!(before, after, probing);
}

#[tokio::test]
async fn a_failed_step_of_the_engine_is_retried_or_explained() {
    let mut test = StartTest::new().await;
    let reads = [
        ("image", RequestMatch::next("GET", "/images/")),
        ("inspection", RequestMatch::next("GET", "/containers/mosaic")),
        ("probe", inspection(2)),
    ];
    for (step, request) in STEPS.into_iter().chain(reads) {
        let what = format!("refused {step}");
        let hit = test.engine.inject(request, Fault::Respond(500, "a temporary error"));
        let (person, turn) = test.send_first_message(&what).await;
        hit.await.unwrap();
        test.assert_answered_once(&person, &turn, &what).await;
    }
    // A full disk is a problem of the host: the user is told, and the start continues by itself.
    let full = "write /x: no space left on device";
    let hit = test.engine.inject(RequestMatch::next("POST", "/volumes/create"), Fault::Respond(500, full));
    let (person, turn) = test.send_first_message("no space").await;
    hit.await.unwrap();
    let events = person.follow(&turn, 0).await.read_to_end().await;
    let explained = events.iter().any(|event| event.data.to_string().contains("disk is full"));
    assert!(explained && !events.iter().any(|event| event.data.to_string().contains("/x")), "{events:?}");
    test.assert_answered_once(&person, &turn, "no space").await;
    // A failure that does not pass by waiting is reported immediately; the next message succeeds.
    let missing = RequestMatch::next("POST", "/containers/create");
    let hit = test.engine.inject(missing, Fault::Respond(404, "No such image: x"));
    let (person, turn) = test.send_first_message("no image").await;
    hit.await.unwrap();
    let failed = person.wait_for_turn(&turn).await;
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("image_missing")),
        "{failed}"
    );
    let shown: Value = person.get("/api/container").await.body;
    let reason = shown["container"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("server"), "{reason}");
    assert_eq!(person.ask_in_new_chat("no image again").await["status"], "done");
    // After a port that is in use the next attempt gets another one.
    let taken = "driver failed: Bind for 127.0.0.1:49153 failed: port is already allocated";
    let hit = test.engine.inject(RequestMatch::next("POST", "/start"), Fault::Respond(500, taken));
    let (person, turn) = test.send_first_message("port").await;
    hit.await.unwrap();
    test.assert_answered_once(&person, &turn, "port").await;
    assert_eq!(test.admin.get("/api/container").await.status, 200);
}
