//! JSON, written straight to bytes.

use std::io::Write as _;

use async_graphql_value::ConstValue;

/// Writes a string with its quotes.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..index]);
        if escape.is_empty() {
            // Writing to a vector cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.extend_from_slice(escape);
        }
        start = index + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// Writes any value; for the contents of custom scalars.
pub(crate) fn write_value(value: &ConstValue, out: &mut Vec<u8>) {
    match value {
        ConstValue::Null => out.extend_from_slice(b"null"),
        ConstValue::Number(number) => {
            let _ = write!(out, "{number}");
        }
        ConstValue::String(text) => write_string(text, out),
        ConstValue::Boolean(true) => out.extend_from_slice(b"true"),
        ConstValue::Boolean(false) => out.extend_from_slice(b"false"),
        ConstValue::Enum(name) => write_string(name, out),
        ConstValue::Binary(bytes) => {
            for (index, byte) in bytes.iter().enumerate() {
                let _ = write!(out, "{}{byte}", if index == 0 { '[' } else { ',' });
            }
            out.extend_from_slice(if bytes.is_empty() { b"[]" } else { b"]" });
        }
        ConstValue::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(item, out);
            }
            out.push(b']');
        }
        ConstValue::Object(fields) => {
            out.push(b'{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(name, out);
                out.push(b':');
                write_value(value, out);
            }
            out.push(b'}');
        }
    }
}
