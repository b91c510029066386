//! What logging in needs of C: tokens with extensions, which the rdkafka crate cannot set, and two environment variables.

use std::ffi::{CString, c_char};
use std::path::Path;

use rdkafka::bindings as c;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::super::context::Context;
use super::super::token::Token;

/// librdkafka's own size of error texts.
const MAX_ERROR_BYTES: usize = 512;

/// Hands a token to the client; the error is librdkafka's.
pub fn set_token(consumer: &BaseConsumer<Context>, token: &Token) -> Result<(), String> {
    let text = |text: &str| CString::new(text).map_err(|_| "it has a zero byte".to_owned());
    let (value, principal) = (text(&token.value)?, text(&token.principal)?);
    let mut extensions = Vec::with_capacity(2 * token.extensions.len());
    for (name, value) in &token.extensions {
        extensions.extend([text(name)?, text(value)?]);
    }
    let mut pointers: Vec<*const c_char> = extensions.iter().map(|text| text.as_ptr()).collect();
    let mut error = vec![0_u8; MAX_ERROR_BYTES];
    // SAFETY: the client is alive; all texts end in a zero and outlive the call, which copies them; the sizes are those of
    // the two buffers.
    let code = unsafe {
        c::rd_kafka_oauthbearer_set_token(
            consumer.client().native_ptr(),
            value.as_ptr(),
            token.expires_at_ms,
            principal.as_ptr(),
            pointers.as_mut_ptr(),
            pointers.len(),
            error.as_mut_ptr().cast(),
            error.len(),
        )
    };
    if code == c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    error.truncate(error.iter().position(|&byte| byte == 0).unwrap_or(0));
    Err(String::from_utf8_lossy(&error).into_owned())
}

/// Tells the client that no token could be had; its error callback repeats the words.
pub fn token_failed(consumer: &BaseConsumer<Context>, cause: &str) {
    let Ok(cause) = CString::new(cause.replace('\0', " ")) else { return };
    // SAFETY: the client is alive, and the call copies the text. Its answer would say that the client does not use tokens.
    unsafe {
        c::rd_kafka_oauthbearer_set_token_failure(consumer.client().native_ptr(), cause.as_ptr());
    }
}

/// Sets a variable of this process: the Kerberos library has no other way to be told where its files are.
pub fn set_variable(name: &str, value: &Path) {
    // SAFETY: nothing else in this process writes the environment, and nobody reads it meanwhile: the caller does this
    // before the first client, and with it every thread of C code, is made.
    unsafe { std::env::set_var(name, value) };
}
