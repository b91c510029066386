//! The `bootstrap_servers` field.

use std::net::Ipv6Addr;

use super::error::shown;
use super::{ConfigError, ServerFault};

/// The names of listeners that Java clients allow before an address, and ignore.
const LISTENERS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

/// The addresses as the client wants them: `host:port,host:port`, no blanks, none twice.
pub(super) fn normalise(list: &str) -> Result<String, ConfigError> {
    let mut servers: Vec<String> = Vec::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let server = server(entry).map_err(|fault| ConfigError::BadServer { entry: displayed(entry), fault })?;
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    if servers.is_empty() {
        return Err(ConfigError::BadServer { entry: shown(list), fault: ServerFault::Empty });
    }
    Ok(servers.join(","))
}

fn server(entry: &str) -> Result<String, ServerFault> {
    let address = match entry.split_once("://") {
        Some((listener, address)) if LISTENERS.iter().any(|known| known.eq_ignore_ascii_case(listener)) => address,
        Some(_) => return Err(ServerFault::Url),
        None => entry,
    };
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => ipv6(rest)?,
        None => name(address)?,
    };
    // `parse` would take `+9092`.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(port) if digits && port > 0 => Ok(format!("{host}:{port}")),
        _ => Err(ServerFault::BadPort),
    }
}

fn ipv6(rest: &str) -> Result<(String, &str), ServerFault> {
    let (address, port) = rest.split_once(']').ok_or(ServerFault::BadIpv6)?;
    let (number, zone) = address.split_once('%').unwrap_or((address, "0"));
    let is_zone = !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if number.parse::<Ipv6Addr>().is_err() || !is_zone {
        return Err(ServerFault::BadIpv6);
    }
    let port = port.strip_prefix(':').filter(|port| !port.is_empty()).ok_or(ServerFault::NoPort)?;
    Ok((format!("[{address}]"), port))
}

fn name(address: &str) -> Result<(String, &str), ServerFault> {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    if let Some(bad) = host.chars().find(|c| !c.is_ascii_alphanumeric() && !".-_:".contains(*c)) {
        return Err(ServerFault::BadHost(bad));
    }
    if host.contains(':') {
        return Err(ServerFault::Colons);
    }
    match (host.is_empty(), port.is_empty()) {
        (true, _) => Err(ServerFault::NoHost),
        (_, true) => Err(ServerFault::NoPort),
        _ => Ok((host.to_owned(), port)),
    }
}

/// Web addresses may carry a password before the `@`.
fn displayed(entry: &str) -> String {
    match entry.rsplit_once('@') {
        Some((_, host)) => format!("…@{}", shown(host)),
        None => shown(entry),
    }
}
