//! The vocabulary that adapters and the bot share: plain data, no markup, no platform types.
//!
//! An [`event::Event`] comes in, an [`event::Action`] goes out; a [`Reply`] is what is said, a [`press::Press`] what a
//! button means.

pub mod event;
pub mod press;

use press::Press;

/// Which dialogue a message belongs to; opaque.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId(pub String);

/// Who wrote a message; made by the adapter, opaque to everybody else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthorId(pub String);

/// A message, or an interaction such as a slash command; made by the adapter, unique over all platforms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub String);

/// What a person wants, one case per command; one parser serves slash commands, mentions and plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A question, or plain text.
    Ask(String),
    /// A question that somebody else wrote.
    AskMessage(String),
    /// A claim to be checked.
    Check(String),
    /// Somebody's whole message, of which the most check-worthy sentences are checked.
    CheckMessage(String),
    /// A term to be defined.
    Define(String),
    /// The dated events.
    Timeline,
    /// The paper's paragraphs, or one of them.
    Sources(Option<String>),
    /// What the bot can do.
    Help,
    /// What the bot is, and about which paper.
    About,
    /// The first words to a person; an entry that a link names is answered.
    Start(Option<String>),
    /// How the bot behaves in this place, to be changed.
    Settings,
}

/// A request in a dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The dialogue it belongs to.
    pub conversation: ConversationId,
    /// What it wants.
    pub request: Request,
}

/// How a message was dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The paper answers, and here it is.
    Answered,
    /// Questions that may be meant.
    Suggested,
    /// The paper does not say.
    Declined,
    /// A claim was checked.
    Checked,
    /// Help, a timeline, small talk: nothing that could be right or wrong.
    Told,
}

impl Outcome {
    /// The word that the JSON Lines interface uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered | Self::Checked => "answered",
            Self::Suggested | Self::Told => "suggested",
            Self::Declined => "declined",
        }
    }
}

/// A paragraph that a reply rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Id in the knowledge file, e.g. `p5`.
    pub id: String,
    /// How it is shown, e.g. `¶5`.
    pub sign: String,
    /// What the paragraph is about.
    pub label: String,
}

impl Citation {
    /// The source line, e.g. `¶5 · arms flights`.
    pub fn line(&self) -> String {
        format!("{} · {}", self.sign, self.label)
    }
}

/// A question that a person may want to ask next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The entry that answers it.
    pub entry: String,
    /// The question.
    pub question: String,
}

impl Suggestion {
    /// What a button with this question means.
    pub fn press(&self) -> Press {
        Press::ask(&self.entry)
    }
}

/// A button under a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it does.
    pub press: Press,
}

/// One sentence of a message that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The sentence as somebody wrote it.
    pub sentence: String,
    /// The verdict in one word of the interface.
    pub verdict: &'static str,
    /// What the paper says of it.
    pub text: String,
    /// What that rests on.
    pub citations: Vec<Citation>,
}

/// What the bot says, before any platform marks it up.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// How the message was dealt with.
    pub outcome: Outcome,
    /// Paragraphs of text, the answer first.
    pub paragraphs: Vec<String>,
    /// Sentences of a message that were checked, in its order.
    pub findings: Vec<Finding>,
    /// What it rests on.
    pub citations: Vec<Citation>,
    /// The entry that answered.
    pub entry: Option<String>,
    /// What one may ask next, or may have meant.
    pub suggestions: Vec<Suggestion>,
    /// What stands over the suggestions where a platform shows them as a menu.
    pub offer: &'static str,
    /// Buttons other than the suggestions.
    pub buttons: Vec<Button>,
    /// A claim's verdict in one word of the interface, if one was checked.
    pub verdict: Option<&'static str>,
    /// Chance that the reply is right, 0 to 1.
    pub confidence: f32,
}

impl Reply {
    /// A reply that only tells something.
    pub fn told(paragraphs: Vec<String>) -> Self {
        Self {
            outcome: Outcome::Told,
            paragraphs,
            findings: Vec::new(),
            citations: Vec::new(),
            entry: None,
            suggestions: Vec::new(),
            offer: "",
            buttons: Vec::new(),
            verdict: None,
            confidence: 1.0,
        }
    }

    /// The text without markup, paragraphs apart.
    pub fn text(&self) -> String {
        let findings = self.findings.iter().map(|f| format!("“{}”\n{}", f.sentence, f.text));
        let parts: Vec<String> = self.paragraphs.iter().cloned().chain(findings).collect();
        parts.join("\n\n")
    }
}
