//! How the bot behaves in each place. Kept in memory for now: a restart forgets it, and the settings card says so.

use crate::message::event::Place;
use crate::message::press::{Scope, Setting};
use std::collections::HashMap;

/// Places whose settings are kept; when they are full, those changed first are forgotten first.
const PLACES: usize = 10_000;

/// The settings of one scope: on, off, or not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Said([Option<bool>; Setting::ALL.len()]);

/// The settings of all places.
#[derive(Debug, Default)]
pub struct Settings {
    said: HashMap<(Scope, String), (u64, Said)>,
    changes: u64,
}

fn slot(setting: Setting) -> usize {
    Setting::ALL.iter().position(|s| *s == setting).unwrap_or_default()
}

/// What names a scope of a place; a place outside a server is its own.
fn name(scope: Scope, place: &Place) -> (Scope, String) {
    match (scope, &place.server) {
        (Scope::Server, Some(server)) => (Scope::Server, server.clone()),
        _ => (Scope::Channel, place.channel.clone()),
    }
}

impl Settings {
    /// Whether a setting is on in a place: the channel's word counts before the server's.
    pub fn on(&self, place: &Place, setting: Setting) -> bool {
        self.said(Scope::Channel, place, setting).or_else(|| self.said(Scope::Server, place, setting)).unwrap_or(false)
    }

    /// What was said of a setting for a scope, if anything was.
    pub fn said(&self, scope: Scope, place: &Place, setting: Setting) -> Option<bool> {
        self.said.get(&name(scope, place)).and_then(|(_, said)| said.0[slot(setting)])
    }

    /// Keeps the settings of a server or channel that has got another id.
    pub fn moved(&mut self, from: &str, to: &str) {
        for scope in [Scope::Server, Scope::Channel] {
            if let Some(said) = self.said.remove(&(scope, from.to_owned())) {
                self.said.insert((scope, to.to_owned()), said);
            }
        }
    }

    /// Turns a setting on or off for a scope.
    pub fn set(&mut self, scope: Scope, place: &Place, setting: Setting, on: bool) {
        let name = name(scope, place);
        if self.said.len() >= PLACES
            && !self.said.contains_key(&name)
            && let Some(oldest) = self.said.iter().min_by_key(|(_, (change, _))| *change).map(|(name, _)| name.clone())
        {
            self.said.remove(&oldest);
        }
        self.changes += 1;
        let (change, said) = self.said.entry(name).or_default();
        *change = self.changes;
        said.0[slot(setting)] = Some(on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_counts_before_its_server() {
        let place = |channel: &str| Place {
            server: Some("s".into()),
            channel: channel.into(),
            thread: None,
            direct: false,
            opens_threads: true,
            whispers: true,
            hears_all: true,
        };
        let mut settings = Settings::default();
        assert!(!settings.on(&place("a"), Setting::Quiet));
        settings.set(Scope::Server, &place("a"), Setting::Quiet, true);
        settings.set(Scope::Channel, &place("b"), Setting::Quiet, false);
        assert!(settings.on(&place("a"), Setting::Quiet) && !settings.on(&place("b"), Setting::Quiet));
        assert_eq!(settings.said(Scope::Channel, &place("a"), Setting::Quiet), None);
        settings.moved("b", "c");
        assert!(settings.on(&place("b"), Setting::Quiet) && !settings.on(&place("c"), Setting::Quiet));
        settings.moved("s", "t");
        assert!(!settings.on(&place("a"), Setting::Quiet));
    }
}
