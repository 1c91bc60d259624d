//! The users who send messages: rows of users with an agent that is ready, inserted directly into the database.

use domain::{Clock, ContainerId, SystemClock, UserId};
use secrecy::{ExposeSecret, SecretString};
use secrets::{Aad, DataKey, KeyRing, Purpose, Token, TokenKind};
use sqlx::PgPool;
use std::net::SocketAddr;
use uuid::Uuid;

pub const USERS: usize = 100;
/// Only one turn runs in a chat at a time. Half of the chats are for turns that never finish.
const CHATS_PER_USER: usize = 20;
/// The slug of the agent.
pub const AGENT: &str = "ada";

pub struct User {
    /// An API token.
    pub token: String,
    /// Ids.
    pub chats: Vec<String>,
}

/// The address of their agents, which are all one stand-in.
pub struct Agents<'a> {
    /// Of the gateway.
    pub address: SocketAddr,
    /// Of the gateway.
    pub token: &'a str,
}

pub async fn create(pool: &PgPool, key: &str, agents: &Agents<'_>) -> Vec<User> {
    let ring = KeyRing::parse(&SecretString::from(key)).unwrap();
    let mut users = Vec::with_capacity(USERS);
    for number in 0..USERS {
        users.push(create_user(pool, &ring, agents, number).await);
    }
    users
}

async fn create_user(pool: &PgPool, ring: &KeyRing, agents: &Agents<'_>, number: usize) -> User {
    let now = SystemClock.now();
    let user = UserId::new(now);
    let token = Token::generate(TokenKind::Api, &mut rand::rng());
    sqlx::query("insert into users (id, username, display_name, role) values ($1, $2, $2, 'user')")
        .bind(user.uuid())
        .bind(format!("user-{number}"))
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
    create_container(pool, ring, agents, user).await;
    let mut chats = Vec::with_capacity(CHATS_PER_USER);
    for _ in 0..CHATS_PER_USER {
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
    User { token: token.secret().expose_secret().to_owned(), chats }
}

/// A container that is ready. All of them are one stand-in; the API does not notice.
async fn create_container(pool: &PgPool, ring: &KeyRing, agents: &Agents<'_>, user: UserId) {
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
