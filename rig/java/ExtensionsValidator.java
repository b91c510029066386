package rig;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler;

/** Kafka's own validator, which accepts any extension, and a demand for two of them. */
public class ExtensionsValidator implements AuthenticateCallbackHandler {
    private static final Map<String, String> WANTED =
        Map.of("logicalCluster", "lkc-rig", "identityPoolId", "pool-rig");

    private final OAuthBearerValidatorCallbackHandler tokens = new OAuthBearerValidatorCallbackHandler();

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> jaas) {
        tokens.configure(configs, mechanism, jaas);
    }

    @Override
    public void handle(Callback[] callbacks) throws IOException, UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions) {
                validate(extensions);
            } else {
                tokens.handle(new Callback[] {callback});
            }
        }
    }

    private static void validate(OAuthBearerExtensionsValidatorCallback callback) {
        Map<String, String> given = callback.inputExtensions().map();
        WANTED.forEach((name, value) -> {
            if (value.equals(given.get(name))) {
                callback.valid(name);
            } else {
                callback.error(name, "wanted " + value);
            }
        });
    }

    @Override
    public void close() {
        tokens.close();
    }
}
