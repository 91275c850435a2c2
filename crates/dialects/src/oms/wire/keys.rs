//! The keys of an event (sheet section 4.1).

use cohong_core::model::ObjectKey;
use serde_json::Value;

use super::fields::Fields;
use crate::oms::error::OmsError;
use crate::oms::limits::EVENT_KEY_CHARS_MAX;

/// The member that holds them.
const NAME: &str = "object_keys";

/// Reads the keys of an event, all or none.
pub(crate) fn read(fields: &Fields, keys_max: usize) -> Result<Vec<ObjectKey>, OmsError> {
    let list = match fields.get(NAME) {
        None => return Err(OmsError::missing(NAME)),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(OmsError::wrong_type(NAME, "an array of strings")),
    };
    if !(1..=keys_max).contains(&list.len()) {
        let message = format!("{NAME} has 1 to {keys_max} elements");
        return Err(OmsError::value(message));
    }
    let key = |(at, element): (usize, &Value)| {
        let text = element.as_str();
        let text = text.ok_or_else(|| OmsError::wrong_type(NAME, "an array of strings"))?;
        decode(text).map_err(|why| OmsError::value(format!("{NAME}[{at}]: {why}")))
    };
    list.iter().enumerate().map(key).collect()
}

/// The name that an element stands for: decoded once as a value of a form is, so that a plus is a blank. What
/// cannot be decoded is refused and never guessed at.
fn decode(element: &str) -> Result<ObjectKey, &'static str> {
    let chars = element.chars().count();
    if !(1..=EVENT_KEY_CHARS_MAX).contains(&chars) {
        return Err("an element has 1 to 16,384 characters");
    }
    let bytes = cohong_sign::decode(&element.replace('+', " "))
        .map_err(|_| "a percent sign is followed by two hexadecimal digits; write it as %25")?;
    let name = String::from_utf8(bytes).map_err(|_| "an object's name is UTF-8 text")?;
    ObjectKey::new(&name).map_err(|invalid| invalid.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What this project and the vendor's pages say of keys.
    fn vectors() -> Value {
        let text = include_str!("../../../../../vectors/oms.json");
        serde_json::from_str::<Value>(text).expect("JSON")["key_decoding"].clone()
    }

    #[test]
    fn elements_are_decoded_as_the_vectors_say() {
        let all = vectors();
        let table = all["vectors"].as_array().expect("vectors");
        assert_eq!(table.len(), 31, "a lost vector is noticed");
        for row in table {
            let element = row["object_key"].as_str().expect("text");
            let found = decode(element).ok();
            let found = found.as_ref().map(ObjectKey::as_str);
            assert_eq!(found, row["object_name"].as_str(), "{row}");
            assert_eq!(found.is_some(), row["valid"].as_bool().expect("told"));
        }
        let lengths = all["length_vectors"].as_array().expect("vectors");
        assert_eq!(lengths.len(), 4);
        for row in lengths {
            let build = &row["object_key_build"];
            let times = build["count"]
                .as_u64()
                .and_then(|n| usize::try_from(n).ok());
            let element = build["repeat"].as_str().expect("text");
            let element = element.repeat(times.expect("a number"));
            assert_eq!(decode(&element).is_ok(), row["valid"] == true, "{row}");
        }
        assert!(decode("a%00b").is_err());
    }

    #[test]
    fn an_event_is_read_whole_or_refused() {
        let many = |n: usize| json!({ NAME: vec!["a"; n] });
        let table = [
            (json!({ NAME: ["a", "a", "b%2B"] }), Ok(3)),
            (many(10), Ok(10)),
            (many(11), Err("OMS.1003")),
            (many(0), Err("OMS.1003")),
            (json!({}), Err("OMS.1004")),
            (json!({ NAME: null }), Err("OMS.1004")),
            (json!({ NAME: "a" }), Err("OMS.1010")),
            (json!({ NAME: [1] }), Err("OMS.1010")),
            (json!({ NAME: ["a", null] }), Err("OMS.1010")),
            (json!({ NAME: ["good", "bad%"] }), Err("OMS.1003")),
        ];
        for (body, wanted) in table {
            let fields = Fields::read(body.to_string().as_bytes()).expect("an object");
            let found = read(&fields, 10).map(|keys| keys.len());
            assert_eq!(found.map_err(|error| error.code), wanted, "{body}");
        }
    }
}
