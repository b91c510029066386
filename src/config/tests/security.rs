use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::symm::Cipher;
use openssl::x509::{X509, X509NameBuilder};
use serde_json::{Value, json};

use super::super::{Authentication, ConfigError, secrets};
use super::{outcomes, read, with};

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// A certificate that signed itself.
fn certificate(key: &PKey<Private>, name: &str) -> String {
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(&subject).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    builder.sign(key, MessageDigest::sha256()).unwrap();
    String::from_utf8(builder.build().to_pem().unwrap()).unwrap()
}

fn text(pem: Vec<u8>) -> String {
    String::from_utf8(pem).unwrap()
}

fn pkcs8(key: &PKey<Private>) -> String {
    text(key.private_key_to_pem_pkcs8().unwrap())
}

fn ssl(fields: Value) -> Value {
    let mut protocol = json!({"security_protocol": "SSL"});
    let Value::Object(fields) = fields else { panic!("fields must be an object") };
    protocol.as_object_mut().unwrap().extend(fields);
    with(json!({"protocol": protocol}))
}

fn mtls(certificate: &str, key: &str, password: Option<&str>) -> Value {
    ssl(json!({"ssl_certificate": certificate, "ssl_key": key, "ssl_key_password": password}))
}

#[test]
fn every_format_of_a_key_is_taken() {
    let rsa = Rsa::generate(2048).unwrap();
    let key = PKey::from_rsa(rsa.clone()).unwrap();
    let chain = certificate(&key, "client");
    let aes = Cipher::aes_256_cbc();
    let keys = [
        (pkcs8(&key), None),
        (text(rsa.private_key_to_pem().unwrap()), None),
        (text(key.private_key_to_pem_pkcs8_passphrase(aes, b"s3cret").unwrap()), Some("s3cret")),
        (text(rsa.private_key_to_pem_passphrase(aes, b"s3cret").unwrap()), Some("s3cret")),
        // A password too many.
        (pkcs8(&key), Some("s3cret")),
        // As one line, with the breaks written out, or with blanks in their place.
        (pkcs8(&key).trim().replace('\n', "\\n"), None),
        (pkcs8(&key).trim().replace('\n', " "), None),
        (pkcs8(&key).replace('\n', "\r\n"), None),
    ];
    for (key, password) in keys {
        let tls = read(&mtls(&chain, &key, password)).unwrap().settings.security.tls.unwrap();
        let client = tls.client.unwrap();
        assert_eq!(client.chain, chain);
        assert!(client.key.expose().starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(tls.verify_hostname && tls.ca.is_none());
    }
}

#[test]
fn the_certificate_of_the_key_goes_first() {
    let (authority, own) = (key(), key());
    let (authority, certificate) = (certificate(&authority, "authority"), certificate(&own, "client"));
    let tls = read(&mtls(&format!("{authority}{certificate}"), &pkcs8(&own), None)).unwrap().settings.security.tls;
    assert_eq!(tls.unwrap().client.unwrap().chain, format!("{certificate}{authority}"));
}

#[test]
fn a_bundle_is_taken_whole_without_what_stands_around_it() {
    let (one, two) = (certificate(&key(), "one"), certificate(&key(), "two"));
    let config =
        ssl(json!({"ssl_ca": format!("# my authorities\n{one}\nsubject=two\n{two}"), "ssl_verify_hostname": false}));
    let tls = read(&config).unwrap().settings.security.tls.unwrap();
    assert_eq!(tls.ca.unwrap(), format!("{one}{two}"));
    assert!(!tls.verify_hostname);
}

#[test]
fn pem_texts_that_cannot_be_used() {
    let own = key();
    let chain = certificate(&own, "client");
    let encrypted = text(own.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"s3cret").unwrap());
    let outcomes = outcomes([
        ssl(json!({"ssl_ca": "hello"})),
        ssl(json!({"ssl_ca": "/etc/ssl/certs/kafka-ca.pem"})),
        ssl(json!({"ssl_ca": STANDARD.encode([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2])})),
        ssl(json!({"ssl_ca": pkcs8(&own)})),
        ssl(json!({"ssl_ca": chain.replace("-----END", "")})),
        ssl(json!({"ssl_ca": format!("{chain}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")})),
        ssl(json!({"ssl_ca": chain.replace("CERTIFICATE", "CERTIFICATE REQUEST")})),
        ssl(json!({"ssl_certificate": chain})),
        ssl(json!({"ssl_key": pkcs8(&own)})),
        mtls(&pkcs8(&own), &pkcs8(&own), None),
        mtls(&chain, &chain, None),
        mtls(&chain, "s3cret", None),
        mtls(&chain, &pkcs8(&own).replace("MI", "s3"), None),
        mtls(&chain, &encrypted, None),
        mtls(&chain, &encrypted, Some("s3cretly")),
        mtls(&chain, &pkcs8(&key()), None),
        mtls(&chain, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", None),
    ]);
    assert!(!outcomes.contains("s3cret"), "{outcomes}");
    insta::assert_snapshot!(outcomes);
}

fn login(authentication: &Value) -> Value {
    with(json!({"protocol": {"security_protocol": "SASL_SSL", "authentication": authentication}}))
}

/// A keytab of version 2 with a hole between two keys.
fn keytab(principals: &[(&[&str], &str)]) -> String {
    let mut bytes = vec![5, 2];
    for (parts, realm) in principals {
        let mut entry = Vec::new();
        entry.extend(u16::try_from(parts.len()).unwrap().to_be_bytes());
        for text in std::iter::once(realm).chain(parts.iter()) {
            entry.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            entry.extend(text.as_bytes());
        }
        entry.extend([0; 16]);
        bytes.extend(i32::try_from(entry.len()).unwrap().to_be_bytes());
        bytes.extend(entry);
        bytes.extend((-4_i32).to_be_bytes());
        bytes.extend([0xff; 4]);
    }
    STANDARD.encode(bytes)
}

#[test]
fn kerberos_from_the_form() {
    let krb5 = "[libdefaults]\n default_realm = EXAMPLE.COM\n";
    let both = keytab(&[(&["other"], "EXAMPLE.COM"), (&["airbyte", "host"], "EXAMPLE.COM")]);
    for conf in [krb5.to_owned(), STANDARD.encode(krb5), krb5.trim().replace('\n', "\\n")] {
        for principal in ["airbyte/host@EXAMPLE.COM", "airbyte/host"] {
            let config =
                login(&json!({"mechanism": "GSSAPI", "principal": principal, "keytab": both, "krb5_conf": conf}));
            let Some(Authentication::Gssapi(kerberos)) = read(&config).unwrap().settings.security.authentication else {
                panic!("{config}")
            };
            assert_eq!(kerberos.krb5_conf.unwrap().trim(), krb5.trim());
            assert_eq!((kerberos.principal.as_str(), kerberos.service_name.as_str()), (principal, "kafka"));
        }
    }
}

#[test]
fn logins_that_cannot_be_used() {
    let oauth = |changes: Value| {
        let mut fields = json!({"mechanism": "OAUTHBEARER", "token_endpoint_url": "https://a/t", "client_id": "c",
                                "client_secret": "s3cret"});
        fields.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        login(&fields)
    };
    let gssapi = |principal: &str, keytab: &str, conf: &str| {
        login(&json!({"mechanism": "GSSAPI", "principal": principal, "keytab": keytab, "krb5_conf": conf}))
    };
    let keys = keytab(&[(&["airbyte"], "EXAMPLE.COM"), (&["airbyte"], "EXAMPLE.COM"), (&["a", "b"], "EXAMPLE.COM")]);
    let outcomes = outcomes([
        gssapi("airbyte@EXAMPLE.COM", "/etc/s3cret.keytab!", ""),
        gssapi("airbyte@EXAMPLE.COM", "s3cretly", ""),
        gssapi("airbyte@EXAMPLE.COM", "BQI=", ""),
        gssapi("reader@EXAMPLE.COM", &keys, ""),
        gssapi("--help", &keys, ""),
        gssapi("air byte", &keys, ""),
        gssapi("airbyte@EXAMPLE.COM", &keys, "s3cret!"),
        gssapi("airbyte@EXAMPLE.COM", &keys, "[realms]"),
        oauth(json!({})),
        oauth(json!({"token_endpoint_url": "login.example.com"})),
        oauth(json!({"token_endpoint_url": "ftp://login.example.com"})),
        oauth(json!({"token_endpoint_url": "https://u:s3cret@login.example.com"})),
        oauth(json!({"token_endpoint_url": "http://login.example.com/t"})),
        oauth(json!({"token_endpoint_url": "http://localhost:8080/t"})),
        oauth(json!({"extensions": "logicalCluster=lkc-1, identityPoolId=pool-2,"})),
        oauth(json!({"extensions": "logicalCluster"})),
        oauth(json!({"extensions": "logical_cluster=1"})),
        oauth(json!({"extensions": "auth=1"})),
        oauth(json!({"ca": "s3cret"})),
        login(&json!({"mechanism": "AWS_MSK_IAM"})),
        with(json!({"protocol": {"security_protocol": "SASL_PLAINTEXT", "authentication": {
            "mechanism": "PLAIN", "username": "u", "password": "s3cret"}}})),
        with(json!({"protocol": {"security_protocol": "SASL_SSL", "sasl_jaas_config": "s3cret", "authentication": {
            "mechanism": "PLAIN", "username": "u", "password": "s3cret"}}})),
    ]);
    assert!(!outcomes.contains("s3cret"), "{outcomes}");
    insta::assert_snapshot!(outcomes);
}

#[test]
fn debug_shows_no_secret() {
    let own = key();
    let config = with(json!({"protocol": {
        "security_protocol": "SASL_SSL", "ssl_certificate": certificate(&own, "c"), "ssl_key": pkcs8(&own),
        "authentication": {"mechanism": "OAUTHBEARER", "token_endpoint_url": "https://a/t", "client_id": "c",
                           "client_secret": "s3cret-Value1"},
    }}));
    let mut shown = String::new();
    write!(shown, "{:?}", read(&config).unwrap()).unwrap();
    assert!(!shown.contains("s3cret") && !shown.contains("PRIVATE KEY"), "{shown}");
    assert!(shown.contains("OauthBearer"));
}

#[test]
fn all_secrets_of_a_configuration_are_known_even_when_it_is_not_valid() {
    let config = json!({
        "protocol": {"security_protocol": "NONE", "ssl_key": "key-1", "ssl_ca": "public",
            "sasl_jaas_config": "a.PlainLoginModule required username=\"u\" password=\"pass-2\";",
            "authentication": {"mechanism": "X", "username": "user", "password": " pass-3 ", "client_secret": 12345}},
        "schema_registry": {"token": "token-4"}, "MessageFormat": [{"schema_registry_password": "pass-5"}],
    });
    let found = secrets(&config.to_string());
    for secret in ["key-1", "pass-2", "pass-3", "12345", "token-4", "pass-5"] {
        assert!(found.iter().any(|text| text == secret), "{secret}: {found:?}");
    }
    assert!(!found.iter().any(|text| text == "public" || text == "user" || text == "u"), "{found:?}");
    assert_eq!(secrets("{"), Vec::<String>::new());
}

#[test]
fn properties_of_security_have_fields() {
    let names = [
        "security.protocol",
        "sasl.username",
        "sasl.oauthbearer.method",
        "ssl.ca.location",
        "ssl.key.pem",
        "enable.sasl.oauthbearer.unsecure.jwt",
        "https.ca.pem",
        "sasl.kerberos.kinit.cmd",
    ];
    for name in names {
        let error = read(&with(json!({"kafka_properties": [{"name": name, "value": "x"}]}))).unwrap_err();
        assert!(matches!(&error, ConfigError::OwnedProperty { .. }), "{name}: {error}");
    }
}
