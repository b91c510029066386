//! The older fields: a mechanism by name, and a login line of Java's client.

use super::super::form::{AwsCredentials, Login, Sasl};
use super::super::jaas::{JaasFault, Line, Module, shown_option};
use super::super::{ConfigError, Secret};
use super::kerberos::{self, Keytab};
use super::{Authentication, ClientCredentials, Kerberos, LoginFault, ScramHash, oauth};

const URL_FIELD: &str = "protocol.oauthbearer_token_endpoint_url";

/// The mechanism that the older fields describe.
pub(super) fn authentication(sasl: &Sasl, warnings: &mut Vec<String>) -> Result<Authentication, ConfigError> {
    let Some(text) = &sasl.sasl_jaas_config else {
        return Err(ConfigError::Missing {
            field: "protocol.authentication".to_owned(),
            allowed: Vec::new(),
            example: Some("{\"mechanism\": \"SCRAM-SHA-512\", \"username\": …, \"password\": …}".to_owned()),
        });
    };
    let line = Line::parse(text.expose())?;
    match mechanism(sasl, &line)?.as_str() {
        "PLAIN" => Ok(Authentication::Plain(login(&line, warnings)?)),
        "SCRAM-SHA-256" => Ok(Authentication::Scram(ScramHash::Sha256, login(&line, warnings)?)),
        "SCRAM-SHA-512" => Ok(Authentication::Scram(ScramHash::Sha512, login(&line, warnings)?)),
        "GSSAPI" => Ok(Authentication::Gssapi(gssapi(&line)?)),
        "OAUTHBEARER" => Ok(Authentication::OauthBearer(client_credentials(sasl, &line, warnings)?)),
        "AWS_MSK_IAM" => Ok(Authentication::AwsMskIam(aws(&line, warnings)?)),
        other => Err(ConfigError::UnknownValue {
            field: "protocol.sasl_mechanism".to_owned(),
            value: Some(super::super::error::shown(other)),
            allowed: MECHANISMS.map(|(name, _)| name.to_owned()).to_vec(),
        }),
    }
}

/// The mechanisms, and the modules whose options they can use. PLAIN and SCRAM take user and password from either module,
/// as they do in Java.
const MECHANISMS: [(&str, &[Module]); 6] = [
    ("PLAIN", &[Module::Plain, Module::Scram]),
    ("SCRAM-SHA-256", &[Module::Scram, Module::Plain]),
    ("SCRAM-SHA-512", &[Module::Scram, Module::Plain]),
    ("GSSAPI", &[Module::Kerberos]),
    ("OAUTHBEARER", &[Module::OauthBearer]),
    ("AWS_MSK_IAM", &[Module::Iam]),
];

fn mechanism(sasl: &Sasl, line: &Line) -> Result<String, ConfigError> {
    let Some(given) = &sasl.sasl_mechanism else {
        return match line.module {
            Module::Plain => Ok("PLAIN".to_owned()),
            Module::Kerberos => Ok("GSSAPI".to_owned()),
            Module::OauthBearer => Ok("OAUTHBEARER".to_owned()),
            Module::Iam => Ok("AWS_MSK_IAM".to_owned()),
            Module::Scram => Err(ConfigError::Missing {
                field: "protocol.sasl_mechanism".to_owned(),
                allowed: vec!["SCRAM-SHA-256".to_owned(), "SCRAM-SHA-512".to_owned()],
                example: None,
            }),
        };
    };
    let given = given.to_ascii_uppercase();
    match MECHANISMS.iter().find(|(name, _)| *name == given) {
        Some((_, modules)) if !modules.contains(&line.module) => {
            Err(JaasFault::OtherMechanism { module: line.module.name(), mechanism: given }.into())
        }
        _ => Ok(given),
    }
}

fn login(line: &Line, warnings: &mut Vec<String>) -> Result<Login, ConfigError> {
    if line.get("tokenauth").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        let instead = "delegation tokens are not supported; use a user of the cluster";
        return Err(JaasFault::Unsupported { option: "tokenauth".to_owned(), instead }.into());
    }
    warn_of_others(line, &["username", "password", "tokenauth"], warnings);
    let username = needed(line, "username")?.to_owned();
    let password = Secret::new(needed(line, "password")?.to_owned());
    Ok(Login { username, password })
}

