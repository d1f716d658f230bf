//! What a person does on any platform that has the feature, and what they then read.

use crate::harness::Chat;

const CHAIR: &str = "who chairs the CSTO secretariat?";

/// A question is answered with its paragraph, by mention, command and in a talk with the bot alone.
pub async fn a_question_is_answered_with_its_paragraph(chat: &mut impl Chat) {
    for heard in [chat.mention("ann", CHAIR).await, chat.command("ann", "ask", CHAIR).await, chat.direct("ann", CHAIR).await] {
        assert!(heard.text.contains("Stanislav Zas"), "{heard:?}");
        assert!(heard.sources.contains("¶3 · "), "{heard:?}");
        assert!(!heard.whispered, "{heard:?}");
        for label in ["Show evidence", "Helpful", "Not helpful"] {
            heard.button(label);
        }
    }
}

/// Where it was not meant it says nothing.
pub async fn it_is_silent_unless_meant(chat: &mut impl Chat) {
    chat.chatter("ann", CHAIR).await;
    chat.chatter("bob", "lol").await;
    chat.silence().await;
}

/// A follow-up leans on what was said before, whoever asks it.
pub async fn a_follow_up_keeps_its_context(chat: &mut impl Chat) {
    let first = chat.mention("ann", CHAIR).await;
    let second = chat.reply("bob", &first, "where is he from?").await;
    assert!(second.text.contains("Belarus"), "{second:?}");
    let command = chat.command("eve", "ask", CHAIR).await;
    let third = chat.reply("mia", &command, "where is he from?").await;
    assert!(third.text.contains("Belarus"), "{third:?}");
    let window = chat.mention("ann", "where is he from?").await;
    assert!(window.text.contains("Belarus"), "soon after, by the same person: {window:?}");
}

/// Every command answers.
pub async fn every_command_answers(chat: &mut impl Chat) {
    for (name, argument, said) in [
        ("check", "Serbia is a full member of the CSTO", "Contradicted."),
        ("define", "odkb", "Collective Security Treaty"),
        ("timeline", "", "1949"),
        ("sources", "", "¶3"),
        ("sources", "5", "In our words:"),
        ("help", "", "/check claim"),
        ("about", "", "Strakes"),
        ("ask", "how do I cook rice", "says nothing about cooking"),
    ] {
        let heard = chat.command("ann", name, argument).await;
        assert!(heard.text.contains(said), "/{name} {argument}: {heard:?}");
    }
    let typed = chat.mention("ann", "/check Serbia is a full member of the CSTO").await;
    assert!(typed.text.starts_with("Contradicted."), "{typed:?}");
}

/// Buttons ask, show and rate.
pub async fn buttons_do_what_they_say(chat: &mut impl Chat) {
    let heard = chat.command("ann", "ask", CHAIR).await;
    let evidence = chat.press("bob", &heard, "Show evidence").await;
    assert!(evidence.text.contains("¶3 · ") && evidence.text.contains("In our words:"), "{evidence:?}");
    let thanks = chat.press("bob", &heard, "Helpful").await;
    assert!(thanks.text.starts_with("Thank you"), "{thanks:?}");
    let again = chat.press("bob", &heard, "Not helpful").await;
    assert!(again.text.starts_with("You have rated"), "{again:?}");
    let question = heard.buttons[0].0.clone();
    let related = chat.press("eve", &heard, &question).await;
    assert!(related.sources.contains('¶') && related.text != heard.text, "{question}: {related:?}");
}

/// A message of somebody else is checked sentence by sentence.
pub async fn somebodys_message_is_checked(chat: &mut impl Chat) {
    let claims = "Hi all! Serbia is a full member of the CSTO. Azerbaijan left the treaty in 1999.";
    for text in ["/check", "is this true?"] {
        let heard = chat.quote("ann", claims, text).await;
        assert!(heard.text.contains("Contradicted.") && heard.text.contains("Supported."), "{heard:?}");
    }
    let nothing = chat.quote("ann", "What a lovely morning it is today.", "is this true?").await;
    assert!(nothing.text.starts_with("Nothing here"), "{nothing:?}");
}

/// An edited question edits its reply.
pub async fn an_edit_edits_the_reply(chat: &mut impl Chat) {
    let heard = chat.mention("ann", "what does CRRF stand for").await;
    let edited = chat.edit("ann", &heard, CHAIR).await;
    assert!(edited.text.contains("Stanislav Zas"), "{edited:?}");
}

/// What a platform delivers twice is answered once.
pub async fn what_comes_twice_is_answered_once(chat: &mut impl Chat) {
    chat.mention("ann", CHAIR).await;
    chat.again().await;
    chat.silence().await;
    chat.command("ann", "ask", CHAIR).await;
    chat.again().await;
    chat.silence().await;
}

/// Those who manage a place change how the bot behaves; others are refused.
pub async fn settings_are_for_managers(chat: &mut impl Chat) {
    let refused = chat.command("bob", "settings", "").await;
    assert!(refused.text.starts_with("Only those who manage"), "{refused:?}");
    let card = chat.manage("ann", "settings").await;
    assert!(card.text.contains("until I am next restarted"), "{card:?}");
    let everywhere = chat.turn("ann", &card, "All channels").await;
    assert!(everywhere.text.contains("in all channels"), "{everywhere:?}");
    let card = chat.turn("ann", &everywhere, "This channel").await;
    let refused = chat.press("bob", &card, "Answer unmentioned too").await;
    assert!(refused.text.starts_with("Only those who manage"), "{refused:?}");
    let listening = chat.turn("ann", &card, "Answer unmentioned too").await;
    assert!(listening.text.contains("mentioned or not"), "{listening:?}");
    let quiet = chat.turn("ann", &listening, "Be quiet").await;
    chat.chatter("ann", CHAIR).await;
    let typed = chat.mention("ann", "/about").await;
    assert!(typed.text.contains("Strakes"), "quiet answers commands and nothing else: {typed:?}");
    let loud = chat.turn("ann", &quiet, "Stop being quiet").await;
    let mentioned_only = chat.turn("ann", &loud, "Answer when mentioned only").await;
    assert!(mentioned_only.text.contains("when I am mentioned"), "{mentioned_only:?}");
    chat.silence().await;
}
