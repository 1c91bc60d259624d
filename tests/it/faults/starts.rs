//! Every step of a start: the worker is killed right before it and right after it, and the engine refuses it once.

use serde_json::{Value, json};
use tests::{Engine, Moment, Mosaic, Options, Person, Side, eventually};

/// The steps that are requests to the engine. While it is waited for OpenClaw, the engine is asked between two looks.
const STEPS: [(&str, Moment); 4] = [
    ("network", Moment::next("POST", "/networks/create")),
    ("volume", Moment::next("POST", "/volumes/create")),
    ("create", Moment::next("POST", "/containers/create")),
    ("start", Moment::next("POST", "/start")),
];
/// Behind the start its result is looked at, then comes the round that finds it settled, then the look between two
/// probes.
const fn inspected(nth: usize) -> Moment {
    Moment { method: "GET", path: "/json", after: Some("/start"), nth }
}

/// An own Mosaic whose one worker reaches the engine by a road with traps.
struct Scene {
    mosaic: Mosaic,
    engine: Engine,
    admin: Person,
    worker: usize,
    people: usize,
}

impl Scene {
    async fn set() -> Self {
        let engine = Engine::start();
        let engine_socket = Some(engine.socket().to_owned());
        let mut mosaic =
            Mosaic::start_with(Options { workers: 0, engine: engine_socket, ..Options::default() }).await;
        let admin = mosaic.onboarded().await;
        let worker = mosaic.start_worker();
        Self { mosaic, engine, admin, worker, people: 0 }
    }

    /// Somebody new sends his first message.
    async fn first_message(&mut self, what: &str) -> (Person, String) {
        self.people += 1;
        let name = format!("person{}", self.people);
        let person = self.mosaic.equipped(&name).await;
        let turn = person.ask(&person.chat().await, what).await;
        (person, turn)
    }

    fn kill_and_replace(&mut self) {
        self.mosaic.kill_worker(self.worker);
        self.worker = self.mosaic.start_worker();
    }

    /// It was answered, once, and nothing is left over.
    async fn is_whole(&self, person: &Person, turn: &str, what: &str) {
        assert_eq!(person.finished(turn).await["status"], "done", "{what}");
        assert_eq!(self.mosaic.asked(what), 1, "{what}");
        let (containers, networks, volumes) = self.mosaic.objects().await;
        assert_eq!(
            [containers, networks, volumes],
            [self.people; 3],
            "{what}: containers, networks, volumes"
        );
    }

    async fn killed_at(&mut self, what: &str, moment: Moment, side: Side) {
        let hit = self.engine.trap(moment, side);
        let (person, turn) = self.first_message(what).await;
        hit.await.unwrap();
        self.kill_and_replace();
        self.is_whole(&person, &turn, what).await;
    }

    /// The database holds the worker up where it writes that; it is killed there.
    async fn killed_writing(&mut self, what: &str, table: &str, condition: &str) {
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
        let (person, turn) = self.first_message(what).await;
        let pool = self.mosaic.database.pool.clone();
        eventually("the worker is about to write it", || async {
            // Of this database: other tests have their own latches.
            let held = "select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted
                        and database = (select oid from pg_database where datname = current_database())";
            sqlx::query(held).fetch_optional(&pool).await.unwrap()
        })
        .await;
        self.kill_and_replace();
        holder.rollback().await.unwrap();
        self.is_whole(&person, &turn, what).await;
        let drop = format!("drop trigger latch on {table}");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&pool).await.unwrap();
    }
}

#[tokio::test]
async fn a_worker_killed_at_any_step_of_a_start_costs_nothing_but_time() {
    let before = async {
        let mut scene = Scene::set().await;
        for (step, moment) in STEPS {
            scene.killed_at(&format!("killed before {step}"), moment, Side::Before).await;
        }
    };
    let after = async {
        let mut scene = Scene::set().await;
        for (step, moment) in STEPS {
            scene.killed_at(&format!("killed after {step}"), moment, Side::After).await;
        }
    };
    let probing = async {
        let mut scene = Scene::set().await;
        scene.killed_at("killed before a probe", inspected(2), Side::Before).await;
        scene.killed_at("killed after a probe", inspected(3), Side::Before).await;
        let ready = "new.observed = 'ready' and old.observed <> 'ready'";
        scene.killed_writing("killed before ready", "user_containers", ready).await;
        let done = "new.state = 'done' and new.kind = 'start-container'";
        scene.killed_writing("killed after ready", "jobs", done).await;
    };
    tokio::join!(before, after, probing);
}

#[tokio::test]
async fn an_engine_that_refuses_a_step_once_is_asked_again_or_explained() {
    let mut scene = Scene::set().await;
    let looks = [
        ("image", Moment::next("GET", "/images/")),
        ("look", Moment::next("GET", "/containers/mosaic")),
        ("probe", inspected(2)),
    ];
    for (step, moment) in STEPS.into_iter().chain(looks) {
        let what = format!("refused {step}");
        let hit = scene.engine.trap(moment, Side::Instead(500, "the engine has hiccups"));
        let (person, turn) = scene.first_message(&what).await;
        hit.await.unwrap();
        scene.is_whole(&person, &turn, &what).await;
    }
    // A full disk is the host's trouble: whoever waits is told, and it goes on by itself.
    let full = "write /x: no space left on device";
    let hit = scene.engine.trap(Moment::next("POST", "/volumes/create"), Side::Instead(500, full));
    let (person, turn) = scene.first_message("no space").await;
    hit.await.unwrap();
    let events = person.follow(&turn, 0).await.rest().await;
    let told = events.iter().any(|event| event.data.to_string().contains("disk is full"));
    assert!(told && !events.iter().any(|event| event.data.to_string().contains("/x")), "{events:?}");
    scene.is_whole(&person, &turn, "no space").await;
    // What nobody can mend by waiting is said at once, in words for a person; the next message goes through.
    let missing = Moment::next("POST", "/containers/create");
    let hit = scene.engine.trap(missing, Side::Instead(404, "No such image: x"));
    let (person, turn) = scene.first_message("no image").await;
    hit.await.unwrap();
    let failed = person.finished(&turn).await;
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("image_missing")),
        "{failed}"
    );
    let shown: Value = person.get("/api/container").await.body;
    let reason = shown["container"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("server"), "{reason}");
    assert_eq!(person.ask_once("no image again").await["status"], "done");
    // A port that is taken is another one at the next try.
    let taken = "driver failed: Bind for 127.0.0.1:49153 failed: port is already allocated";
    let hit = scene.engine.trap(Moment::next("POST", "/start"), Side::Instead(500, taken));
    let (person, turn) = scene.first_message("port").await;
    hit.await.unwrap();
    scene.is_whole(&person, &turn, "port").await;
    assert_eq!(scene.admin.get("/api/container").await.status, 200);
}
