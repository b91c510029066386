"""A configuration for the secured broker of the rig: image_login.py DESCRIPTION gssapi|oauthbearer."""

import base64
import json
import pathlib
import sys

secured = json.loads(pathlib.Path(sys.argv[1]).read_text())
kerberos, oauth = secured["kerberos"], secured["oauth"]
ways = {
    "gssapi": {
        "mechanism": "GSSAPI",
        "principal": kerberos["principals"]["reader"],
        "keytab": base64.b64encode(pathlib.Path(kerberos["keytabs"]["reader"]).read_bytes()).decode(),
        "krb5_conf": kerberos["krb5_conf"],
    },
    "oauthbearer": {
        "mechanism": "OAUTHBEARER",
        "token_endpoint_url": oauth["urls"]["tls"],
        "client_id": oauth["client_id"],
        "client_secret": oauth["client_secret"],
        "ca": pathlib.Path(oauth["ca"]).read_text(),
    },
}
ca = pathlib.Path(secured["certificates"]["folder"], "ca.pem").read_text()
config = {
    "bootstrap_servers": secured["address"]["SASLSSL"],
    "protocol": {"security_protocol": "SASL_SSL", "ssl_ca": ca, "authentication": ways[sys.argv[2]]},
    "subscription": {"subscription_type": "topics", "topics": ["open.a"]},
}
print(json.dumps(config))
