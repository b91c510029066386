package rig;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;

/**
 * Accepts what Amazon MSK accepts: a presigned URL as token, its SigV4 signature computed again with the key's secret.
 *
 * The secret, session token and user of a key come from `rig.aws.keys`, the region of this cluster from `rig.aws.region`.
 */
public class MskValidator implements AuthenticateCallbackHandler {
    private static final String KEYS = System.getProperty("rig.aws.keys");
    private static final String REGION = System.getProperty("rig.aws.region");
    private static final Duration SKEW = Duration.ofMinutes(5);
    private static final long LONGEST_SECONDS = 900;

    private final HttpClient http = HttpClient.newHttpClient();

    /** What is known of an access key; `session` is empty for a key that needs no session token. */
    private record Key(String secret, String session, String user) {}

    private record Token(String value, String principalName, long startMs, long lifetimeMs) implements OAuthBearerToken {
        @Override
        public Set<String> scope() {
            return Set.of();
        }

        @Override
        public Long startTimeMs() {
            return startMs;
        }
    }

    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String reason) {
            super(reason);
        }
    }

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> jaas) {}

    @Override
    public void handle(Callback[] callbacks) throws IOException, UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (!(callback instanceof OAuthBearerValidatorCallback validation)) {
                throw new UnsupportedCallbackException(callback);
            }
            try {
                validation.token(validate(validation.tokenValue()));
            } catch (Refused refused) {
                validation.error("invalid_token", refused.getMessage(), null);
            }
        }
    }

    private Token validate(String value) throws IOException, Refused {
        URI url;
        try {
            url = URI.create(new String(Base64.getUrlDecoder().decode(value), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new Refused("not a base64url of a URL");
        }
        Presigned signed = new Presigned(url);
        demand("https".equals(url.getScheme()) && "/".equals(url.getRawPath()), "not https://HOST/");
        demand("kafka-cluster:Connect".equals(signed.get("Action")), "other action");
        demand("AWS4-HMAC-SHA256".equals(signed.get("X-Amz-Algorithm")), "other algorithm");
        demand("host".equals(signed.get("X-Amz-SignedHeaders")), "other signed headers");
        demand(REGION.equals(signed.region()), "other region than " + REGION);
        demand(("kafka." + REGION + ".amazonaws.com").equals(url.getHost()), "other host");
        demand("kafka-cluster".equals(signed.service()), "other service");
        Instant start = signed.start();
        long seconds = signed.seconds();
        Instant end = start.plusSeconds(seconds);
        demand(seconds > 0 && seconds <= LONGEST_SECONDS, "lifetime is not 1 to 900 s");
        demand(start.isBefore(Instant.now().plus(SKEW)), "signed in the future");
        demand(end.isAfter(Instant.now()), "expired");
        Key key = key(signed.accessKey());
        demand(key.session.equals(signed.get("X-Amz-Security-Token")), "session token missing or wrong");
        demand(signed.signature(key.secret).equals(signed.get("X-Amz-Signature")), "signature mismatch");
        return new Token(value, key.user, start.toEpochMilli(), end.toEpochMilli());
    }

    private static void demand(boolean holds, String otherwise) throws Refused {
        if (!holds) {
            throw new Refused(otherwise);
        }
    }

    private Key key(String id) throws IOException, Refused {
        demand(id.matches("[A-Z0-9]{16,128}"), "malformed access key");
        HttpResponse<String> answer;
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(KEYS + id)).timeout(Duration.ofSeconds(5)).build();
            answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        demand(answer.statusCode() == 200, "unknown access key");
        String[] lines = answer.body().split("\n", -1);
        return new Key(lines[0], lines[1], lines[2]);
    }

    @Override
    public void close() {}
}
