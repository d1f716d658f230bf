//! The fake's REST API: what each request does, checked by Discord's limits, and refusals on order.

use super::payload::{APPLICATION, message, snowflake};
use super::{ACKNOWLEDGE_WITHIN, Got, RestFault, State, payload, rules};
use crate::harness::capture;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// Answers any request.
pub async fn rest(Shared(state): Shared<Arc<State>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let (method, full, query) = (parts.method.as_str(), parts.uri.path(), parts.uri.query().unwrap_or_default());
    let path = full.strip_prefix("/api/v10").unwrap_or(full);
    let fault = state.take_request_fault(path);
    if matches!(fault, Some(RestFault::Hang)) {
        std::future::pending::<()>().await;
    }
    let refused = match fault {
        Some(RestFault::Status(status)) => Some(status),
        _ => None,
    };
    let (status, answer) = match refused {
        Some(429) => (429, json!({ "message": "You are being rate limited.", "retry_after": 0.2, "global": false })),
        Some(status) => (status, json!({ "message": "a fault of the test", "code": 0 })),
        None if !*state.token_known.lock().expect("not poisoned") => (401, json!({ "message": "401: Unauthorized", "code": 0 })),
        None => answer(&state, method, path, &body),
    };
    let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    capture::write(method, full, query, content_type, &String::from_utf8_lossy(&body), status, &answer);
    let status = StatusCode::from_u16(status).expect("a status");
    if answer.is_null() { status.into_response() } else { (status, axum::Json(answer)).into_response() }
}

/// Does what a request wants, and checks it by Discord's limits.
fn answer(state: &State, method: &str, path: &str, bytes: &Bytes) -> (u16, Value) {
    let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let id = snowflake();
    let route: Vec<&str> = path.split('/').skip(1).collect();
    let (status, value) = match (method, route.as_slice()) {
        ("GET", ["gateway"]) => return (200, json!({ "url": state.gateway_url() })),
        ("GET", ["gateway", "bot"]) => {
            let limit = json!({ "total": 1000, "remaining": 999, "reset_after": 1000, "max_concurrency": 1 });
            let shards = *state.shards.lock().expect("not poisoned");
            return (200, json!({ "url": state.gateway_url(), "shards": shards, "session_start_limit": limit }));
        }
        ("GET", ["oauth2", "applications", "@me"]) => return (200, application()),
        ("GET", ["applications", _, "commands"]) => {
            let commands = state.commands.lock().expect("not poisoned").clone();
            return (200, commands);
        }
        ("GET", ["channels", thread]) => return (200, channel(thread, "2")),
        ("PUT", ["applications", _, "commands"]) => (200, state.register(&body)),
        ("POST", ["interactions", interaction, _, "callback"]) => state.acknowledge(interaction),
        ("POST", ["channels", _, "messages", message, "threads"]) => (201, channel(message, route[1])),
        ("POST", ["channels", channel, "messages"]) => (200, sent(id, channel, &body)),
        ("POST", ["webhooks", _, token]) if state.deferred_or_answered(token) => (200, sent(id, "1", &body)),
        ("PATCH", ["webhooks", _, token, "messages", "@original"]) if state.deferred_or_answered(token) => (200, sent(id, "1", &body)),
        ("PATCH", ["channels", channel, "messages", message]) => (200, sent(message.parse().unwrap_or(id), channel, &body)),
        ("DELETE", ["channels", _, "messages", _]) => (204, Value::Null),
        _ => (404, json!({ "message": "404: Not Found", "code": 0 })),
    };
    if status == 404 {
        state.wrong(format!("{method} {path} is unknown"));
    }
    rules::broken(method, path, &body).into_iter().for_each(|fault| state.wrong(format!("{method} {path}: {fault}")));
    // The test may have ended.
    let _ = state.got.send(Got { method: method.to_owned(), path: path.to_owned(), body, id, at: Instant::now() });
    (status, value)
}

impl State {
    fn register(&self, body: &Value) -> Value {
        let mut commands = body.clone();
        for command in commands.as_array_mut().into_iter().flatten() {
            command["id"] = snowflake().to_string().into();
            command["application_id"] = APPLICATION.to_string().into();
            command["version"] = snowflake().to_string().into();
            command["nsfw"] = false.into();
            command["dm_permission"] = true.into();
            if command["type"] != 1 {
                command["description"] = "".into();
            }
            if command["default_member_permissions"].is_null() {
                command["default_member_permissions"] = Value::Null;
            }
        }
        *self.commands.lock().expect("not poisoned") = commands.clone();
        commands
    }

    fn acknowledge(&self, interaction: &str) -> (u16, Value) {
        let mut waiting = self.waiting.lock().expect("not poisoned");
        let Some(since) = waiting.get_mut(interaction) else {
            return (404, json!({ "message": "Unknown interaction", "code": 10_062 }));
        };
        match since.take() {
            None => {
                self.wrong(format!("interaction {interaction} was acknowledged twice"));
                (400, json!({ "message": "Interaction has already been acknowledged.", "code": 40_060 }))
            }
            Some(since) if since.elapsed() > ACKNOWLEDGE_WITHIN => {
                self.wrong(format!("interaction {interaction} was acknowledged after {:?}", since.elapsed()));
                (404, json!({ "message": "Unknown interaction", "code": 10_062 }))
            }
            Some(_) => (204, Value::Null),
        }
    }

    fn deferred_or_answered(&self, token: &str) -> bool {
        let id = token.trim_start_matches("token-");
        self.waiting.lock().expect("not poisoned").get(id).is_some_and(Option::is_none)
    }
}

fn sent(id: u64, channel: &str, body: &Value) -> Value {
    let mut message = message(id, channel.parse().unwrap_or(1), &payload::me(), body["content"].as_str().unwrap_or_default());
    for part in ["embeds", "components"] {
        if body[part].is_array() {
            message[part] = body[part].clone();
        }
    }
    // Discord numbers components in the order in which they stand.
    let mut number = 0;
    for row in message["components"].as_array_mut().into_iter().flatten() {
        number += 1;
        row["id"] = number.into();
        for part in row["components"].as_array_mut().into_iter().flatten() {
            number += 1;
            part["id"] = number.into();
            part["options"].as_array_mut().into_iter().flatten().for_each(without_nulls);
            without_nulls(part);
            if part["type"] == 3 {
                (part["min_values"], part["max_values"]) = (1.into(), 1.into());
            }
        }
    }
    message
}

/// Discord leaves out what a request set to nothing.
fn without_nulls(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
}

fn channel(id: &str, parent: &str) -> Value {
    json!({ "id": id, "type": 11, "guild_id": "3", "parent_id": parent, "name": "thread", "owner_id": APPLICATION.to_string(),
        "message_count": 0, "total_message_sent": 0, "member_count": 1, "rate_limit_per_user": 0, "flags": 0, "last_message_id": null,
        "thread_metadata": { "archived": false, "auto_archive_duration": 1440, "archive_timestamp": "2026-01-01T00:00:00+00:00", "locked": false } })
}

fn application() -> Value {
    json!({
        "id": APPLICATION.to_string(), "name": "footnote", "icon": null, "description": "", "type": null, "bot_public": true,
        "bot_require_code_grant": false, "verify_key": "00", "team": null, "flags": 0, "flags_new": "0", "tags": [],
        "rpc_origins": [], "redirect_uris": [], "interactions_endpoint_url": null, "role_connections_verification_url": null,
        "owner": payload::user("owner"), "approximate_guild_count": 1, "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "eligible_oauth2_scopes": [],
    })
}
