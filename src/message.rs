//! The vocabulary that adapters and the bot share: plain data, no markup, no platform types.

/// Which dialogue a message belongs to; made by the adapter, opaque to everybody else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId(pub String);

/// What a person wants, one case per command; one parser serves slash commands, mentions and plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A question, or plain text.
    Ask(String),
    /// A claim to be checked.
    Check(String),
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
}

/// A message addressed to the bot.
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

/// A question that a person may want to ask next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The entry that answers it.
    pub entry: String,
    /// The question.
    pub question: String,
}

/// What the bot says, before any platform marks it up.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// How the message was dealt with.
    pub outcome: Outcome,
    /// Paragraphs of text, the answer first.
    pub paragraphs: Vec<String>,
    /// What it rests on.
    pub citations: Vec<Citation>,
    /// The entry that answered.
    pub entry: Option<String>,
    /// What one may ask next, or may have meant.
    pub suggestions: Vec<Suggestion>,
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
            citations: Vec::new(),
            entry: None,
            suggestions: Vec::new(),
            verdict: None,
            confidence: 1.0,
        }
    }

    /// The text without markup, paragraphs apart.
    pub fn text(&self) -> String {
        self.paragraphs.join("\n\n")
    }
}