fn gssapi(line: &Line) -> Result<Kerberos, ConfigError> {
    let is_on = |name| line.get(name).is_some_and(|value: &str| value.eq_ignore_ascii_case("true"));
    if is_on("useTicketCache") && !is_on("useKeyTab") {
        let instead = "there is no ticket cache here; use `protocol.authentication` with `GSSAPI` and a keytab";
        return Err(JaasFault::Unsupported { option: "useTicketCache".to_owned(), instead }.into());
    }
    let bad =
        |option| move |fault: LoginFault| ConfigError::from(JaasFault::BadValue { option, fault: fault.to_string() });
    let principal = kerberos::name(needed(line, "principal")?, "airbyte@EXAMPLE.COM").map_err(bad("principal"))?;
    let keytab = needed(line, "keyTab")?;
    let keytab = keytab.strip_prefix("file://").or_else(|| keytab.strip_prefix("file:")).unwrap_or(keytab).to_owned();
    let service_name = line.get("serviceName").unwrap_or("kafka");
    let service_name = kerberos::name(service_name, "kafka").map_err(bad("serviceName"))?;
    Ok(Kerberos { principal, keytab: Keytab::File(keytab), krb5_conf: None, service_name })
}

fn client_credentials(sasl: &Sasl, line: &Line, warnings: &mut Vec<String>) -> Result<ClientCredentials, ConfigError> {
    if let Some(option) = line.names().into_iter().find(|name| name.starts_with("unsecuredLogin")) {
        let instead = "tokens without a signature are for tests; use `clientId` and `clientSecret`";
        return Err(JaasFault::Unsupported { option: option.to_owned(), instead }.into());
    }
    let Some(url) = &sasl.oauthbearer_token_endpoint_url else {
        let example = Some("https://login.example.com/oauth2/token".to_owned());
        return Err(ConfigError::Missing { field: URL_FIELD.to_owned(), allowed: Vec::new(), example });
    };
    let url = oauth::url(url).map_err(|fault| ConfigError::BadLogin { field: URL_FIELD.to_owned(), fault })?;
    let mut extensions = Vec::new();
    for (option, value) in line.values() {
        let Some(name) = option.strip_prefix("extension_") else { continue };
        let extension = oauth::extension(name, value).map_err(|_| JaasFault::Unsupported {
            option: option.to_owned(),
            instead: "the name of an extension has letters only, and its value has no line breaks",
        });
        extensions.push(extension?);
    }
    let known: Vec<&str> = line.names().into_iter().filter(|name| name.starts_with("extension_")).collect();
    warn_of_others(line, &[&["clientId", "clientSecret", "scope"], known.as_slice()].concat(), warnings);
    let credentials = ClientCredentials {
        token_endpoint_url: url,
        client_id: needed(line, "clientId")?.to_owned(),
        client_secret: Secret::new(needed(line, "clientSecret")?.to_owned()),
        scope: line.get("scope").map(str::to_owned),
        extensions,
        ca: None,
    };
    credentials.warn_of_plain_text(URL_FIELD, warnings);
    Ok(credentials)
}

fn aws(line: &Line, warnings: &mut Vec<String>) -> Result<AwsCredentials, ConfigError> {
    if line.get("awsProfileName").is_some() {
        let instead = "there is no profile file here; use `protocol.authentication` with `AWS_MSK_IAM`";
        return Err(JaasFault::Unsupported { option: "awsProfileName".to_owned(), instead }.into());
    }
    let known =
        ["awsRoleArn", "awsRoleExternalId", "awsRoleAccessKeyId", "awsRoleSecretAccessKey", "awsRoleSessionToken"];
    warn_of_others(line, &known, warnings);
    let text = |name| line.get(name).map(str::to_owned);
    let secret = |name| text(name).map(Secret::new);
    Ok(AwsCredentials {
        region: None,
        access_key_id: text("awsRoleAccessKeyId"),
        secret_access_key: secret("awsRoleSecretAccessKey"),
        session_token: secret("awsRoleSessionToken"),
        role_arn: text("awsRoleArn"),
        external_id: text("awsRoleExternalId"),
    })
}

fn needed<'l>(line: &'l Line, option: &'static str) -> Result<&'l str, JaasFault> {
    line.get(option).ok_or(JaasFault::Missing(option, line.module.name()))
}

fn warn_of_others(line: &Line, known: &[&str], warnings: &mut Vec<String>) {
    for name in line.names().into_iter().filter(|name| !known.contains(name)).map(shown_option) {
        warnings.push(format!("option `{name}` of `protocol.sasl_jaas_config` has no effect"));
    }
}
