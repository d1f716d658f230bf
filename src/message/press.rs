//! What a button means. All that is needed stands in the button itself, in at most 64 bytes, so that buttons work after
//! a restart: Discord's `custom_id` and Telegram's `callback_data` carry the same text.
//!
//! A *key* stands for the id of an entry, fact or gap: the id itself, or a hash of it if it is long.

/// Bytes that an encoded press has at most.
pub const LONGEST: usize = 64;
/// Bytes of an id that are carried as they are.
const LONGEST_ID: usize = 56;
/// What opens a key that is a hash.
const HASHED: char = '~';

/// An id of the knowledge file, short enough for a button.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// The key of an id.
    pub fn of(id: &str) -> Self {
        if id.len() <= LONGEST_ID && !id.starts_with(HASHED) {
            return Self(id.to_owned());
        }
        // FNV-1a: it has to be the same after a restart and in the next version, which the standard hashers are not.
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(format!("{HASHED}{hash:016x}"))
    }

    /// Whether this is the key of an id.
    pub fn is(&self, id: &str) -> bool {
        *self == Self::of(id)
    }
}

/// What a reply is about, as far as evidence and ratings go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An entry.
    Entry(Key),
    /// A fact that decided a verdict.
    Fact(Key),
    /// A gap that was named.
    Gap(Key),
}

/// For what part of a server a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All its channels.
    Server,
    /// This channel, whatever the server says.
    Channel,
}

/// A way in which the bot behaves in a place; all are off at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// Answers questions that are not addressed to it, if the paper answers them.
    Listen,
    /// Answers commands so that only the person who gave them sees it.
    Private,
    /// Answers commands only, and privately.
    Quiet,
    /// Opens a thread for each question.
    Threads,
}

/// A pressed button.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Press {
    /// Ask the question of an entry.
    Ask(Key),
    /// Show the paragraphs that a reply rests on.
    Evidence(Subject),
    /// Say whether a reply was helpful.
    Rate(Subject, bool),
    /// Show the settings of a scope.
    Settings(Scope),
    /// Turn a setting on or off.
    Set(Scope, Setting, bool),
}

impl Press {
    /// Asks the question of the entry with this id.
    pub fn ask(entry: &str) -> Self {
        Self::Ask(Key::of(entry))
    }

    /// Whether only those who may change settings may press it.
    pub fn needs_manager(&self) -> bool {
        matches!(self, Self::Settings(_) | Self::Set(..))
    }

    /// The text that a button carries, at most [`LONGEST`] bytes.
    pub fn encode(&self) -> String {
        match self {
            Self::Ask(key) => format!("a:{}", key.0),
            Self::Evidence(subject) => format!("e:{}", subject.encode()),
            Self::Rate(subject, true) => format!("y:{}", subject.encode()),
            Self::Rate(subject, false) => format!("n:{}", subject.encode()),
            Self::Settings(scope) => format!("s:{}", scope.letter()),
            Self::Set(scope, setting, on) => format!("t:{}{}{}", scope.letter(), setting.letter(), if *on { '+' } else { '-' }),
        }
    }

    /// Reads the text of a button; nothing if it is none of ours.
    pub fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "a" => Some(Self::Ask(key(rest)?)),
            "e" => Some(Self::Evidence(Subject::decode(rest)?)),
            "y" => Some(Self::Rate(Subject::decode(rest)?, true)),
            "n" => Some(Self::Rate(Subject::decode(rest)?, false)),
            "s" => Some(Self::Settings(Scope::ALL.into_iter().find(|s| rest == s.letter().to_string())?)),
            "t" => {
                let mut letters = rest.chars();
                let (scope, setting, sign) = (letters.next()?, letters.next()?, letters.next()?);
                let on = [('+', true), ('-', false)].into_iter().find(|(c, _)| *c == sign)?.1;
                let scope = Scope::ALL.into_iter().find(|s| s.letter() == scope)?;
                let setting = Setting::ALL.into_iter().find(|s| s.letter() == setting)?;
                letters.next().is_none().then_some(Self::Set(scope, setting, on))
            }
            _ => None,
        }
    }
}

fn key(text: &str) -> Option<Key> {
    (!text.is_empty() && text.len() <= LONGEST_ID).then(|| Key(text.to_owned()))
}

impl Subject {
    fn encode(&self) -> String {
        match self {
            Self::Entry(key) => format!("e:{}", key.0),
            Self::Fact(key) => format!("f:{}", key.0),
            Self::Gap(key) => format!("g:{}", key.0),
        }
    }

    fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "e" => Some(Self::Entry(key(rest)?)),
            "f" => Some(Self::Fact(key(rest)?)),
            "g" => Some(Self::Gap(key(rest)?)),
            _ => None,
        }
    }
}

impl Scope {
    const ALL: [Self; 2] = [Self::Server, Self::Channel];

    fn letter(self) -> char {
        match self {
            Self::Server => 's',
            Self::Channel => 'c',
        }
    }
}

impl Setting {
    /// All settings, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Listen, Self::Private, Self::Quiet, Self::Threads];

    fn letter(self) -> char {
        match self {
            Self::Listen => 'l',
            Self::Private => 'p',
            Self::Quiet => 'q',
            Self::Threads => 't',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn subject() -> impl Strategy<Value = Subject> {
        ("\\PC{1,200}", 0..3).prop_map(|(id, kind)| match kind {
            0 => Subject::Entry(Key::of(&id)),
            1 => Subject::Fact(Key::of(&id)),
            _ => Subject::Gap(Key::of(&id)),
        })
    }

    fn press() -> impl Strategy<Value = Press> {
        let scope = prop::sample::select(Scope::ALL.to_vec());
        let setting = prop::sample::select(Setting::ALL.to_vec());
        prop_oneof![
            "\\PC{1,200}".prop_map(|id| Press::ask(&id)),
            subject().prop_map(Press::Evidence),
            (subject(), any::<bool>()).prop_map(|(s, yes)| Press::Rate(s, yes)),
            scope.clone().prop_map(Press::Settings),
            (scope, setting, any::<bool>()).prop_map(|(scope, setting, on)| Press::Set(scope, setting, on)),
        ]
    }

    proptest! {
        #[test]
        fn every_press_fits_and_comes_back(press in press()) {
            let text = press.encode();
            prop_assert!(text.len() <= LONGEST, "{} bytes: {text}", text.len());
            prop_assert_eq!(Press::decode(&text), Some(press));
        }

        #[test]
        fn any_text_is_read_without_a_fault(text in "\\PC{0,80}") {
            if let Some(press) = Press::decode(&text) {
                prop_assert_eq!(press.encode(), text);
            }
        }
    }

    #[test]
    fn a_key_knows_its_id_and_stays_the_same() {
        let long = "x".repeat(100);
        assert!(Key::of(&long).is(&long) && !Key::of(&long).is("y") && Key::of("csto").is("csto"));
        assert_eq!(Press::ask("csto-members").encode(), "a:csto-members");
        assert_eq!(Press::ask(&long).encode(), "a:~052c9e7cec411035");
    }
}
