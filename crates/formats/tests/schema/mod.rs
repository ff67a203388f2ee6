//! As much of JSON Schema as the runtime specification's schema needs.

use std::collections::BTreeMap;

use serde_json::Value;

/// Schema files by name.
pub struct Schemas(pub BTreeMap<String, Value>);

impl Schemas {
    /// Fails where a value is not what a schema of a file says.
    pub fn check(&self, file: &str, schema: &Value, value: &Value, place: &str) {
        let Value::Object(words) = schema else {
            panic!("{schema} is no schema");
        };
        for (word, wanted) in words {
            let holds = match (word.as_str(), wanted) {
                ("description", _) => true,
                ("$ref", Value::String(target)) => return self.follow(file, target, value, place),
                ("type", Value::String(kind)) => is_a(value, kind),
                ("enum", Value::Array(values)) => values.contains(value),
                ("minimum", limit) => value.as_f64() >= limit.as_f64(),
                ("maximum", limit) => value.as_f64() <= limit.as_f64(),
                ("minItems", limit) => {
                    value.as_array().unwrap().len() as u64 >= limit.as_u64().unwrap()
                }
                ("required", Value::Array(names)) => {
                    let missing = |name: &&Value| value.get(name.as_str().unwrap()).is_none();
                    !names.iter().any(|name| missing(&name))
                }
                ("properties", Value::Object(properties)) => {
                    for (name, schema) in properties {
                        if let Some(member) = value.get(name) {
                            self.check(file, schema, member, &format!("{place}.{name}"));
                        }
                    }
                    true
                }
                ("items", schema) => {
                    for (at, item) in value.as_array().unwrap().iter().enumerate() {
                        self.check(file, schema, item, &format!("{place}[{at}]"));
                    }
                    true
                }
                _ => panic!("the schema says {word}: {wanted}, of which this knows nothing"),
            };
            assert!(holds, "{place}: {value} against {word}: {wanted}");
        }
    }

    fn follow(&self, file: &str, target: &str, value: &Value, place: &str) {
        let (other, pointer) = target.split_once('#').unwrap();
        let file = if other.is_empty() { file } else { other };
        let schema = self.0[file].pointer(pointer).unwrap();
        self.check(file, schema, value, place);
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("{other} is no type"),
    }
}
