//! The people who ask: rows of users with an agent that answers already, made behind the product's back.

use domain::{Clock, ContainerId, SystemClock, UserId};
use secrecy::{ExposeSecret, SecretString};
use secrets::{Aad, DataKey, KeyRing, Purpose, Token, TokenKind};
use sqlx::PgPool;
use std::net::SocketAddr;
use uuid::Uuid;

/// How many there are.
pub const PEOPLE: usize = 100;
/// Chats of each: one turn runs in a chat at a time. Half of them are for the turns that are never finished.
const CHATS: usize = 20;
/// The agent's slug.
pub const AGENT: &str = "ada";

/// One of them.
pub struct Person {
    /// An API token.
    pub token: String,
    /// Ids of chats.
    pub chats: Vec<String>,
}

/// Where their agents answer, and with what they are spoken to.
pub struct Agents<'a> {
    /// The gateway.
    pub address: SocketAddr,
    /// Its token.
    pub token: &'a str,
}

/// Makes all of them.
pub async fn make(pool: &PgPool, key: &str, agents: &Agents<'_>) -> Vec<Person> {
    let ring = KeyRing::parse(&SecretString::from(key)).unwrap();
    let mut people = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        people.push(one(pool, &ring, agents, number).await);
    }
    people
}

async fn one(pool: &PgPool, ring: &KeyRing, agents: &Agents<'_>, number: usize) -> Person {
    let now = SystemClock.now();
    let user = UserId::new(now);
    let token = Token::generate(TokenKind::Api, &mut rand::rng());
    sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, $2, 'user')")
        .bind(user.uuid())
        .bind(format!("person-{number}"))
        .execute(pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into api_tokens (id, user_id, name, token_hash, ends_in, scopes) values ($1, $2, 'bench', $3, '0000', '{chat}')",
    )
    .bind(Uuid::now_v7())
    .bind(user.uuid())
    .bind(&token.hash().as_bytes()[..])
    .execute(pool)
    .await
    .unwrap();
    let agent = Uuid::now_v7();
    sqlx::query("insert into user_agent_configs (id, user_id, slug, name, model) values ($1, $2, $3, 'Ada', 'stub/stub-echo')")
        .bind(agent)
        .bind(user.uuid())
        .bind(AGENT)
        .execute(pool)
        .await
        .unwrap();
    container(pool, ring, agents, user).await;
    let mut chats = Vec::with_capacity(CHATS);
    for _ in 0..CHATS {
        let chat = domain::ChatId::new(now);
        sqlx::query("insert into chats (id, user_id, title, agent_id) values ($1, $2, 'Bench', $3)")
            .bind(chat.uuid())
            .bind(user.uuid())
            .bind(agent)
            .execute(pool)
            .await
            .unwrap();
        chats.push(chat.to_string());
    }
    Person { token: token.secret().expose_secret().to_owned(), chats }
}

/// A container that answers: all of them are one stand-in, which the API cannot tell.
async fn container(pool: &PgPool, ring: &KeyRing, agents: &Agents<'_>, user: UserId) {
    let id = ContainerId::new(SystemClock.now());
    let key = DataKey::generate(&mut rand::rng());
    let wrapped = ring.wrap(&key, Some(user)).unwrap();
    sqlx::query("insert into user_keys (user_id, key_id, wrapped) values ($1, $2, $3)")
        .bind(user.uuid())
        .bind(wrapped.key_id().to_string())
        .bind(wrapped.to_bytes())
        .execute(pool)
        .await
        .unwrap();
    let place = Aad { purpose: Purpose::GatewayToken, row: id.uuid(), owner: Some(user) };
    let sealed = secrets::seal(&key, &place, &SecretString::from(agents.token)).unwrap();
    sqlx::query(
        "insert into user_containers (id, user_id, desired, generation, observed, stage, address, gateway_token, ready_at)
         values ($1, $2, 'running', 1, 'ready', 'ready', $3, $4, now())",
    )
    .bind(id.uuid())
    .bind(user.uuid())
    .bind(agents.address.to_string())
    .bind(sealed.to_bytes())
    .execute(pool)
    .await
    .unwrap();
}
