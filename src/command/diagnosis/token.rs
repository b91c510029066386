//! What a token that the brokers refuse says of itself: a broker keeps its reasons to its own log.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::super::{login, now_ms};
use super::Words;
use crate::config::Settings;

/// The endpoint has just given a token: another one comes soon or not at all.
const LIMIT: Duration = Duration::from_millis(1_500);
/// Clocks that differ by less are no reason to refuse anything.
const SKEW_SECONDS: f64 = 5.0;
/// Longer texts are not what people compare.
const SHOWN_CHARACTERS: usize = 120;

#[derive(Default, Deserialize)]
struct Claims {
    iss: Option<Value>,
    aud: Option<Value>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

/// The words for a refused token, after a look into another one of the same endpoint.
pub(super) fn refused(settings: &Settings, said: &str) -> Words {
    let claims = another(settings).and_then(|token| claims(&token)).unwrap_or_default();
    words(&claims, said, now_ms())
}

fn another(settings: &Settings) -> Option<String> {
    let tokens = login::tokens(settings)?;
    let (done, given) = sync_channel(1);
    thread::Builder::new().name("token".to_owned()).spawn(move || done.send(tokens.fetch())).ok()?;
    given.recv_timeout(LIMIT).ok()?.ok().map(|token| token.value)
}

fn claims(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()
}

fn words(claims: &Claims, said: &str, now_ms: i64) -> Words {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let now = now_ms as f64 / 1000.0;
    let begin = claims.nbf.into_iter().chain(claims.iat).fold(f64::MIN, f64::max);
    if begin > now + SKEW_SECONDS {
        return Words::config(
            format!(
                "the broker does not accept the token ({said}), which is not valid before {:.0} s from now",
                begin - now
            ),
            "compare the clocks of this machine, of the token endpoint and of the brokers",
        );
    }
    let of = |name: &str, claim: &Option<Value>| claim.as_ref().map(|claim| format!("{name} `{}`", shown(claim)));
    let told: Vec<String> = [of("issuer", &claims.iss), of("audience", &claims.aud)].into_iter().flatten().collect();
    let told = if told.is_empty() { String::new() } else { format!("; its {}", told.join(", its ")) };
    Words::config(
        format!("the broker does not accept the token ({said}){told}"),
        "the reason is in the broker's log: compare issuer and audience with what the broker expects \
         (`protocol.authentication.scope` may change the audience), then `protocol.authentication.extensions`, the key of the \
         signature, and the clocks",
    )
}

fn shown(claim: &Value) -> String {
    let text = claim.as_str().map_or_else(|| claim.to_string(), str::to_owned);
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(payload: &str, now_ms: i64) -> String {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
        let words = words(&claims(&token).unwrap_or_default(), "no", now_ms);
        words.cause
    }

    #[test]
    fn a_token_is_looked_into() {
        let claims = r#"{"iss": "https://login.example", "aud": ["a", "b"], "nbf": 1000, "iat": 1000}"#;
        insta::assert_snapshot!(said(claims, 1_000_000), @r#"the broker does not accept the token (no); its issuer `https://login.example`, its audience `["a","b"]`"#);
        insta::assert_snapshot!(said(claims, 400_000), @"the broker does not accept the token (no), which is not valid before 600 s from now");
        insta::assert_snapshot!(said(r#"{"aud": "kafka"}"#, 0), @"the broker does not accept the token (no); its audience `kafka`");
    }

    #[test]
    fn a_token_that_is_none_is_no_obstacle() {
        insta::assert_snapshot!(said("no JSON", 0), @"the broker does not accept the token (no)");
        assert!(claims("opaque").is_none());
        assert!(claims("a.%%%.c").is_none());
    }
}
