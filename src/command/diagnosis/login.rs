//! Words for logins that fail: what brokers, KDC and token endpoint say, and which field it is about.

use super::Words;
use super::address::protocol;
use crate::config::Authentication;
use crate::error::FailureType;
use crate::kafka::TokenError;

const CLOCKS: &str = "compare the clock of this machine with that of the KDC and the brokers";

pub(super) fn no_sasl(is_encrypted: bool) -> Words {
    Words::config(
        "this listener has no SASL",
        format!(
            "choose `{}` in `protocol.security_protocol`, or give the port of a SASL listener in `bootstrap_servers`",
            protocol(is_encrypted, false)
        ),
    )
}

pub(super) fn login_needed(is_encrypted: bool, mechanisms: &[String]) -> Words {
    let listed = if mechanisms.is_empty() { String::new() } else { format!(" ({})", quoted(mechanisms)) };
    Words::config(
        format!("this listener demands a login{listed}"),
        format!(
            "choose `{}` in `protocol.security_protocol` and fill in `protocol.authentication`, or give the port of a \
             listener without SASL in `bootstrap_servers`",
            protocol(is_encrypted, true)
        ),
    )
}

pub(super) fn other_mechanisms(wanted: &str, others: &[String]) -> Words {
    Words::config(
        format!("this listener does not have the mechanism `{wanted}`; it has {}", quoted(others)),
        "choose one of these in `protocol.authentication.mechanism`, or give the port of another listener",
    )
}

/// What a broker says when it refuses.
pub(super) fn refusal(authentication: &Authentication, said: &str) -> Words {
    match authentication {
        Authentication::Plain(_) => {
            Words::config(said, "check `protocol.authentication.username` and `protocol.authentication.password`")
        }
        Authentication::Scram(..) => Words::config(
            said,
            format!(
                "check `protocol.authentication.username` and `protocol.authentication.password`, and that this user has \
                 {} credentials in the cluster",
                authentication.mechanism()
            ),
        ),
        Authentication::Gssapi(kerberos) => gssapi(&kerberos.service_name, said),
        Authentication::OauthBearer(_) => Words::config(said, "check `protocol.authentication`"),
        Authentication::AwsMskIam(_) => Words::config(
            format!("the broker does not accept the AWS identity ({said})"),
            "check the keys, `protocol.authentication.region` and the role, that the identity may `kafka-cluster:Connect`, \
             and the clock of this machine",
        ),
    }
}

fn gssapi(service_name: &str, said: &str) -> Words {
    // `Server kafka/host@REALM not found in Kerberos database`
    if let Some((_, rest)) = said.split_once("(Server ")
        && let Some((principal, _)) = rest.split_once(" not found in Kerberos database")
    {
        return Words::config(
            format!("the KDC does not know the broker as `{principal}`"),
            format!(
                "check `protocol.authentication.service_name` (`{service_name}`), and that `bootstrap_servers` has the host \
                 name that stands in the broker's principal"
            ),
        );
    }
    let said = said.rsplit_once("more information (").map_or(said, |(_, words)| words.trim_end_matches(')'));
    let advice = if said.to_ascii_lowercase().contains("clock skew") {
        CLOCKS
    } else {
        "check `principal`, `service_name` and `krb5_conf` of `protocol.authentication`; the broker's log may say more"
    };
    Words::config(said, advice)
}

/// What `kinit` says.
pub(super) fn ticket(principal: &str, said: &str, failure_type: FailureType) -> Words {
    let advice = match said {
        said if said.contains("Preauthentication failed") => {
            "the key in `protocol.authentication.keytab` is not the one that the KDC has: export the keytab again"
        }
        said if said.contains("entry in database has expired") || said.contains("revoked") => {
            "have the principal renewed in the KDC, or give another in `protocol.authentication.principal`"
        }
        said if said.contains("not found in Kerberos database") => {
            "the realm has no such principal: correct `protocol.authentication.principal`"
        }
        said if said.contains("no suitable keys") => {
            "the keytab has keys of other principals: correct `protocol.authentication.principal`, or give its keytab"
        }
        said if said.contains("Cannot contact any KDC") || said.contains("does not answer") => {
            "check the `kdc` of the realm in `protocol.authentication.krb5_conf`, and the way to it (port 88)"
        }
        said if said.contains("Cannot find KDC") || said.contains("Cannot resolve network address") => {
            "name the realm and its `kdc` in `protocol.authentication.krb5_conf`, or correct the realm in \
             `protocol.authentication.principal`"
        }
        said if said.contains("Clock skew") => CLOCKS,
        _ => "check `principal`, `keytab` and `krb5_conf` of `protocol.authentication`",
    };
    let cause = format!("no Kerberos ticket for `{principal}`: {said}");
    Words { cause, advice: advice.to_owned(), failure_type }
}

/// What the token endpoint says.
pub(super) fn token(error: &TokenError) -> Words {
    let said = error.cause.as_str();
    let answered = |codes: &[u16]| codes.iter().any(|code| said.contains(&format!("answered {code}:")));
    let advice = if said.contains("invalid_scope") {
        "check `protocol.authentication.scope`"
    } else if answered(&[400, 401, 403]) {
        "check `protocol.authentication.client_id` and `protocol.authentication.client_secret`"
    } else if answered(&[404, 405, 410]) || said.contains("answered without a token") {
        "check that `protocol.authentication.token_endpoint_url` is the address that gives out tokens"
    } else if said.contains("cannot be reached") {
        "check `protocol.authentication.token_endpoint_url`, and the way to it"
    } else if said.contains("is not trusted") || said.contains("the clocks") {
        // It says so itself.
        ""
    } else if error.failure_type == FailureType::Transient {
        "the fault is that of the server in `protocol.authentication.token_endpoint_url`: try again, or look at its log"
    } else {
        "check `protocol.authentication`"
    };
    let cause = format!("no token for the brokers: {said}");
    Words { cause, advice: advice.to_owned(), failure_type: error.failure_type }
}

/// Nothing came in time.
pub(super) fn slow(authentication: Option<&Authentication>) -> Words {
    match authentication {
        Some(Authentication::OauthBearer(credentials)) => Words::transient(
            format!("`{}` has not given a token in time", shown_url(&credentials.token_endpoint_url)),
            "check `protocol.authentication.token_endpoint_url`, and the way to it",
        ),
        Some(Authentication::Gssapi(kerberos)) => Words::transient(
            format!("the KDC has not given a ticket for `{}` in time", kerberos.principal),
            "check the `kdc` of the realm in `protocol.authentication.krb5_conf`, and the way to it (port 88)",
        ),
        _ => Words::transient("the login has not come about in time", "check `protocol.authentication`"),
    }
}

/// Without the query, which may hold anything.
fn shown_url(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
