//! Checks a TOML document against the JSON Schema of a serde type, and reports every fault with its place.
//!
//! Serde stops at the first fault; a curator with five mistakes wants to hear of five. The schema is the one that
//! schemars generates from the type, so the two cannot disagree.

use serde_json::Value;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Bytes of the document.
    pub span: Range<usize>,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Everything wrong with a document: its syntax first, and its shape if the syntax is right.
pub fn check(text: &str, schema: &Value) -> Vec<Problem> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |e: toml::de::Error| Problem {
            span: e.span().unwrap_or(0..0),
            message: e.message().to_owned(),
            help: Some("TOML wants quotes around texts, commas between list items, and [[...]] before each new record".into()),
        };
        return errors.into_iter().map(problem).collect();
    }
    let mut checker = Checker { definitions: &schema["$defs"], problems: Vec::new() };
    checker.table(document.get_ref(), document.span(), schema);
    checker.problems
}

/// The byte range of the value at a path such as `entry`, `17`, `ask`, `3`.
pub fn locate(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let (document, _) = DeTable::parse_recoverable(text);
    let (first, rest) = path.split_first()?;
    let mut value = document.get_ref().get(*first)?;
    for step in rest {
        let next = match value.get_ref() {
            DeValue::Table(table) => table.get(*step),
            DeValue::Array(array) => step.parse().ok().and_then(|i: usize| array.get(i)),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => break,
        }
    }
    Some(value.span())
}

struct Checker<'a> {
    definitions: &'a Value,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn report(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        self.problems.push(Problem { span, message, help });
    }

    /// Follows references and drops the null of optional values.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/$defs/")) {
            return self.resolve(&self.definitions[name]);
        }
        match schema["anyOf"].as_array() {
            Some(options) => options.iter().find(|o| o["type"] != "null").map_or(schema, |o| self.resolve(o)),
            None => schema,
        }
    }

    fn table(&mut self, table: &DeTable<'_>, span: Range<usize>, schema: &'a Value) {
        let schema = self.resolve(schema);
        let Some(properties) = schema["properties"].as_object() else { return };
        for (key, value) in table {
            match properties.get(key.get_ref().as_ref()) {
                Some(property) => self.value(value, property),
                None => {
                    let help = nearest(key.get_ref(), properties.keys().map(String::as_str));
                    let help = help.unwrap_or_else(|| format!("known keys: {}", properties.keys().cloned().collect::<Vec<_>>().join(", ")));
                    self.report(key.span(), format!("unknown key `{}`", key.get_ref()), Some(help));
                }
            }
        }
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(key) {
                let what = properties[key]["description"].as_str().unwrap_or("it is needed");
                self.report(span.clone(), format!("`{key}` is missing"), Some(format!("{key}: {}", what.lines().next().unwrap_or(what))));
            }
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, schema: &'a Value) {
        let schema = self.resolve(schema);
        let span = value.span();
        let options: Vec<&str> = (schema["oneOf"].as_array().into_iter().flatten())
            .flat_map(|o| o["const"].as_str().into_iter().chain(o["enum"].as_array().into_iter().flatten().filter_map(Value::as_str)))
            .chain(schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str))
            .collect();
        if !options.is_empty() {
            match value.get_ref().as_str() {
                Some(given) if options.contains(&given) => {}
                Some(given) => {
                    let help = nearest(given, options.iter().copied()).unwrap_or_else(|| format!("one of: {}", options.join(", ")));
                    self.report(span, format!("`{given}` is not a known value"), Some(help));
                }
                None => self.report(span, "a text is wanted here".into(), Some(format!("one of: {}", options.join(", ")))),
            }
            return;
        }
        let wanted: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let found = match value.get_ref() {
            DeValue::String(_) => "string",
            DeValue::Integer(_) => "integer",
            DeValue::Float(_) => "number",
            DeValue::Boolean(_) => "boolean",
            DeValue::Array(_) => "array",
            DeValue::Table(_) => "object",
            DeValue::Datetime(_) => "datetime",
        };
        let fits = wanted.contains(&found) || (found == "integer" && wanted.contains(&"number"));
        if !fits {
            let wanted = wanted.iter().filter(|w| **w != "null").map(|w| in_words(w)).collect::<Vec<_>>().join(" or ");
            let help = (found == "datetime" || wanted == "a text").then(|| "put it in quotes".to_owned());
            self.report(span, format!("{wanted} is wanted here, not {}", in_words(found)), help);
            return;
        }
        match value.get_ref() {
            DeValue::Array(items) => {
                for item in items {
                    self.value(item, &schema["items"]);
                }
            }
            DeValue::Table(table) => self.table(table, span, schema),
            DeValue::Integer(number) if schema["minimum"].as_i64() == Some(0) && number.as_str().starts_with('-') => {
                self.report(span, "the number must not be negative".into(), None);
            }
            _ => {}
        }
    }
}

fn in_words(kind: &str) -> &'static str {
    match kind {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        _ => "a date",
    }
}

/// "did you mean ...", if a known word is near.
pub fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let scored = known.map(|k| (strsim::jaro_winkler(given, k), k));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then(|| format!("did you mean `{}`?", best.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::knowledge::Knowledge;

    #[test]
    fn reports_everything_at_once() {
        let text = r#"
            paragraphs = 3
            [[entry]]
            id = 5
            answer = "A."
            kind = "whom"
            ask = "what"
            [[gap]]
            id = "g"
            topik = "x"
        "#;
        let schema = serde_json::to_value(schemars::schema_for!(Knowledge)).expect("a schema is JSON");
        let messages: Vec<String> = check(text, &schema).into_iter().map(|p| p.message).collect();
        for expected in [
            "unknown key `paragraphs`",
            "a text is wanted here, not a whole number",
            "`whom` is not a known value",
            "a list is wanted here, not a text",
            "unknown key `topik`",
            "`topic` is missing",
            "`ask` is missing",
        ] {
            assert!(messages.iter().any(|m| m == expected), "{expected} is not among {messages:?}");
        }
    }

    #[test]
    fn syntax_errors_carry_a_place() {
        let problems = check("a = [1,\nb = ", &Value::Null);
        assert!(!problems.is_empty());
    }

    #[test]
    fn locates_values() {
        let text = "[[entry]]\nask = [\"one\", \"two\"]\n";
        let span = locate(text, &["entry", "0", "ask", "1"]).expect("it is there");
        assert_eq!(&text[span], "\"two\"");
    }
}
