//! Names and descriptions of commands in other languages, for the platforms' menus.
//!
//! Discord shows translated names too, and knows Russian and Turkish but neither Armenian nor Azerbaijani. Telegram
//! translates descriptions alone, to all four.

/// The texts of one command in one language.
#[derive(Debug, Clone, Copy)]
pub struct MenuText {
    /// Two-letter code of the language.
    pub language: &'static str,
    /// The command's name; empty where no platform shows a translated one.
    pub name: &'static str,
    /// Its argument's name; empty as above, or if it has none.
    pub argument: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn text(language: &'static str, name: &'static str, argument: &'static str, help: &'static str) -> MenuText {
    MenuText { language, name, argument, help }
}

/// Texts by the English name of a command, a command on messages, or an option.
const TRANSLATIONS: &[(&str, &[MenuText])] = &[
    (
        "ask",
        &[
            text("ru", "спросить", "вопрос", "задать вопрос по статье"),
            text("tr", "sor", "soru", "makaleye bir soru sor"),
            text("hy", "", "", "հարց տալ հոդվածի մասին"),
            text("az", "", "", "məqalə haqqında sual ver"),
        ],
    ),
    (
        "check",
        &[
            text("ru", "проверить", "утверждение", "сверить утверждение со статьёй"),
            text("tr", "denetle", "iddia", "bir iddiayı makaleyle karşılaştır"),
            text("hy", "", "", "ստուգել պնդումը հոդվածով"),
            text("az", "", "", "iddianı məqalə ilə yoxla"),
        ],
    ),
    (
        "define",
        &[
            text("ru", "определение", "термин", "что значит имя или термин в статье"),
            text("tr", "tanım", "terim", "bir ad veya terimin makaledeki anlamı"),
            text("hy", "", "", "ինչ է նշանակում անունը կամ եզրույթը հոդվածում"),
            text("az", "", "", "adın və ya terminin məqalədəki mənası"),
        ],
    ),
    (
        "timeline",
        &[
            text("ru", "хронология", "", "события с датами по порядку"),
            text("tr", "kronoloji", "", "tarihli olaylar, sırasıyla"),
            text("hy", "", "", "թվագրված իրադարձությունները հերթականությամբ"),
            text("az", "", "", "tarixli hadisələr ardıcıllıqla"),
        ],
    ),
    (
        "sources",
        &[
            text("ru", "источники", "абзац", "абзацы статьи или один из них"),
            text("tr", "kaynaklar", "paragraf", "makalenin paragrafları ya da biri"),
            text("hy", "", "", "հոդվածի պարբերությունները կամ դրանցից մեկը"),
            text("az", "", "", "məqalənin abzasları və ya onlardan biri"),
        ],
    ),
    (
        "help",
        &[
            text("ru", "помощь", "", "что и как можно спросить"),
            text("tr", "yardım", "", "ne sorabilirsin, nasıl"),
            text("hy", "", "", "ինչ և ինչպես կարելի է հարցնել"),
            text("az", "", "", "nəyi və necə soruşmaq olar"),
        ],
    ),
    (
        "about",
        &[
            text("ru", "статья", "", "какая это статья и что это за бот"),
            text("tr", "hakkında", "", "bu hangi makale, bot nedir"),
            text("hy", "", "", "որ հոդվածն է սա և ինչ է բոտը"),
            text("az", "", "", "bu hansı məqalədir və bot nədir"),
        ],
    ),
    (
        "settings",
        &[
            text("ru", "настройки", "", "как бот ведёт себя здесь"),
            text("tr", "ayarlar", "", "botun buradaki davranışı"),
            text("hy", "", "", "ինչպես է բոտն իրեն պահում այստեղ"),
            text("az", "", "", "botun buradakı davranışı"),
        ],
    ),
    ("Fact-check this message", &[text("ru", "Сверить со статьёй", "", ""), text("tr", "Makaleyle karşılaştır", "", "")]),
    ("Ask the paper about this", &[text("ru", "Спросить об этом статью", "", ""), text("tr", "Bunu makaleye sor", "", "")]),
    ("private", &[text("ru", "лично", "", "показать ответ только вам"), text("tr", "özel", "", "yanıtı yalnızca sana göster")]),
];

/// The texts of a command, a command on messages, or an option.
pub fn translations(name: &str) -> &'static [MenuText] {
    TRANSLATIONS.iter().find(|(english, _)| *english == name).map_or(&[], |(_, texts)| texts)
}
