//! Words for what `probe` finds at an address.

use super::Words;
use crate::config::{Security, Tls};
use crate::probe::{Address, CertificateFault, Fault, Mistrust, Spoken};

/// The step, as messages call it.
pub(super) fn step(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unresolved(_) => "DNS",
        Fault::Refused | Fault::Unreachable(_) => "TCP",
        Fault::Untrusted(_) | Fault::NotTls(_) | Fault::TlsRefused(_) | Fault::ClientCertificate(_) => "TLS",
        Fault::NotKafka(_) | Fault::Silent | Fault::Closed => "connecting",
    }
}

/// The name of a security protocol.
pub(super) fn protocol(is_encrypted: bool, has_sasl: bool) -> &'static str {
    match (is_encrypted, has_sasl) {
        (false, false) => "PLAINTEXT",
        (true, false) => "SSL",
        (false, true) => "SASL_PLAINTEXT",
        (true, true) => "SASL_SSL",
    }
}

/// What is wrong with an address of `bootstrap_servers`.
pub(super) fn words(security: &Security, address: &Address, fault: &Fault) -> Words {
    let has_sasl = security.authentication.is_some();
    match fault {
        Fault::Unresolved(said) => Words::transient(
            format!("the name cannot be resolved ({said})"),
            "correct the host in `bootstrap_servers`, or make the name known to the DNS of the place where this connector runs",
        ),
        Fault::Refused => Words::transient(
            "connection refused, nothing listens there",
            "correct the port in `bootstrap_servers`, or start the broker",
        ),
        Fault::Unreachable(said) => {
            Words::transient(said, "correct `bootstrap_servers`, or open the way to it (firewall, security group, VPN)")
        }
        Fault::Untrusted(certificate) => untrusted(security.tls.as_ref(), address, certificate),
        Fault::NotTls(Some(Spoken::Kafka)) => Words::config(
            "this listener speaks Kafka without TLS",
            format!(
                "choose `{}` in `protocol.security_protocol`, or give the port of an encrypted listener in `bootstrap_servers`",
                protocol(false, has_sasl)
            ),
        ),
        Fault::NotTls(Some(Spoken::Http)) | Fault::NotKafka(Spoken::Http) => {
            Words::config("an HTTP server answers there, not a Kafka broker", "correct the port in `bootstrap_servers`")
        }
        Fault::NotTls(_) => Words::transient(
            "what answers there does not speak TLS, or closes the connection at once",
            "correct the port in `bootstrap_servers`, or choose another protocol in `protocol.security_protocol`",
        ),
        Fault::TlsRefused(said) => Words::config(
            format!("the broker ended the handshake ({said})"),
            "compare the versions of TLS and the ciphers that the listener allows with those of this client",
        ),
        Fault::ClientCertificate(said) => client_certificate(security.tls.as_ref(), said),
        Fault::NotKafka(_) => Words::config(
            "this listener speaks TLS",
            format!(
                "choose `{}` in `protocol.security_protocol`, or give the port of an unencrypted listener in `bootstrap_servers`",
                protocol(true, has_sasl)
            ),
        ),
        Fault::Silent => Words::transient(
            "the connection is accepted, but nothing is answered",
            "check that a Kafka broker listens there, and what stands between (proxy, load balancer, firewall)",
        ),
        Fault::Closed => Words::transient(
            "the connection is closed without an answer",
            "check that a Kafka broker listens there, and that `protocol.security_protocol` is that of the listener",
        ),
    }
}

/// What is wrong with an address that a broker advertises.
pub(super) fn of_broker(id: i32, fault: &Fault) -> Words {
    let cause = match fault {
        Fault::Unresolved(said) => {
            format!("the cluster says that broker {id} is there, but the name cannot be resolved from here ({said})")
        }
        Fault::Refused => format!("the cluster says that broker {id} is there, but the connection is refused"),
        Fault::Unreachable(said) => {
            format!("the cluster says that broker {id} is there, but it cannot be reached from here ({said})")
        }
        _ => format!("the cluster says that broker {id} is there, but it does not answer"),
    };
    Words::transient(
        cause,
        "make the address known and open to the place where this connector runs, give a listener in `bootstrap_servers` \
         whose advertised addresses are, or change the broker's `advertised.listeners`",
    )
}

fn untrusted(tls: Option<&Tls>, address: &Address, fault: &CertificateFault) -> Words {
    let CertificateFault { subject, issuer, mistrust, words } = fault;
    let has_own = tls.is_some_and(|tls| tls.ca.is_some());
    match mistrust {
        Mistrust::UnknownAuthority => Words::config(
            format!("the certificate `{subject}` is signed by `{issuer}`, which is not trusted ({words})"),
            if has_own {
                "`protocol.ssl_ca` has other authorities: paste the certificate of this one there"
            } else {
                "it is not a public authority: paste its certificate into `protocol.ssl_ca`"
            },
        ),
        Mistrust::SelfSigned => Words::config(
            format!("the certificate `{subject}` is signed by itself and not trusted ({words})"),
            "paste it into `protocol.ssl_ca`, if it is the broker's own",
        ),
        Mistrust::Expired(end) => Words::config(
            format!("the certificate `{subject}` has ended on {end} ({words})"),
            "the broker needs a new certificate; if it has one, set the clock of the machine that this connector runs on",
        ),
        Mistrust::NotYetValid(begin) => Words::config(
            format!("the certificate `{subject}` is valid from {begin} only ({words})"),
            "compare the clocks of this machine and of the one that made the certificate",
        ),
        Mistrust::OtherHost(hosts) => {
            let hosts = hosts.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", ");
            Words::config(
                format!("the certificate is made out for {hosts}, not for `{}` ({words})", address.host),
                "give one of these names in `bootstrap_servers`, or have the broker's certificate made out for this name; \
                 `protocol.ssl_verify_hostname` switches the comparison off",
            )
        }
        Mistrust::Other => Words::config(
            format!("the certificate `{subject}`, signed by `{issuer}`, cannot be trusted ({words})"),
            "check `protocol.ssl_ca`, and the broker's certificate",
        ),
    }
}

fn client_certificate(tls: Option<&Tls>, said: &str) -> Words {
    let Some(client) = tls.and_then(|tls| tls.client.as_ref()) else {
        return Words::config(
            format!("the broker demands a client certificate ({said})"),
            "give `protocol.ssl_certificate` and `protocol.ssl_key`",
        );
    };
    match crate::probe::ended(&client.chain) {
        Some(end) => Words::config(
            format!("the client certificate has ended on {end} ({said})"),
            "give a new one in `protocol.ssl_certificate`, with its key in `protocol.ssl_key`",
        ),
        None => Words::config(
            format!("the broker does not accept the client certificate ({said})"),
            "give one in `protocol.ssl_certificate` that is signed by an authority of the brokers' trust store, with the \
             certificates between them",
        ),
    }
}
