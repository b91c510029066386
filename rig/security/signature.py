"""AWS Signature Version 4 of a request to STS: who signed it, checked with the key's secret."""

import hashlib
import hmac
import re

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/(\w+)/aws4_request, ?"
    r"SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})"
)


class Mismatch(Exception):
    """Why STS would refuse the request, with its code for it."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


def signer(headers, body: bytes, keys: dict[str, dict], region: str) -> str:
    """The access key that signed this `POST /`."""
    parts = AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    if not parts:
        raise Mismatch("MissingAuthenticationToken", "Request is missing Authentication Token")
    access_key, day, signed_region, service, names, given = parts.groups()
    if (signed_region, service) != (region, "sts"):
        raise Mismatch("SignatureDoesNotMatch", f"Credential should be scoped to region {region} and service sts.")
    key = keys.get(access_key)
    if not key or key["session_token"] != headers.get("X-Amz-Security-Token", ""):
        raise Mismatch("InvalidClientTokenId", "The security token included in the request is invalid.")
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in names.split(";")]
    request = "\n".join(["POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers.get("X-Amz-Date", ""), scope, digest])
    secret = f"AWS4{key['secret_key']}".encode()
    for part in (*scope.split("/"), text):
        secret = hmac.digest(secret, part.encode(), "sha256")
    if not hmac.compare_digest(secret.hex(), given):
        raise Mismatch("SignatureDoesNotMatch", "The request signature does not match the signature that was provided.")
    return access_key
