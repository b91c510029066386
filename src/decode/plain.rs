//! Values and keys that are no JSON: text in some encoding, and bytes.

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use simdutf8::{basic, compat};

use super::Format;
use super::fault::{BadMessage, Fault};
use super::text::{write_base64, write_string};

/// Memory that is kept from message to message.
#[derive(Debug, Default)]
pub(super) struct PlainText {
    utf8: Vec<u8>,
    buffer: Vec<u8>,
}

impl PlainText {
    /// Lends an empty buffer; it comes back with [`give_back`](Self::give_back).
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        self.buffer.clear();
        std::mem::take(&mut self.buffer)
    }

    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        self.buffer = buffer;
    }

    /// Appends the bytes as a JSON string. [`Format::Auto`] and [`Format::Json`] mean UTF-8 text, else base64.
    pub(super) fn write(&mut self, format: Format, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), BadMessage> {
        match format {
            Format::Text(encoding) => self.write_text(encoding, bytes, out)?,
            Format::Auto | Format::Json if basic::from_utf8(bytes).is_ok() => write_string(bytes, out),
            Format::Binary | Format::Auto | Format::Json => write_base64(bytes, out),
        }
        Ok(())
    }

    fn write_text(&mut self, encoding: &'static Encoding, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), BadMessage> {
        let mark = byte_order_mark(encoding);
        let text = bytes.strip_prefix(mark).unwrap_or(bytes);
        let skipped = bytes.len() - text.len();
        if encoding == UTF_8 {
            let text = compat::from_utf8(text);
            let text = text.map_err(|bad| BadMessage::new(Fault::InvalidUtf8, skipped + bad.valid_up_to()))?;
            write_string(text.as_bytes(), out);
            return Ok(());
        }
        let mut decoder = encoding.new_decoder_without_bom_handling();
        // Without an upper bound (a message of half the address space) there is nothing to decode into.
        let size = decoder.max_utf8_buffer_length_without_replacement(text.len()).unwrap_or(0);
        self.utf8.resize(size.max(self.utf8.len()), 0);
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(text, &mut self.utf8, true);
        if result != DecoderResult::InputEmpty {
            return Err(BadMessage::new(Fault::InvalidText, skipped + read));
        }
        write_string(self.utf8.get(..written).unwrap_or_default(), out);
        Ok(())
    }
}

fn byte_order_mark(encoding: &'static Encoding) -> &'static [u8] {
    match encoding {
        _ if encoding == UTF_8 => b"\xef\xbb\xbf",
        _ if encoding == UTF_16LE => b"\xff\xfe",
        _ if encoding == UTF_16BE => b"\xfe\xff",
        _ => b"",
    }
}
