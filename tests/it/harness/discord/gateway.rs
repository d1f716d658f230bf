//! The fake's gateway: hello, identify or resume, heartbeats, events in order, and faults on order.

use super::State;
use super::payload::{APPLICATION, me};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What goes wrong when the bot connects; each happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConnect {
    /// 503 instead of an upgrade.
    Refuse,
    /// The connection is taken, and nothing follows.
    NoUpgrade,
    /// The upgrade is answered, and no hello follows.
    NoHello,
    /// A session cannot be resumed.
    NoResume,
}

/// What goes wrong while the bot is connected; it happens to the connections of the moment.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Closed with this code.
    Close(u16),
    /// The connection breaks off.
    Drop,
    /// Discord asks the bot to connect anew.
    Reconnect,
    /// The session is invalid; it can be resumed or not.
    InvalidSession(bool),
    /// Heartbeats are no longer acknowledged, nor anything sent.
    Silence,
    /// Any text.
    Send(String),
}

/// How connections were opened, for tests to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// A new session, with its shard and the intents.
    Identified {
        /// Shard and total.
        shard: (u64, u64),
        /// The gateway intents.
        intents: u64,
    },
    /// A session was resumed after this event.
    Resumed(u64),
}

/// Answers a request for the gateway.
pub async fn connect(state: Arc<State>, upgrade: WebSocketUpgrade) -> Response {
    let fault = state.take_connect_fault(&[OnConnect::Refuse, OnConnect::NoUpgrade, OnConnect::NoHello]);
    match fault {
        Some(OnConnect::Refuse) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(OnConnect::NoUpgrade) => std::future::pending().await,
        _ => upgrade.on_upgrade(move |socket| async move {
            if fault == Some(OnConnect::NoHello) {
                std::future::pending::<()>().await;
            }
            // An error is the bot leaving.
            let _ = talk(&state, socket).await;
        }),
    }
}

async fn send(socket: &mut WebSocket, value: &Value) -> Result<(), axum::Error> {
    socket.send(Message::Text(value.to_string().into())).await
}

async fn talk(state: &Arc<State>, mut socket: WebSocket) -> Result<(), axum::Error> {
    let beat = state.heartbeat_interval();
    send(&mut socket, &json!({ "op": 10, "d": { "heartbeat_interval": beat }, "s": null, "t": null })).await?;
    let mut faults = state.faults.subscribe();
    let mut next = usize::MAX;
    let mut shard = 0;
    let mut silent = false;
    loop {
        let new_events = state.news.notified();
        // Events are numbered from 1; READY has the number of the event before it.
        while next < state.log_length() && !silent {
            let (for_shard, mut event) = state.logged(next);
            next += 1;
            if for_shard == shard {
                event["s"] = next.into();
                send(&mut socket, &event).await?;
            }
        }
        tokio::select! {
            () = new_events => {}
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
            fault = faults.recv() => match fault {
                Ok(Fault::Close(code)) => {
                    socket.send(Message::Close(Some(CloseFrame { code, reason: "a fault of the test".into() }))).await?;
                    return Ok(());
                }
                Ok(Fault::Drop) => return Ok(()),
                Ok(Fault::Reconnect) => send(&mut socket, &json!({ "op": 7, "d": null, "s": null, "t": null })).await?,
                Ok(Fault::InvalidSession(resumable)) => {
                    send(&mut socket, &json!({ "op": 9, "d": resumable, "s": null, "t": null })).await?;
                }
                Ok(Fault::Silence) => silent = true,
                Ok(Fault::Send(text)) => socket.send(Message::Text(text.into())).await?,
                Err(_) => {}
            },
            received = socket.recv() => {
                let Some(received) = received else { return Ok(()) };
                let Message::Text(text) = received? else { continue };
                let value: Value = serde_json::from_str(&text).unwrap_or_default();
                match value["op"].as_u64() {
                    Some(1) if !silent => send(&mut socket, &json!({ "op": 11, "d": null, "s": null, "t": null })).await?,
                    Some(2) => {
                        let numbers: Vec<u64> = value["d"]["shard"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
                        shard = numbers.first().copied().unwrap_or(0);
                        let total = numbers.get(1).copied().unwrap_or(1);
                        let intents = value["d"]["intents"].as_u64().unwrap_or(0);
                        *state.presence.lock().expect("not poisoned") = value["d"]["presence"]["activities"].to_string();
                        next = state.log_length();
                        send(&mut socket, &ready(state, next, shard, total)).await?;
                        state.opened(Opened::Identified { shard: (shard, total), intents });
                    }
                    Some(6) if state.take_connect_fault(&[OnConnect::NoResume]).is_some() => {
                        send(&mut socket, &json!({ "op": 9, "d": false, "s": null, "t": null })).await?;
                    }
                    Some(6) => {
                        let seen = value["d"]["seq"].as_u64().unwrap_or(0);
                        next = usize::try_from(seen).unwrap_or(0);
                        send(&mut socket, &json!({ "op": 0, "t": "RESUMED", "s": seen, "d": { "_trace": [] } })).await?;
                        state.opened(Opened::Resumed(seen));
                    }
                    _ => {}
                }
            }
        }
    }
}

fn ready(state: &State, number: usize, shard: u64, total: u64) -> Value {
    json!({ "op": 0, "t": "READY", "s": number, "d": {
        "v": 10, "user": me(), "guilds": [], "session_id": "session", "resume_gateway_url": state.gateway_url(),
        "shard": [shard, total], "application": { "id": APPLICATION.to_string(), "flags": 0 },
    } })
}
