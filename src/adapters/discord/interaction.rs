//! Answers interactions: commands, buttons, and proposals while somebody types.
//!
//! Discord wants an interaction *acknowledged* within three seconds, by an answer or by *deferring* it; a deferred one
//! is answered by editing or following up for a quarter of an hour.

use super::render;
use super::rest::Rest;
use crate::bot::Bot;
use crate::bot::cut::{Count, cut};
use crate::command::Proposes;
use crate::message::Reply;
use crate::message::event::Action;
use anyhow::{Context, Result};
use serenity::builder::{
    CreateAutocompleteResponse, CreateInteractionResponse, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    EditInteractionResponse,
};
use serenity::model::id::InteractionId;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// After this time without an answer an interaction is deferred.
const DEFER_AFTER: Duration = Duration::from_millis(1_500);
/// How long an acknowledgement may take; after that Discord no longer wants it.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_millis(2_500);
/// Questions or terms that Discord shows while somebody types.
const PROPOSALS: usize = 25;
/// Characters of a proposal.
const PROPOSAL: usize = 100;

/// How far an interaction is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acknowledged {
    No,
    Deferred,
    Answered,
}

/// An interaction to be answered.
pub struct Interaction {
    id: InteractionId,
    token: String,
    /// Whether its answer is for one person alone.
    whispers: bool,
    /// Whether its answer replaces the message whose button was pressed.
    updates: bool,
    acknowledged: Mutex<Acknowledged>,
}

impl Interaction {
    /// A command.
    pub fn command(id: InteractionId, token: &str) -> Self {
        Self::component(id, token, false)
    }

    /// A button or menu.
    pub fn component(id: InteractionId, token: &str, updates: bool) -> Self {
        Self { id, token: token.to_owned(), whispers: false, updates, acknowledged: Mutex::new(Acknowledged::No) }
    }

    /// The same, answered to one person alone or not. A deferred interaction has to say so before its answer is known.
    pub fn whispering(self, whispers: bool) -> Self {
        Self { whispers, ..self }
    }

    /// Defers the interaction if it is not answered in time.
    pub async fn defer_in_time(&self, rest: &Rest) {
        tokio::time::sleep(DEFER_AFTER).await;
        let mut acknowledged = self.acknowledged.lock().await;
        if *acknowledged != Acknowledged::No {
            return;
        }
        let response = match self.updates {
            true => CreateInteractionResponse::Acknowledge,
            false => CreateInteractionResponse::Defer(CreateInteractionResponseMessage::new().ephemeral(self.whispers)),
        };
        match self.acknowledge(rest, &response).await {
            Ok(()) => *acknowledged = Acknowledged::Deferred,
            Err(error) => tracing::warn!("an interaction could not be deferred: {error:#}"),
        }
    }

    /// Does what the bot decided.
    ///
    /// # Errors
    ///
    /// Discord did not take the answer.
    pub async fn answer(&self, rest: &Rest, action: Action) -> Result<()> {
        let (reply, update) = match action {
            Action::Send { reply, .. } => (reply, false),
            Action::Update(reply) => (reply, true),
            Action::Note(line) => (Reply::told(vec![line]), false),
            // Discord delivered it twice, and the first was answered.
            Action::Ignore | Action::Edit { .. } | Action::Delete { .. } => {
                *self.acknowledged.lock().await = Acknowledged::Answered;
                return Ok(());
            }
        };
        let mut acknowledged = self.acknowledged.lock().await;
        match *acknowledged {
            Acknowledged::Answered => return Ok(()),
            Acknowledged::No => {
                // A line for the person who pressed is for that person alone, whatever becomes of the message.
                let message = response(&reply, (self.whispers || self.updates) && !update);
                let response =
                    if update { CreateInteractionResponse::UpdateMessage(message) } else { CreateInteractionResponse::Message(message) };
                self.acknowledge(rest, &response).await.context("an interaction was not answered")?;
            }
            Acknowledged::Deferred if update || !self.updates => {
                rest.edit_original(&self.token, &edit(&reply)).await.context("a deferred answer was not taken")?;
            }
            Acknowledged::Deferred => {
                rest.follow_up(&self.token, &follow_up(&reply)).await.context("a following answer was not taken")?;
            }
        }
        *acknowledged = Acknowledged::Answered;
        Ok(())
    }

    /// Says that the answer is lost, or that there is too much to do, to this person alone.
    pub async fn apologise(&self, rest: &Rest, reply: Reply) {
        let mut acknowledged = self.acknowledged.lock().await;
        let said = match *acknowledged {
            Acknowledged::No => self.acknowledge(rest, &CreateInteractionResponse::Message(response(&reply, true))).await,
            Acknowledged::Deferred if self.updates => rest.follow_up(&self.token, &follow_up(&reply)).await,
            Acknowledged::Deferred => rest.edit_original(&self.token, &edit(&reply)).await,
            Acknowledged::Answered => return,
        };
        *acknowledged = Acknowledged::Answered;
        if let Err(error) = said {
            tracing::warn!("an apology was not taken: {error:#}");
        }
    }

    async fn acknowledge(&self, rest: &Rest, response: &CreateInteractionResponse) -> Result<()> {
        acknowledge(rest, self.id, &self.token, response).await
    }
}

async fn acknowledge(rest: &Rest, id: InteractionId, token: &str, response: &CreateInteractionResponse) -> Result<()> {
    timeout(ACKNOWLEDGE_WITHIN, rest.respond(id, token, response)).await.context("Discord did not take it in time")?
}

fn response(reply: &Reply, ephemeral: bool) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new()
        .embed(render::embed(reply))
        .components(render::rows(reply))
        .allowed_mentions(render::no_mentions())
        .ephemeral(ephemeral)
}

fn edit(reply: &Reply) -> EditInteractionResponse {
    EditInteractionResponse::new().embed(render::embed(reply)).components(render::rows(reply)).allowed_mentions(render::no_mentions())
}

/// Only lines for one person follow up.
fn follow_up(reply: &Reply) -> CreateInteractionResponseFollowup {
    CreateInteractionResponseFollowup::new()
        .embed(render::embed(reply))
        .components(render::rows(reply))
        .allowed_mentions(render::no_mentions())
        .ephemeral(true)
}

/// Somebody is typing a command's argument.
pub struct Typing {
    id: InteractionId,
    token: String,
    proposes: Proposes,
    typed: String,
}

impl Typing {
    /// What is typed so far, for a command that proposes something.
    pub fn new(id: InteractionId, token: &str, proposes: Proposes, typed: &str) -> Self {
        Self { id, token: token.to_owned(), proposes, typed: typed.to_owned() }
    }

    /// Proposes what may be meant.
    ///
    /// # Errors
    ///
    /// Discord did not take it.
    pub async fn propose(&self, bot: &Bot, rest: &Rest) -> Result<()> {
        let proposals = match self.proposes {
            Proposes::Nothing => Vec::new(),
            Proposes::Questions => bot.propose_questions(&self.typed, PROPOSALS).into_iter().map(|s| s.question).collect(),
            Proposes::Terms => bot.propose_terms(&self.typed, PROPOSALS),
        };
        let choices = proposals.into_iter().map(|text| cut(&text, PROPOSAL, Count::Characters));
        let response = choices.fold(CreateAutocompleteResponse::new(), |r, text| r.add_string_choice(text.clone(), text));
        if let Err(error) = acknowledge(rest, self.id, &self.token, &CreateInteractionResponse::Autocomplete(response)).await {
            tracing::debug!("a proposal came too late: {error:#}");
        }
        Ok(())
    }
}
