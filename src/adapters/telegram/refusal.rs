//! What a refusal of the Bot API means: whether to try again, whether anybody can be told, whether it was done after all.

use serde_json::Value;
use std::error::Error as _;
use teloxide::types::MessageId;
use teloxide::{ApiError, RequestError};

/// What was wrong, in one line, without what Telegram sent: that may be what people wrote.
pub fn line(error: &RequestError) -> String {
    match error {
        RequestError::InvalidJson { source, .. } => format!("the answer could not be read: {source}"),
        RequestError::Network(source) => {
            let (mut line, mut cause) = (error.to_string(), source.source());
            while let Some(error) = cause {
                line = format!("{line}: {error}");
                cause = error.source();
            }
            line
        }
        error => error.to_string(),
    }
}

/// Whether a fault is Telegram's or the network's own, and what was asked for was not done.
pub fn passes(error: &RequestError) -> bool {
    const FAULTS: [&str; 4] = ["Internal Server Error", "Bad Gateway", "Service Unavailable", "Gateway Timeout"];
    match error {
        RequestError::Network(error) => error.is_connect(),
        RequestError::Api(ApiError::Unknown(text)) => FAULTS.iter().any(|fault| text.starts_with(fault)),
        RequestError::InvalidJson { raw, .. } => accepted(raw).is_none(),
        _ => false,
    }
}

/// The number of a message that was sent, though the answer could not be read.
pub fn sent_all_the_same(error: &RequestError) -> Option<MessageId> {
    let RequestError::InvalidJson { raw, .. } = error else { return None };
    let id = accepted(raw)?["message_id"].as_i64()?;
    i32::try_from(id).ok().map(MessageId)
}

/// What came of a request that was accepted.
fn accepted(raw: &str) -> Option<Value> {
    let mut answer: Value = serde_json::from_str(raw).ok()?;
    (answer["ok"] == true).then(|| answer["result"].take())
}

/// Whether the bot cannot write in a chat: nobody can be told there.
pub fn nobody_hears(error: &RequestError) -> bool {
    const SAID: [&str; 9] = [
        "Forbidden",
        "Unauthorized:",
        "not enough rights",
        "have no rights",
        "CHAT_WRITE_FORBIDDEN",
        "CHAT_RESTRICTED",
        "TOPIC_CLOSED",
        "TOPIC_DELETED",
        "message thread not found",
    ];
    let RequestError::Api(error) = error else { return false };
    let known = matches!(
        error,
        ApiError::ChatNotFound
            | ApiError::UserNotFound
            | ApiError::GroupDeactivated
            | ApiError::UserDeactivated
            | ApiError::NotEnoughRightsToPostMessages
    );
    known || SAID.iter().any(|said| error.to_string().contains(said))
}

/// Whether a message is gone, or too old to be changed.
pub fn gone(error: &RequestError) -> bool {
    use ApiError::{MessageCantBeDeleted, MessageCantBeEdited, MessageIdInvalid, MessageToDeleteNotFound, MessageToEditNotFound};
    let RequestError::Api(error) = error else { return false };
    matches!(error, MessageCantBeDeleted | MessageCantBeEdited | MessageIdInvalid | MessageToDeleteNotFound | MessageToEditNotFound)
}

/// Whether an answer to a press or to somebody who types came too late.
pub fn late(error: &RequestError) -> bool {
    // Telegram spells the end of this text differently from what teloxide expects.
    matches!(error, RequestError::Api(error) if *error == ApiError::InvalidQueryId || error.to_string().contains("query is too old"))
}
