use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::jaas::{JaasFault, Line, Module};
use super::super::{Authentication, Keytab, parse};
use super::{outcomes, read, with};

/// The line's module and options.
fn parsed(text: &str) -> (Module, Vec<(String, String)>) {
    let line = Line::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    (line.module, line.values().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn options(text: &str) -> Vec<(String, String)> {
    parsed(text).1
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule required";

#[test]
fn lines_as_vendors_print_them() {
    let login = pairs(&[("username", "key"), ("password", "a/b+c==")]);
    let lines = [
        // Confluent Cloud, with the blanks of its own documentation.
        r"org.apache.kafka.common.security.plain.PlainLoginModule   required username='key'   password='a/b+c==';",
        r#"org.apache.kafka.common.security.plain.PlainLoginModule required username="key" password="a/b+c==";"#,
        // From a property file, continued over lines.
        "org.apache.kafka.common.security.plain.PlainLoginModule required \\\n".trim_end_matches("\\\n"),
        "org.apache.kafka.common.security.plain.PlainLoginModule required\n\tusername=\"key\"\r\n\tpassword=\"a/b+c==\";\n",
        // Without its semicolon, and with two.
        r#"org.apache.kafka.common.security.plain.PlainLoginModule required username="key" password="a/b+c==""#,
        r#"org.apache.kafka.common.security.plain.PlainLoginModule required username="key" password="a/b+c==";;"#,
        // Blanks around the signs, another flag, no quotes.
        "org.apache.kafka.common.security.plain.PlainLoginModule REQUIRED username = key password = a/b+c== ;",
        "org.apache.kafka.common.security.plain.PlainLoginModule sufficient username=key password=a/b+c==;",
        // Databricks and others move the class.
        r#"kafkashaded.org.apache.kafka.common.security.plain.PlainLoginModule required username="key" password="a/b+c==";"#,
        // A whole jaas.conf.
        "KafkaClient {\n  org.apache.kafka.common.security.plain.PlainLoginModule required\n  username=\"key\"\n  password=\"a/b+c==\";\n};\n",
        // Comments of both kinds.
        "// the reader\norg.apache.kafka.common.security.plain.PlainLoginModule required /* mine */ username=\"key\" password=\"a/b+c==\";",
    ];
    for line in lines.iter().filter(|line| line.contains("key")) {
        assert_eq!(parsed(line), (Module::Plain, login.clone()), "{line}");
    }
}

#[test]
fn every_module_is_known_by_its_class() {
    for (class, module) in [
        ("org.apache.kafka.common.security.scram.ScramLoginModule", Module::Scram),
        ("com.sun.security.auth.module.Krb5LoginModule", Module::Kerberos),
        ("com.ibm.security.auth.module.Krb5LoginModule", Module::Kerberos),
        ("org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule", Module::OauthBearer),
        ("software.amazon.msk.auth.iam.IAMLoginModule", Module::Iam),
    ] {
        assert_eq!(parsed(&format!("{class} required;")), (module, Vec::new()));
    }
}

#[test]
fn values_are_read_as_java_reads_them() {
    for (written, value) in [
        (r#""it's""#, "it's"),
        (r#"'say "so"'"#, r#"say "so""#),
        (r#""a\"b\\c""#, r#"a"b\c"#),
        (r"'a\'b'", "a'b"),
        (r#""tab\tline\nreturn\r""#, "tab\tline\nreturn\r"),
        (r#""\a\b\f\v""#, "\u{7}\u{8}\u{c}\u{b}"),
        // Octal, at most three digits, below 256; other letters are themselves.
        (r#""\101\1012\4001\7z""#, "AA2\u{20}01\u{7}z"),
        (r#""\q\u0041""#, "qu0041"),
        (r#""semi;colon = {brace} // no comment /* nor this""#, "semi;colon = {brace} // no comment /* nor this"),
        (r#""blank  inside ""#, "blank  inside "),
        (r#""pässwörd€""#, "pässwörd€"),
        (r#""""#, ""),
        ("true", "true"),
        ("12345", "12345"),
        ("/etc/security/airbyte.keytab", "/etc/security/airbyte.keytab"),
        ("p=q", "p=q"),
    ] {
        assert_eq!(options(&format!("{PLAIN} password={written};")), pairs(&[("password", value)]), "{written}");
    }
}

#[test]
fn the_last_value_of_a_name_counts_and_an_empty_one_is_none() {
    let line = Line::parse(&format!("{PLAIN} username=a username=\"b\" password=\"\";")).unwrap();
    assert_eq!((line.get("username"), line.get("password"), line.get("other")), (Some("b"), None, None));
    assert_eq!(format!("{line:?}"), r#"Line { module: Plain, options: ["username", "username", "password"] }"#);
}

#[test]
fn what_is_no_login_line() {
    let secret = "s3cret-Value1";
    let lines = [
        secret.to_owned(),
        format!("username=\"u\" password=\"{secret}\""),
        format!("{secret} required;"),
        format!("{PLAIN} username=\"u\" password=\"{secret}"),
        format!("{PLAIN} username=\"u\" password=\"{secret}\nmore\";"),
        format!("{PLAIN} username=\"u\" \"{secret}\";"),
        format!("{PLAIN} username=\"u\" password"),
        format!("{PLAIN} username=\"u\" password=;"),
        format!("{PLAIN} username=\"u\" password \"{secret}\";"),
        format!("{PLAIN} username=\"u\" {secret} \"x"),
        format!("{PLAIN} username=\"u\", password=\"{secret}\";"),
        format!("org.apache.kafka.common.security.plain.PlainLoginModule username=\"u\" password=\"{secret}\";"),
        format!("{PLAIN} password=\"{secret}\"; {PLAIN} password=\"{secret}\";"),
        format!("com.example.OwnLoginModule required password=\"{secret}\";"),
        "{}".to_owned(),
        ";".to_owned(),
        "KafkaClient {};".to_owned(),
        format!("/* {secret}"),
    ];
    let words: Vec<String> = lines.iter().map(|line| Line::parse(line).unwrap_err().to_string()).collect();
    assert!(!words.concat().contains(secret), "{words:?}");
    insta::assert_snapshot!(words.join("\n"));
    assert_eq!(Line::parse(""), Err(JaasFault::NotALine));
}

fn jaas(mechanism: Option<&str>, line: &str) -> Value {
    with(json!({"protocol": {
        "security_protocol": "SASL_SSL", "sasl_mechanism": mechanism, "sasl_jaas_config": line,
        "oauthbearer_token_endpoint_url": "https://login.example.com/token",
    }}))
}

fn authentication(config: &Value) -> Authentication {
    read(config).unwrap().settings.security.authentication.unwrap()
}

#[test]
fn user_and_password_serve_the_mechanism_that_is_named() {
    let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required username='u' password='p w';";
    for (mechanism, line) in [
        (Some("PLAIN"), format!("{PLAIN} username=u password='p w';")),
        (None, format!("{PLAIN} username=u password='p w';")),
        (Some("SCRAM-SHA-256"), scram.to_owned()),
        (Some("SCRAM-SHA-512"), scram.to_owned()),
        (Some("scram-sha-512"), scram.to_owned()),
        // Java does not mind either.
        (Some("PLAIN"), scram.to_owned()),
        (Some("SCRAM-SHA-512"), format!("{PLAIN} username=u password='p w';")),
    ] {
        let authentication = authentication(&jaas(mechanism, &line));
        assert_eq!(authentication.mechanism(), mechanism.unwrap_or("PLAIN").to_uppercase());
        let (Authentication::Plain(login) | Authentication::Scram(_, login)) = authentication else { panic!() };
        assert_eq!((login.username.as_str(), login.password.expose()), ("u", "p w"));
    }
}

#[test]
fn kerberos_keeps_the_path_of_its_keytab() {
    let line = "com.sun.security.auth.module.Krb5LoginModule required\n useKeyTab=true\n storeKey=true\n \
                keyTab=\"file:/etc/airbyte.keytab\"\n principal=\"airbyte/host@EXAMPLE.COM\" serviceName=broker;";
    let Authentication::Gssapi(kerberos) = authentication(&jaas(Some("GSSAPI"), line)) else { panic!() };
    assert_eq!((kerberos.principal.as_str(), kerberos.service_name.as_str()), ("airbyte/host@EXAMPLE.COM", "broker"));
    assert!(matches!(kerberos.keytab, Keytab::File(path) if path == "/etc/airbyte.keytab"));
}

#[test]
fn oauth_takes_its_address_from_the_field_beside() {
    let line = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId='c' \
                clientSecret='s' scope='a b' extension_logicalCluster='lkc-1' extension_identityPoolId='pool-2';";
    let Authentication::OauthBearer(credentials) = authentication(&jaas(Some("OAUTHBEARER"), line)) else { panic!() };
    assert_eq!(credentials.token_endpoint_url, "https://login.example.com/token");
    assert_eq!((credentials.client_id.as_str(), credentials.client_secret.expose()), ("c", "s"));
    assert_eq!(credentials.scope.as_deref(), Some("a b"));
    assert_eq!(credentials.extensions, pairs(&[("logicalCluster", "lkc-1"), ("identityPoolId", "pool-2")]));
}

#[test]
fn lines_that_cannot_be_used() {
    let oauth = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required";
    let krb5 = "com.sun.security.auth.module.Krb5LoginModule required";
    let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required username=u password=s3cret-Value1";
    let iam = "software.amazon.msk.auth.iam.IAMLoginModule required";
    let no_url = with(json!({"protocol": {
        "security_protocol": "SASL_SSL", "sasl_jaas_config": format!("{oauth} clientId=c clientSecret=s3cret-Value1;"),
    }}));
    let outcomes = outcomes([
        jaas(None, ";"),
        jaas(None, scram),
        jaas(Some("GSSAPI"), scram),
        jaas(Some("CRAM-MD5"), scram),
        jaas(Some("SCRAM-SHA-256"), &format!("{scram} tokenauth=true;")),
        jaas(Some("PLAIN"), &format!("{PLAIN} username=u serviceName=kafka;")),
        jaas(Some("PLAIN"), &format!("{PLAIN} username=u password=s3cret-Value1 serviceName=kafka;")),
        // A password with quotes that nobody escaped.
        jaas(Some("PLAIN"), &format!("{PLAIN} username=u password=\"abc\"s3cret=\"\";")),
        jaas(Some("GSSAPI"), &format!("{krb5} useTicketCache=true;")),
        jaas(Some("GSSAPI"), &format!("{krb5} useKeyTab=true keyTab='/k';")),
        jaas(Some("GSSAPI"), &format!("{krb5} useKeyTab=true principal='a@B';")),
        jaas(Some("GSSAPI"), &format!("{krb5} useKeyTab=true keyTab='/k' principal='-X a';")),
        jaas(Some("OAUTHBEARER"), &format!("{oauth} unsecuredLoginStringClaim_sub=alice;")),
        jaas(Some("OAUTHBEARER"), &format!("{oauth} clientSecret=s3cret-Value1;")),
        jaas(Some("OAUTHBEARER"), &format!("{oauth} clientId=c clientSecret=s3cret-Value1 extension_a1=b;")),
        no_url,
        jaas(Some("AWS_MSK_IAM"), &format!("{iam} awsProfileName=dev;")),
        jaas(Some("AWS_MSK_IAM"), &format!("{iam};")),
        with(json!({"protocol": {"security_protocol": "SASL_PLAINTEXT"}})),
        with(json!({"protocol": {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}})),
    ]);
    assert!(!outcomes.contains("s3cret"), "{outcomes}");
    insta::assert_snapshot!(outcomes);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = Line::parse(&text);
    }

    #[test]
    fn texts_of_the_right_letters_are_read_or_refused(text in r#"(a\.PlainLoginModule|required|[ \n=;{}"'/*\\]|[a-z01]{1,3}){0,24}"#) {
        let _ = Line::parse(&text);
    }

    /// What is quoted comes back, whatever it holds.
    #[test]
    fn quoted_values_come_back(value in r"[^\r\n]{0,40}") {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        prop_assert_eq!(options(&format!("{PLAIN} password=\"{quoted}\";")), pairs(&[("password", &value)]));
    }

    /// No complaint shows a value, not even of a line that is cut off.
    #[test]
    fn no_complaint_shows_a_secret(at in 0_usize..150, with_module in any::<bool>()) {
        let class = if with_module { PLAIN } else { "" };
        let line = format!("{class} username=\"u\" password=\"s3cret-Value1\" other=\"s3cret-Value1\";");
        let cut = line.get(..at.min(line.len())).unwrap_or(&line);
        let config = with(json!({"protocol": {"security_protocol": "SASL_SSL", "sasl_jaas_config": cut}}));
        if let Err(error) = parse(&config.to_string()) {
            prop_assert!(!error.to_string().contains("s3cret"), "{}", error);
        }
    }
}
